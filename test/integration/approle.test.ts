/**
 * The auth method `approle`, row by row (vault-api 8), by address and token: the embedded server, OpenBao or Vault alike
 * (see target.case.ts). Logins and their limits are in vault-api.test.ts too.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { field, openTarget, type RawAnswer, type Target } from './target.case.ts'

/** For what OpenBao does in its own way: docs/compatibility.md has each with its reason. */
const EMBEDDED = process.env['PLENUM_TEST_VAULT_ADDR'] === undefined

let vault: Target
let mount: string
let names = 0

beforeAll(async () => {
  vault = await openTarget()
  mount = vault.unique('machines')
  expect((await vault.request('POST', `sys/auth/${mount}`, { body: { type: 'approle' } })).status).toBe(204)
})
afterAll(async () => {
  await vault.request('DELETE', `sys/auth/${mount}`)
  await vault.close()
})

const told = ({ status, json }: RawAnswer): unknown => [status, json]
const get = (path: string): Promise<RawAnswer> => vault.request('GET', `auth/${mount}/${path}`)
const post = (path: string, body: object = {}): Promise<RawAnswer> =>
  vault.request('POST', `auth/${mount}/${path}`, { body })
const remove = (path: string): Promise<RawAnswer> => vault.request('DELETE', `auth/${mount}/${path}`)

/** A role of its own for each test: `role/r1`. */
async function newRole(settings: object = {}): Promise<string> {
  names += 1
  const path = `role/r${names}`
  expect([200, 204]).toContain((await post(path, settings)).status)
  return path
}
const roleIdOf = async (role: string): Promise<string> => String(field(await get(`${role}/role-id`), 'data', 'role_id'))
async function issue(role: string, settings: object = {}): Promise<{ id: string; accessor: string }> {
  const answer = await post(`${role}/secret-id`, settings)
  expect(answer.status).toBe(200)
  return {
    id: String(field(answer, 'data', 'secret_id')),
    accessor: String(field(answer, 'data', 'secret_id_accessor')),
  }
}
async function login(role: string, secretId: string): Promise<RawAnswer> {
  const body = { role_id: await roleIdOf(role), secret_id: secretId }
  return vault.request('POST', `auth/${mount}/login`, { token: '', body })
}

