import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { alive, indexes, make } from './family.case.ts'
import { createCipher, createRandom, createTokenWorld } from './shelf.case.ts'

describe('batch tokens', () => {
  it('S38: live without a store, across a restart and a key rotation', async () => {
    const world = await createTokenWorld()
    const { token, entry } = await make(world.tokens, { type: 'batch', meta: { team: 'a' } })
    expect(token).toMatch(/^hvb\.[\w-]+$/)
    expect(indexes(world)).toEqual([])
    world.cipher.rotate()
    const again = await world.reopen()
    expect(again.lookup(token)).toEqual(entry)
    world.now += 3_600_000
    expect(again.lookup(token)).toBeUndefined()
  })

  it('S38: die with their parent, unless they are orphans', async () => {
    const { tokens } = await createTokenWorld()
    const parent = await make(tokens)
    const child = await make(tokens, { type: 'batch', parent: parent.entry })
    const orphan = await make(tokens, { type: 'batch' })
    expect(alive(tokens, child, orphan)).toEqual([true, true])
    await tokens.revoke(parent.entry)
    expect(alive(tokens, child, orphan)).toEqual([false, true])
  })

  it('S38: any altered character makes them unknown', async () => {
    const { tokens } = await createTokenWorld()
    const { token } = await make(tokens, { type: 'batch' })
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/ .'
    fc.assert(
      fc.property(fc.nat(token.length - 5), fc.nat(alphabet.length - 1), (at, letter) => {
        const index = at + 4
        const altered = token.slice(0, index) + alphabet.charAt(letter) + token.slice(index + 1)
        expect(tokens.lookup(altered) === undefined).toBe(altered !== token)
      }),
    )
    expect(tokens.lookup(`${token}A`)).toBeUndefined()
    expect(tokens.lookup(`${token}=`)).toBeUndefined()
    expect(tokens.lookup(token.slice(0, -1))).toBeUndefined()
  })

  it('S38: of another server are unknown', async () => {
    const { tokens } = await createTokenWorld()
    const { token } = await make(tokens, { type: 'batch' })
    const world = await createTokenWorld()
    const foreign = createCipher(createRandom('other'))
    expect(foreign.decrypt('batch-token', Buffer.from(token.slice(4), 'base64url'))).toBeUndefined()
    world.cipher.rotate()
    expect(
      world.tokens.lookup(`hvb.${foreign.encrypt('batch-token', Buffer.from('{"version":1}')).toString('base64url')}`),
    ).toBeUndefined()
  })

  it('cannot be revoked', async () => {
    const { tokens } = await createTokenWorld()
    const { entry } = await make(tokens, { type: 'batch' })
    await expect(tokens.revoke(entry)).rejects.toThrow(/^batch tokens cannot be revoked$/)
    await expect(tokens.revokeOrphan(entry)).rejects.toThrow(/^batch tokens cannot be revoked$/)
  })
})
