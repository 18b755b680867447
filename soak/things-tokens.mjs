/** Tokens, logins and wrapped answers, as things of the ledger. Tokens get names of ours, so that they can be asked for. */

const LONG = '720h'

async function stateOf(life, token) {
  const { status, body } = await life.ask('POST', 'auth/token/lookup', { token })
  if (status === 403) return undefined
  if (status !== 200) throw new Error(`lookup: ${status} ${JSON.stringify(body)}`)
  return body.data
}

/**
 * A token, one below it, one below that; each keeps a note in its cubbyhole. State: `{ family, members }`, a member being
 * 'none', 'dead', or its note (0 for none).
 */
export function tokenFamily(name) {
  const idOf = (family, at) => `soak-${name}-${family}-${at}`
  const isAlive = (member) => typeof member === 'number'
  const replaced = (members, at, member) => members.map((one, index) => (index === at ? member : one))
  const ended = (members, from) => members.map((one, index) => (index >= from && one !== 'none' ? 'dead' : one))

  /** The one below lives on when only the one above it was ended. */
  function next({ family, members }, random) {
    if (members.every((one) => one === 'none' || one === 'dead')) {
      const fresh = { family: family + 1, members: [0, 'none', 'none'] }
      return create(fresh, 0, undefined, `first token of family ${family + 1}`)
    }
    const at = random.pick([0, 1, 2].filter((index) => isAlive(members[index])))
    const state = (changed) => ({ family, members: changed })
    if (at < 2 && members[at + 1] === 'none')
      return create(state(replaced(members, at + 1, 0)), at + 1, idOf(family, at), `token ${at + 1} below ${at}`)
    const roll = random()
    const id = idOf(family, at)
    if (roll < 0.4) {
      const note = members[at] + 1
      return {
        label: `note ${note} of token ${at}`,
        to: state(replaced(members, at, note)),
        send: (life) => life.must('POST', 'cubbyhole/note', { note }, { token: id }),
      }
    }
    if (roll < 0.6)
      return {
        label: `renewal of token ${at}`,
        to: state(members),
        send: (life) => life.must('POST', 'auth/token/renew', { token: id }),
      }
    if (roll < 0.75)
      return {
        label: `revoke-orphan of token ${at}`,
        to: state(replaced(members, at, 'dead')),
        send: (life) => life.must('POST', 'auth/token/revoke-orphan', { token: id }),
      }
    // Those below an ended one whose link was cut before are on their own.
    const below = members[at + 1] === 'dead' ? at + 1 : at + 3
    return {
      label: `revocation of token ${at}`,
      to: state(ended(members.slice(0, below), at).concat(members.slice(below))),
      send: (life) =>
        roll < 0.9
          ? life.must('POST', 'auth/token/revoke', { token: id })
          : life.must('POST', 'auth/token/revoke-self', undefined, { token: id }),
    }
  }

  function create(to, at, parent, label) {
    const id = idOf(to.family, at)
    return {
      label,
      to,
      send: (life) =>
        life.must(
          'POST',
          'auth/token/create',
          { id, policies: ['default', 'soak-tokens'], ttl: LONG },
          parent === undefined ? {} : { token: parent },
        ),
    }
  }

  async function look(life, family, at) {
    const id = idOf(family, at)
    const entry = await stateOf(life, id)
    const { status, body } = await life.ask('GET', 'cubbyhole/note', undefined, { token: id })
    if (entry === undefined) return status === 403 ? 'dead' : { lookup: 'dead', cubbyhole: status }
    const byAccessor = await life.ask('POST', 'auth/token/lookup-accessor', { accessor: entry.accessor })
    if (byAccessor.status !== 200) return { lookup: 'alive', accessor: byAccessor.status }
    return status === 404 ? 0 : status === 200 ? body.data.note : { status, body }
  }

  return {
    name: `family ${name}`,
    first: { family: 0, members: ['none', 'none', 'none'] },
    next,
    async prepare(life) {
      await life.must('PUT', 'sys/policies/acl/soak-tokens', {
        policy: 'path "auth/token/*" { capabilities = ["create", "read", "update", "sudo"] }',
      })
    },
    /** A token that never was looks like one that is gone. */
    show: ({ family, members }) => ({ family, members: members.map((one) => (one === 'none' ? 'dead' : one)) }),
    async observe(life, states) {
      const family = Math.max(...states.map((state) => state.family))
      const members = []
      for (const at of [0, 1, 2]) members.push(await look(life, family, at))
      // Of an older family, when the new one has not begun.
      const begun = members.some((one) => one !== 'dead') || states.every((state) => state.family === family)
      if (begun) return { family, members }
      const older = []
      for (const at of [0, 1, 2]) older.push(await look(life, family - 1, at))
      return { family: family - 1, members: older }
    },
  }
}

