import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { base62, newAccessor, newServiceToken } from './token-text.ts'
import { createRandom } from './shelf.case.ts'

describe('token texts', () => {
  it('have the field’s shape', () => {
    const random = createRandom()
    expect(newServiceToken(random)).toMatch(/^hvs\.[0-9A-Za-z]{24}$/)
    expect(newAccessor(random)).toMatch(/^[0-9A-Za-z]{24}$/)
  })

  it('draw every character equally often: bytes that would favour some are thrown away', () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
    const all = base62(248, () => bytes)
    const spread = new Map<string, number>()
    for (const c of all) spread.set(c, (spread.get(c) ?? 0) + 1)
    expect(new Set(spread.values())).toEqual(new Set([4]))
    expect(spread.size).toBe(62)
  })

  it('have any length, from any bytes', () => {
    fc.assert(
      fc.property(fc.nat(100), fc.infiniteStream(fc.nat(255)), (length, bytes) => {
        const text = base62(length, (n) => Buffer.from([...bytes.take(n)]))
        expect(text).toMatch(new RegExp(`^[0-9A-Za-z]{${length}}$`))
      }),
      { numRuns: 30 },
    )
  })
})
