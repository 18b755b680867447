/** What the system and the auth methods keep: documents, mounts, keys; as things of the ledger. */

/**
 * Something that is written whole and read back. State: `null`, or the number in it.
 * @param {{
 *   name: string,
 *   path: string,
 *   body: (n: number) => object,
 *   numberIn: (data: any) => string | number | undefined,
 *   also?: (life: Life, n: number) => Promise<string | undefined>,
 * }} options `also` looks further, and tells what is wrong
 */
function document({ name, path, body, numberIn, also }) {
  return {
    name,
    first: null,
    next(state, random) {
      if (state !== null && random() < 0.3)
        return { label: `delete of ${state}`, to: null, send: (life) => life.must('DELETE', path) }
      const n = (state ?? 0) + 1 + random.below(1000)
      return { label: `write of ${n}`, to: n, send: (life) => life.must('POST', path, body(n)) }
    },
    async observe(life) {
      const { status, body: found } = await life.ask('GET', path)
      if (status === 404) return null
      if (status !== 200) return { status, body: found }
      const n = Number(numberIn(found.data))
      const wrong = await also?.(life, n)
      return wrong === undefined ? n : { n, wrong }
    },
  }
}

export const policy = (name) =>
  document({
    name: `policy ${name}`,
    path: `sys/policies/acl/${name}`,
    body: (n) => ({ policy: `path "soak/${n}" { capabilities = ["read"] }` }),
    numberIn: (data) => /soak\/(\d+)"/.exec(data.policy)?.[1],
  })

export const tokenRole = (name) =>
  document({
    name: `token role ${name}`,
    path: `auth/token/roles/${name}`,
    body: (n) => ({ allowed_policies: [`p${n}`] }),
    numberIn: (data) => data.allowed_policies[0].slice(1),
  })

export const rateLimit = (name) =>
  document({
    name: `rate limit ${name}`,
    path: `sys/quotas/rate-limit/${name}`,
    // Far above what is asked here.
    body: (n) => ({ rate: 1_000_000 + n }),
    numberIn: (data) => data.rate - 1_000_000,
  })

/** Password and policies of a user are one write. */
export const user = (name) =>
  document({
    name: `user ${name}`,
    path: `auth/userpass/users/${name}`,
    body: (n) => ({ password: `password-${n}`, token_policies: [`p${n}`] }),
    numberIn: (data) => data.token_policies[0].slice(1),
    async also(life, n) {
      const login = await life.ask('POST', `auth/userpass/login/${name}`, { password: `password-${n}` }, { token: '' })
      if (login.status !== 200) return `its password is another: ${login.status}`
      await life.must('POST', 'auth/token/revoke', { token: login.body.auth.client_token })
      return undefined
    },
  })

