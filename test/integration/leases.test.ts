/**
 * The leases of tokens on the wire (vault-api 4.2), asked of the embedded server, OpenBao or Vault alike (target.case.ts).
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { field, openTarget, type RawAnswer, type Target } from './target.case.ts'

let vault: Target
let approle: string
let policy: string

beforeAll(async () => {
  vault = await openTarget()
  approle = vault.unique('approle')
  policy = vault.unique('leases')
  await vault.request('POST', `sys/auth/${approle}`, { body: { type: 'approle' } })
  await vault.request('POST', `auth/${approle}/role/r`, {
    body: { token_policies: 'default', token_ttl: '1h', bind_secret_id: false, token_bound_cidrs: '0.0.0.0/0,::/0' },
  })
  const rules = ['leases/revoke-prefix/*', 'leases/revoke-force/*', 'revoke-prefix/*', 'revoke-force/*', 'leases/count']
  await vault.request('POST', `sys/policies/acl/${policy}`, {
    body: {
      policy: [
        ...rules.map((rule) => `path "sys/${rule}" { capabilities = ["update", "read"] }`),
        'path "sys/leases/lookup/*" { capabilities = ["list"] }',
        'path "sys/leases" { capabilities = ["read"] }',
      ].join('\n'),
    },
  })
})
afterAll(async () => {
  await vault.request('DELETE', `sys/auth/${approle}`)
  await vault.request('DELETE', `sys/policies/acl/${policy}`)
  await vault.close()
})

const errors = (answer: RawAnswer): unknown[] => [answer.status, field(answer, 'errors')]
const list = (prefix: string): Promise<RawAnswer> => vault.request('LIST', `sys/leases/lookup/${prefix}`)
const put = (path: string, body?: unknown, token?: string): Promise<RawAnswer> =>
  vault.request('PUT', `sys/${path}`, {
    ...(body === undefined ? {} : { body }),
    ...(token === undefined ? {} : { token }),
  })

async function login(): Promise<string> {
  const roleId = field(await vault.request('GET', `auth/${approle}/role/r/role-id`), 'data', 'role_id')
  const answer = await vault.request('POST', `auth/${approle}/login`, { token: '', body: { role_id: roleId } })
  return String(field(answer, 'auth', 'client_token'))
}

/** The lease of a login, found as an operator finds it: by listing before and after. */
async function lease(): Promise<{ readonly id: string; readonly token: string }> {
  const names = async (): Promise<string[]> => {
    const answer = await list(`auth/${approle}/login`)
    return answer.status === 404 ? [] : (field(answer, 'data', 'keys') as string[])
  }
  const before = await names()
  const token = await login()
  const [name = ''] = (await names()).filter((key) => !before.includes(key))
  return { id: `auth/${approle}/login/${name}`, token }
}

const works = async (token: string): Promise<boolean> =>
  (await vault.request('GET', 'auth/token/lookup-self', { token })).status === 200

