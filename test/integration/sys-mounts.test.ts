/** Mounts, auth mounts, tuning and remounting over the wire, on the embedded server, OpenBao or Vault alike. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { field, openTarget, type RawAnswer, type Target } from './target.case.ts'

let vault: Target
beforeAll(async () => {
  vault = await openTarget()
})
afterAll(() => vault.close())

const post = (path: string, body: unknown, token?: string): Promise<RawAnswer> =>
  vault.request('POST', path, { body, ...(token === undefined ? {} : { token }) })
const get = (path: string, token?: string): Promise<RawAnswer> =>
  vault.request('GET', path, token === undefined ? {} : { token })

async function newMount(name: string, more: Record<string, unknown> = {}): Promise<string> {
  const mount = vault.unique(name)
  expect((await post(`sys/mounts/${mount}`, { type: 'kv', options: { version: 2 }, ...more })).status).toBe(204)
  return mount
}

describe('sys/mounts', () => {
  it('reads back every setting that was given', async () => {
    const mount = await newMount('settings', {
      description: 'of a test',
      local: true,
      config: {
        default_lease_ttl: '1h',
        max_lease_ttl: '2h',
        listing_visibility: 'hidden',
        audit_non_hmac_request_keys: ['one'],
        audit_non_hmac_response_keys: ['two'],
        passthrough_request_headers: ['X-Three'],
        allowed_response_headers: ['X-Four'],
      },
    })
    const object = await get(`sys/mounts/${mount}`)
    expect(field(object, 'data')).toMatchObject({
      type: 'kv',
      description: 'of a test',
      local: true,
      seal_wrap: false,
      external_entropy_access: false,
      options: { version: '2' },
      plugin_version: '',
      config: {
        default_lease_ttl: 3600,
        max_lease_ttl: 7200,
        force_no_cache: false,
        listing_visibility: 'hidden',
        audit_non_hmac_request_keys: ['one'],
        audit_non_hmac_response_keys: ['two'],
        passthrough_request_headers: ['X-Three'],
        allowed_response_headers: ['X-Four'],
      },
    })
    expect(field(object, 'type')).toBe('kv')
    expect(field(await get('sys/mounts'), 'data', `${mount}/`)).toEqual(field(object, 'data'))
    await vault.request('DELETE', `sys/mounts/${mount}`)
    const gone = await get(`sys/mounts/${mount}`)
    expect([gone.status, String(field(gone, 'errors'))]).toEqual([
      400,
      expect.stringContaining(`No secret engine mount at ${mount}/`),
    ])
    expect((await vault.request('DELETE', `sys/mounts/${mount}`)).status).toBe(204)
  })

  it('tunes, and shows effective TTLs', async () => {
    const mount = await newMount('tuned')
    const before = await get(`sys/mounts/${mount}/tune`)
    expect(field(before, 'data')).toMatchObject({ default_lease_ttl: 2764800, max_lease_ttl: 2764800 })
    const changed = await post(`sys/mounts/${mount}/tune`, {
      default_lease_ttl: '30m',
      max_lease_ttl: 3600,
      description: 'tuned',
      audit_non_hmac_request_keys: ['a', 'b'],
      listing_visibility: 'unauth',
      passthrough_request_headers: 'X-One',
    })
    expect(changed.status).toBe(204)
    expect(field(await get(`sys/mounts/${mount}/tune`), 'data')).toMatchObject({
      description: 'tuned',
      default_lease_ttl: 1800,
      max_lease_ttl: 3600,
      audit_non_hmac_request_keys: ['a', 'b'],
      listing_visibility: 'unauth',
      passthrough_request_headers: ['X-One'],
      options: { version: '2' },
    })
    const back = await post(`sys/mounts/${mount}/tune`, { default_lease_ttl: 'system', max_lease_ttl: 'system' })
    expect(back.status).toBe(204)
    expect(field(await get(`sys/mounts/${mount}`), 'data', 'config')).toMatchObject({
      default_lease_ttl: 0,
      max_lease_ttl: 0,
    })
    const refused = await post(`sys/mounts/${mount}/tune`, { default_lease_ttl: 7200, max_lease_ttl: 3600 })
    expect([refused.status, String(field(refused, 'errors'))]).toEqual([
      400,
      expect.stringContaining('backend max lease TTL of 3600 would be less than backend default lease TTL of 7200'),
    ])
    expect((await post(`sys/mounts/${mount}/tune`, { options: { version: '1' } })).status).toBe(400)
    expect((await get(`sys/mounts/${vault.unique('none')}/tune`)).status).toBe(400)
    await vault.request('DELETE', `sys/mounts/${mount}`)
  })
})

describe('sys/auth', () => {
  it('shows the token type, tunes it, and refuses one that does not exist', async () => {
    const path = vault.unique('role')
    expect((await post(`sys/auth/${path}`, { type: 'approle', description: 'd' })).status).toBe(204)
    expect(field(await get(`sys/auth/${path}`), 'data')).toMatchObject({
      type: 'approle',
      description: 'd',
      config: { token_type: 'default-service' },
    })
    expect((await post(`sys/auth/${path}/tune`, { token_type: 'batch', max_lease_ttl: 600 })).status).toBe(204)
    for (const tune of [`sys/auth/${path}/tune`, `sys/mounts/auth/${path}/tune`]) {
      expect(field(await get(tune), 'data')).toMatchObject({ token_type: 'batch', max_lease_ttl: 600 })
    }
    expect((await post(`sys/mounts/auth/${path}/tune`, { token_type: 'service' })).status).toBe(204)
    expect(field(await get(`sys/auth/${path}/tune`), 'data', 'token_type')).toBe('service')
    expect((await post(`sys/auth/${path}/tune`, { token_type: 'half' })).status).toBe(400)
    expect((await post('sys/auth/token/tune', { token_type: 'batch' })).status).toBe(400)
    expect((await vault.request('DELETE', 'sys/auth/token')).status).toBe(400)
    await vault.request('DELETE', `sys/auth/${path}`)
    const gone = await get(`sys/auth/${path}`)
    expect([gone.status, String(field(gone, 'errors'))]).toEqual([
      400,
      expect.stringContaining(`No auth engine at ${path}/`),
    ])
  })

  it('what is tuned counts for the next login', async () => {
    const path = vault.unique('ttl')
    await post(`sys/auth/${path}`, { type: 'approle' })
    await post(`auth/${path}/role/r`, { token_policies: ['x'] })
    await post(`sys/auth/${path}/tune`, { default_lease_ttl: 300, max_lease_ttl: 600 })
    const { roleId, secretId } = await credentials(path)
    const login = await post(`auth/${path}/login`, { role_id: roleId, secret_id: secretId }, '')
    expect(field(login, 'auth', 'lease_duration')).toBe(300)
    const token = String(field(login, 'auth', 'client_token'))
    const renewed = await post('auth/token/renew', { token, increment: '2h' })
    expect(field(renewed, 'auth', 'lease_duration')).toBeLessThanOrEqual(600)
    await vault.request('DELETE', `sys/auth/${path}`)
  })

  it('lists, tunes and ends a method that nobody logs in with', async () => {
    const path = vault.unique('ldap')
    expect((await post(`sys/auth/${path}`, { type: 'ldap' })).status).toBe(204)
    expect(field(await get('sys/auth'), 'data', `${path}/`)).toMatchObject({ type: 'ldap' })
    expect((await vault.request('DELETE', `sys/auth/${path}`)).status).toBe(204)
    expect((await post(`sys/auth/${path}`, { type: 'no-such-method' })).status).toBe(400)
  })
})

async function credentials(path: string): Promise<{ roleId: string; secretId: string }> {
  return {
    roleId: String(field(await get(`auth/${path}/role/r/role-id`), 'data', 'role_id')),
    secretId: String(field(await post(`auth/${path}/role/r/secret-id`, {}), 'data', 'secret_id')),
  }
}

describe('sys/remount', () => {
  /** OpenBao and Vault work on after they have answered. */
  async function finished(id: unknown): Promise<RawAnswer> {
    for (let tries = 0; tries < 100; tries += 1) {
      const status = await get(`sys/remount/status/${String(id)}`)
      if (field(status, 'data', 'migration_info', 'status') !== 'in-progress') return status
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    throw new Error('the remount does not end')
  }

  it('takes the data along, under the same accessor and uuid', async () => {
    const from = await newMount('from')
    const to = vault.unique('to/deep')
    await post(`${from}/data/a`, { data: { v: 1 } })
    const before = await get(`sys/mounts/${from}`)
    const moved = await post('sys/remount', { from, to })
    expect(moved.status).toBe(200)
    expect(field(moved, 'migration_id')).toBe(field(moved, 'data', 'migration_id'))
    expect(field(moved, 'warnings')).toHaveLength(1)
    const status = await finished(field(moved, 'data', 'migration_id'))
    expect(field(status, 'data')).toEqual({
      migration_id: field(moved, 'data', 'migration_id'),
      migration_info: { source_mount: `${from}/`, target_mount: `${to}/`, status: 'success' },
    })
    expect(field(await get(`${to}/data/a`), 'data', 'data')).toEqual({ v: 1 })
    expect((await get(`${from}/data/a`)).status).toBe(404)
    const after = await get(`sys/mounts/${to}`)
    for (const name of ['accessor', 'uuid']) expect(field(after, 'data', name)).toBe(field(before, 'data', name))
    await post(`${to}/data/a`, { data: { v: 2 }, options: { cas: 1 } })
    expect(field(await get(`${to}/data/a`), 'data', 'metadata', 'version')).toBe(2)
    await vault.request('DELETE', `sys/mounts/${to}`)
  })

  it('ends the tokens of an auth method that moves, which serves on at its new path', async () => {
    const from = vault.unique('auth-from')
    const to = vault.unique('auth-to')
    await post(`sys/auth/${from}`, { type: 'approle' })
    await post(`auth/${from}/role/r`, { token_policies: ['x'], token_ttl: '5m' })
    const { roleId, secretId } = await credentials(from)
    const login = (path: string): Promise<RawAnswer> =>
      post(`auth/${path}/login`, { role_id: roleId, secret_id: secretId }, '')
    const old = String(field(await login(from), 'auth', 'client_token'))
    const moved = await post('sys/remount', { from: `auth/${from}`, to: `auth/${to}` })
    expect(moved.status).toBe(200)
    await finished(field(moved, 'data', 'migration_id'))
    expect((await get('auth/token/lookup-self', old)).status).toBe(403)
    const fresh = String(field(await login(to), 'auth', 'client_token'))
    expect((await get('auth/token/lookup-self', fresh)).status).toBe(200)
    const renewed = await post('auth/token/renew', { token: fresh })
    expect(field(renewed, 'auth', 'lease_duration')).toBe(300)
    await vault.request('DELETE', `sys/auth/${to}`)
  })

  it('refuses what is not there, what is taken, and what belongs to the system', async () => {
    const taken = await newMount('taken')
    const mine = await newMount('mine')
    for (const [from, to] of [
      [vault.unique('nothing'), vault.unique('somewhere')],
      [mine, taken],
      [mine, `${taken}/below`],
      ['sys', vault.unique('somewhere')],
      ['auth/token', 'auth/other'],
      [mine, 'sys/x'],
      [mine, 'auth/x'],
      [mine, ''],
    ]) {
      const refused = await post('sys/remount', { from, to })
      expect([from, to, refused.status >= 400 && refused.status < 500]).toEqual([from, to, true])
    }
    const none = await post('sys/remount', { from: 'nothing-here', to: 'else' })
    expect(String(field(none, 'errors'))).toContain('no matching mount at "nothing-here/"')
    expect((await get(`sys/mounts/${mine}`)).status).toBe(200)
    for (const mount of [taken, mine]) await vault.request('DELETE', `sys/mounts/${mount}`)
  })

  it('needs sudo', async () => {
    const policy = vault.unique('remount')
    await post(`sys/policies/acl/${policy}`, { policy: 'path "sys/remount" { capabilities = ["update"] }' })
    const made = await post('auth/token/create', { policies: [policy] })
    const token = String(field(made, 'auth', 'client_token'))
    expect((await post('sys/remount', { from: 'a', to: 'b' }, token)).status).toBe(403)
    await vault.request('DELETE', `sys/policies/acl/${policy}`)
  })
})
