import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Durations, HALF_MS } from './durations.ts'

function noted(times: readonly number[], at = 0): Durations {
  const durations = new Durations()
  for (const ms of times) durations.note(ms, at)
  return durations
}

describe('durations', () => {
  it('are nothing before the first', () => {
    const { lately, ...all } = new Durations().summary(5)
    expect(all).toEqual({ count: 0, sum: 0 })
    expect(lately).toMatchObject({ count: 0, sum: 0, least: 0, most: 0, mean: 0, deviation: 0 })
    expect(lately.quantile(0.5)).toBeNaN()
  })

  it('are summed up', () => {
    const { count, sum, lately } = noted([1, 2, 3, 4]).summary(0)
    expect([count, sum]).toEqual([4, 10])
    expect(lately).toMatchObject({ count: 4, sum: 10, least: 1, most: 4, mean: 2.5 })
    expect(lately.deviation).toBeCloseTo(Math.sqrt(1.25), 10)
  })

  it('have quantiles that are right to a fortieth, whatever they are', () => {
    const ms = fc.double({ min: 0.001, max: 90_000, noNaN: true })
    fc.assert(
      fc.property(fc.array(ms, { minLength: 1, maxLength: 300 }), fc.constantFrom(0.5, 0.9, 0.99), (times, share) => {
        const sorted = [...times].sort((a, b) => a - b)
        const exact = sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN
        const found = noted(times).summary(0).lately.quantile(share)
        expect(Math.abs(found / exact - 1)).toBeLessThan(0.026)
      }),
    )
  })

  it('of nothing and of very long are counted too', () => {
    const { lately } = noted([0, 1e12]).summary(0)
    expect([lately.quantile(0.5), lately.most]).toEqual([expect.closeTo(0.001, 4), 1e12])
  })

  it('lately is the last ten to twenty seconds; what is counted and summed stays', () => {
    const durations = noted([100], 0)
    durations.note(10, HALF_MS)
    expect(durations.summary(HALF_MS).lately).toMatchObject({ count: 2, least: 10, most: 100 })
    durations.note(1, 2 * HALF_MS)
    expect(durations.summary(2 * HALF_MS)).toMatchObject({
      count: 3,
      sum: 111,
      lately: { count: 2, sum: 11, most: 10 },
    })
    const later = durations.summary(9 * HALF_MS)
    expect(later).toMatchObject({ count: 3, sum: 111, lately: { count: 0, most: 0 } })
    expect(later.lately.quantile(0.5)).toBeNaN()
  })
})
