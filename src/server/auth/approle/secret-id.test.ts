import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../logical/index.ts'
import { bad, createAppRoleWorld, internal, wrongCredentials } from './world.case.ts'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

describe('secret-ids', () => {
  it('are made with what the role says', async () => {
    const world = await createAppRoleWorld()
    await world.role('a', { secret_id_num_uses: 4, secret_id_ttl: 600 })
    expect(await world.data('update', 'role/A/secret-id')).toEqual({
      secret_id: expect.stringMatching(UUID) as string,
      secret_id_accessor: expect.stringMatching(UUID) as string,
      secret_id_ttl: 600,
      secret_id_num_uses: 4,
    })
  })

  it('and what the request says, shown by a look-up', async () => {
    const world = await createAppRoleWorld()
    await world.role('a')
    const { secret, accessor } = await world.secretId('a', {
      metadata: '{"team":"x"}',
      cidr_list: ['127.0.0.1/32'],
      token_bound_cidrs: '10.0.0.0/8',
      num_uses: 3,
      ttl: '1h',
    })
    const expected = {
      secret_id_accessor: accessor,
      secret_id_num_uses: 3,
      secret_id_ttl: 3600,
      creation_time: '2026-01-02T03:04:05.67Z',
      expiration_time: '2026-01-02T04:04:05.67Z',
      last_updated_time: '2026-01-02T03:04:05.67Z',
      metadata: { team: 'x' },
      cidr_list: ['127.0.0.1/32'],
      token_bound_cidrs: ['10.0.0.0/8'],
    }
    expect(await world.data('update', 'role/a/secret-id/lookup', { secret_id: secret })).toEqual(expected)
    world.restart()
    expect(await world.data('update', 'role/a/secret-id-accessor/lookup', { secret_id_accessor: accessor })).toEqual(
      expected,
    )
  })

  it('without a limit say so', async () => {
    const world = await createAppRoleWorld()
    await world.role('a')
    const { secret } = await world.secretId('a')
    expect(await world.data('update', 'role/a/secret-id/lookup', { secret_id: secret })).toMatchObject({
      secret_id_num_uses: 0,
      secret_id_ttl: 0,
      expiration_time: '0001-01-01T00:00:00Z',
      metadata: {},
      cidr_list: [],
      token_bound_cidrs: [],
    })
  })

  it('live no longer than the mount allows', async () => {
    const world = await createAppRoleWorld()
    await world.role('a')
    expect(await world.data('update', 'role/a/secret-id', { ttl: '48h' })).toMatchObject({ secret_id_ttl: 86_400 })
  })

  it('S27: are stored as HMAC only, accessors too as keys', async () => {
    const world = await createAppRoleWorld()
    const roleId = await world.role('a')
    const { secret, accessor } = await world.secretId('a')
    expect(world.shelf.dump()).not.toContain(secret)
    expect(world.shelf.keys().join('\n')).not.toContain(accessor)
    expect(world.shelf.keys().join('\n')).not.toContain(roleId)
    expect(world.shelf.keys().filter((key) => key.startsWith('secret-id/'))).toEqual([
      expect.stringMatching(/^secret-id\/h[0-9a-f]{64}\/h[0-9a-f]{64}$/),
    ])
  })

  it('can be chosen, once a role', async () => {
    const world = await createAppRoleWorld()
    const roleId = await world.role('a')
    await world.role('b')
    expect(await world.data('update', 'role/a/custom-secret-id', { secret_id: 'custom' })).toMatchObject({
      secret_id: 'custom',
    })
    expect(await world.login(roleId, 'custom')).toMatchObject({ kind: 'grant' })
    await expect(world.ask('update', 'role/a/custom-secret-id', { secret_id: 'custom' })).rejects.toMatchObject(
      internal('SecretID is already registered') as object,
    )
    await world.data('update', 'role/b/custom-secret-id', { secret_id: 'custom' })
    await expect(world.ask('update', 'role/a/custom-secret-id', {})).rejects.toMatchObject(
      bad('missing secret_id') as object,
    )
    await expect(world.ask('update', 'role/a/custom-secret-id', { secret_id: 'x'.repeat(4097) })).rejects.toMatchObject(
      bad('secret_id is longer than maximum of 4096 bytes') as object,
    )
  })

  const SUBSET = 'failed to verify subset relationship between CIDR blocks on the role and CIDR blocks on the secret ID'
  it.each<[role: JsonObject, request: JsonObject, text: string]>([
    [{ bind_secret_id: false, token_bound_cidrs: '10.0.0.0/8' }, {}, 'bind_secret_id is not set on the role'],
    [{ secret_id_num_uses: 3 }, { num_uses: 4 }, "num_uses cannot be higher than the role's secret_id_num_uses"],
    [{ secret_id_num_uses: 3 }, { num_uses: 0 }, "num_uses cannot be higher than the role's secret_id_num_uses"],
    [{}, { num_uses: -1 }, 'num_uses cannot be negative'],
    [{ secret_id_ttl: 60 }, { ttl: 61 }, "ttl cannot be longer than the role's secret_id_ttl"],
    [{ secret_id_ttl: 60 }, { ttl: 0 }, "ttl cannot be longer than the role's secret_id_ttl"],
    [{}, { metadata: '{"planted' }, 'failed to parse metadata: not a JSON object'],
    [{}, { metadata: '{"planted":1}' }, 'failed to parse metadata: a value is not a string'],
    [{}, { metadata: '["planted"]' }, 'failed to parse metadata: expected a JSON object of strings'],
    [{}, { cidr_list: 'planted' }, 'invalid CIDR blocks'],
    [{ secret_id_bound_cidrs: '10.0.0.0/8' }, { cidr_list: '11.0.0.0/8' }, SUBSET],
    [{ token_bound_cidrs: '10.0.0.0/8' }, { token_bound_cidrs: '0.0.0.0/0' }, SUBSET],
  ])('role %j, request %j: %s', async (role, request, text) => {
    const world = await createAppRoleWorld()
    await world.role('a', role)
    await expect(world.ask('update', 'role/a/secret-id', request)).rejects.toMatchObject(bad(text) as object)
  })

  it('within the role’s bounds are allowed', async () => {
    const world = await createAppRoleWorld()
    await world.role('a', { secret_id_num_uses: 3, secret_id_ttl: 60, secret_id_bound_cidrs: '10.0.0.0/8' })
    expect(
      await world.data('update', 'role/a/secret-id', { num_uses: 3, ttl: 60, cidr_list: '10.1.0.0/16' }),
    ).toMatchObject({ secret_id_num_uses: 3 })
  })

  it('S55: metadata keys are ordinary data, also in the old form', async () => {
    const world = await createAppRoleWorld()
    await world.role('a')
    const odd = await world.secretId('a', { metadata: '{"__proto__":"p"}' })
    const data = await world.data('update', 'role/a/secret-id/lookup', { secret_id: odd.secret })
    expect(JSON.stringify(data['metadata'])).toBe('{"__proto__":"p"}')
    const old = await world.secretId('a', { metadata: 'team=x, env = prod' })
    expect((await world.data('update', 'role/a/secret-id/lookup', { secret_id: old.secret }))['metadata']).toEqual({
      team: 'x',
      env: 'prod',
    })
  })

  it('are listed by accessor', async () => {
    const world = await createAppRoleWorld()
    await world.role('a')
    expect(await world.ask('list', 'role/a/secret-id/')).toEqual({ kind: 'list', keys: [] })
    const accessors = [(await world.secretId('a')).accessor, (await world.secretId('a')).accessor]
    expect(await world.ask('list', 'role/a/secret-id/')).toEqual({ kind: 'list', keys: accessors.sort() })
    await expect(world.ask('list', 'role/none/secret-id/')).rejects.toMatchObject(
      bad('role "none" does not exist') as object,
    )
  })

  it('unknown: 204 by text, 404 with data by accessor, errors for an unknown role', async () => {
    const world = await createAppRoleWorld()
    await world.role('a')
    expect(await world.ask('update', 'role/a/secret-id/lookup', { secret_id: 'x' })).toEqual({ kind: 'none' })
    expect(await world.ask('update', 'role/a/secret-id/destroy', { secret_id: 'x' })).toEqual({ kind: 'none' })
    expect(await world.ask('update', 'role/a/secret-id-accessor/lookup', { secret_id_accessor: 'x' })).toEqual({
      kind: 'gone',
      data: { error: 'failed to find accessor entry for secret_id_accessor: "x"' },
    })
    await expect(
      world.ask('update', 'role/a/secret-id-accessor/destroy', { secret_id_accessor: 'x' }),
    ).rejects.toMatchObject(internal('failed to find accessor entry for secret_id_accessor') as object)
    for (const path of [
      'secret-id/lookup',
      'secret-id/destroy',
      'secret-id-accessor/lookup',
      'secret-id-accessor/destroy',
    ]) {
      const field = path.includes('accessor') ? 'secret_id_accessor' : 'secret_id'
      await expect(world.ask('update', `role/none/${path}`, { [field]: 'x' })).rejects.toMatchObject(
        internal('role "none" does not exist') as object,
      )
      await expect(world.ask('update', `role/a/${path}`)).rejects.toMatchObject(bad(`missing ${field}`) as object)
    }
    await expect(world.ask('update', 'role/none/secret-id')).rejects.toMatchObject({
      code: 'unsupported-path',
      message: 'role "none" does not exist',
      channel: 'bare',
    })
  })

  it('are destroyed by text and by accessor, by POST and by DELETE', async () => {
    const world = await createAppRoleWorld()
    await world.role('a')
    const operations = ['update', 'delete'] as const
    for (const operation of operations) {
      const [one, two] = [await world.secretId('a'), await world.secretId('a')]
      expect(await world.ask(operation, 'role/a/secret-id/destroy', { secret_id: one.secret })).toEqual({
        kind: 'none',
      })
      expect(
        await world.ask(operation, 'role/a/secret-id-accessor/destroy', { secret_id_accessor: two.accessor }),
      ).toEqual({ kind: 'none' })
    }
    expect(world.shelf.keys().filter((key) => /^(?:secret-id|accessor)\//.test(key))).toEqual([])
  })

  it('of another role are out of reach by accessor', async () => {
    const world = await createAppRoleWorld()
    await world.role('a')
    await world.role('b')
    const { secret, accessor } = await world.secretId('a')
    await expect(
      world.ask('update', 'role/b/secret-id-accessor/destroy', { secret_id_accessor: accessor }),
    ).rejects.toMatchObject({
      code: 'permission-denied',
      message: 'invalid secret id accessor',
      channel: 'bare',
    })
    expect(
      await world.ask('update', 'role/b/secret-id-accessor/lookup', { secret_id_accessor: accessor }),
    ).toMatchObject({ kind: 'gone' })
    expect(await world.ask('update', 'role/a/secret-id/lookup', { secret_id: secret })).toMatchObject({ kind: 'data' })
  })

  it('go with their role; a new role of that name knows none of them', async () => {
    const world = await createAppRoleWorld()
    await world.role('a', { role_id: 'mine' })
    await world.role('b')
    const kept = await world.secretId('b')
    const gone = await world.secretId('a')
    await world.ask('delete', 'role/a')
    expect(world.shelf.keys().filter((key) => key.startsWith('secret-id/'))).toHaveLength(1)
    expect(world.shelf.keys().filter((key) => key.startsWith('accessor/'))).toHaveLength(1)
    await world.role('a', { role_id: 'mine' })
    await expect(world.login('mine', gone.secret)).rejects.toMatchObject(wrongCredentials as object)
    expect(await world.data('update', 'role/b/secret-id/lookup', { secret_id: kept.secret })).toMatchObject({
      secret_id_accessor: kept.accessor,
    })
  })

  it('a role whose deletion was cut off does not come back, and tidying removes the rest', async () => {
    const world = await createAppRoleWorld()
    const roleId = await world.role('a')
    const { secret } = await world.secretId('a')
    world.shelf.cutPowerAfter(1)
    await expect(world.ask('delete', 'role/a')).rejects.toThrow('power cut')
    world.shelf.restorePower()
    world.restart()
    await expect(world.login(roleId, secret)).rejects.toMatchObject(wrongCredentials as object)
    await world.ask('update', 'tidy/secret-id')
    expect(world.shelf.keys()).toEqual(['salt'])
  })

  it('expired are as good as absent, and tidying removes them', async () => {
    const world = await createAppRoleWorld()
    await world.role('a')
    const short = await world.secretId('a', { ttl: 60 })
    const long = await world.secretId('a')
    world.pass(60_000)
    expect(await world.ask('update', 'role/a/secret-id/lookup', { secret_id: short.secret })).toEqual({ kind: 'none' })
    expect(await world.ask('list', 'role/a/secret-id/')).toEqual({ kind: 'list', keys: [long.accessor] })
    const answers = await Promise.all([world.ask('update', 'tidy/secret-id'), world.ask('update', 'tidy/secret-id')])
    expect(answers).toEqual([
      { kind: 'accepted', warnings: ['Tidy operation successfully started.'] },
      { kind: 'accepted', warnings: ['Tidy operation already in progress.'] },
    ])
    expect(world.shelf.keys().filter((key) => /^(?:secret-id|accessor)\//.test(key))).toHaveLength(2)
  })

  it('expired may be chosen anew', async () => {
    const world = await createAppRoleWorld()
    const roleId = await world.role('a')
    await world.data('update', 'role/a/custom-secret-id', { secret_id: 'custom', ttl: 1 })
    world.pass(2000)
    await world.data('update', 'role/a/custom-secret-id', { secret_id: 'custom' })
    expect(await world.login(roleId, 'custom')).toMatchObject({ kind: 'grant' })
    await world.ask('update', 'tidy/secret-id')
    expect(await world.login(roleId, 'custom')).toMatchObject({ kind: 'grant' })
    expect(world.shelf.keys().filter((key) => key.startsWith('accessor/'))).toHaveLength(1)
  })
})
