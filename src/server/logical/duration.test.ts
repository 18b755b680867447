import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatInstant, goDuration, parseDurationSeconds, shortDuration } from './duration.ts'

describe('durations', () => {
  it.each([
    [2_764_800, '768h', '768h0m0s'],
    [5400, '1h30m', '1h30m0s'],
    [1800, '30m', '30m0s'],
    [5, '5s', '5s'],
    [0, '0s', '0s'],
    [3661, '1h1m1s', '1h1m1s'],
  ])('%i seconds print as %s and %s', (seconds, short, go) => {
    expect(shortDuration(seconds)).toBe(short)
    expect(goDuration(seconds)).toBe(go)
    expect(parseDurationSeconds(go)).toBe(seconds)
  })

  it.each(['', 'h', '1', '1x', '-1h', '1h ', '1,5h', '99999999999', 'h1'])('%j is read only if it is one', (text) => {
    expect(parseDurationSeconds(text)).toBe(text === '1' ? 1 : undefined)
  })
})

describe('durations, whatever is sent', () => {
  // The table of vault-api 1.10, in nanoseconds so that nothing is rounded.
  const NANOSECONDS = {
    ns: 1n,
    us: 1_000n,
    ms: 1_000_000n,
    s: 10n ** 9n,
    m: 60n * 10n ** 9n,
    h: 3600n * 10n ** 9n,
    d: 86_400n * 10n ** 9n,
  }
  const parts = fc.array(
    fc.tuple(fc.nat(5000), fc.constantFrom(...(Object.keys(NANOSECONDS) as (keyof typeof NANOSECONDS)[]))),
    {
      minLength: 1,
      maxLength: 5,
    },
  )

  it('are the sum of their parts', () => {
    fc.assert(
      fc.property(parts, (all) => {
        const sum = all.reduce((total, [count, unit]) => total + BigInt(count) * NANOSECONDS[unit], 0n)
        const seconds = parseDurationSeconds(all.map(([count, unit]) => `${count}${unit}`).join(''))
        expect(seconds).toBeCloseTo(Number(sum) / 1e9, 3)
      }),
      { numRuns: 500 },
    )
  })

  it('come back from how they are printed', () => {
    fc.assert(
      fc.property(fc.nat(9_223_372_036), (seconds) => {
        for (const text of [goDuration(seconds), shortDuration(seconds), String(seconds)])
          expect(parseDurationSeconds(text)).toBe(seconds)
      }),
    )
  })

  it('S34: are a number that is not negative, or none, and never anything else', () => {
    const soup = fc.array(
      fc.constantFrom('1', '0', '.', '-', '+', 'e', 'h', 'm', 's', 'd', 'ms', 'µs', ' ', '9'.repeat(12), 'NaN'),
      { maxLength: 12 },
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          soup.map((all) => all.join('')),
        ),
        (text) => {
          const seconds = parseDurationSeconds(text)
          if (seconds === undefined) return
          expect(Number.isFinite(seconds) && seconds >= 0 && seconds <= 9_223_372_036).toBe(true)
          expect(text).toMatch(/^\d/)
          expect(text).not.toMatch(/[-+e ]/)
        },
      ),
      { numRuns: 2000 },
    )
  })
})

describe('instants', () => {
  it.each([
    ['2026-01-02T03:04:05.670Z', '2026-01-02T03:04:05.67Z'],
    ['2026-01-02T03:04:00.000Z', '2026-01-02T03:04:00Z'],
    ['2026-01-02T03:04:05.001Z', '2026-01-02T03:04:05.001Z'],
  ])('%s prints as %s', (iso, text) => expect(formatInstant(Date.parse(iso))).toBe(text))
})
