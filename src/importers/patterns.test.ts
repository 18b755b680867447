import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isExact, matches } from './patterns.ts'

describe('matches', () => {
  it.each([
    ['trading_*', 'trading_api', true],
    ['trading_*', 'trading_', true],
    ['trading_*', 'x_trading_api', false],
    ['*', '', true],
    ['', '', true],
    ['', 'x', false],
    ['?', 'x', true],
    ['?', '', false],
    ['a?c', 'abc', true],
    ['*_api_*', 'x_api_y_api_z', true],
    ['*a*b', 'aab', true],
    ['*a*b', 'aabc', false],
    ['Trading', 'trading', false],
    ['a.c', 'abc', false],
    ['trading/*', 'trading/api/v1', true],
  ])('%s, %s: %s', (pattern, id, expected) => {
    expect(matches(pattern, id, 'connection')).toBe(expected)
  })

  it('keeps to the kind in front', () => {
    expect(matches('variable:x*', 'xy', 'variable')).toBe(true)
    expect(matches('variable:x*', 'xy', 'connection')).toBe(false)
    expect(matches('connection:*', 'xy', 'connection')).toBe(true)
    expect(matches('name:*', 'API_KEY', 'name')).toBe(true)
    // No kind: a part of the id, which no id has.
    expect(matches('pool:*', 'xy', 'connection')).toBe(false)
  })

  it('is what a regular expression says', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 8 })
    const patterns = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*', '?'), maxLength: 8 })
    fc.assert(
      fc.property(patterns, letters, (pattern, id) => {
        const expression = pattern.replaceAll('.', String.raw`\.`).replaceAll('*', '.*').replaceAll('?', '.')
        expect(matches(pattern, id, 'name')).toBe(new RegExp(`^${expression}$`).test(id))
      }),
    )
  })

  it('takes no exponential time', () => {
    expect(matches(`${'*a'.repeat(100)}b`, 'a'.repeat(200), 'name')).toBe(false)
  })
})

it('knows patterns that mean one id', () => {
  expect(['a', 'variable:a', 'a*', 'a?'].map(isExact)).toEqual([true, true, false, false])
})
