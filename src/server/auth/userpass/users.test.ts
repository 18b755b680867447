import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../logical/index.ts'
import { createUserpassWorld, PASSWORD } from './world.case.ts'

const FRESH: JsonObject = {
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
const bad = (message: string): object => ({ code: 'invalid-request', message, channel: 'bare' })
const unknownUser: object = { code: 'internal', message: 'username does not exist', channel: 'wrapped' }

describe('users', () => {
  it('read back as written, without their password, also after a restart', async () => {
    const world = await createUserpassWorld()
    await world.user('ann')
    await world.user('bob', FULL)
    world.restart()
    expect(await world.data('read', 'users/ann')).toEqual(FRESH)
    expect(await world.data('read', 'users/bob')).toEqual(FULL)
    expect(await world.ask('read', 'users/none')).toEqual({ kind: 'none' })
  })

  it('keep what an update does not name, their password too', async () => {
    const world = await createUserpassWorld()
    await world.user('bob', FULL)
    await world.ask('update', 'users/bob', { token_ttl: '30m' })
    expect(await world.data('read', 'users/bob')).toEqual({ ...FULL, token_ttl: 1800 })
    expect(await world.login('bob', PASSWORD, '10.1.1.1')).toMatchObject({ kind: 'grant' })
  })

  it('S2: have names without case, listed in order', async () => {
    const world = await createUserpassWorld()
    expect(await world.ask('list', 'users/')).toEqual({ kind: 'list', keys: [] })
    await world.user('Zoe')
    await world.user('ann')
    await world.user('ANN', { token_ttl: 5 })
    expect(await world.ask('list', 'users/')).toEqual({ kind: 'list', keys: ['ann', 'zoe'] })
    expect(await world.data('read', 'users/aNN')).toMatchObject({ token_ttl: 5 })
    expect(
      ['login/ANN', 'login/ann', 'login/', 'users/ann', 'login/a b'].map((path) => world.backend.aliasOf?.(path, {})),
    ).toEqual(['ann', 'ann', undefined, undefined, undefined])
    for (const name of ['a@b', 'a b', 'a-', 'a/b/c'])
      await expect(world.user(name)).rejects.toMatchObject({ code: 'unsupported-path' })
  })

  it('are shown under the old names that they were written with', async () => {
    const world = await createUserpassWorld()
    await world.user('bob', { policies: 'x,y', ttl: '1h', max_ttl: 7200, bound_cidrs: '127.0.0.1' })
    const old = { policies: ['x', 'y'], ttl: 3600, max_ttl: 7200, bound_cidrs: ['127.0.0.1'] }
    expect(await world.data('read', 'users/bob')).toEqual({
      ...FRESH,
      ...old,
      token_policies: ['x', 'y'],
      token_ttl: 3600,
      token_max_ttl: 7200,
      token_bound_cidrs: ['127.0.0.1'],
    })
    await world.ask('update', 'users/bob', { token_policies: 'z', ttl: 0, token_max_ttl: 10, max_ttl: 20 })
    const { policies: _, ttl: __, ...left } = old
    expect(await world.data('read', 'users/bob')).toEqual({
      ...FRESH,
      ...left,
      max_ttl: 10,
      token_policies: ['z'],
      token_max_ttl: 10,
      token_bound_cidrs: ['127.0.0.1'],
    })
  })

  it('are told what is wrong with them', async () => {
    const world = await createUserpassWorld()
    await expect(world.ask('update', 'users/bob', { token_ttl: 1 })).rejects.toMatchObject(bad('missing password'))
    await expect(world.user('bob', { password: '' })).rejects.toMatchObject(bad('missing password'))
    await expect(world.user('bob', { password: 'ü'.repeat(37) })).rejects.toMatchObject(
      bad('password length exceeds 72 bytes'),
    )
    await expect(world.user('bob', { password_hash: '$2a$10$x' })).rejects.toMatchObject(
      bad('password_hash is not available here: set the password itself'),
    )
    await expect(world.user('bob', { token_ttl: 20, token_max_ttl: 10 })).rejects.toMatchObject(
      bad("'token_ttl' cannot be greater than 'token_max_ttl'"),
    )
    expect(world.shelf.keys()).toEqual([])
    await world.user('bob', { password: 'ü'.repeat(36) })
  })

  it('are gone when deleted', async () => {
    const world = await createUserpassWorld()
    await world.user('bob')
    expect(await world.ask('delete', 'users/BOB')).toEqual({ kind: 'none' })
    expect(await world.ask('delete', 'users/bob')).toEqual({ kind: 'none' })
    expect(world.shelf.keys()).toEqual([])
    await expect(world.login('bob', PASSWORD)).rejects.toMatchObject({ code: 'invalid-credentials' })
  })

  it('S39: an update never creates and a creation never updates, whatever others did meanwhile', async () => {
    const world = await createUserpassWorld()
    expect(world.backend.exists('users/bob')).toBe(false)
    const made = await Promise.allSettled([world.user('bob'), world.user('Bob')])
    expect(made.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect([world.backend.exists('users/Bob'), world.backend.exists('users/bob/password')]).toEqual([true, undefined])
    const deleting = world.ask('delete', 'users/bob')
    await expect(world.ask('update', 'users/bob', { password: 'new' })).rejects.toMatchObject({
      code: 'unsupported-path',
      message: 'the user was deleted meanwhile',
    })
    await deleting
  })
})

describe('the paths of one setting', () => {
  it('change the password', async () => {
    const world = await createUserpassWorld()
    await world.user('bob', FULL)
    expect(await world.ask('update', 'users/Bob/password', { password: 'new' })).toEqual({ kind: 'none' })
    await expect(world.login('bob', PASSWORD, '10.1.1.1')).rejects.toMatchObject({ code: 'invalid-credentials' })
    expect(await world.login('bob', 'new', '10.1.1.1')).toMatchObject({ kind: 'grant' })
    expect(await world.data('read', 'users/bob')).toEqual(FULL)
    await expect(world.ask('update', 'users/bob/password')).rejects.toMatchObject(bad('missing password'))
    await expect(world.ask('update', 'users/none/password', { password: 'x' })).rejects.toMatchObject(unknownUser)
  })

  it('change the policies, and nothing else', async () => {
    const world = await createUserpassWorld()
    await world.user('bob', FULL)
    expect(await world.ask('update', 'users/bob/policies', { token_policies: 'z', token_ttl: 1 })).toEqual({
      kind: 'none',
    })
    expect(await world.data('read', 'users/bob')).toEqual({ ...FULL, token_policies: ['z'] })
    await world.ask('update', 'users/bob/policies', { policies: ['Y'] })
    expect(await world.data('read', 'users/bob')).toEqual({ ...FULL, token_policies: ['y'], policies: ['y'] })
    await world.ask('update', 'users/bob/policies')
    expect(await world.data('read', 'users/bob')).toMatchObject({ token_policies: ['y'] })
    await expect(world.ask('update', 'users/none/policies', { policies: 'x' })).rejects.toMatchObject(unknownUser)
    await expect(world.ask('read', 'users/bob/policies')).rejects.toMatchObject({ code: 'unsupported-operation' })
  })
})

it('no password is in the store, and two of the same are two hashes', async () => {
  const world = await createUserpassWorld()
  await world.user('ann')
  await world.user('bob')
  expect(world.shelf.dump()).not.toContain(PASSWORD)
  const hashes = [...world.shelf.dump().matchAll(/"hash":"([^"]+)"/g)].map(([, hash]) => hash)
  expect(new Set(hashes).size).toBe(2)
})
