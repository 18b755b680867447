import { describe, expect, it } from 'vitest'
import type { JsonObject, LogicalResponse } from '../../logical/index.ts'
import { bad, createAppRoleWorld, internal, MOUNT_POINT, type AppRoleWorld, wrongCredentials } from './world.case.ts'

const WRONG = wrongCredentials as object

/** The token that the pipeline would make of a login. */
async function tokenOf(world: AppRoleWorld, response: LogicalResponse): Promise<string> {
  if (response.kind !== 'grant') throw new Error(`expected a grant, got ${response.kind}`)
  const ttl = { default: 3600, max: world.maxTtl }
  const { auth } = await world.tokens.tokens.login(response.grant, {
    path: `${MOUNT_POINT}login`,
    mountPoint: MOUNT_POINT,
    ttl,
  })
  return auth.clientToken
}

async function ready(
  role: JsonObject = {},
  secretId: JsonObject = {},
): Promise<AppRoleWorld & { roleId: string; secret: string }> {
  const world = await createAppRoleWorld()
  const roleId = await world.role('airflow', role)
  const { secret } = await world.secretId('airflow', secretId)
  return Object.assign(world, { roleId, secret })
}

describe('an approle login', () => {
  it('S19: grants, and issues nothing itself', async () => {
    const world = await ready(
      {
        token_policies: 'reader',
        token_ttl: 60,
        token_max_ttl: 600,
        token_num_uses: 3,
        token_bound_cidrs: '127.0.0.0/8',
        token_no_default_policy: true,
        token_explicit_max_ttl: 500,
        token_type: 'service',
      },
      { metadata: '{"team":"x","role_name":"spoofed"}' },
    )
    const response = await world.login(world.roleId, world.secret)
    expect(response).toEqual({
      kind: 'grant',
      grant: {
        displayName: '',
        policies: ['reader'],
        metadata: { team: 'x', role_name: 'airflow' },
        tokenType: 'service',
        ttl: 60,
        maxTtl: 600,
        explicitMaxTtl: 500,
        period: 0,
        numUses: 3,
        renewable: true,
        boundCidrs: ['127.0.0.0/8'],
        noDefaultPolicy: true,
      },
    })
  })

  it('needs no token, and nothing else is open', async () => {
    const { backend } = await createAppRoleWorld()
    expect(
      ['login', 'login/', 'role/login', 'role', 'tidy/secret-id'].filter((path) => backend.isUnauthenticated(path)),
    ).toEqual(['login'])
    expect(backend.needsSudo('role/x')).toBe(false)
  })

  it('without its parts says which is missing', async () => {
    const world = await ready()
    await expect(world.login('')).rejects.toMatchObject(bad('missing role_id') as object)
    await expect(world.login('  ')).rejects.toMatchObject(bad('missing role_id') as object)
    await expect(world.login(world.roleId)).rejects.toMatchObject(bad('missing secret_id') as object)
  })

  it('S10: has one text for every wrong credential', async () => {
    const world = await ready({ secret_id_num_uses: 1 })
    const expired = await world.secretId('airflow', { ttl: 1 })
    const destroyed = await world.secretId('airflow')
    await world.ask('update', 'role/airflow/secret-id/destroy', { secret_id: destroyed.secret })
    await world.login(world.roleId, world.secret)
    world.pass(1000)
    await world.role('other')
    const foreign = await world.secretId('other')
    for (const [roleId, secret] of [
      ['unknown', foreign.secret],
      [world.roleId, 'unknown'],
      [world.roleId, expired.secret],
      [world.roleId, destroyed.secret],
      [world.roleId, world.secret],
      [world.roleId, foreign.secret],
      [world.roleId, foreign.accessor],
    ]) {
      await expect(world.login(roleId ?? '', secret)).rejects.toMatchObject(WRONG)
    }
  })

  it('takes its parts with blanks around them, and works after a restart', async () => {
    const world = await ready()
    world.restart()
    expect(await world.login(` ${world.roleId}\n`, ` ${world.secret}\n`)).toMatchObject({ kind: 'grant' })
  })

  it('of a role without bind_secret_id needs none', async () => {
    const world = await createAppRoleWorld()
    const roleId = await world.role('a', { bind_secret_id: false, secret_id_bound_cidrs: '10.0.0.0/8' })
    expect(await world.login(roleId, '', '10.1.1.1')).toMatchObject({
      kind: 'grant',
      grant: { metadata: { role_name: 'a' } },
    })
    await expect(world.login(roleId, '', '11.1.1.1')).rejects.toMatchObject(
      bad('source address "11.1.1.1" unauthorized by CIDR restrictions on the role') as object,
    )
  })

  it('writes nothing for an unlimited secret-id', async () => {
    const world = await ready()
    const before = world.shelf.commits
    const answer = world.backend.handle({
      id: '',
      operation: 'update',
      mountPoint: MOUNT_POINT,
      path: 'login',
      data: { role_id: world.roleId, secret_id: world.secret },
      caller: undefined,
      clientToken: '',
      sudo: false,
      remoteAddress: '::1',
    })
    expect(answer).not.toBeInstanceOf(Promise)
    expect(world.shelf.commits).toBe(before)
  })

  it('and reads nothing once it knows the role and the secret-id', async () => {
    const world = await ready()
    await world.login(world.roleId, world.secret)
    const before = world.shelf.reads
    for (let i = 0; i < 100; i += 1) await world.login(world.roleId, world.secret)
    expect(world.shelf.reads).toBe(before)
  })

  it('S37: of 50 at once with a secret_id_num_uses=5 secret-id exactly 5 succeed, and it is gone', async () => {
    const world = await ready({ secret_id_num_uses: 5 })
    const logins = await Promise.allSettled(Array.from({ length: 50 }, () => world.login(world.roleId, world.secret)))
    expect(logins.filter(({ status }) => status === 'fulfilled')).toHaveLength(5)
    expect(world.shelf.keys().filter((key) => /^(?:secret-id|accessor)\//.test(key))).toEqual([])
  })

  it('S37: counts uses in the store', async () => {
    const world = await ready({ secret_id_num_uses: 3 })
    world.pass(1000)
    await world.login(world.roleId, world.secret)
    world.restart()
    expect(await world.data('update', 'role/airflow/secret-id/lookup', { secret_id: world.secret })).toMatchObject({
      secret_id_num_uses: 2,
      last_updated_time: '2026-01-02T03:04:06.67Z',
    })
    world.shelf.cutPowerAfter(0)
    await expect(world.login(world.roleId, world.secret)).rejects.toThrow('power cut')
    world.shelf.restorePower()
    expect(await world.data('update', 'role/airflow/secret-id/lookup', { secret_id: world.secret })).toMatchObject({
      secret_id_num_uses: 2,
    })
  })

  it('S51: looks at where it comes from, and spends no use when that is wrong', async () => {
    const world = await ready({ secret_id_num_uses: 1 }, { cidr_list: '10.0.0.0/8' })
    await expect(world.login(world.roleId, world.secret, '11.0.0.1')).rejects.toMatchObject(
      bad('source address "11.0.0.1" unauthorized through CIDR restrictions on the secret ID') as object,
    )
    expect(await world.login(world.roleId, world.secret, '::ffff:10.0.0.1')).toMatchObject({ kind: 'grant' })
  })

  it('from outside the token’s networks is 403', async () => {
    const world = await ready({ token_bound_cidrs: '10.0.0.0/8' })
    await expect(world.login(world.roleId, world.secret, '11.0.0.1')).rejects.toMatchObject({
      code: 'permission-denied',
      message: 'permission denied',
    })
  })

  it('binds the token to the secret-id’s networks rather than the role’s', async () => {
    const world = await ready({ token_bound_cidrs: '10.0.0.0/8' }, { token_bound_cidrs: '10.1.0.0/16' })
    expect(await world.login(world.roleId, world.secret, '10.1.0.1')).toMatchObject({
      grant: { boundCidrs: ['10.1.0.0/16'] },
    })
    await expect(world.login(world.roleId, world.secret, '10.2.0.1')).rejects.toMatchObject({
      code: 'permission-denied',
    })
  })

  it('is refused when the role’s networks no longer hold the secret-id’s', async () => {
    const world = await ready({ secret_id_bound_cidrs: '10.0.0.0/8' }, { cidr_list: '10.1.0.0/16' })
    await world.ask('update', 'role/airflow', { secret_id_bound_cidrs: '10.1.1.0/24' })
    await expect(world.login(world.roleId, world.secret, '10.1.1.1')).rejects.toThrow(
      'failed to verify subset relationship',
    )
  })

  it('S3: of a role with root is refused by the token store', async () => {
    const world = await ready({ token_policies: ['Root '] })
    await expect(tokenOf(world, await world.login(world.roleId, world.secret))).rejects.toMatchObject(
      bad('auth methods cannot create root tokens') as object,
    )
  })

  it.each<[string, RegExp]>([
    ['default', /^hvs\./],
    ['service', /^hvs\./],
    ['batch', /^hvb\./],
    ['default-batch', /^hvb\./],
  ])('of a %s role gives such a token', async (type, text) => {
    const world = await ready({ token_type: type })
    const token = await tokenOf(world, await world.login(world.roleId, world.secret))
    expect(token).toMatch(text)
    expect(world.tokens.tokens.lookup(token)).toMatchObject({
      path: 'auth/approle/login',
      policies: ['default'],
      orphan: true,
    })
  })
})

describe('the renewal of an approle token', () => {
  async function loggedIn(role: JsonObject) {
    const world = await ready(role)
    const token = await tokenOf(world, await world.login(world.roleId, world.secret))
    const entry = world.tokens.tokens.lookup(token)
    if (entry === undefined) throw new Error('the token is not known')
    return { ...world, entry, tokens: world.tokens.tokens }
  }

  it('goes by what the role says now', async () => {
    const { tokens, entry, ask } = await loggedIn({ token_ttl: 60 })
    expect(await tokens.renew(entry, 0)).toMatchObject({ ttl: 60 })
    await ask('update', 'role/airflow', { token_ttl: 120, token_max_ttl: 200 })
    expect(await tokens.renew(entry, 0)).toMatchObject({ ttl: 120 })
    expect(await tokens.renew(entry, 900)).toMatchObject({ ttl: 200, warnings: [expect.stringContaining('exceeded')] })
    await ask('update', 'role/airflow', { token_period: 30 })
    expect(await tokens.renew(entry, 900)).toMatchObject({ ttl: 30, entry: { period: 30 } })
  })

  it('fails when the role is gone; the token stays', async () => {
    const { tokens, entry, ask } = await loggedIn({})
    await ask('delete', 'role/airflow')
    await expect(tokens.renew(entry, 0)).rejects.toMatchObject(
      internal('role "airflow" does not exist during renewal') as object,
    )
    expect(tokens.byAccessor(entry.accessor)).toBeDefined()
  })
})