describe('a role', () => {
  it('is shown with every setting, and without the deprecated ones that nobody used', async () => {
    const role = await newRole()
    const data = field(await get(role), 'data') as Record<string, unknown>
    expect(data).toMatchObject({
      bind_secret_id: true,
      secret_id_bound_cidrs: null,
      secret_id_num_uses: 0,
      secret_id_ttl: 0,
      local_secret_ids: false,
      token_policies: [],
      token_ttl: 0,
      token_max_ttl: 0,
      token_explicit_max_ttl: 0,
      token_period: 0,
      token_num_uses: 0,
      token_bound_cidrs: [],
      token_no_default_policy: false,
      token_type: 'default',
    })
    expect(Object.keys(data)).not.toEqual(expect.arrayContaining(['policies']))
  })

  it('shows the deprecated fields that were used', async () => {
    const role = await newRole({ policies: 'a', period: 60 })
    expect(field(await get(role), 'data')).toMatchObject({
      policies: ['a'],
      token_policies: ['a'],
      period: 60,
      token_period: 60,
    })
  })

  it('is listed by its name in lower case, and found in any case', async () => {
    expect((await post('role/MiXed', { token_ttl: 60 })).status).toBe(204)
    expect(field(await vault.request('LIST', `auth/${mount}/role`), 'data', 'keys')).toContain('mixed')
    expect(field(await get('role/mIxED'), 'data', 'token_ttl')).toBe(60)
    expect((await remove('role/MIXED')).status).toBe(204)
    expect(told(await get('role/mixed'))).toEqual([404, { errors: [] }])
  })

  it('keeps the settings that a later write does not name', async () => {
    const role = await newRole({ token_ttl: 60, token_policies: 'a' })
    expect((await post(role, { token_policies: ['b'] })).status).toBe(204)
    expect(field(await get(role), 'data')).toMatchObject({ token_ttl: 60, token_policies: ['b'] })
  })

  it.each([
    [{ bind_secret_id: false }, 500, 'at least one constraint should be enabled on the role'],
    [{ secret_id_num_uses: -1 }, 400, 'secret_id_num_uses cannot be negative'],
    [{ token_ttl: 10, token_max_ttl: 5 }, 400, "'token_ttl' cannot be greater than 'token_max_ttl'"],
    [{ token_type: 'odd' }, 400, 'token_type'],
    [{ token_type: 'batch', token_num_uses: 1 }, 400, 'limited use count'],
    [{ token_type: 'batch', token_period: 60 }, 400, 'periodic tokens'],
    [{ token_bound_cidrs: ['no network'] }, 400, ''],
    [{ token_ttl: [] }, 400, 'token_ttl'],
  ])('is refused: %j', async (settings, status, text) => {
    names += 1
    const role = `role/refused${names}`
    const answer = await post(role, settings)
    expect([answer.status, String(field(answer, 'errors'))]).toEqual([status, expect.stringContaining(text)])
    expect((await get(role)).status).toBe(404)
  })

  it.runIf(EMBEDDED)('is refused a period beyond the maximum (OpenBao takes it, and caps the tokens)', async () => {
    const answer = await post('role/period', { token_period: '9000h' })
    expect([answer.status, String(field(answer, 'errors'))]).toEqual([
      400,
      expect.stringContaining("greater than the backend's maximum lease TTL"),
    ])
  })

  it('has a role_id that can be read and chosen, once', async () => {
    const role = await newRole()
    expect(await roleIdOf(role)).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    const chosen = vault.unique('chosen')
    expect((await post(`${role}/role-id`, { role_id: chosen })).status).toBe(204)
    expect(await roleIdOf(role)).toBe(chosen)
    const { id } = await issue(role)
    expect((await login(role, id)).status).toBe(200)
    const taken = await post(`${await newRole()}/role-id`, { role_id: chosen })
    expect([taken.status >= 400, String(field(taken, 'errors'))]).toEqual([true, expect.stringContaining('in use')])
    expect(told(await post(`${role}/role-id`))).toEqual([400, { errors: ['missing role_id'] }])
  })

  it('local_secret_ids is decided when the role is made', async () => {
    const role = await newRole({ local_secret_ids: true })
    expect(field(await get(`${role}/local-secret-ids`), 'data')).toEqual({ local_secret_ids: true })
    for (const change of [
      () => post(`${role}/local-secret-ids`, { local_secret_ids: false }),
      () => remove(`${role}/local-secret-ids`),
    ])
      expect((await change()).status).toBe(EMBEDDED ? 400 : 405)
    const answer = await post(role, { local_secret_ids: false })
    expect([answer.status, String(field(answer, 'errors'))]).toEqual([
      400,
      expect.stringContaining('can only be modified during role creation'),
    ])
  })

  it('names are words: a slash, a space or a dot at the end is another path', async () => {
    for (const name of ['a%20b', 'a.', '-a', 'a@b']) expect((await post(`role/${name}`)).status).toBe(404)
  })
})

