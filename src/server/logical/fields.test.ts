import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ExactNumber, type JsonObject, type JsonValue, RawJson } from '../json/json.ts'
import { LogicalError } from './errors.ts'
import {
  boolField,
  durationField,
  intField,
  objectField,
  signedDurationField,
  stringField,
  stringListField,
  stringMapField,
} from './fields.ts'

const data = (x: JsonValue): JsonObject => ({ x })
const raw = (value: JsonValue): RawJson => new RawJson('unused', () => value)

function refusal(read: () => unknown): LogicalError {
  try {
    read()
  } catch (error) {
    if (error instanceof LogicalError) return error
    throw error
  }
  throw new Error('nothing was refused')
}

describe('request fields', () => {
  const readers = { stringField, boolField, intField, durationField, objectField, stringListField, stringMapField }

  it.each(Object.entries(readers))('%s: absent and null are not given', (_, read) => {
    expect(read({}, 'x')).toBeUndefined()
    expect(read(data(null), 'x')).toBeUndefined()
    expect(read(data(raw(null)), 'x')).toBeUndefined()
    expect(read({}, 'constructor')).toBeUndefined()
  })

  it.each<[JsonValue, string]>([
    ['a', 'a'],
    ['', ''],
    [12, '12'],
    [1.5, '1.5'],
    [true, 'true'],
    [new ExactNumber('1.10'), '1.10'],
    [raw('text'), 'text'],
  ])('a string from %j is %j', (value, text) => expect(stringField(data(value), 'x')).toBe(text))

  it.each<[JsonValue, boolean]>([
    ...['1', 't', 'T', 'TRUE', 'true', 'True', 1, true].map((value): [JsonValue, boolean] => [value, true]),
    ...['', '0', 'f', 'F', 'FALSE', 'false', 'False', 0, false].map((value): [JsonValue, boolean] => [value, false]),
  ])('a boolean from %j is %j', (value, expected) => expect(boolField(data(value), 'x')).toBe(expected))

  it.each<[JsonValue, number]>([
    [3, 3],
    ['', 0],
    ['3', 3],
    ['-3', -3],
    [new ExactNumber('-0'), 0],
  ])('an integer from %j is %j', (value, expected) => expect(intField(data(value), 'x')).toBe(expected))

  it.each<[JsonValue, number]>([
    [3600, 3600],
    ['3600', 3600],
    ['60m', 3600],
    ['1h', 3600],
    ['1h30m', 5400],
    ['1.5h', 5400],
    ['7d', 604_800],
    ['1500ms', 1],
    ['', 0],
    [0, 0],
  ])('a duration from %j is %j seconds', (value, expected) => expect(durationField(data(value), 'x')).toBe(expected))

  it('takes a negative duration only where it may be negative', () => {
    expect(signedDurationField(data('-1h'), 'x')).toBe(-3600)
    expect(signedDurationField(data(-5), 'x')).toBe(-5)
    expect(() => durationField(data('-1h'), 'x')).toThrow('not negative')
  })

  it.each<[JsonValue, string[]]>([
    [
      ['a', 1, true],
      ['a', '1', 'true'],
    ],
    [[' a '], ['a']],
    ['a, b ,c', ['a', 'b', 'c']],
    ['', []],
    [[], []],
    [raw(['a']), ['a']],
  ])('a list from %j is %j', (value, expected) => expect(stringListField(data(value), 'x')).toEqual(expected))

  it('reads maps from objects and from key=value lists', () => {
    expect({ ...stringMapField(data({ a: 'b', n: 1 }), 'x') }).toEqual({ a: 'b', n: '1' })
    expect({ ...stringMapField(data(['a=b', 'c=d=e']), 'x') }).toEqual({ a: 'b', c: 'd=e' })
  })

  it('S55: keys like __proto__ are ordinary data', () => {
    const object = JSON.parse('{"__proto__": "p", "constructor": "c"}') as JsonObject
    const map = stringMapField({ x: object }, 'x')
    expect(Object.entries(map ?? {})).toEqual([
      ['__proto__', 'p'],
      ['constructor', 'c'],
    ])
    expect(Object.getPrototypeOf(map)).toBeNull()
  })

  it('gives objects as they are', () => {
    const object = { a: [1, { b: null }] }
    expect(objectField(data(object), 'x')).toBe(object)
    expect(objectField(data(raw(object)), 'x')).toBe(object)
    for (const empty of [[], raw([])]) expect(Object.keys(objectField(data(empty), 'x') ?? { not: 'read' })).toEqual([])
  })

  const wrong: [string, (data: JsonObject, name: string) => unknown, JsonValue][] = [
    ['string from a list', stringField, ['planted']],
    ['string from an object', stringField, { planted: 1 }],
    ['boolean from a word', boolField, 'planted'],
    ['boolean from 2', boolField, 2],
    ['integer from a word', intField, 'planted'],
    ['integer from a fraction', intField, 1.5],
    ['integer beyond what is exact', intField, new ExactNumber('12345678901234567890')],
    ['integer from a boolean', intField, true],
    ['duration from a word', durationField, 'planted'],
    ['duration from a fraction', durationField, 1.5],
    ['duration from a boolean', durationField, true],
    ['duration from an exponent', durationField, new ExactNumber('1e3')],
    ['object from a text', objectField, 'planted'],
    ['object from a list', objectField, ['planted']],
    ['object from a number', objectField, new ExactNumber('1.0')],
    ['list with an object', stringListField, [{ planted: 1 }]],
    ['list from an object', stringListField, { planted: 1 }],
    ['map with a list', stringMapField, { a: ['planted'] }],
    ['map from pairs without =', stringMapField, ['planted']],
    ['map from a text', stringMapField, 'planted'],
  ]

  it.each(wrong)('S10: refuses %s with the field and not the value', (_, read, value) => {
    const error = refusal(() => read(data(value), 'x'))
    expect(error.status).toBe(400)
    expect(error.clientText).toMatch(
      /^Field validation failed: error converting input for field "x": expected [a-z ]+$/,
    )
    expect(error.clientText).not.toContain('planted')
  })

  it('every safe integer comes back from its text', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (n) => {
        expect([intField(data(String(n)), 'x'), intField(data(n), 'x')]).toEqual([n, n])
      }),
    )
  })
})
