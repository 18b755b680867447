import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readExtra } from './extra-text.ts'

describe('readExtra', () => {
  it.each(['', '  ', '{}', ' { } '])('takes %j for none', (text) => {
    expect(readExtra(text)).toEqual({ kind: 'none' })
  })

  it.each([
    ['{"a": 1, "b": -2, "c": 0.5, "d": 1e-7, "e": -0}', { a: 1, b: -2, c: 0.5, d: 1e-7, e: -0 }],
    ['{"digits": "9007199254740993 1.0", "1.0": true}', { digits: '9007199254740993 1.0', '1.0': true }],
    ['{"quoted": "\\"1.0"}', { quoted: '"1.0' }],
    ['{"a": 9007199254740991}', { a: 9007199254740991 }],
    ['{"a": 1.50}', { a: 1.5 }],
  ])('gives %s as an object', (text, value) => {
    expect(readExtra(text)).toEqual({ kind: 'object', value })
  })

  it.each([
    '{"a": 9007199254740993}',
    '{"a": 123456789012345678901234567890}',
    '{"a": [{"b": -9007199254740993}]}',
    '{"a": 1.0}',
    '{"a": 1e3}',
    '{"a": -0.0}',
    '{"a": 1e400}',
    '{"x": "\\\\", "a": 1.0}',
  ])('keeps %s as its own text', (text) => {
    expect(readExtra(text)).toEqual({ kind: 'text', value: text })
  })

  it.each([
    ['planted', false],
    ['{"a": NaN}', false],
    ["{'a': 1}", false],
    ['{"a": 1} x', false],
    ['[1]', true],
    ['"text"', true],
    ['null', true],
    ['7', true],
  ])('refuses %s', (text, isJson) => {
    expect(readExtra(text)).toEqual({ kind: 'refused', isJson })
  })

  it('loses nothing of any object', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }), (value) => {
        const text = JSON.stringify(value)
        const extra = readExtra(text)
        if (extra.kind === 'object') expect(JSON.stringify(extra.value)).toBe(text)
        else expect(extra).toEqual({ kind: 'text', value: text })
      }),
    )
  })

  it('keeps every integer, in one form or the other', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }), (number) => {
        const extra = readExtra(`{"n": ${number}}`)
        // Some that JavaScript holds exactly it writes with other digits: -58824588143531488 as -58824588143531490.
        const written = JSON.stringify(Number(number))
        const isExact = !written.includes('e') && BigInt(written) === number
        expect(extra.kind === 'object').toBe(isExact)
      }),
    )
  })
})
