import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { calculateTtl, type TtlRequest } from './ttl.ts'

const DAYS_32 = 2_764_800
const base: TtlRequest = {
  increment: 0,
  backendTtl: 0,
  period: 0,
  backendMaxTtl: 0,
  explicitMaxTtl: 0,
  mount: { default: DAYS_32, max: DAYS_32 },
  issuedAt: 0,
  now: 0,
}

function ttlOrUndefined(request: TtlRequest): number | undefined {
  try {
    return calculateTtl(request).seconds
  } catch {
    return undefined
  }
}

describe('TTL arithmetic (vault-api 11)', () => {
  it.each<[string, Partial<TtlRequest>, number, string[]]>([
    ['nothing asked: the mount default', {}, DAYS_32, []],
    ['the role’s', { backendTtl: 60 }, 60, []],
    ['an increment beats the role’s', { increment: 30, backendTtl: 60 }, 30, []],
    ['a negative increment is none', { increment: -5, backendTtl: 60 }, 60, []],
    [
      'an explicit limit caps and says so',
      { increment: 1800, explicitMaxTtl: 300 },
      300,
      ['TTL of "30m" exceeded the effective max_ttl of "5m"; TTL value is capped accordingly'],
    ],
    ['the default is capped without a word', { explicitMaxTtl: 300 }, 300, []],
    [
      'the mount’s maximum caps',
      { increment: DAYS_32 + 3600 },
      DAYS_32,
      ['TTL of "769h" exceeded the effective max_ttl of "768h"; TTL value is capped accordingly'],
    ],
    [
      'the smallest limit counts',
      { backendTtl: 500, backendMaxTtl: 400, explicitMaxTtl: 300 },
      300,
      ['TTL of "8m20s" exceeded the effective max_ttl of "5m"; TTL value is capped accordingly'],
    ],
    [
      'limits count from the issue',
      { increment: 100, backendMaxTtl: 120, now: 60_500 },
      59,
      ['TTL of "1m40s" exceeded the effective max_ttl of "59s"; TTL value is capped accordingly'],
    ],
    ['a period is the TTL', { period: 1800, increment: 5 }, 1800, []],
    ['a period outlives the maximum', { period: 1800, now: DAYS_32 * 2000 }, 1800, []],
    [
      'a period beyond the mount is capped',
      { period: DAYS_32 * 2 },
      DAYS_32,
      ['period of "1536h" exceeded the effective max_ttl of "768h"; period value is capped accordingly'],
    ],
    ['a period ends with an explicit limit', { period: 100, explicitMaxTtl: 150, now: 100_000 }, 50, []],
  ])('%s', (_, request, seconds, warnings) =>
    expect(calculateTtl({ ...base, ...request })).toEqual({ seconds, warnings }),
  )

  it.each<Partial<TtlRequest>>([
    { now: DAYS_32 * 1000 },
    { explicitMaxTtl: 60, now: 59_500 },
    { period: 60, explicitMaxTtl: 60, now: 60_000 },
  ])('past the limit nothing is given: %j', (request) =>
    expect(() => calculateTtl({ ...base, ...request })).toThrow(/^past the max TTL, cannot renew$/),
  )

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
