import { createHmac } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ExactNumber, type JsonObject, type JsonValue, RawJson, parseJson, stringifyJson } from '../json/index.ts'
import { turnsDuring } from '../turns.case.ts'
import { createHasher } from './hash.ts'

const salt = Buffer.alloc(32, 7)

describe('hashing', () => {
  it('is HMAC-SHA256 under the salt, as anyone who knows both can check', () => {
    const expected = createHmac('sha256', salt).update('planted').digest('hex')
    expect(createHasher(salt).text('planted')).toBe(`hmac-sha256:${expected}`)
  })

  it('S44, S12: differs between devices, and not between two calls', () => {
    const [one, other] = [createHasher(salt), createHasher(Buffer.alloc(32, 8))]
    for (const text of ['', 'short', 'long'.repeat(100)]) {
      expect(one.text(text)).toBe(one.text(text))
      expect(one.text(text)).not.toBe(other.text(text))
    }
  })

  it('S11: hashes every string and leaves keys, numbers, booleans and nulls', () => {
    const hasher = createHasher(salt)
    const value = parseJson('{"a":["x",1.10,true,null,{"b":"y"}],"__proto__":"z","n":12345678901234567890}')
    expect(hasher.json(value)).toBe(
      `{"a":["${hasher.text('x')}",1.10,true,null,{"b":"${hasher.text('y')}"}],"__proto__":"${hasher.text('z')}","n":12345678901234567890}`,
    )
  })

  it('S11: no string of any document is left in clear, and the result has its shape', () => {
    const hasher = createHasher(salt)
    const secret = fc.string({ unit: fc.constantFrom('Q', 'Z', 'ß', '"', '\\', '\n'), minLength: 3, maxLength: 12 })
    const { document } = fc.letrec<{ document: JsonValue }>((tie) => ({
      document: fc.oneof(
        { maxDepth: 4 },
        secret,
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.constant(new ExactNumber('1e400')),
        fc.array(tie('document'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom('k', 'l', 'm'), tie('document'), { maxKeys: 3 }) as fc.Arbitrary<JsonObject>,
      ),
    }))
    fc.assert(
      fc.property(document, fc.boolean(), (value, raw) => {
        const text = stringifyJson(value)
        const hashed = hasher.json(raw ? new RawJson(text, parseJson) : value)
        expect(/[QZß]/.test(hashed)).toBe(false)
        expect(blank(JSON.parse(hashed))).toEqual(blank(JSON.parse(text)))
      }),
    )
  })

  it('hashes a cached document once', () => {
    let parsed = 0
    const document = new RawJson('{"a":"x"}', (text) => {
      parsed += 1
      return parseJson(text)
    })
    const [one, other] = [createHasher(salt), createHasher(Buffer.alloc(32, 8))]
    expect(one.json({ data: document })).toBe(one.json({ data: document }))
    expect(other.json(document)).not.toBe(one.json(document))
    expect(parsed).toBe(1)
  })
})

describe('what is long', () => {
  const names = Array.from({ length: 3000 }, (_, n) => `name ${n}`)
  const long: readonly (readonly [string, JsonObject])[] = [
    ['a list', { keys: names, n: 1 }],
    [
      'an object of objects',
      { key_info: Object.fromEntries(names.map((name) => [name, { a: 'x', b: [true, null] }])) },
    ],
    ['a document', { data: new RawJson(JSON.stringify({ a: names }), parseJson), metadata: { version: 1 } }],
    [
      'lists in an object',
      { data: { one: names.slice(0, 300), other: [names.slice(300)], n: new ExactNumber('1.0') } },
    ],
  ]

  it.each(long)('is hashed beforehand, in slices, to the same text: %s', async (_, data) => {
    const hasher = createHasher(salt)
    const prepare = (): Promise<void> => hasher.prepare(data) ?? Promise.resolve()
    expect(await turnsDuring(prepare)).toBeGreaterThanOrEqual(names.length / 500 - 1)
    expect(hasher.json(data)).toBe(createHasher(salt).json(data))
    // Nothing is left to do.
    expect(hasher.prepare(data)).toBeUndefined()
  })

  it.each<[string, JsonObject]>([
    ['nothing', {}],
    ['a few values', { a: 'x', b: { c: ['y', 1, null] }, d: new RawJson('{"e":"f"}', parseJson) }],
    ['a long text, which is one value', { a: 'x'.repeat(100_000) }],
    ['nearly as many', { keys: names.slice(0, 400) }],
  ])('is not: %s', (_, data) => {
    expect(createHasher(salt).prepare(data)).toBeUndefined()
  })
})

function blank(value: unknown): unknown {
  if (typeof value === 'string') return ''
  if (Array.isArray(value)) return value.map(blank)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, blank(member)]))
}