describe('settings with a path of their own', () => {
  const NETWORKS = ['127.0.0.0/8']
  it.each([
    ['token-ttl', { token_ttl: 60 }, { token_ttl: 60 }, { token_ttl: 0 }],
    ['token-max-ttl', { token_max_ttl: '2m' }, { token_max_ttl: 120 }, { token_max_ttl: 0 }],
    ['token-num-uses', { token_num_uses: 3 }, { token_num_uses: 3 }, { token_num_uses: 0 }],
    ['token-bound-cidrs', { token_bound_cidrs: NETWORKS }, { token_bound_cidrs: NETWORKS }, { token_bound_cidrs: [] }],
    ['secret-id-ttl', { secret_id_ttl: '1h' }, { secret_id_ttl: 3600 }, { secret_id_ttl: 0 }],
    ['secret-id-num-uses', { secret_id_num_uses: 2 }, { secret_id_num_uses: 2 }, { secret_id_num_uses: 0 }],
    [
      'secret-id-bound-cidrs',
      { secret_id_bound_cidrs: '127.0.0.0/8' },
      { secret_id_bound_cidrs: NETWORKS },
      { secret_id_bound_cidrs: null },
    ],
    ['policies', { token_policies: 'x,y' }, { token_policies: ['x', 'y'] }, { token_policies: [] }],
    ['period', { token_period: '30s' }, { token_period: 30 }, { token_period: 0 }],
  ])('%s is read, written and reset', async (path, written, shown, reset) => {
    const role = await newRole({ token_policies: ['kept'] })
    expect([200, 204]).toContain((await post(`${role}/${path}`, written)).status)
    expect(field(await get(`${role}/${path}`), 'data')).toMatchObject(shown)
    expect([200, 204]).toContain((await remove(`${role}/${path}`)).status)
    const after = field(await get(`${role}/${path}`), 'data') as Record<string, unknown>
    const [[key, value]] = Object.entries(reset) as [[string, unknown]]
    // Nothing is an empty list or null, as the server likes it.
    expect(after[key] ?? []).toEqual(value ?? [])
    const empty = await post(`${role}/${path}`)
    if (!EMBEDDED && path.endsWith('-bound-cidrs')) return expect(empty.status).toBe(204)
    expect([empty.status, String(field(empty, 'errors'))]).toEqual([400, expect.stringContaining('missing')])
  })

  it.runIf(EMBEDDED)('bound-cidr-list is the old name of secret-id-bound-cidrs', async () => {
    const role = await newRole()
    expect((await post(`${role}/bound-cidr-list`, { bound_cidr_list: NETWORKS })).status).toBe(204)
    expect(field(await get(`${role}/bound-cidr-list`), 'data')).toEqual({ bound_cidr_list: NETWORKS })
    expect(field(await get(`${role}/secret-id-bound-cidrs`), 'data')).toEqual({ secret_id_bound_cidrs: NETWORKS })
    expect((await remove(`${role}/bound-cidr-list`)).status).toBe(204)
    expect(field(await get(`${role}/bound-cidr-list`), 'data')).toEqual({ bound_cidr_list: null })
    expect((await post(`${role}/bound-cidr-list`)).status).toBe(400)
  })

  it('bind-secret-id: a role without needs a network, and then a role_id is enough', async () => {
    const role = await newRole({ token_bound_cidrs: NETWORKS })
    expect((await post(`${role}/bind-secret-id`, { bind_secret_id: false })).status).toBe(204)
    expect(field(await get(`${role}/bind-secret-id`), 'data')).toEqual({ bind_secret_id: false })
    const body = { role_id: await roleIdOf(role) }
    expect((await vault.request('POST', `auth/${mount}/login`, { token: '', body })).status).toBe(200)
    const refused = await post(`${role}/secret-id`)
    expect(told(refused)).toEqual([400, { errors: ['bind_secret_id is not set on the role'] }])
    expect((await remove(`${role}/bind-secret-id`)).status).toBe(204)
    expect(field(await get(`${role}/bind-secret-id`), 'data')).toEqual({ bind_secret_id: true })
    expect(told(await vault.request('POST', `auth/${mount}/login`, { token: '', body }))).toEqual([
      400,
      { errors: ['missing secret_id'] },
    ])
  })

  it('of a role that nobody made are 404', async () => {
    for (const path of ['role-id', 'token-ttl', 'policies', 'bind-secret-id'])
      expect((await get(`role/nobody/${path}`)).status).toBe(404)
  })
})

