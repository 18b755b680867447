import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { Quorum } from './quorum.ts'
import { splitKey } from './shares.ts'

const isZero = (bytes: Buffer) => bytes.every((byte) => byte === 0)

describe('a quorum', () => {
  it('combines what was given, and overwrites it', async () => {
    const key = randomBytes(32)
    const shares = await splitKey(key, { shares: 5, threshold: 3 })
    const quorum = new Quorum()
    for (const share of shares.slice(1, 4)) expect(quorum.add(share)).toBe(true)
    const combining = quorum.combine()
    // Whoever comes while it combines begins anew.
    expect(quorum.progress).toBe(0)
    expect(await combining).toEqual(key)
    expect(shares.slice(1, 4).every(isZero)).toBe(true)
    expect(shares.slice(4).some(isZero)).toBe(false)
  })

  it('counts a share once', () => {
    const quorum = new Quorum()
    const share = randomBytes(33)
    const again = Buffer.from(share)
    expect([quorum.add(share), quorum.add(again), quorum.progress]).toEqual([true, false, 1])
    expect([isZero(share), isZero(again)]).toEqual([false, true])
    expect([quorum.add(randomBytes(33)), quorum.add(randomBytes(20)), quorum.progress]).toEqual([true, true, 3])
  })

  it('overwrites what it forgets, and what does not belong together', async () => {
    const quorum = new Quorum()
    const [one, two] = [randomBytes(33), randomBytes(20)]
    quorum.add(one)
    quorum.forget()
    expect([isZero(one), quorum.progress]).toEqual([true, 0])
    const three = randomBytes(33)
    quorum.add(two)
    quorum.add(three)
    expect(await quorum.combine()).toBeUndefined()
    expect([isZero(two), isZero(three)]).toEqual([true, true])
  })
})
