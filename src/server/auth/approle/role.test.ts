import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../logical/index.ts'
import { bad, createAppRoleWorld, internal, unsupported, wrongCredentials } from './world.case.ts'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

const FRESH: JsonObject = {
  bind_secret_id: true,
  secret_id_bound_cidrs: null,
  secret_id_num_uses: 0,
  secret_id_ttl: 0,
  local_secret_ids: false,
  token_bound_cidrs: [],
  token_explicit_max_ttl: 0,
  token_max_ttl: 0,
  token_no_default_policy: false,
  token_num_uses: 0,
  token_period: 0,
  token_policies: [],
  token_ttl: 0,
  token_type: 'default',
}

const FULL: JsonObject = {
  bind_secret_id: false,
  secret_id_bound_cidrs: ['10.0.0.0/8', '127.0.0.1/32'],
  secret_id_num_uses: 4,
  secret_id_ttl: 600,
  local_secret_ids: true,
  token_bound_cidrs: ['10.0.0.0/8'],
  token_explicit_max_ttl: 7000,
  token_max_ttl: 7200,
  token_no_default_policy: true,
  token_num_uses: 9,
  token_period: 60,
  token_policies: ['a', 'b'],
  token_ttl: 3600,
  token_type: 'service',
}

describe('approle roles', () => {
  it('start with Vault’s defaults and a random role-id', async () => {
    const world = await createAppRoleWorld()
    expect(await world.ask('update', 'role/airflow')).toEqual({ kind: 'none', warnings: [] })
    expect(await world.data('read', 'role/airflow')).toEqual(FRESH)
    expect((await world.data('read', 'role/airflow/role-id'))['role_id']).toMatch(UUID)
  })

  it('read back as written, also after a restart', async () => {
    const world = await createAppRoleWorld()
    await world.ask('update', 'role/airflow', FULL)
    world.restart()
    expect(await world.data('read', 'role/airflow')).toEqual(FULL)
  })

  it('keep what an update does not name', async () => {
    const world = await createAppRoleWorld()
    const { local_secret_ids: _, ...rest } = FULL
    const roleId = await world.role('airflow', rest)
    await world.ask('update', 'role/airflow', { token_ttl: '30m' })
    expect(await world.data('read', 'role/airflow')).toEqual({ ...FULL, local_secret_ids: false, token_ttl: 1800 })
    expect(await world.role('airflow')).toBe(roleId)
  })

  it('have names without case, listed in order', async () => {
    const world = await createAppRoleWorld()
    expect(await world.ask('list', 'role/')).toEqual({ kind: 'list', keys: [] })
    await world.role('Zeta')
    await world.role('alpha')
    expect(await world.ask('list', 'role/')).toEqual({ kind: 'list', keys: ['alpha', 'zeta'] })
    expect(await world.data('read', 'role/ZETA')).toEqual(FRESH)
    await expect(world.ask('update', `role/${'x'.repeat(4097)}`)).rejects.toMatchObject(
      bad('role_name is longer than maximum of 4096 bytes') as object,
    )
    await expect(world.ask('update', 'role/ends-')).rejects.toMatchObject(unsupported as object)
    await world.role('x'.repeat(3000))
  })

  it('that do not exist', async () => {
    const world = await createAppRoleWorld()
    await world.role('other')
    expect(await world.ask('read', 'role/none')).toEqual({ kind: 'none' })
    expect(await world.ask('read', 'role/none/role-id')).toEqual({ kind: 'none' })
    expect(await world.ask('delete', 'role/none')).toEqual({ kind: 'none' })
    await expect(world.ask('update', 'role/none/role-id', { role_id: 'x' })).rejects.toMatchObject(
      unsupported as object,
    )
    await expect(world.ask('update', 'role/none/token-ttl', { token_ttl: 1 })).rejects.toMatchObject(
      unsupported as object,
    )
    expect(await world.ask('read', 'role/none/token-ttl')).toEqual({ kind: 'none' })
    expect(await world.ask('delete', 'role/none/token-ttl')).toEqual({ kind: 'none' })
  })

  it('S39: an update never creates and a creation never updates, whatever others did meanwhile', async () => {
    const world = await createAppRoleWorld()
    expect(world.backend.exists('role/airflow')).toBe(false)
    const made = await Promise.allSettled([world.ask('create', 'role/airflow'), world.ask('create', 'role/airflow')])
    expect(made.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
    expect(world.backend.exists('role/Airflow')).toBe(true)
    expect(world.backend.exists('role/airflow/secret-id')).toBeUndefined()
    expect(world.backend.exists('login')).toBeUndefined()
    const deleting = world.ask('delete', 'role/airflow')
    await expect(world.ask('update', 'role/airflow')).rejects.toMatchObject({
      code: 'unsupported-path',
      message: 'role name "airflow" doesn\'t exist',
    })
    await deleting
  })

  it.each<[JsonObject, unknown]>([
    [{ bind_secret_id: false }, internal('at least one constraint should be enabled on the role')],
    [{ secret_id_num_uses: -1 }, bad('secret_id_num_uses cannot be negative')],
    [{ token_ttl: 20, token_max_ttl: 10 }, bad("'token_ttl' cannot be greater than 'token_max_ttl'")],
    [{ token_ttl: -1 }, bad("'token_ttl' cannot be negative")],
    [{ token_max_ttl: -1 }, bad("'token_max_ttl' cannot be negative")],
    [{ token_period: '-1s' }, bad("'token_period' cannot be negative")],
    [{ token_explicit_max_ttl: -1 }, bad("'token_explicit_max_ttl' cannot be negative")],
    [{ token_num_uses: -1 }, bad("'token_num_uses' cannot be negative")],
    [{ token_period: '25h' }, bad('period of "25h0m0s" is greater than the backend\'s maximum lease TTL of "24h0m0s"')],
    [{ period: '25h' }, bad('period of "25h0m0s" is greater than the backend\'s maximum lease TTL of "24h0m0s"')],
    [{ token_type: 'other' }, bad("invalid 'token_type' value")],
    [
      { token_type: 'batch', token_num_uses: 1 },
      bad("'token_type' cannot be 'batch' or 'default_batch' when set to generate tokens with limited use count"),
    ],
    [
      { token_type: 'batch', token_period: 1 },
      bad("'token_type' cannot be 'batch' or 'default_batch' when set to generate periodic tokens"),
    ],
    [{ token_bound_cidrs: 'planted' }, bad('invalid CIDR blocks')],
    [{ secret_id_bound_cidrs: ['planted'] }, bad('invalid CIDR blocks')],
    [{ role_id: '' }, bad('invalid role_id supplied, or failed to generate a role_id')],
    [
      { bind_secret_id: 'planted' },
      bad('Field validation failed: error converting input for field "bind_secret_id": expected a boolean'),
    ],
  ])('refuse %j and stay as they were', async (settings, error) => {
    const world = await createAppRoleWorld()
    await expect(world.ask('update', 'role/airflow', settings)).rejects.toMatchObject(error as object)
    expect(await world.ask('read', 'role/airflow')).toEqual({ kind: 'none' })
    await world.role('airflow')
    await expect(world.ask('update', 'role/airflow', settings)).rejects.toMatchObject(error as object)
    expect(await world.data('read', 'role/airflow')).toEqual(FRESH)
  })

  it('local_secret_ids is for creation', async () => {
    const world = await createAppRoleWorld()
    await world.role('airflow', { local_secret_ids: true })
    const error = bad('local_secret_ids can only be modified during role creation') as object
    await expect(world.ask('update', 'role/airflow', { local_secret_ids: false })).rejects.toMatchObject(error)
    await expect(
      world.ask('update', 'role/airflow/local-secret-ids', { local_secret_ids: false }),
    ).rejects.toMatchObject(error)
    expect(await world.data('read', 'role/airflow/local-secret-ids')).toEqual({ local_secret_ids: true })
  })

  it('warn of what has no meaning or will be cut', async () => {
    const world = await createAppRoleWorld()
    expect(await world.ask('update', 'role/a', { token_type: 'default-service' })).toEqual({
      kind: 'none',
      warnings: ['default-service has no useful meaning; adjusting to service'],
    })
    expect(await world.data('read', 'role/a')).toMatchObject({ token_type: 'service' })
    expect(await world.ask('update', 'role/a', { token_max_ttl: '25h' })).toEqual({
      kind: 'none',
      warnings: [
        "token_max_ttl is greater than the backend mount's maximum TTL value; issued tokens' max TTL value will be truncated",
      ],
    })
  })

  it('S3: policies have one spelling', async () => {
    const world = await createAppRoleWorld()
    await world.role('a', { token_policies: ' Reader,WRITER,reader ' })
    expect(await world.data('read', 'role/a')).toMatchObject({ token_policies: ['reader', 'writer'] })
  })

  it('show the old names only where they were used', async () => {
    const world = await createAppRoleWorld()
    await world.role('a', { policies: 'x', period: 60, bound_cidr_list: ['10.0.0.0/8'] })
    expect(await world.data('read', 'role/a')).toEqual({
      ...FRESH,
      token_policies: ['x'],
      policies: ['x'],
      token_period: 60,
      period: 60,
      secret_id_bound_cidrs: ['10.0.0.0/8'],
    })
    await world.ask('update', 'role/a', { token_policies: 'y', token_period: 30 })
    const now = await world.data('read', 'role/a')
    expect(now).toMatchObject({ token_policies: ['y'], token_period: 30 })
    expect(Object.keys(now)).not.toEqual(expect.arrayContaining(['policies']))
    expect(Object.keys(now)).not.toEqual(expect.arrayContaining(['period']))
  })
})

describe('role-ids', () => {
  it('can be chosen and changed; the old one is forgotten', async () => {
    const world = await createAppRoleWorld()
    expect(await world.role('a', { role_id: 'mine' })).toBe('mine')
    const { secret } = await world.secretId('a')
    await world.ask('update', 'role/a/role-id', { role_id: 'other' })
    expect(await world.login('other', secret)).toMatchObject({ kind: 'grant' })
    await expect(world.login('mine', secret)).rejects.toMatchObject(wrongCredentials as object)
    await expect(world.ask('update', 'role/a/role-id', {})).rejects.toMatchObject(bad('missing role_id') as object)
  })

  it('belong to one role, also when two want it at once', async () => {
    const world = await createAppRoleWorld()
    await world.role('a', { role_id: 'taken' })
    const error = bad('role_id already in use') as object
    await expect(world.ask('update', 'role/b', { role_id: 'taken' })).rejects.toMatchObject(error)
    const both = await Promise.allSettled([
      world.ask('update', 'role/c', { role_id: 'x' }),
      world.ask('update', 'role/d', { role_id: 'x' }),
    ])
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
    await world.ask('delete', 'role/a')
    expect(await world.role('b', { role_id: 'taken' })).toBe('taken')
  })
})

describe('single settings', () => {
  it.each<[path: string, write: JsonObject, read: JsonObject, reset: JsonObject, missing: string]>([
    ['policies', { token_policies: 'b,A' }, { token_policies: ['a', 'b'] }, { token_policies: [] }, 'token_policies'],
    [
      'policies',
      { policies: 'a' },
      { token_policies: ['a'], policies: ['a'] },
      { token_policies: [] },
      'token_policies',
    ],
    [
      'bound-cidr-list',
      { bound_cidr_list: '10.0.0.0/8' },
      { bound_cidr_list: ['10.0.0.0/8'] },
      { bound_cidr_list: null },
      'bound_cidr_list',
    ],
    [
      'secret-id-bound-cidrs',
      { secret_id_bound_cidrs: ['10.0.0.1'] },
      { secret_id_bound_cidrs: ['10.0.0.1'] },
      { secret_id_bound_cidrs: null },
      'secret_id_bound_cidrs',
    ],
    [
      'token-bound-cidrs',
      { token_bound_cidrs: ['10.0.0.1/32'] },
      { token_bound_cidrs: ['10.0.0.1/32'] },
      { token_bound_cidrs: [] },
      'token_bound_cidrs',
    ],
    [
      'secret-id-num-uses',
      { secret_id_num_uses: 3 },
      { secret_id_num_uses: 3 },
      { secret_id_num_uses: 0 },
      'secret_id_num_uses',
    ],
    ['secret-id-ttl', { secret_id_ttl: '1h' }, { secret_id_ttl: 3600 }, { secret_id_ttl: 0 }, 'secret_id_ttl'],
    ['period', { token_period: 60 }, { token_period: 60 }, { token_period: 0 }, 'period'],
    ['period', { period: 60 }, { token_period: 60, period: 60 }, { token_period: 0 }, 'period'],
    ['token-num-uses', { token_num_uses: 3 }, { token_num_uses: 3 }, { token_num_uses: 0 }, 'token_num_uses'],
    ['token-ttl', { token_ttl: 60 }, { token_ttl: 60 }, { token_ttl: 0 }, 'token_ttl'],
    ['token-max-ttl', { token_max_ttl: 60 }, { token_max_ttl: 60 }, { token_max_ttl: 0 }, 'token_max_ttl'],
  ])('%s %j', async (path, write, read, reset, missing) => {
    const world = await createAppRoleWorld()
    await world.role('a')
    const full = `role/A/${path}`
    await expect(world.ask('update', full, { other: 1 })).rejects.toMatchObject(bad(`missing ${missing}`) as object)
    expect(await world.ask('update', full, { ...write, token_explicit_max_ttl: 5 })).toEqual({
      kind: 'none',
      warnings: [],
    })
    expect(await world.data('read', full)).toEqual(read)
    expect(await world.ask('delete', full)).toEqual({ kind: 'none', warnings: [] })
    expect(await world.data('read', full)).toEqual(reset)
    expect(await world.data('read', 'role/a')).toEqual(FRESH)
  })

  it('bind-secret-id', async () => {
    const world = await createAppRoleWorld()
    await world.role('a', { token_bound_cidrs: '10.0.0.0/8' })
    await world.ask('update', 'role/a/bind-secret-id', { bind_secret_id: false })
    expect(await world.data('read', 'role/a/bind-secret-id')).toEqual({ bind_secret_id: false })
    await expect(world.ask('delete', 'role/a/token-bound-cidrs')).rejects.toMatchObject(
      internal('at least one constraint should be enabled on the role') as object,
    )
    await world.ask('delete', 'role/a/bind-secret-id')
    expect(await world.data('read', 'role/a/bind-secret-id')).toEqual({ bind_secret_id: true })
  })

  it('the old CIDR path says that it is old', async () => {
    const world = await createAppRoleWorld()
    await world.role('a')
    expect(await world.ask('read', 'role/a/bound-cidr-list')).toMatchObject({
      warnings: [expect.stringContaining('"bound_cidr_list" field is deprecated')],
    })
  })
})
