import { describe, expect, it } from 'vitest'
import { alive, family, indexes, make } from './family.case.ts'
import { createTokenWorld } from './shelf.case.ts'

describe('sweeping', () => {
  it('removes what has expired, with what is below it, and nothing else', async () => {
    const world = await createTokenWorld()
    const { tokens } = world
    const short = await make(tokens, { ttl: 10 })
    await make(tokens, { ttl: 5000, parent: short.entry })
    const long = await make(tokens, { ttl: 5000 })
    await tokens.createRoot()
    expect(await tokens.sweep(world.now)).toBe(0)
    world.now += 10_000
    expect(await tokens.sweep(world.now)).toBe(2)
    expect(world.shelf.keys().filter((key) => key.startsWith('id/'))).toHaveLength(2)
    expect(world.shelf.keys().filter((key) => key.startsWith('expiry/'))).toEqual([
      expect.stringContaining(long.entry.id),
    ])
    world.now += 10_000_000
    expect(await tokens.sweep(world.now)).toBe(1)
    expect(world.shelf.keys().filter((key) => /^(?:expiry|parent)/.test(key))).toEqual([])
  })

  it('does a bounded amount a call, and gets through', async () => {
    const world = await createTokenWorld()
    await Promise.all(Array.from({ length: 1500 }, (_, i) => make(world.tokens, { ttl: 1 + (i % 3) })))
    world.now += 60_000
    const again = await world.reopen()
    const removed = [await again.sweep(world.now), await again.sweep(world.now), await again.sweep(world.now)]
    expect(removed).toEqual([1000, 500, 0])
  })

  it('with nothing due touches no storage', async () => {
    const world = await createTokenWorld()
    await make(world.tokens, { ttl: 7200 })
    const before = [world.shelf.reads, world.shelf.commits]
    expect(await world.tokens.sweep(world.now)).toBe(0)
    expect([world.shelf.reads, world.shelf.commits]).toEqual(before)
  })

  it('tidying removes index entries without a token', async () => {
    const world = await createTokenWorld()
    const { parent, child, grandparent } = await family(world.tokens)
    const lost = grandparent.entry.id
    await world.shelf.commit([
      { kind: 'delete', key: `id/${lost}` },
      { kind: 'put', key: 'parent/habc/hdef', value: Buffer.alloc(0) },
    ])
    const again = await world.reopen()
    expect(alive(again, parent, child)).toEqual([false, false])
    world.now += 4_000_000
    await again.tidy()
    expect(indexes(world)).toEqual([])
  })
})
