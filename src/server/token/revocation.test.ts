import { describe, expect, it } from 'vitest'
import { alive, commitAsked, family, indexes, make } from './family.case.ts'
import { createTokenWorld } from './shelf.case.ts'

describe('revocation', () => {
  it('S40: ends the token and all below it, and no orphan', async () => {
    const world = await createTokenWorld()
    const { grandparent, parent, child, orphan } = await family(world.tokens)
    const done = world.tokens.revoke(grandparent.entry)
    expect(alive(world.tokens, grandparent, parent, child, orphan)).toEqual([false, false, false, true])
    await done
    expect(alive(world.tokens, grandparent, parent, child, orphan)).toEqual([false, false, false, true])
    expect(world.shelf.keys().filter((key) => key.startsWith('id/'))).toEqual([`id/${orphan.entry.id}`])
  })

  it('leaves nothing in the store', async () => {
    const world = await createTokenWorld()
    const { grandparent, orphan } = await family(world.tokens)
    await Promise.all([world.tokens.revoke(grandparent.entry), world.tokens.revoke(orphan.entry)])
    expect(indexes(world)).toEqual([])
  })

  it('S40: a crash before the first commit leaves the call unanswered and all as it was', async () => {
    const world = await createTokenWorld()
    const { grandparent, parent, child } = await family(world.tokens)
    world.shelf.cutPowerAfter(0)
    await expect(world.tokens.revoke(grandparent.entry)).rejects.toThrow('power cut')
    world.shelf.restorePower()
    expect(alive(await world.reopen(), grandparent, parent, child)).toEqual([true, true, true])
    expect(alive(world.tokens, grandparent, parent, child)).toEqual([true, true, true])
  })

  it.each([1, 2, 3])(
    'S40: a crash after commit %i leaves the whole family dead, and a restart cleans up',
    async (commits) => {
      const world = await createTokenWorld()
      const { grandparent, parent, child } = await family(world.tokens)
      world.shelf.cutPowerAfter(commits)
      await Promise.allSettled([world.tokens.revoke(grandparent.entry)])
      world.shelf.restorePower()
      const again = await world.reopen()
      expect(alive(again, grandparent, parent, child)).toEqual([false, false, false])
      // The orphan's record and its two index entries.
      expect(indexes(world)).toHaveLength(3)
    },
  )

  it('is no error for what is gone, also twice at once', async () => {
    const { tokens } = await createTokenWorld()
    const { entry } = await make(tokens)
    await Promise.all([tokens.revoke(entry), tokens.revoke(entry)])
    await expect(tokens.revoke(entry)).resolves.toBeUndefined()
  })

  it('lets no child be born meanwhile', async () => {
    const { tokens } = await createTokenWorld()
    const parent = await make(tokens)
    const dying = tokens.revoke(parent.entry)
    await expect(make(tokens, { parent: parent.entry })).rejects.toThrow('permission denied')
    await dying
    await expect(make(tokens, { parent: parent.entry })).rejects.toThrow('permission denied')
  })

  it('of a child that was being born: dead too, and nothing is left', async () => {
    const world = await createTokenWorld()
    const parent = await make(world.tokens)
    const birth = make(world.tokens, { parent: parent.entry })
    await commitAsked()
    await world.tokens.revoke(parent.entry)
    expect(world.tokens.lookup((await birth).token)).toBeUndefined()
    expect(indexes(world)).toEqual([])
  })

  it('is not undone by a use or a renewal on its way', async () => {
    const world = await createTokenWorld()
    world.tokens.onRenewal('auth/token/', () => ({
      ttl: 3600,
      maxTtl: 0,
      period: 0,
      mount: { default: 3600, max: 7200 },
    }))
    const limited = await make(world.tokens, { numUses: 9 })
    const results = await Promise.allSettled([
      world.tokens.useOnce(limited.entry),
      world.tokens.renew(limited.entry, 60),
      world.tokens.revoke(limited.entry),
      world.tokens.useOnce(limited.entry),
    ])
    expect(results[3]).toEqual({ status: 'fulfilled', value: undefined })
    expect(world.tokens.lookup(limited.token)).toBeUndefined()
    expect(indexes(world)).toEqual([])
  })

  it('goes through a tree deeper and wider than one commit', async () => {
    const world = await createTokenWorld()
    const top = await make(world.tokens)
    const children = await Promise.all(Array.from({ length: 600 }, () => make(world.tokens, { parent: top.entry })))
    let parent = children[0]?.entry ?? top.entry
    for (let depth = 0; depth < 30; depth += 1) parent = (await make(world.tokens, { parent })).entry
    world.shelf.cutPowerAfter(2)
    await expect(world.tokens.revoke(top.entry)).rejects.toThrow('power cut')
    world.shelf.restorePower()
    expect(indexes(world).length).toBeGreaterThan(0)
    const again = await world.reopen()
    expect(alive(again, ...children).some(Boolean)).toBe(false)
    expect(indexes(world)).toEqual([])
  })

  it('and its orphans: children live on without a parent, grandchildren with theirs', async () => {
    const world = await createTokenWorld()
    const { grandparent, parent, child, orphan } = await family(world.tokens)
    const done = world.tokens.revokeOrphan(grandparent.entry)
    expect(alive(world.tokens, grandparent, parent, child)).toEqual([false, true, true])
    await done
    expect(alive(world.tokens, grandparent, parent, child)).toEqual([false, true, true])
    expect(world.tokens.lookup(parent.token)).toMatchObject({ orphan: true, parent: '' })
    expect(world.tokens.lookup(child.token)).toMatchObject({ orphan: false, parent: parent.entry.id })
    const again = await world.reopen()
    expect(alive(again, grandparent, parent, child)).toEqual([false, true, true])
    await again.revoke(parent.entry)
    expect(world.shelf.keys().filter((key) => key.startsWith('id/'))).toEqual([`id/${orphan.entry.id}`])
  })

  it('and its orphans: a child that is being born, used or renewed meanwhile keeps what it has', async () => {
    const world = await createTokenWorld()
    const parent = await make(world.tokens)
    const limited = await make(world.tokens, { parent: parent.entry, numUses: 9 })
    const birth = make(world.tokens, { parent: parent.entry })
    await commitAsked()
    await Promise.all([
      world.tokens.useOnce(limited.entry),
      world.tokens.revokeOrphan(parent.entry),
      world.tokens.useOnce(limited.entry),
    ])
    expect(world.tokens.lookup(limited.token)).toMatchObject({ orphan: true, numUses: 7 })
    expect(world.tokens.lookup((await birth).token)).toMatchObject({ orphan: true })
  })

  it('by path ends what an auth mount has issued', async () => {
    const { tokens } = await createTokenWorld()
    const login = await make(tokens, { path: 'auth/approle/login' })
    const child = await make(tokens, { path: 'auth/token/create', parent: login.entry })
    const other = await make(tokens, { path: 'auth/approle2/login' })
    await tokens.revokeByPath('auth/approle/')
    expect(alive(tokens, login, child, other)).toEqual([false, false, true])
  })
})