describe('sys/leases', () => {
  it('lists folder by folder', async () => {
    await lease()
    expect(field(await list(''), 'data', 'keys')).toContain('auth/')
    expect(field(await list('auth/'), 'data', 'keys')).toContain(`${approle}/`)
    expect(field(await list(`auth/${approle}/`), 'data', 'keys')).toEqual(['login/'])
    expect(field(await list(`auth/${approle}/login/`), 'data', 'keys')).toContainEqual(
      expect.stringMatching(/^h[\da-f]{64}$/),
    )
    expect(errors(await list('auth/never/'))).toEqual([404, []])
  })

  it('looks one up, also for a token with no more than the policy default', async () => {
    const { id, token } = await lease()
    const answer = await put('leases/lookup', { lease_id: id }, token)
    expect(answer.status).toBe(200)
    expect(field(answer, 'data')).toEqual({
      id,
      issue_time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      expire_time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      last_renewal: null,
      renewable: true,
      ttl: expect.any(Number),
    })
    expect(field(answer, 'data', 'ttl')).toBeGreaterThan(3590)
    await vault.request('POST', 'auth/token/renew-self', { token })
    expect(field(await put('leases/lookup', { lease_id: id }), 'data', 'last_renewal')).toMatch(/^\d{4}-/)
    expect(errors(await put('leases/lookup', { lease_id: `${id}0` }))).toEqual([400, ['invalid lease']])
    expect(errors(await put('leases/lookup', {}))).toEqual([400, ['lease_id must be specified']])
  })

  it('does not renew what is renewed at auth/token', async () => {
    const { id } = await lease()
    expect(errors(await put('leases/renew', { lease_id: id }))).toEqual([
      400,
      ['tokens cannot be renewed through this endpoint'],
    ])
    expect(errors(await put(`leases/renew/${id}0`))).toEqual([400, ['lease not found']])
    expect(errors(await put('leases/renew', {}))).toEqual([400, ['lease_id must be specified']])
  })

  it('S40: revokes one, named in the body or in the path, and its token with it', async () => {
    for (const way of ['body', 'path']) {
      const { id, token } = await lease()
      const revoke = (): Promise<RawAnswer> =>
        way === 'body' ? put('leases/revoke', { lease_id: id, sync: true }) : put(`leases/revoke/${id}`, { sync: true })
      expect((await revoke()).status).toBe(204)
      expect(await works(token)).toBe(false)
      expect((await revoke()).status).toBe(204)
    }
    expect(errors(await put('leases/revoke', {}))).toEqual([400, ['lease_id must be specified']])
  })

  it.each(['revoke-prefix', 'revoke-force'])('S40: %s ends all below a prefix', async (how) => {
    const tokens = [await login(), await login()]
    const other = field(
      await vault.request('POST', 'auth/token/create', { body: { ttl: '1h' } }),
      'auth',
      'client_token',
    )
    expect((await put(`leases/${how}/auth/${approle}/log`, { sync: true })).status).toBe(204)
    expect(await Promise.all(tokens.map(works))).toEqual([true, true])
    expect((await put(`leases/${how}/auth/${approle}/login`, { sync: true })).status).toBe(204)
    expect(await Promise.all(tokens.map(works))).toEqual([false, false])
    expect(await works(String(other))).toBe(true)
  })

  it('tidies, and counts those that could not be revoked', async () => {
    const tidied = await put('leases/tidy')
    expect([tidied.status, String(field(tidied, 'warnings'))]).toEqual([202, expect.stringContaining('Tidy operation')])
    const count = await vault.request('GET', 'sys/leases/count?type=irrevocable')
    expect(field(count, 'data')).toEqual({ lease_count: 0, counts: {} })
    const irrevocable = await vault.request('GET', 'sys/leases?type=irrevocable')
    expect(field(irrevocable, 'data')).toEqual({ lease_count: 0, leases: [] })
    expect((await vault.request('GET', 'sys/leases/count')).status).toBe(404)
  })

  it('S17: listing and ending what others have takes sudo, under the older names as well', async () => {
    const made = await vault.request('POST', 'auth/token/create', { body: { policies: policy, ttl: '1h' } })
    const weak = String(field(made, 'auth', 'client_token'))
    const { token } = await lease()
    for (const path of ['leases/revoke-prefix', 'leases/revoke-force', 'revoke-prefix', 'revoke-force']) {
      const answer = await put(`${path}/auth/${approle}/login`, {}, weak)
      // OpenBao has no older names.
      expect([403, ...(vault.embedded ? [] : [404])]).toContain(answer.status)
    }
    expect((await vault.request('LIST', 'sys/leases/lookup/auth/', { token: weak })).status).toBe(403)
    expect(await works(token)).toBe(true)
  })
})

it.runIf(process.env['PLENUM_TEST_VAULT_ADDR'] === undefined)(
  'S17: the older names answer as the newer ones (Vault; OpenBao took them away)',
  async () => {
    const { id, token } = await lease()
    expect(errors(await put('renew', { lease_id: id }))).toEqual([
      400,
      ['tokens cannot be renewed through this endpoint'],
    ])
    expect(errors(await put('revoke', {}))).toEqual([400, ['lease_id must be specified']])
    expect((await put(`revoke/${id}`)).status).toBe(204)
    expect(await works(token)).toBe(false)
    const next = await login()
    expect((await put(`revoke-prefix/auth/${approle}`)).status).toBe(204)
    expect(await works(next)).toBe(false)
  },
)
