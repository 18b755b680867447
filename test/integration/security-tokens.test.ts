/**
 * Security statements about who is who and who may what (docs/security-statements.md), by address and token: the embedded
 * server, OpenBao or Vault alike. Those that a suite about one endpoint holds already are there.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { field, openTarget, type RawAnswer, type Target } from './target.case.ts'

let vault: Target
let mount: string
let users: string
let roles: string

beforeAll(async () => {
  vault = await openTarget()
  mount = vault.unique('held')
  users = vault.unique('people')
  roles = vault.unique('machines')
  await ok('POST', `sys/mounts/${mount}`, { type: 'kv', options: { version: '1' } })
  await ok('POST', `sys/auth/${users}`, { type: 'userpass' })
  await ok('POST', `sys/auth/${roles}`, { type: 'approle' })
  await ok('POST', `${mount}/a`, { value: 'a' })
})
afterAll(async () => {
  for (const path of [`sys/mounts/${mount}`, `sys/auth/${users}`, `sys/auth/${roles}`])
    await vault.request('DELETE', path)
  await vault.close()
})

async function ok(method: string, path: string, body?: unknown): Promise<RawAnswer> {
  const answer = await vault.request(method, path, body === undefined ? {} : { body })
  expect([path, [200, 204].includes(answer.status)]).toEqual([path, true])
  return answer
}
const post = (path: string, body: object, token?: string): Promise<RawAnswer> =>
  vault.request('POST', path, { body, ...(token === undefined ? {} : { token }) })

async function tokenOf(body: object): Promise<{ readonly token: string; readonly accessor: string }> {
  const answer = await ok('POST', 'auth/token/create', body)
  return { token: String(field(answer, 'auth', 'client_token')), accessor: String(field(answer, 'auth', 'accessor')) }
}
async function policyOf(name: string, text: string): Promise<string> {
  const unique = vault.unique(name)
  await ok('PUT', `sys/policies/acl/${unique}`, { policy: text })
  return unique
}
const accessors = async (): Promise<string[]> => {
  const keys = field(await ok('LIST', 'auth/token/accessors'), 'data', 'keys') as string[]
  return keys.toSorted()
}

describe('logins', () => {
  it('S1: nothing of an answer tells a wrong password from an unknown name', async () => {
    await ok('POST', `auth/${users}/users/sam`, { password: 'right' })
    const shown = (answer: RawAnswer): unknown => {
      const headers = [...answer.headers].filter(([name]) => name !== 'date')
      return [answer.status, answer.text, headers]
    }
    const attempts: readonly object[] = [
      { password: 'wrong' },
      { password: '' },
      {},
      { password: 'x'.repeat(100) },
      { password: ['x'] },
    ]
    for (const body of attempts) {
      const known = await post(`auth/${users}/login/sam`, body, '')
      const unknown = await post(`auth/${users}/login/nobody`, body, '')
      expect([body, shown(known)]).toEqual([body, shown(unknown)])
    }
    // Nor the lock after too many. (OpenBao counts those of names that it has.)
    for (let guess = 0; vault.embedded && guess < 6; guess += 1) {
      const names = ['sam', 'nobody'].map((name) => post(`auth/${users}/login/${name}`, { password: 'no' }, ''))
      const [known, unknown] = (await Promise.all(names)).map(shown)
      expect([guess, known]).toEqual([guess, unknown])
      if (guess === 5) expect(known).toEqual([403, expect.anything(), expect.anything()])
    }
    // Nor what lies beside the login.
    for (const path of ['users/sam', 'users/nobody', 'users/sam/password'])
      expect((await vault.request('GET', `auth/${users}/${path}`, { token: '' })).status).toBe(403)
  })

  it('S19: who is refused has no token, no lease and no entity, whatever was right about them', async () => {
    await ok('POST', `auth/${users}/users/far`, { password: 'right', token_bound_cidrs: '192.0.2.0/24' })
    await ok('POST', `auth/${users}/users/rude`, { password: 'right', token_policies: 'root' })
    await ok('POST', `auth/${roles}/role/far`, { secret_id_bound_cidrs: '192.0.2.0/24' })
    await ok('POST', `auth/${roles}/role/rude`, { token_policies: 'root' })
    const before = await accessors()
    const idsOf = async (role: string) => ({
      role_id: String(field(await ok('GET', `auth/${roles}/role/${role}/role-id`), 'data', 'role_id')),
      secret_id: String(field(await ok('POST', `auth/${roles}/role/${role}/secret-id`, {}), 'data', 'secret_id')),
    })
    const far = await idsOf('far')
    const rude = await idsOf('rude')
    for (const [path, body] of [
      [`${users}/login/far`, { password: 'right' }],
      [`${users}/login/rude`, { password: 'right' }],
      [`${users}/login/nobody`, { password: 'right' }],
      [`${roles}/login`, far],
      [`${roles}/login`, rude],
      [`${roles}/login`, { ...rude, role_id: far.role_id }],
    ] as const) {
      const answer = await post(`auth/${path}`, body, '')
      expect([path, answer.status >= 400, field(answer, 'auth') ?? null]).toEqual([path, true, null])
      expect(answer.text).not.toMatch(/client_token|hvs\.|entity_id/)
      // Nor inside of a wrapped answer.
      const wrapped = await vault.request('POST', `auth/${path}`, {
        token: '',
        body,
        headers: { 'X-Vault-Wrap-TTL': '60' },
      })
      expect([path, wrapped.status >= 400, wrapped.text.includes('wrap_info')]).toEqual([path, true, false])
    }
    expect(await accessors()).toEqual(before)
  })

  it('S3: no spelling of root is a policy of anybody’s login', async () => {
    for (const [index, name] of ['root', 'Root', ' root', 'ROOT ', '\troot'].entries()) {
      const user = await post(`auth/${users}/users/r${index}`, { password: 'right', token_policies: [name] })
      const login = await post(`auth/${users}/login/r${index}`, { password: 'right' }, '')
      // Refused when it is written, or when it is used.
      expect([name, user.status >= 400 || login.status >= 400]).toEqual([name, true])
      const role = await post(`auth/token/roles/${vault.unique(`r${index}`)}`, { allowed_policies: [name] })
      const weak = await tokenOf({
        policies: [await policyOf('maker', 'path "auth/token/*" { capabilities = ["create", "update"] }')],
      })
      for (const path of ['auth/token/create', `auth/token/create/${vault.unique(`r${index}`)}`]) {
        const made = await post(path, { policies: [name] }, weak.token)
        expect([name, path, made.status]).toEqual([name, path, expect.toSatisfy((is) => is >= 400)])
      }
      if (role.status < 300) await vault.request('DELETE', `auth/token/roles/${vault.unique(`r${index}`)}`)
    }
  })
})

describe('templates', () => {
  it('S6: a name that looks like a pattern, or like a path, opens nothing but itself', async ({ skip }) => {
    skip(!vault.embedded, 'OpenBao 2.5.5 takes a name for a pattern (GHSA-59w7-v8rr-pr4p)')
    const accessor = String(field(await ok('GET', 'sys/auth'), 'data', `${roles}/`, 'accessor'))
    const name = `{{identity.entity.aliases.${accessor}.name}}`
    const policy = await policyOf(
      'own',
      `path "${mount}/own/${name}/*" { capabilities = ["read"] }\npath "${mount}/own/${name}" { capabilities = ["read"] }`,
    )
    await ok('POST', `${mount}/own/victim/key`, { value: 'of the victim' })
    await ok('POST', `${mount}/own/victim`, { value: 'of the victim' })
    const wanted = [
      '*',
      '+',
      'v*',
      'victim/key',
      'victim/',
      'victim/*',
      '+/+',
      '..',
      '../own/victim',
      '{{identity.entity.id}}',
      'vict%69m',
      'VICTIM',
    ]
    for (const [index, roleId] of wanted.entries()) {
      const role = `named-${index}`
      await ok('POST', `auth/${roles}/role/${role}`, { token_policies: policy, bind_secret_id: true })
      const named = await post(`auth/${roles}/role/${role}/role-id`, { role_id: roleId })
      expect([roleId, named.status < 500]).toEqual([roleId, true])
      if (named.status >= 300) continue
      const secret_id = String(field(await ok('POST', `auth/${roles}/role/${role}/secret-id`, {}), 'data', 'secret_id'))
      const login = await post(`auth/${roles}/login`, { role_id: roleId, secret_id }, '')
      const token = String(field(login, 'auth', 'client_token'))
      expect([roleId, login.status]).toEqual([roleId, 200])
      for (const path of ['own/victim/key', 'own/victim', 'a', 'own/../own/victim'])
        expect([roleId, path, (await vault.request('GET', `${mount}/${path}`, { token })).status]).toEqual([
          roleId,
          path,
          403,
        ])
    }
    // What it is for does work.
    await ok('POST', `auth/${roles}/role/named`, { token_policies: policy })
    await ok('POST', `auth/${roles}/role/named/role-id`, { role_id: 'victim' })
    const secret_id = String(field(await ok('POST', `auth/${roles}/role/named/secret-id`, {}), 'data', 'secret_id'))
    const token = String(
      field(await post(`auth/${roles}/login`, { role_id: 'victim', secret_id }, ''), 'auth', 'client_token'),
    )
    expect((await vault.request('GET', `${mount}/own/victim/key`, { token })).status).toBe(200)
  })
})

describe('tokens', () => {
  it('S17: nobody looks up, renews or ends another’s token, by its text, its accessor or its lease', async () => {
    const mine = await tokenOf({ policies: ['default'], ttl: '1h' })
    const other = await tokenOf({ policies: ['default'], ttl: '1h' })
    const leases = [`auth/token/create/${other.accessor}`, `auth/token/create/h${'0'.repeat(64)}`]
    for (const [method, path, body] of [
      ['POST', 'auth/token/lookup', { token: other.token }],
      ['POST', 'auth/token/renew', { token: other.token }],
      ['POST', 'auth/token/revoke', { token: other.token }],
      ['POST', 'auth/token/revoke-orphan', { token: other.token }],
      ['POST', 'auth/token/lookup-accessor', { accessor: other.accessor }],
      ['POST', 'auth/token/renew-accessor', { accessor: other.accessor }],
      ['POST', 'auth/token/revoke-accessor', { accessor: other.accessor }],
      ['LIST', 'auth/token/accessors', undefined],
      ['POST', 'sys/capabilities', { token: other.token, path: 'x' }],
      ['POST', 'sys/capabilities-accessor', { accessor: other.accessor, path: 'x' }],
      ['PUT', 'sys/leases/revoke', { lease_id: leases[0] }],
      ['PUT', 'sys/leases/revoke-prefix/auth/token/create', {}],
      ['PUT', 'sys/leases/revoke-force/auth/token/create', {}],
      ['LIST', 'sys/leases/lookup/auth/token/create', undefined],
    ] as const) {
      const answer = await vault.request(method, path, { token: mine.token, ...(body === undefined ? {} : { body }) })
      expect([path, answer.status]).toEqual([path, 403])
      expect(answer.text).not.toContain(other.accessor)
    }
    // Open to everybody by the policy `default`, of leases whose id one knows.
    for (const lease_id of leases)
      for (const path of ['sys/leases/lookup', 'sys/leases/renew', 'sys/renew']) {
        const answer = await vault.request('PUT', path, { token: mine.token, body: { lease_id } })
        expect([path, answer.status >= 400]).toEqual([path, true])
      }
    expect((await vault.request('GET', 'auth/token/lookup-self', { token: other.token })).status).toBe(200)
  })

  it('S27: neither a token’s beginning, nor one with more behind it, nor in another case, is anybody', async () => {
    const { token, accessor } = await tokenOf({ policies: ['root'] })
    const [first = '', ...rest] = [...token].toReversed()
    const last = first === 'x' ? 'y' : 'x'
    const almost = [
      token.slice(0, -1),
      `${token}x`,
      rest.toReversed().join('') + last,
      token.toUpperCase(),
      token.toLowerCase(),
      token.slice(4),
      `${token}.${token}`,
      `${token},${token}`,
      accessor,
      'hvs.',
      'hvb.',
      's.',
    ]
    const answers = await Promise.all(almost.map((text) => vault.request('GET', `${mount}/a`, { token: text })))
    expect(answers.map(({ status }) => status)).toEqual(almost.map(() => 403))
    // One text for all of them.
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
    expect((await vault.request('GET', `${mount}/a`, { token })).status).toBe(200)
  })

  it('S53: a policy that is deleted, or made again, counts from the next request on', async () => {
    const policy = await policyOf('short', `path "${mount}/*" { capabilities = ["read"] }`)
    const { token } = await tokenOf({ policies: [policy] })
    const reads = async (): Promise<number> => (await vault.request('GET', `${mount}/a`, { token })).status
    for (let round = 0; round < 5; round += 1) {
      expect(await reads()).toBe(200)
      await ok('DELETE', `sys/policies/acl/${policy}`)
      expect(await reads()).toBe(403)
      await policyOf('short', `path "${mount}/*" { capabilities = ["read"] }`)
    }
    await Promise.all([ok('DELETE', `sys/policies/acl/${policy}`), reads(), reads(), reads()])
    expect(await reads()).toBe(403)
  })

  it('S37: of 50 requests at once with five uses at most five are served, refusals and writes among them', async () => {
    const policy = await policyOf('few', `path "${mount}/*" { capabilities = ["read", "create", "update"] }`)
    const { token } = await tokenOf({ policies: [policy], num_uses: 5 })
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, at) =>
        at % 3 === 0
          ? vault.request('POST', `${mount}/few-${at}`, { token, body: { value: '1' } })
          : vault.request('GET', at % 3 === 1 ? `${mount}/a` : 'sys/mounts', { token }),
      ),
    )
    expect(answers.filter(({ status }) => status === 200 || status === 204).length).toBeLessThanOrEqual(5)
    expect((await vault.request('GET', `${mount}/a`, { token })).status).toBe(403)
    const written = (await vault.request('LIST', mount)).json
    const keys = (written as unknown as { data: { keys: string[] } }).data.keys
    expect(keys.filter((key) => key.startsWith('few-')).length).toBeLessThanOrEqual(5)
  })

  it('S40: nothing of a token is left to use once its revocation is answered', async () => {
    const parent = await tokenOf({ policies: ['root'] })
    const child = String(
      field(await post('auth/token/create', { policies: ['root'] }, parent.token), 'auth', 'client_token'),
    )
    const batch = String(
      field(
        await post('auth/token/create', { policies: ['default'], type: 'batch' }, parent.token),
        'auth',
        'client_token',
      ),
    )
    await post('cubbyhole/mine', { value: 'kept' }, child)
    const wrapped = await vault.request('GET', `${mount}/a`, { token: child, headers: { 'X-Vault-Wrap-TTL': '60' } })
    expect(wrapped.status).toBe(200)
    // Requests under way meanwhile end with an answer of before or a refusal, and none after it is served.
    const during = Array.from({ length: 20 }, () => vault.request('GET', `${mount}/a`, { token: child }))
    await ok('POST', 'auth/token/revoke', { token: parent.token })
    for (const token of [parent.token, child, batch])
      expect((await vault.request('GET', 'auth/token/lookup-self', { token })).status).toBe(403)
    expect((await vault.request('GET', 'cubbyhole/mine', { token: child })).status).toBe(403)
    expect((await Promise.all(during)).every(({ status }) => status === 200 || status === 403)).toBe(true)
  })
})