describe('secret-ids', () => {
  it('are looked up with all that was said when they were issued', async () => {
    const role = await newRole({ secret_id_ttl: '2h', secret_id_num_uses: 5 })
    const { id, accessor } = await issue(role, {
      metadata: '{"team":"etl"}',
      cidr_list: ['127.0.0.1/32'],
      token_bound_cidrs: ['127.0.0.0/8'],
      num_uses: 3,
      ttl: '1h',
    })
    const shown = {
      secret_id_accessor: accessor,
      secret_id_num_uses: 3,
      secret_id_ttl: 3600,
      metadata: { team: 'etl' },
      cidr_list: ['127.0.0.1/32'],
      token_bound_cidrs: ['127.0.0.0/8'],
    }
    const byText = await post(`${role}/secret-id/lookup`, { secret_id: id })
    expect(field(byText, 'data')).toMatchObject(shown)
    const { creation_time, expiration_time } = field(byText, 'data') as Record<string, string>
    expect(Date.parse(expiration_time ?? '') - Date.parse(creation_time ?? '')).toBe(3_600_000)
    const byAccessor = await post(`${role}/secret-id-accessor/lookup`, { secret_id_accessor: accessor })
    expect(field(byAccessor, 'data')).toEqual(field(byText, 'data'))
    expect(field(await vault.request('LIST', `auth/${mount}/${role}/secret-id`), 'data', 'keys')).toEqual([accessor])
  })

  it('give their metadata to the token, but not another role_name', async () => {
    const role = await newRole()
    const { id } = await issue(role, { metadata: '{"team":"etl","role_name":"admin"}' })
    const answer = await login(role, id)
    expect(field(answer, 'auth', 'metadata')).toEqual({ team: 'etl', role_name: role.slice('role/'.length) })
    expect(field(answer, 'auth', 'client_token')).toMatch(/^\S+$/)
  })

  it('of one’s own choice are taken once', async () => {
    const role = await newRole()
    const text = vault.unique('own-secret')
    const made = await post(`${role}/custom-secret-id`, { secret_id: text })
    expect([made.status, field(made, 'data', 'secret_id')]).toEqual([200, text])
    expect((await login(role, text)).status).toBe(200)
    const again = await post(`${role}/custom-secret-id`, { secret_id: text })
    expect([again.status, String(field(again, 'errors'))]).toEqual([
      500,
      expect.stringContaining('SecretID is already registered'),
    ])
    expect(told(await post(`${role}/custom-secret-id`))).toEqual([400, { errors: ['missing secret_id'] }])
  })

  it.each([
    [{ num_uses: 6 }, "num_uses cannot be higher than the role's secret_id_num_uses"],
    [{ ttl: '3h' }, "ttl cannot be longer than the role's secret_id_ttl"],
    [{ metadata: 'no json' }, 'metadata'],
    [{ num_uses: -1 }, 'num_uses cannot be negative'],
  ])('are refused beyond what the role allows: %j', async (settings, text) => {
    const role = await newRole({ secret_id_num_uses: 5, secret_id_ttl: '2h' })
    const answer = await post(`${role}/secret-id`, settings)
    expect([answer.status, String(field(answer, 'errors'))]).toEqual([400, expect.stringContaining(text)])
  })

  it('may not come from networks that the role does not allow', async () => {
    const role = await newRole({ secret_id_bound_cidrs: ['10.0.0.0/8'] })
    expect((await post(`${role}/secret-id`, { cidr_list: ['192.168.0.0/16'] })).status).toBeGreaterThanOrEqual(400)
    const { id } = await issue(role, { cidr_list: ['10.1.0.0/16'] })
    const answer = await login(role, id)
    expect([answer.status, String(field(answer, 'errors'))]).toEqual([
      400,
      expect.stringContaining('unauthorized through CIDR restrictions on the secret ID'),
    ])
  })

  it('a role’s own networks are judged after those of the secret-id', async () => {
    const role = await newRole({ secret_id_bound_cidrs: ['10.0.0.0/8'] })
    const { id } = await issue(role)
    const answer = await login(role, id)
    expect([answer.status, String(field(answer, 'errors'))]).toEqual([
      400,
      expect.stringContaining('by CIDR restrictions on the role'),
    ])
  })

  it('a token’s networks are 403', async () => {
    const role = await newRole({ token_bound_cidrs: ['10.0.0.0/8'] })
    const answer = await login(role, (await issue(role)).id)
    if (EMBEDDED) return expect(answer.status).toBe(403)
    // OpenBao makes the token, which nobody can use from here.
    const token = String(field(answer, 'auth', 'client_token'))
    expect((await vault.request('GET', 'auth/token/lookup-self', { token })).status).toBe(403)
  })

  it('end after their uses, and are gone then', async () => {
    const role = await newRole({ secret_id_num_uses: 2 })
    const { id } = await issue(role)
    expect((await login(role, id)).status).toBe(200)
    expect(field(await post(`${role}/secret-id/lookup`, { secret_id: id }), 'data', 'secret_id_num_uses')).toBe(1)
    expect((await login(role, id)).status).toBe(200)
    expect((await post(`${role}/secret-id/lookup`, { secret_id: id })).status).toBe(204)
    expect(told(await login(role, id))).toEqual([400, { errors: ['invalid role or secret ID'] }])
  })

  it.each([
    ['POST', 'secret-id'],
    ['PUT', 'secret-id'],
    ['POST', 'secret-id-accessor'],
    ['DELETE', 'secret-id'],
    ['DELETE', 'secret-id-accessor'],
  ] as const)('are destroyed: %s %s/destroy', async (method, by) => {
    const role = await newRole()
    const { id, accessor } = await issue(role)
    const fields = by === 'secret-id' ? { secret_id: id } : { secret_id_accessor: accessor }
    // A DELETE has no body: what it says is in the query.
    const [query, body] = method === 'DELETE' ? [`?${new URLSearchParams(fields as never)}`, undefined] : ['', fields]
    const path = `auth/${mount}/${role}/${by}/destroy${query}`
    expect((await vault.request(method, path, body === undefined ? {} : { body })).status).toBe(204)
    expect(told(await login(role, id))).toEqual([400, { errors: ['invalid role or secret ID'] }])
    expect((await vault.request('LIST', `auth/${mount}/${role}/secret-id`)).status).toBe(404)
  })

  it('an unknown one is destroyed already; an unknown accessor is an error, another role’s is refused', async () => {
    const [role, other] = [await newRole(), await newRole()]
    expect((await post(`${role}/secret-id/destroy`, { secret_id: 'unknown' })).status).toBe(204)
    const unknown = await post(`${role}/secret-id-accessor/lookup`, { secret_id_accessor: 'unknown' })
    expect([unknown.status, String(field(unknown, 'data', 'error'))]).toEqual([
      404,
      'failed to find accessor entry for secret_id_accessor: "unknown"',
    ])
    expect((await post(`${role}/secret-id-accessor/destroy`, { secret_id_accessor: 'unknown' })).status).toBe(500)
    const { id, accessor } = await issue(other)
    const foreign = await post(`${role}/secret-id-accessor/destroy`, { secret_id_accessor: accessor })
    expect(foreign.status).toBe(403)
    expect((await login(other, id)).status).toBe(200)
  })

  it('of a role that nobody made', async () => {
    const answer = await post('role/nobody/secret-id')
    expect([answer.status, String(field(answer, 'errors'))]).toEqual([404, 'role "nobody" does not exist'])
    expect((await post('role/nobody/secret-id/lookup', { secret_id: 'x' })).status).toBe(500)
  })

  it('come wrapped when that is asked for', async () => {
    const role = await newRole()
    const headers = { 'X-Vault-Wrap-TTL': '60s' }
    const wrapped = await vault.request('POST', `auth/${mount}/${role}/secret-id`, { body: {}, headers })
    expect(field(wrapped, 'wrap_info', 'creation_path')).toBe(`auth/${mount}/${role}/secret-id`)
    const token = String(field(wrapped, 'wrap_info', 'token'))
    const unwrapped = await vault.request('POST', 'sys/wrapping/unwrap', { token })
    expect((await login(role, String(field(unwrapped, 'data', 'secret_id')))).status).toBe(200)
  })

  it('are tidied on demand', async () => {
    expect((await post('tidy/secret-id')).status).toBe(202)
  })
})

