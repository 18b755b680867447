import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { calculateTtl, type TtlRequest } from './ttl.ts'

function ttlOrUndefined(request: TtlRequest): number | undefined {
  try {
    return calculateTtl(request).seconds
  } catch {
    return undefined
  }
}

describe('TTL arithmetic (vault-api 11; its vectors are data: vectors.test.ts)', () => {
  it('never gives less than a second, nor more than the mount allows', () => {
    const seconds = fc.nat(10_000)
    const request = fc.record({
      increment: fc.integer({ min: -10, max: 10_000 }),
      backendTtl: seconds,
      period: seconds,
      backendMaxTtl: seconds,
      explicitMaxTtl: seconds,
      mount: fc.record({ default: fc.integer({ min: 1, max: 1000 }), max: fc.integer({ min: 1000, max: 5000 }) }),
      issuedAt: fc.constant(0),
      now: fc.nat(6_000_000),
    })
    fc.assert(
      fc.property(request, (r) => {
        const end = r.explicitMaxTtl > 0 ? r.explicitMaxTtl : Number.POSITIVE_INFINITY
        const limit = r.period > 0 ? end : Math.min(end, r.mount.max)
        const ttl = ttlOrUndefined(r)
        expect(ttl === undefined || (ttl >= 1 && ttl <= r.mount.max && r.now + ttl * 1000 <= limit * 1000)).toBe(true)
      }),
    )
  })
})
