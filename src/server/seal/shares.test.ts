import { randomBytes } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LogicalError } from '../logical/index.ts'
import { combineShares, decodeShare, splitKey } from './shares.ts'

/** The share, or the refusal. */
function decoded(text: string): Buffer | LogicalError {
  try {
    return decodeShare(text)
  } catch (error) {
    if (error instanceof LogicalError) return error
    throw error
  }
}

describe('a share as text', () => {
  it('comes back from hex in any case and from base64', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 33 }), (bytes) => {
        const share = Buffer.from(bytes)
        expect(decodeShare(share.toString('hex'))).toEqual(share)
        expect(decodeShare(share.toString('hex').toUpperCase())).toEqual(share)
        // Base64 of these lengths that happens to be hex of another share cannot be told from it, as in Vault.
        fc.pre(!/^[0-9a-f]+$/i.test(share.toString('base64')))
        expect(decodeShare(share.toString('base64'))).toEqual(share)
      }),
      { numRuns: 300 },
    )
  })

  it('S10: is 16 to 33 bytes or a refusal that does not repeat it, whatever was sent', () => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 80 }),
      fc.string({ unit: fc.constantFrom(...'0123456789abcdefABCDEF+/=-_ \n'), maxLength: 90 }),
      fc.base64String({ maxLength: 100 }),
    )
    fc.assert(
      fc.property(texts, (text) => {
        const result = decoded(text)
        if (result instanceof LogicalError) {
          expect(result.status).toBe(400)
          if (text.length > 20) expect(result.message).not.toContain(text)
        } else {
          expect(result.length).toBeGreaterThanOrEqual(16)
          expect(result.length).toBeLessThanOrEqual(33)
        }
      }),
      { numRuns: 1000 },
    )
  })
})

describe('shares', () => {
  it('make the key when there are enough, and another or none when there are not or one is altered', async () => {
    const splits = fc
      .record({ shares: fc.integer({ min: 2, max: 12 }), threshold: fc.integer({ min: 2, max: 12 }) })
      .filter(({ shares, threshold }) => threshold <= shares)
    await fc.assert(
      fc.asyncProperty(splits, fc.nat(), fc.nat(), fc.nat(255), async (split, first, place, change) => {
        const key = randomBytes(32)
        const made = await splitKey(key, split)
        // Any of them in a row, around the end.
        const some = (count: number) =>
          Array.from({ length: count }, (_, at) => Buffer.from(made[(first + at) % split.shares] ?? []))
        const chosen = split.threshold + (place % (split.shares - split.threshold + 1))
        expect(await combineShares(some(chosen))).toEqual(key)
        if (split.threshold > 2) expect(await combineShares(some(split.threshold - 1))).not.toEqual(key)
        const altered = some(split.threshold)
        const one = altered[0] ?? Buffer.alloc(0)
        one[place % 32] = (one[place % 32] ?? 0) ^ (change === 0 ? 1 : change)
        expect(await combineShares(altered)).not.toEqual(key)
      }),
      { numRuns: 60 },
    )
  })

  it('are the key itself where there is one', async () => {
    const key = randomBytes(32)
    const [only, ...others] = await splitKey(key, { shares: 1, threshold: 1 })
    expect([only, others]).toEqual([key, []])
    // A copy: the caller overwrites both.
    expect(only).not.toBe(key)
  })
})