describe('tokens of a role', () => {
  it('are renewed by what the role says today, and not once it is gone', async () => {
    const role = await newRole({ token_ttl: '10m', token_max_ttl: '1h' })
    const answer = await login(role, (await issue(role)).id)
    const token = String(field(answer, 'auth', 'client_token'))
    expect((await post(role, { token_ttl: '20m' })).status).toBe(204)
    const renewed = await vault.request('POST', 'auth/token/renew-self', { token, body: {} })
    expect(field(renewed, 'auth', 'lease_duration')).toBe(1200)
    expect((await remove(role)).status).toBe(204)
    const refused = await vault.request('POST', 'auth/token/renew-self', { token, body: {} })
    expect([refused.status >= 400, String(field(refused, 'errors'))]).toEqual([
      true,
      expect.stringContaining('does not exist during renewal'),
    ])
    expect((await vault.request('GET', 'auth/token/lookup-self', { token })).status).toBe(200)
  })

  it('carry the name of the method and the path of the login', async () => {
    const role = await newRole({ token_num_uses: 3, token_no_default_policy: true, token_policies: ['x'] })
    const token = String(field(await login(role, (await issue(role)).id), 'auth', 'client_token'))
    const looked = await vault.request('POST', 'auth/token/lookup', { body: { token } })
    expect(field(looked, 'data')).toMatchObject({
      path: `auth/${mount}/login`,
      display_name: mount,
      policies: ['x'],
      num_uses: 3,
      orphan: true,
    })
  })

  it('are never root’s', async () => {
    const role = await newRole({ token_policies: ['root'] })
    const answer = await login(role, (await issue(role)).id)
    expect([answer.status >= 400, String(field(answer, 'errors'))]).toEqual([
      true,
      expect.stringContaining('auth methods cannot create root tokens'),
    ])
  })
})

describe('a login without credentials', () => {
  it.each([
    [{}, 'missing role_id'],
    [{ role_id: 'unknown' }, 'invalid role or secret ID'],
    [{ role_id: 'unknown', secret_id: 'unknown' }, 'invalid role or secret ID'],
  ])('%j', async (body, text) => {
    const answer = await vault.request('POST', `auth/${mount}/login`, { token: '', body })
    // OpenBao answers the missing role_id with 500.
    expect(vault.embedded ? [400] : [400, 500]).toContain(answer.status)
    expect(String(field(answer, 'errors'))).toContain(vault.embedded || text.startsWith('missing') ? text : '')
  })
})