/** A token with five uses. State: `{ token, left }`; 0 is gone. */
export function tokenUses(name) {
  const idOf = (token) => `soak-uses-${name}-${token}`
  return {
    name: `uses ${name}`,
    first: { token: 0, left: 0 },
    next({ token, left }) {
      if (left === 0) {
        const id = idOf(token + 1)
        return {
          label: `token ${token + 1} of five uses`,
          to: { token: token + 1, left: 5 },
          send: (life) => life.must('POST', 'auth/token/create', { id, policies: ['default'], num_uses: 5, ttl: LONG }),
        }
      }
      return {
        label: `use of token ${token} with ${left} left`,
        to: { token, left: left - 1 },
        send: (life) => life.must('GET', 'auth/token/lookup-self', undefined, { token: idOf(token) }),
      }
    },
    async observe(life, states) {
      const token = Math.max(...states.map((state) => state.token))
      const entry = await stateOf(life, idOf(token))
      if (entry !== undefined) return { token, left: entry.num_uses }
      // Spent, or not yet made.
      return states.find((state) => state.left === 0) ?? { token, left: 0 }
    },
  }
}

/** A role with a secret-id of four uses, and the tokens that it gave. State: `{ secret, left, tokens }`. */
export function approle(name) {
  const role = `auth/approle/role/${name}`
  const secretOf = (secret) => `soak-secret-${name}-${secret}`
  let roleId = ''
  return {
    name: `approle ${name}`,
    first: { secret: 0, left: 0, tokens: [] },
    async prepare(life) {
      await life.must('POST', role, { token_policies: ['default'], token_ttl: LONG, token_max_ttl: LONG })
      roleId = (await life.must('GET', `${role}/role-id`)).data.role_id
    },
    next(state, random) {
      const { secret, left, tokens } = state
      if (tokens.length > 3 || (tokens.length > 0 && random() < 0.1)) {
        const [token, ...rest] = tokens
        return {
          label: 'revocation of a login',
          to: { ...state, tokens: rest },
          send: (life) => life.must('POST', 'auth/token/revoke', { token }),
        }
      }
      if (left === 0) {
        const next = secret + 1
        return {
          label: `secret-id ${next}`,
          to: { ...state, secret: next, left: 4 },
          send: (life) => life.must('POST', `${role}/custom-secret-id`, { secret_id: secretOf(next), num_uses: 4 }),
        }
      }
      if (random() < 0.1)
        return {
          label: `destruction of secret-id ${secret}`,
          to: { ...state, left: 0 },
          send: (life) => life.must('POST', `${role}/secret-id/destroy`, { secret_id: secretOf(secret) }),
        }
      const used = { ...state, left: left - 1 }
      return {
        label: `login with ${left} uses left`,
        to: used,
        send: (life) =>
          life.must('POST', 'auth/approle/login', { role_id: roleId, secret_id: secretOf(secret) }, { token: '' }),
        settle: (body) => ({ ...used, tokens: [...tokens, body.auth.client_token] }),
      }
    },
    async observe(life, states) {
      const secret = Math.max(...states.map((state) => state.secret))
      const look = await life.ask('POST', `${role}/secret-id/lookup`, { secret_id: secretOf(secret) })
      const left = look.body?.data?.secret_id_num_uses ?? 0
      const tokens = []
      for (const token of new Set(states.flatMap((state) => state.tokens)))
        if ((await stateOf(life, token)) !== undefined) tokens.push(token)
      const asFound = { secret, left, tokens }
      return left === 0 ? { ...asFound, secret: states.find((state) => state.left === 0)?.secret ?? secret } : asFound
    },
  }
}

/** An answer in a wrapping token. State: `{ token, gone, n }`; `token` empty for none, `gone` the one before it. */
export function wrapped(name) {
  const none = { token: '', gone: '', n: 0 }
  const isThere = async (life, token) => {
    if (token === '') return false
    const { status, body } = await life.ask('POST', 'sys/wrapping/lookup', { token }, { token: '' })
    if (status !== 200 && status !== 400)
      throw new Error(`lookup of a wrapping token: ${status} ${JSON.stringify(body)}`)
    return status === 200
  }
  return {
    name: `wrapped ${name}`,
    first: none,
    next(state, random) {
      const { token, n } = state
      const taken = { token: '', gone: token, n: 0 }
      if (token === '') {
        const number = 1 + random.below(1e9)
        return {
          label: `wrapping of ${number}`,
          to: state,
          send: (life) =>
            life.must('POST', 'sys/wrapping/wrap', { n: number }, { headers: { 'x-vault-wrap-ttl': LONG } }),
          settle: (body) => ({ token: body.wrap_info.token, gone: state.gone, n: number }),
        }
      }
      if (random() < 0.6)
        return {
          label: `rewrapping of ${n}`,
          // Who does not get the answer does not know the new token.
          to: taken,
          send: (life) => life.must('POST', 'sys/wrapping/rewrap', { token }),
          settle: (body) => ({ token: body.wrap_info.token, gone: token, n }),
        }
      return {
        label: `unwrapping of ${n}`,
        to: taken,
        send: (life) => life.must('POST', 'sys/wrapping/unwrap', { token }),
        settle(body) {
          if (body.data.n !== n) throw new Error(`unwrapped ${JSON.stringify(body.data)} in place of ${n}`)
          return taken
        },
      }
    },
    async observe(life, states) {
      const [{ token, gone, n }] = states
      if (await isThere(life, gone)) return { token, n, alive: gone }
      return token === '' || (await isThere(life, token)) ? states[0] : { token: '', gone: token, n: 0 }
    },
  }
}