/** State: `null`, or `{ at, description, version, n }`; `n` is in its one secret, 0 for none. */
export function kvMount(name) {
  const places = [`mount-${name}-a`, `mount-${name}-b`]
  const secretAt = ({ at, version }) => (version === 2 ? `${at}/data/one` : `${at}/one`)

  function next(state, random) {
    if (state === null) {
      const to = { at: random.pick(places), description: String(random.below(1e9)), version: random.pick([1, 2]), n: 0 }
      const { at, description, version } = to
      return {
        label: `mount ${at} of version ${version}`,
        to,
        send: (life) =>
          life.must('POST', `sys/mounts/${at}`, { type: 'kv', description, options: { version: String(version) } }),
      }
    }
    const roll = random()
    if (roll < 0.5) {
      const n = state.n + 1
      const body = state.version === 2 ? { data: { n } } : { n }
      return { label: `write of ${n}`, to: { ...state, n }, send: (life) => life.must('POST', secretAt(state), body) }
    }
    if (roll < 0.65) {
      const description = String(random.below(1e9))
      return {
        label: 'tune',
        to: { ...state, description },
        send: (life) => life.must('POST', `sys/mounts/${state.at}/tune`, { description }),
      }
    }
    if (roll < 0.75 && state.version === 1)
      return {
        label: 'upgrade to version 2',
        to: { ...state, version: 2 },
        send: (life) => life.must('POST', `sys/mounts/${state.at}/tune`, { options: { version: '2' } }),
      }
    if (roll < 0.9) {
      const at = places.find((place) => place !== state.at)
      return {
        label: `move to ${at}`,
        to: { ...state, at },
        send: (life) => life.must('POST', 'sys/remount', { from: state.at, to: at }),
      }
    }
    return { label: 'end of the mount', to: null, send: (life) => life.must('DELETE', `sys/mounts/${state.at}`) }
  }

  /** While the secrets of version 1 are taken over, the mount says so. */
  async function secret(life, state) {
    for (let tries = 0; ; tries += 1) {
      const { status, body } = await life.ask('GET', secretAt(state))
      if (status === 404) return 0
      if (status === 200) return state.version === 2 ? body.data.data.n : body.data.n
      if (tries > 100 || !/Upgrading/.test(JSON.stringify(body))) return { status, body }
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }

  return {
    name: `mount ${name}`,
    first: null,
    next: (state, random) => ({ ...next(state, random), pause: 5 }),
    async observe(life) {
      const { data } = await life.must('GET', 'sys/mounts')
      const found = places.filter((place) => data[`${place}/`] !== undefined)
      if (found.length !== 1) return found.length === 0 ? null : { found }
      const [at] = found
      const { description, options } = data[`${at}/`]
      const seen = { at, description, version: Number(options.version) }
      return { ...seen, n: await secret(life, seen) }
    },
  }
}

/** An auth mount and the token of a login there. State: `{ mounted, token, alive }`. */
export function authMount(name) {
  const path = `auth-${name}`
  const off = { mounted: false, token: '', alive: false }
  return {
    name: `auth mount ${name}`,
    first: off,
    next(state, random) {
      const { mounted, token, alive } = state
      if (!mounted)
        return {
          label: 'enable',
          to: { ...off, mounted: true },
          also: [{ ...off, mounted: true, token }],
          send: (life) => life.must('POST', `sys/auth/${path}`, { type: 'approle' }),
          pause: 5,
        }
      if (!alive)
        return {
          label: 'login',
          to: state,
          async send(life) {
            await life.must('POST', `auth/${path}/role/one`, {
              token_policies: ['default'],
              bind_secret_id: false,
              token_bound_cidrs: ['127.0.0.1/32'],
              token_ttl: '24h',
            })
            const { data } = await life.must('GET', `auth/${path}/role/one/role-id`)
            return life.must('POST', `auth/${path}/login`, data, { token: '' })
          },
          settle: (body) => ({ mounted, token: body.auth.client_token, alive: true }),
        }
      if (random() < 0.5)
        return {
          label: 'look',
          to: state,
          send: (life) => life.must('GET', 'auth/token/lookup-self', undefined, { token }),
          pause: 5,
        }
      return {
        label: 'disable',
        to: { mounted: false, token, alive: false },
        // Its tokens end first.
        also: [{ mounted, token, alive: false }],
        send: (life) => life.must('DELETE', `sys/auth/${path}`),
        pause: 5,
      }
    },
    async observe(life, states) {
      const { data } = await life.must('GET', 'sys/auth')
      const { token } = states[0]
      const look = token === '' ? undefined : await life.ask('GET', 'auth/token/lookup-self', undefined, { token })
      return { mounted: data[`${path}/`] !== undefined, token, alive: look?.status === 200 }
    },
  }
}

/** The active key. State: its term. */
export function rotation() {
  return {
    name: 'rotation',
    first: 1,
    next: (term, random) => ({
      label: `rotation to term ${term + 1}`,
      to: term + 1,
      send: (life) => life.must('PUT', 'sys/rotate'),
      pause: 100 + random.below(400),
    }),
    observe: async (life) => (await life.must('GET', 'sys/key-status')).data.term,
  }
}
