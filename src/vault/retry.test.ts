import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isRetryable, parseRetryAfter, retryDelay } from './retry.ts'

const now = Date.parse('2026-01-31T12:00:00Z')

describe('retryDelay', () => {
  it('stays within 1-1.5 s times the number of the retry', () => {
    fc.assert(
      fc.property(fc.nat(9), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (retry, random) => {
        const ms = retryDelay({ retry, status: 500, retryAfter: '900', now, random })
        expect(ms).toBeGreaterThanOrEqual(1000 * (retry + 1))
        expect(ms).toBeLessThanOrEqual(1500 * (retry + 1))
      }),
    )
  })

  it.each([
    [429, '3', 3000],
    [503, '0', 0],
    [503, 'Sat, 31 Jan 2026 12:00:05 GMT', 5000],
    [429, 'Sat, 31 Jan 2026 11:00:00 GMT', 0],
    [429, 'soon', 1000],
    [429, '-1', 1000],
    [502, '3', 1000],
  ])('status %d with Retry-After %j waits %d ms', (status, retryAfter, ms) => {
    expect(retryDelay({ retry: 0, status, retryAfter, now, random: 0 })).toBe(ms)
  })
})

it('parseRetryAfter gives nothing for nothing', () => {
  expect(parseRetryAfter(undefined, now)).toBeUndefined()
  expect(parseRetryAfter('', now)).toBeUndefined()
})

it('isRetryable follows the Go client', () => {
  const retried = Array.from({ length: 500 }, (_, index) => index + 100).filter(isRetryable)
  const expected = [
    412,
    429,
    ...Array.from({ length: 100 }, (_, index) => index + 500).filter((status) => status !== 501),
  ]
  expect(retried).toEqual(expected)
})
