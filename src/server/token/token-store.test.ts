import { describe, expect, it } from 'vitest'
import type { TokenEntry } from '../logical/logical.ts'
import { alive, indexes, make } from './family.case.ts'
import { TokenRecordError } from './record.ts'
import { createTokenWorld, START } from './shelf.case.ts'

describe('tokens at rest', () => {
  it('S27: neither token nor accessor is stored as a key, and the token nowhere', async () => {
    const { tokens, shelf } = await createTokenWorld()
    const { token, entry } = await make(tokens)
    expect(shelf.dump()).not.toContain(token)
    expect(shelf.dump()).not.toContain(token.slice('hvs.'.length))
    expect(shelf.keys().join('\n')).not.toContain(entry.accessor)
    expect(entry.id).toMatch(/^h[0-9a-f]{64}$/)
  })

  it('are the same after a restart', async () => {
    const world = await createTokenWorld()
    const root = await world.tokens.createRoot()
    const made = await make(world.tokens, {
      parent: root.entry,
      meta: { team: 'a' },
      boundCidrs: ['10.0.0.0/8'],
      numUses: 3,
    })
    const again = await world.reopen()
    expect(again.lookup(made.token)).toEqual(made.entry)
    expect(again.lookup(root.token)).toEqual(root.entry)
    expect(again.byAccessor(made.entry.accessor)).toEqual(made.entry)
  })

  it('of another format version are not guessed at', async () => {
    const world = await createTokenWorld()
    const { token, entry } = await make(world.tokens)
    await world.shelf.commit([{ kind: 'put', key: `id/${entry.id}`, value: Buffer.from('{"version":2}') }])
    const again = await world.reopen()
    expect(() => again.lookup(token)).toThrow(TokenRecordError)
  })

  it('a root token does not expire, and is nobody’s child', async () => {
    const { tokens } = await createTokenWorld()
    const { entry } = await tokens.createRoot()
    expect(entry).toMatchObject({
      policies: ['root'],
      path: 'auth/token/root',
      displayName: 'root',
      expireTime: null,
      creationTtl: 0,
      orphan: true,
      renewable: false,
    })
  })

  it('are written with all their indexes or not at all', async () => {
    const world = await createTokenWorld()
    const root = await world.tokens.createRoot()
    const before = indexes(world)
    world.shelf.cutPowerAfter(0)
    await expect(make(world.tokens, { parent: root.entry })).rejects.toThrow('power cut')
    expect(indexes(world)).toEqual(before)
  })
})

describe('looking tokens up', () => {
  it('unknown texts of any kind are unknown', async () => {
    const { tokens } = await createTokenWorld()
    await make(tokens)
    for (const text of ['', 'x', 'hvs.', 'hvb.', 'hvb.AAAA', 'hvs.aaaaaaaaaaaaaaaaaaaaaaaa', '__proto__']) {
      expect(tokens.lookup(text)).toBeUndefined()
      expect(tokens.byAccessor(text)).toBeUndefined()
    }
  })

  it('costs no read for a known token', async () => {
    const { tokens, shelf } = await createTokenWorld()
    const { token } = await make(tokens)
    const before = shelf.reads
    for (let i = 0; i < 100; i += 1) tokens.lookup(token)
    expect(shelf.reads).toBe(before)
  })

  it('past its expiry a token is dead, and all below it', async () => {
    const world = await createTokenWorld()
    const parent = await make(world.tokens, { ttl: 10 })
    const child = await make(world.tokens, { parent: parent.entry, ttl: 100 })
    world.now += 9_999
    expect(alive(world.tokens, parent, child)).toEqual([true, true])
    world.now += 1
    expect(alive(world.tokens, parent, child)).toEqual([false, false])
    expect(world.tokens.byAccessor(child.entry.accessor)).toBeUndefined()
  })

  it('a chosen token works, and can be chosen once', async () => {
    const { tokens } = await createTokenWorld()
    const { token } = await make(tokens, { text: 'chosen' })
    expect(token).toBe('chosen')
    expect(tokens.lookup('chosen')).toBeDefined()
    const again = await Promise.allSettled([
      make(tokens, { text: 'chosen' }),
      make(tokens, { text: 'new' }),
      make(tokens, { text: 'new' }),
    ])
    expect(again.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected'])
    await expect(make(tokens, { text: 'chosen' })).rejects.toThrow(/^cannot create a token with a duplicate ID$/)
  })

  it('accessors are those of live service tokens', async () => {
    const world = await createTokenWorld()
    const { tokens } = world
    const lasting = await make(tokens)
    await make(tokens, { ttl: 10 })
    await make(tokens, { type: 'batch' })
    world.now += 20_000
    expect(await tokens.accessors()).toEqual([lasting.entry.accessor])
  })

  it('after a seal nothing is known', async () => {
    const { tokens } = await createTokenWorld()
    const { token, entry } = await make(tokens)
    tokens.reset()
    expect(tokens.lookup(token)).toBeUndefined()
    expect(tokens.byAccessor(entry.accessor)).toBeUndefined()
  })
})

describe('limited tokens', () => {
  it('S37: of 50 requests at once with a num_uses=5 token exactly 5 go through', async () => {
    const world = await createTokenWorld()
    const { token, entry } = await make(world.tokens, { numUses: 5 })
    const used = await Promise.all(Array.from({ length: 50 }, () => world.tokens.useOnce(entry)))
    const granted = used.filter((use) => use !== undefined)
    expect(granted.map(({ numUses }) => numUses)).toEqual([4, 3, 2, 1, -1])
    expect(granted.map((use) => world.tokens.isSpent(use))).toEqual([false, false, false, false, true])
    expect(world.tokens.lookup(token)).toBeUndefined()
  })

  it('S37: uses are stored before they are granted', async () => {
    const world = await createTokenWorld()
    const { token, entry } = await make(world.tokens, { numUses: 2 })
    await world.tokens.useOnce(entry)
    const again = await world.reopen()
    expect(again.lookup(token)?.numUses).toBe(1)
    world.shelf.cutPowerAfter(0)
    await expect(again.useOnce(entry)).rejects.toThrow('power cut')
    world.shelf.restorePower()
    expect(again.lookup(token)?.numUses).toBe(1)
  })

  it('S40: a spent token is gone after a crash before its revocation', async () => {
    const world = await createTokenWorld()
    const { token, entry } = await make(world.tokens, { numUses: 1, ttl: 0 })
    await world.tokens.useOnce(entry)
    const again = await world.reopen()
    expect(again.lookup(token)).toBeUndefined()
    expect(indexes(world)).toEqual([])
  })

  it('unlimited ones stay unlimited', async () => {
    const { tokens, shelf } = await createTokenWorld()
    const { entry } = await make(tokens)
    const before = shelf.commits
    expect(await tokens.useOnce(entry)).toEqual(entry)
    expect(shelf.commits).toBe(before)
  })
})

describe('entries', () => {
  it('say what the contract says', async () => {
    const { tokens } = await createTokenWorld()
    const { entry } = await make(tokens)
    const expected: TokenEntry = {
      id: entry.id,
      type: 'service',
      accessor: entry.accessor,
      parent: '',
      orphan: true,
      policies: ['default'],
      path: 'auth/token/create',
      meta: null,
      displayName: 'token',
      numUses: 0,
      creationTime: START,
      creationTtl: 3600,
      expireTime: START + 3_600_000,
      explicitMaxTtl: 0,
      period: 0,
      renewable: true,
      lastRenewal: null,
      boundCidrs: [],
      entityId: '',
      noDefaultPolicy: false,
      role: '',
    }
    expect(entry).toEqual(expected)
  })
})
