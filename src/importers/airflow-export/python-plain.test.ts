import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pythonPlain } from './python-plain.ts'

describe('a plain scalar', () => {
  it.each([
    ['', 'null'],
    ['~', 'null'],
    ['Null', 'null'],
    ['yes', 'true'],
    ['On', 'true'],
    ['FALSE', 'false'],
    ['off', 'false'],
    ['0', '0'],
    ['-0', '0'],
    ['+12', '12'],
    ['012', '10'],
    ['-017', '-15'],
    ['0_', '0'],
    ['00', '0'],
    ['0b1_01', '5'],
    ['0xFF', '255'],
    ['-0x10', '-16'],
    ['1_000', '1000'],
    ['1:30', '90'],
    ['190:20:30', '685230'],
    ['-1:30', '-90'],
    ['12345678901234567890', '12345678901234567890'],
    ['1.5', '1.5'],
    ['+1.5', '1.5'],
    ['1.', '1.0'],
    ['.5', '0.5'],
    ['-0.5', '-0.5'],
    ['01.50', '1.50'],
    ['1.e+3', '1.0e+3'],
    ['1_0.2_5', '10.25'],
    ['3.14159265358979323846', '3.14159265358979323846'],
    ['1:30.5', '90.5'],
    ['1:30.', '90.0'],
    ['.inf', 'Infinity'],
    ['-.INF', '-Infinity'],
    ['.NaN', 'NaN'],
  ])('%j is %s', (text, json) => {
    expect(pythonPlain(text)).toBe(json)
  })

  it.each([
    'y',
    'n',
    'nULL',
    'oN',
    '08',
    '0o17',
    '1e3',
    '1.5e3',
    '-.5',
    '0x',
    '0x_',
    '0b_',
    '1:60',
    '=',
    '<<',
    '2026-01-02',
    '1,5',
    '0xg',
    '+',
    '.',
    '_1',
    'text',
  ])('%j is text', (text) => {
    expect(pythonPlain(text)).toBeUndefined()
  })

  it('is text, or JSON as Python reads it', () => {
    const json = /^(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[-+]?\d+)?|null)$/i
    const text = fc.string({ unit: fc.constantFrom(...'0123456789_.:+-eExob~'), maxLength: 12 })
    const wrong: string[] = []
    fc.assert(
      fc.property(text, (one) => {
        if (!json.test(pythonPlain(one) ?? 'null')) wrong.push(one)
      }),
      { numRuns: 5000 },
    )
    expect(wrong).toEqual([])
  })
})
