/** What a token keeps in its cubbyhole goes with it, however it goes. */
import { describe, expect, it } from 'vitest'
import type { TokenEntry } from '../logical/index.ts'
import { commitAsked, family, make } from './family.case.ts'
import { createTokenWorld, type TokenWorld } from './shelf.case.ts'
import type { TokenStore } from './token-store.ts'

const PATHS = ['secret/a', 'mark/a', 'secret/b/c', 'mark/b/c']
const keep = (world: TokenWorld, owner: TokenEntry, tokens: TokenStore = world.tokens): Promise<void> =>
  tokens.changeKept(owner, () =>
    world.shelf.commit(
      PATHS.map((path) => ({ kind: 'put', key: `cubbyhole/${owner.id}/${path}`, value: Buffer.from('planted') })),
    ),
  )
const kept = (world: TokenWorld): string[] => world.shelf.keys().filter((key) => key.startsWith('cubbyhole/'))

describe('what a token keeps', () => {
  it('S40: goes with a revoked token and all below it, and stays with the others', async () => {
    const world = await createTokenWorld()
    const { grandparent, parent, child, orphan } = await family(world.tokens)
    for (const { entry } of [grandparent, parent, child, orphan]) await keep(world, entry)
    await world.tokens.revoke(grandparent.entry)
    expect(kept(world)).toEqual(PATHS.map((path) => `cubbyhole/${orphan.entry.id}/${path}`).sort())
    await world.tokens.revokeOrphan(orphan.entry)
    expect(kept(world)).toEqual([])
  })

  it.each([1, 2, 3])('S40: is gone after a crash behind commit %i of a revocation, and a restart', async (commits) => {
    const world = await createTokenWorld()
    const { grandparent, parent, child } = await family(world.tokens)
    for (const { entry } of [grandparent, parent, child]) await keep(world, entry)
    world.shelf.cutPowerAfter(commits)
    await Promise.allSettled([world.tokens.revoke(grandparent.entry)])
    world.shelf.restorePower()
    expect(kept(world).filter((key) => key.includes(grandparent.entry.id))).toEqual([])
    await world.reopen()
    expect(kept(world)).toEqual([])
  })

  it('goes when the token has expired or spent its uses', async () => {
    const world = await createTokenWorld()
    const short = await make(world.tokens, { ttl: 10 })
    const limited = await make(world.tokens, { numUses: 1 })
    await keep(world, short.entry)
    const last = await world.tokens.useOnce(limited.entry)
    // The request that spends the last use may keep something for as long as it lasts.
    await keep(world, last ?? limited.entry)
    expect(kept(world)).toHaveLength(2 * PATHS.length)
    await world.tokens.revoke(last ?? limited.entry)
    expect(kept(world)).toHaveLength(PATHS.length)
    world.now += 10_000
    await world.tokens.sweep(world.now)
    expect(kept(world)).toEqual([])
  })

  it('S40: is refused to a token that is gone, or goes while it is asked for', async () => {
    const world = await createTokenWorld()
    const { grandparent, parent, child } = await family(world.tokens)
    const all = [grandparent, parent, child]
    const writes = all.map(({ entry }) => keep(world, entry))
    await commitAsked()
    const [revoked, ...results] = await Promise.allSettled([world.tokens.revoke(grandparent.entry), ...writes])
    expect([revoked.status, ...results.map(({ status }) => status)]).toEqual([
      'fulfilled',
      'rejected',
      'rejected',
      'rejected',
    ])
    for (const { entry } of all) await expect(keep(world, entry)).rejects.toThrow('permission denied')
    expect(kept(world)).toEqual([])
  })

  it('S40: is removed again when it came into the store after its token went with the parent', async () => {
    const world = await createTokenWorld()
    const { parent, child } = await family(world.tokens)
    const late = world.tokens.changeKept(child.entry, async () => {
      await world.tokens.revoke(parent.entry)
      await world.shelf.commit([{ kind: 'put', key: `cubbyhole/${child.entry.id}/secret/a`, value: Buffer.from('x') }])
    })
    await expect(late).rejects.toThrow('permission denied')
    expect(kept(world)).toEqual([])
  })

  it('is tidied away when its token was lost some other way', async () => {
    const world = await createTokenWorld()
    const { entry } = await make(world.tokens)
    const living = await make(world.tokens)
    await keep(world, entry)
    await keep(world, living.entry)
    await world.shelf.commit([{ kind: 'delete', key: `id/${entry.id}` }])
    await (await world.reopen()).tidy()
    expect(kept(world)).toHaveLength(PATHS.length)
    expect(kept(world).every((key) => key.includes(living.entry.id))).toBe(true)
  })
})
