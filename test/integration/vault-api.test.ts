/**
 * One suite, three servers: what Plenum relies on, asked of the embedded server, OpenBao or Vault alike (see
 * target.case.ts). Where a real server differs from the specification the test says so by name.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { field, openTarget, type RawAnswer, type Target } from './target.case.ts'

let vault: Target
let mount: string
let approle: string

beforeAll(async () => {
  vault = await openTarget()
  mount = vault.unique('kv')
  approle = vault.unique('approle')
  expect(
    (await vault.request('POST', `sys/mounts/${mount}`, { body: { type: 'kv', options: { version: '2' } } })).status,
  ).toBe(204)
  expect((await vault.request('POST', `sys/auth/${approle}`, { body: { type: 'approle' } })).status).toBe(204)
})
afterAll(async () => {
  await vault.request('DELETE', `sys/mounts/${mount}`)
  await vault.request('DELETE', `sys/auth/${approle}`)
  await vault.close()
})

const put = (path: string, data: unknown, options?: unknown): Promise<RawAnswer> =>
  vault.request('POST', `${mount}/data/${path}`, { body: { data, ...(options === undefined ? {} : { options }) } })
const get = (path: string, token?: string): Promise<RawAnswer> =>
  vault.request('GET', `${mount}/data/${path}`, token === undefined ? {} : { token })

describe('KV version 2', () => {
  it('counts versions and returns what was written', async () => {
    const first = await put('a/one', { value: 'x', port: 5432, extra: { deep: [1, true, null] } })
    expect([first.status, field(first, 'data', 'version')]).toEqual([200, 1])
    const read = await get('a/one')
    expect(field(read, 'data', 'data')).toEqual({ value: 'x', port: 5432, extra: { deep: [1, true, null] } })
    expect(field(read, 'data', 'metadata')).toMatchObject({
      version: 1,
      deletion_time: '',
      destroyed: false,
      custom_metadata: null,
    })
    expect(Object.keys(read.json)).toEqual(
      expect.arrayContaining([
        'request_id',
        'lease_id',
        'renewable',
        'lease_duration',
        'data',
        'wrap_info',
        'warnings',
        'auth',
      ]),
    )
    expect(field(await put('a/one', { value: 'y' }), 'data', 'version')).toBe(2)
    expect(field(await vault.request('GET', `${mount}/data/a/one?version=1`), 'data', 'data', 'value')).toBe('x')
  })

  it('checks and sets', async () => {
    expect((await put('cas', { v: 1 }, { cas: 0 })).status).toBe(200)
    const lost = await put('cas', { v: 2 }, { cas: 0 })
    expect([lost.status, field(lost, 'errors')]).toEqual([
      400,
      ['check-and-set parameter did not match the current version'],
    ])
    expect((await put('cas', { v: 2 }, { cas: 1 })).status).toBe(200)
    await vault.request('DELETE', `${mount}/data/cas`)
    expect((await put('cas', { v: 3 }, { cas: 0 })).status).toBe(400)
    expect((await put('cas', { v: 3 }, { cas: 2 })).status).toBe(200)
  })

  it('lets exactly one of many writers with the same check-and-set win', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, (_, writer) => put('race', { writer }, { cas: 0 })))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(field(await get('race'), 'data', 'metadata', 'version')).toBe(1)
  })

  it('answers a deleted version with 404 and a full envelope, and a missing one with an empty error list', async () => {
    await put('gone', { v: 1 })
    expect((await vault.request('DELETE', `${mount}/data/gone`)).status).toBe(204)
    const deleted = await get('gone')
    expect(deleted.status).toBe(404)
    expect(field(deleted, 'data', 'data')).toBeNull()
    expect(field(deleted, 'data', 'metadata', 'deletion_time')).not.toBe('')
    const missing = await get('never')
    expect([missing.status, missing.json]).toEqual([404, { errors: [] }])
    await vault.request('POST', `${mount}/undelete/gone`, { body: { versions: [1] } })
    expect((await get('gone')).status).toBe(200)
    await vault.request('PUT', `${mount}/destroy/gone`, { body: { versions: [1] } })
    expect(field(await get('gone'), 'data', 'metadata', 'destroyed')).toBe(true)
  })

  it('keeps custom metadata beside the data', async () => {
    await put('meta', { v: 1 })
    expect(
      (
        await vault.request('POST', `${mount}/metadata/meta`, {
          body: { custom_metadata: { 'managed-by': 'plenum', owner: 'a@b' } },
        })
      ).status,
    ).toBe(204)
    expect(field(await get('meta'), 'data', 'metadata', 'custom_metadata')).toEqual({
      'managed-by': 'plenum',
      owner: 'a@b',
    })
    const whole = await vault.request('GET', `${mount}/metadata/meta`)
    expect(field(whole, 'data')).toMatchObject({
      current_version: 1,
      max_versions: 0,
      cas_required: false,
      delete_version_after: '0s',
    })
    const refused = await vault.request('POST', `${mount}/metadata/meta`, {
      body: { custom_metadata: { k: 'x'.repeat(513) } },
    })
    expect([refused.status, String(field(refused, 'errors'))]).toEqual([
      400,
      expect.stringContaining('custom_metadata validation failed'),
    ])
  })

  it('lists children, folders with a slash, and nothing as 404', async () => {
    await put('list/a', {})
    await put('list/a/b', {})
    await put('list/c', {})
    for (const [method, query] of [['GET', '?list=true']] as const) {
      const listed = await vault.request(method, `${mount}/metadata/list${query}`)
      expect(field(listed, 'data', 'keys')).toEqual(['a', 'a/', 'c'])
    }
    const verb = await vault.client.request('LIST', `${mount}/metadata/list`)
    expect((verb.body as { data: { keys: string[] } }).data.keys).toEqual(['a', 'a/', 'c'])
    expect((await vault.request('GET', `${mount}/metadata/empty?list=true`)).status).toBe(404)
  })

  it('refuses a write without data', async () => {
    const refused = await vault.request('POST', `${mount}/data/x`, { body: { options: {} } })
    expect([refused.status, field(refused, 'errors')]).toEqual([400, ['no data provided']])
    expect((await put('empty', {})).status).toBe(200)
  })

  it('deletes metadata and all versions for good', async () => {
    await put('purge', { v: 1 })
    expect((await vault.request('DELETE', `${mount}/metadata/purge`)).status).toBe(204)
    expect((await vault.request('GET', `${mount}/metadata/purge`)).status).toBe(404)
    expect(field(await put('purge', { v: 1 }), 'data', 'version')).toBe(1)
  })
})

async function tokenWith(
  policy: string,
  more: Record<string, unknown> = {},
): Promise<{ token: string; auth: Record<string, unknown> }> {
  const name = vault.unique(`policy-${Math.random().toString(36).slice(2, 8)}`)
  expect((await vault.request('PUT', `sys/policies/acl/${name}`, { body: { policy } })).status).toBe(204)
  const made = await vault.request('POST', 'auth/token/create', { body: { policies: [name], ttl: '1h', ...more } })
  expect(made.status).toBe(200)
  const auth = field(made, 'auth') as Record<string, unknown>
  return { token: String(auth['client_token']), auth }
}

describe('policies and tokens', () => {
  it('read on a prefix makes a miss 404; no rule makes it 403', async () => {
    await put('open/here', { v: 1 })
    const { token } = await tokenWith(`path "${mount}/data/open/*" { capabilities = ["read"] }`)
    expect((await get('open/here', token)).status).toBe(200)
    expect((await get('open/missing', token)).status).toBe(404)
    expect((await get('closed/missing', token)).status).toBe(403)
    expect((await vault.request('GET', `${mount}/metadata/open?list=true`, { token })).status).toBe(403)
    expect((await vault.request('POST', `${mount}/data/open/here`, { token, body: { data: {} } })).status).toBe(403)
  })

  it('S53: an edited policy counts from the next request on', async () => {
    const name = vault.unique('edited')
    await put('edited', { v: 1 })
    await vault.request('PUT', `sys/policies/acl/${name}`, {
      body: { policy: `path "${mount}/data/edited" { capabilities = ["read"] }` },
    })
    const made = await vault.request('POST', 'auth/token/create', { body: { policies: [name] } })
    const token = String(field(made, 'auth', 'client_token'))
    expect((await get('edited', token)).status).toBe(200)
    await vault.request('PUT', `sys/policies/acl/${name}`, {
      body: { policy: `path "${mount}/data/edited" { capabilities = ["deny"] }` },
    })
    expect((await get('edited', token)).status).toBe(403)
    await vault.request('DELETE', `sys/policies/acl/${name}`)
    expect((await get('edited', token)).status).toBe(403)
  })

  it('130: create and update are two capabilities', async () => {
    const create = await tokenWith(`path "${mount}/data/split/*" { capabilities = ["create"] }`)
    const update = await tokenWith(`path "${mount}/data/split/*" { capabilities = ["update"] }`)
    const write = (token: string): Promise<RawAnswer> =>
      vault.request('POST', `${mount}/data/split/x`, { token, body: { data: { v: 1 } } })
    expect((await write(update.token)).status).toBe(403)
    expect((await write(create.token)).status).toBe(200)
    expect((await write(create.token)).status).toBe(403)
    expect((await write(update.token)).status).toBe(200)
  })

  it('refuses a policy that does not parse, and reads back name and text alone', async () => {
    const name = vault.unique('text')
    const refused = await vault.request('PUT', `sys/policies/acl/${name}`, {
      body: { policy: 'path "x" { capabilities = ["fly"] }' },
    })
    expect([refused.status, String(field(refused, 'errors'))]).toEqual([
      400,
      expect.stringContaining('failed to parse policy'),
    ])
    const text = 'path "x" { capabilities = ["read"] }'
    await vault.request('PUT', `sys/policies/acl/${name}`, { body: { policy: text } })
    expect(field(await vault.request('GET', `sys/policies/acl/${name}`), 'data')).toMatchObject({ name, policy: text })
    expect(field(await vault.request('GET', 'sys/policies/acl?list=true'), 'data', 'keys')).toEqual(
      expect.arrayContaining(['default', 'root', name]),
    )
    await vault.request('DELETE', `sys/policies/acl/${name}`)
    expect((await vault.request('GET', `sys/policies/acl/${name}`)).status).toBe(404)
  })

  it('tokens look themselves up, renew and end', async () => {
    const { token, auth } = await tokenWith('path "none" { capabilities = ["read"] }')
    expect(auth).toMatchObject({
      token_type: 'service',
      renewable: true,
      lease_duration: 3600,
      orphan: false,
      num_uses: 0,
    })
    const self = await vault.request('GET', 'auth/token/lookup-self', { token })
    expect(field(self, 'data')).toMatchObject({
      id: token,
      type: 'service',
      creation_ttl: 3600,
      orphan: false,
      explicit_max_ttl: 0,
    })
    expect(field(self, 'data', 'ttl')).toBeGreaterThan(3590)
    const renewed = await vault.request('POST', 'auth/token/renew-self', { token, body: { increment: '2h' } })
    expect(field(renewed, 'auth', 'lease_duration')).toBe(7200)
    const byAccessor = await vault.request('POST', 'auth/token/lookup-accessor', {
      body: { accessor: auth['accessor'] },
    })
    expect(field(byAccessor, 'data', 'id')).toBe('')
    expect((await vault.request('POST', 'auth/token/revoke-self', { token })).status).toBe(204)
    const dead = await vault.request('GET', 'auth/token/lookup-self', { token })
    expect([dead.status, String(field(dead, 'errors'))]).toEqual([403, expect.stringContaining('permission denied')])
  })

  it('S40: children end with their parent, before the answer', async () => {
    const parent = await tokenWith('path "auth/token/create" { capabilities = ["update"] }')
    const made = await vault.request('POST', 'auth/token/create', { token: parent.token, body: { ttl: '10m' } })
    const child = String(field(made, 'auth', 'client_token'))
    expect((await vault.request('GET', 'auth/token/lookup-self', { token: child })).status).toBe(200)
    await vault.request('POST', 'auth/token/revoke', { body: { token: parent.token } })
    expect((await vault.request('GET', 'auth/token/lookup-self', { token: child })).status).toBe(403)
  })

  it('S37: a token with five uses serves at most five of fifty requests at once', async () => {
    const { token } = await tokenWith(`path "${mount}/data/uses" { capabilities = ["read"] }`, { num_uses: 5 })
    await put('uses', { v: 1 })
    const answers = await Promise.all(Array.from({ length: 50 }, () => get('uses', token)))
    const served = answers.filter(({ status }) => status === 200).length
    expect(served).toBeLessThanOrEqual(5)
    expect(served).toBeGreaterThan(0)
    expect((await get('uses', token)).status).toBe(403)
  })

  it('S38: an altered batch token is nobody', async () => {
    const { token, auth } = await tokenWith(`path "${mount}/data/uses" { capabilities = ["read"] }`, { type: 'batch' })
    expect(auth).toMatchObject({ token_type: 'batch', renewable: false, accessor: '' })
    expect((await get('uses', token)).status).toBe(200)
    const middle = Math.floor(token.length / 2)
    const altered = token.slice(0, middle) + (token[middle] === 'A' ? 'B' : 'A') + token.slice(middle + 1)
    expect((await get('uses', altered)).status).toBe(403)
    const child = await vault.request('POST', 'auth/token/create', { token, body: {} })
    expect([400, 403]).toContain(child.status)
  })

  it('capabilities-self tells what a token may do', async () => {
    const { token } = await tokenWith(`path "${mount}/data/open/*" { capabilities = ["read"] }`)
    const answer = await vault.request('POST', 'sys/capabilities-self', {
      token,
      body: { paths: [`${mount}/data/open/x`, `${mount}/data/shut`] },
    })
    expect(field(answer, 'data')).toMatchObject({
      [`${mount}/data/open/x`]: ['read'],
      [`${mount}/data/shut`]: ['deny'],
    })
  })

  it('has one answer for a missing and a wrong token', async () => {
    for (const token of ['', 'hvs.AAAAAAAAAAAAAAAAAAAAAAAA', 'x']) {
      const answer = await vault.request('GET', `${mount}/data/a/one`, { token })
      expect([answer.status, String(field(answer, 'errors'))]).toEqual([
        403,
        expect.stringContaining('permission denied'),
      ])
    }
  })
})

describe('AppRole', () => {
  const role = (path: string): string => `auth/${approle}/role/${path}`

  async function newRole(
    name: string,
    settings: Record<string, unknown>,
  ): Promise<{ roleId: string; secretId: string; accessor: string }> {
    const made = await vault.request('POST', role(name), { body: settings })
    expect([200, 204]).toContain(made.status)
    const roleId = String(field(await vault.request('GET', role(`${name}/role-id`)), 'data', 'role_id'))
    const secret = await vault.request('POST', role(`${name}/secret-id`), { body: {} })
    return {
      roleId,
      secretId: String(field(secret, 'data', 'secret_id')),
      accessor: String(field(secret, 'data', 'secret_id_accessor')),
    }
  }
  const login = (roleId: string, secretId: string): Promise<RawAnswer> =>
    vault.request('POST', `auth/${approle}/login`, { token: '', body: { role_id: roleId, secret_id: secretId } })

  it('logs in with the role’s policies and TTL', async () => {
    const name = vault.unique('reader')
    const { roleId, secretId } = await newRole(name, {
      token_policies: ['some-policy'],
      token_ttl: '20m',
      token_max_ttl: 3600,
    })
    const answer = await login(roleId, secretId)
    expect(answer.status).toBe(200)
    expect(field(answer, 'auth')).toMatchObject({
      policies: ['default', 'some-policy'],
      lease_duration: 1200,
      renewable: true,
      metadata: { role_name: name },
    })
    expect(field(answer, 'auth', 'entity_id')).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/)
    expect(field(await login(roleId, secretId), 'auth', 'entity_id')).toBe(field(answer, 'auth', 'entity_id'))
    const settings = await vault.request('GET', role(name))
    expect(field(settings, 'data')).toMatchObject({
      token_policies: ['some-policy'],
      token_ttl: 1200,
      token_max_ttl: 3600,
      bind_secret_id: true,
      secret_id_num_uses: 0,
    })
  })

  it('gives batch tokens when told to', async () => {
    const { roleId, secretId } = await newRole(vault.unique('batch'), { token_type: 'batch', token_ttl: '5m' })
    expect(field(await login(roleId, secretId), 'auth')).toMatchObject({ token_type: 'batch', renewable: false })
  })

  it('has one text for every mismatch', async () => {
    const { roleId, secretId } = await newRole(vault.unique('mismatch'), {})
    for (const [id, secret] of [
      [roleId, 'wrong'],
      ['wrong', secretId],
      ['wrong', 'wrong'],
    ] as const) {
      const answer = await login(id, secret)
      expect([answer.status, String(field(answer, 'errors'))]).toEqual([400, 'invalid role or secret ID'])
    }
  })

  it('S37: a secret-id with two uses logs in at most twice, whoever comes at once', async () => {
    const name = vault.unique('limited')
    const { roleId, secretId } = await newRole(name, { secret_id_num_uses: 2 })
    const answers = await Promise.all(Array.from({ length: 10 }, () => login(roleId, secretId)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(2)
    // Eight failures lock the role_id. OpenBao 2.5.5 does not count some of those that came at the same time.
    expect(vault.embedded ? [403] : [400, 403]).toContain((await login(roleId, secretId)).status)
  })

  it('looks up and destroys secret-ids', async () => {
    const name = vault.unique('lookup')
    const { roleId, secretId, accessor } = await newRole(name, { secret_id_ttl: '1h' })
    const known = await vault.request('POST', role(`${name}/secret-id/lookup`), { body: { secret_id: secretId } })
    expect(field(known, 'data')).toMatchObject({ secret_id_accessor: accessor, secret_id_ttl: 3600 })
    expect(
      (await vault.request('POST', role(`${name}/secret-id/lookup`), { body: { secret_id: 'unknown' } })).status,
    ).toBe(204)
    expect(
      (
        await vault.request('POST', role(`${name}/secret-id-accessor/destroy`), {
          body: { secret_id_accessor: accessor },
        })
      ).status,
    ).toBe(204)
    expect((await login(roleId, secretId)).status).toBe(400)
  })

  it('a deleted role logs nobody in', async () => {
    const name = vault.unique('deleted')
    const { roleId, secretId } = await newRole(name, {})
    expect((await vault.request('DELETE', role(name))).status).toBe(204)
    expect((await login(roleId, secretId)).status).toBe(400)
    expect((await vault.request('GET', role(name))).status).toBe(404)
  })
})

describe('mounts', () => {
  it('are listed with their type and options', async () => {
    const mounts = await vault.request('GET', 'sys/mounts')
    expect(field(mounts, 'data', `${mount}/`)).toMatchObject({ type: 'kv', options: { version: '2' } })
    expect(field(await vault.request('GET', 'sys/auth'), 'data', `${approle}/`)).toMatchObject({ type: 'approle' })
  })

  it('S41: cannot lie over or under the system’s own', async () => {
    for (const path of ['sys', 'sys/x', 'auth/x', 'cubbyhole', 'identity']) {
      expect(
        (await vault.request('POST', `sys/mounts/${path}`, { body: { type: 'kv' } })).status,
      ).toBeGreaterThanOrEqual(400)
    }
    expect(
      (await vault.request('POST', `sys/mounts/${mount}/below`, { body: { type: 'kv' } })).status,
    ).toBeGreaterThanOrEqual(400)
  })

  it('have no handler where there is none', async () => {
    expect((await vault.request('GET', `${vault.unique('nowhere')}/x`)).status).toBe(404)
    const { token } = await tokenWith('path "none" { capabilities = ["read"] }')
    expect((await vault.request('GET', `${vault.unique('nowhere')}/x`, { token })).status).toBe(403)
  })
})
