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

describe('instants', () => {
  it.each([
    ['2026-01-02T03:04:05.670Z', '2026-01-02T03:04:05.67Z'],
    ['2026-01-02T03:04:00.000Z', '2026-01-02T03:04:00Z'],
    ['2026-01-02T03:04:05.001Z', '2026-01-02T03:04:05.001Z'],
  ])('%s prints as %s', (iso, text) => expect(formatInstant(Date.parse(iso))).toBe(text))
})
