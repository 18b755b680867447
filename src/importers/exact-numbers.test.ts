import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Json } from '../sensitive/index.ts'
import { holdsInexactNumber, numbersSurvive } from './exact-numbers.ts'

describe('numbersSurvive', () => {
  it.each([
    ['{"a": 1, "b": -1.50, "c": 1e-10, "d": 0, "e": -0}', true],
    ['{"a": 9007199254740991, "b": 0.12345678901234567890}', true],
    ['{"a": "9007199254740993", "b\\"1.0": "x"}', true],
    ['{"a": 9007199254740993}', false],
    ['{"a": [{"b": -9007199254740993}]}', false],
    // Floats of Python's that would become integers.
    ['{"a": 1.0}', false],
    ['{"a": 1e10}', false],
    ['{"a": 0.000}', false],
    ['{"a": -0.0}', false],
    // Infinite, and nothing, as doubles.
    ['{"a": 1e999}', false],
    ['{"a": 1e-999}', false],
    ['{"x": "\\\\", "a": 1.0}', false],
  ])('of %s: %s', (json, survive) => {
    expect(numbersSurvive(json)).toBe(survive)
  })

  it('is true of what JavaScript wrote, but for integers beyond its own', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(holdsInexactNumber(value as Json) || numbersSurvive(JSON.stringify(value))).toBe(true)
      }),
    )
  })
})

describe('holdsInexactNumber', () => {
  it.each<[Json, boolean]>([
    [{ a: [{ b: 2 ** 53 }] }, true],
    [-(2 ** 60), true],
    [{ a: [{ b: 2 ** 53 - 1 }], c: 1.5, d: '9007199254740993', e: null }, false],
  ])('of %j: %s', (value, holds) => {
    expect(holdsInexactNumber(value)).toBe(holds)
  })
})
