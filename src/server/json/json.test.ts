import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  DEFAULT_JSON_LIMITS,
  ExactNumber,
  JsonLimitError,
  type JsonLimits,
  JsonSyntaxError,
  type JsonValue,
  parseJson,
  RawJson,
  stringifyJson,
} from './index.ts'

/** The offset of the refusal; fails when the text is accepted. */
function refusedAt(text: string): number {
  try {
    parseJson(text)
  } catch (error) {
    if (error instanceof JsonSyntaxError) return error.offset
    throw error
  }
  throw new Error('accepted')
}

function limitOf(text: string, limits: Partial<JsonLimits> = {}): keyof JsonLimits | undefined {
  try {
    parseJson(text, { ...DEFAULT_JSON_LIMITS, ...limits })
    return undefined
  } catch (error) {
    if (error instanceof JsonLimitError) return error.limit
    throw error
  }
}

describe('parseJson against JSON.parse', () => {
  it('reads what JSON.parse reads', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), fc.constantFrom(0, 1, '\t'), (text, indent) => {
        const document = JSON.stringify(JSON.parse(text), null, indent)
        const mine = JSON.stringify(parseJson(document), (_, value: unknown) =>
          value instanceof ExactNumber ? Number(value.text) : value,
        )
        expect(JSON.parse(mine)).toEqual(JSON.parse(document))
      }),
    )
  })

  it('refuses what JSON.parse refuses, for documents with one character changed', () => {
    const broken = fc.tuple(
      fc.json({ maxDepth: 3 }),
      fc.nat(),
      fc.constantFrom('', '"', '\\', ',', ':', '{', '}', '[', ']', '0', '-', '.', 'e', 'x', '\n', '\u0000'),
    )
    fc.assert(
      fc.property(broken, ([text, place, change]) => {
        const at = place % (text.length + 1)
        const document = text.slice(0, at) + change + text.slice(at + 1)
        const accepts = (parse: (text: string) => unknown) => {
          try {
            parse(document)
            return true
          } catch {
            return false
          }
        }
        expect(accepts(parseJson)).toBe(accepts(JSON.parse))
      }),
      { numRuns: 1000 },
    )
  })
})

describe('numbers', () => {
  it.each(['-0', '1.10', '1e3', '1E3', '1.0', '12345678901234567890', '-0.0', '0e0', '1e400', '0.1000'])(
    'keeps the text of %s',
    (text) => {
      const value = parseJson(text)
      expect(value).toBeInstanceOf(ExactNumber)
      expect(stringifyJson(value)).toBe(text)
    },
  )

  it.each(['0', '-1', '1.5', '9007199254740991', '123456789012345', '1e+21', '1e-7', '0.1'])(
    'makes a JavaScript number of %s',
    (text) => {
      expect(parseJson(text)).toBe(Number(text))
      expect(stringifyJson(parseJson(text))).toBe(text)
    },
  )

  it('keeps the text of every number', () => {
    const digits = fc.stringMatching(/^-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?$/)
    fc.assert(
      fc.property(digits, (text) => {
        expect(stringifyJson(parseJson(`[${text}]`))).toBe(`[${text}]`)
      }),
    )
  })

  it.each(['01', '-', '+1', '.5', '1.', '1e', '1e+', '0x1', 'NaN', 'Infinity', '--1', '-01', '1_0'])(
    'refuses %s',
    (text) => {
      expect(() => parseJson(text)).toThrow(JsonSyntaxError)
    },
  )
})

describe('strings', () => {
  it.each([
    ['"\\u0041\\n\\/\\\\\\""', 'A\n/\\"'],
    ['"\\ud83d\\ude00"', '😀'],
    ['"\\ud800"', '\ud800'],
    ['"é日本"', 'é日本'],
    ['"a\\tb\\u0000c"', 'a\tb\u0000c'],
  ])('reads %s', (text, value) => expect(parseJson(text)).toBe(value))

  it.each(['"a\nb"', '"\u0000"', '"\u001f"', '"', '"\\', '"\\x41"', '"\\u12"', '"\\u12g4"', "'a'", '"\\u 123"'])(
    'refuses %j',
    (text) => {
      expect(() => parseJson(text)).toThrow(JsonSyntaxError)
    },
  )
})

describe('long strings with escapes', () => {
  const pieces = fc.constantFrom(
    '\\n',
    '\\"',
    '\\\\',
    '\\u0041',
    '\\ud83d\\ude00',
    '\\ud800',
    '\\/',
    'a',
    'é',
    '😀',
    ' ',
  )
  const long = fc.array(pieces, { minLength: 200, maxLength: 600, size: 'max' }).map((all) => all.join(''))

  it('are what JSON.parse makes of them', () => {
    fc.assert(
      fc.property(long, (text) => {
        expect(parseJson(`["${text}"]`)).toEqual(JSON.parse(`["${text}"]`))
      }),
    )
  })

  it('are refused where they are wrong, as short ones are', () => {
    fc.assert(
      fc.property(long, fc.constantFrom('\\x', '\\u12g4', '\n', '\u0000'), long, (before, wrong, after) => {
        const from = before.length + 1
        expect(refusedAt(`"${before}${wrong}${after}"`)).toBeGreaterThanOrEqual(from)
        expect(refusedAt(`"${before}${wrong}${after}"`)).toBeLessThanOrEqual(from + wrong.length)
      }),
    )
  })

  it('end where they end', () => {
    const text = '\\n'.repeat(300)
    expect(parseJson(`{"a":"${text}","b":"${text}"}`)).toEqual({ a: '\n'.repeat(300), b: '\n'.repeat(300) })
    for (const open of [`"${text}`, `"${text}\\`, `"${text}\\"`]) expect(() => parseJson(open)).toThrow(JsonSyntaxError)
    expect(limitOf(`"${text}"`, { stringBytes: 299 })).toBe('stringBytes')
  })
})

describe('stringifyJson', () => {
  it('writes what JSON.stringify writes', () => {
    // Through JSON once, so that -0 is 0 and `__proto__` a plain key.
    fc.assert(
      fc.property(fc.json(), (text) => {
        const value: unknown = JSON.parse(text)
        expect(stringifyJson(value as JsonValue)).toBe(JSON.stringify(value))
      }),
    )
  })

  it('writes kept text as it is', () => {
    expect(stringifyJson({ a: new RawJson('{"x":1.10}', parseJson), b: [new ExactNumber('1e3')] })).toBe(
      '{"a":{"x":1.10},"b":[1e3]}',
    )
  })

  it('escapes control characters and lone surrogates', () => {
    expect(stringifyJson('\u0001"\\\ud800')).toBe('"\\u0001\\"\\\\\\ud800"')
  })

  it('refuses a number that JSON cannot hold', () => {
    expect(() => stringifyJson([Number.NaN])).toThrow(RangeError)
  })

  it('writes long lists as the built-in function does, and numbers among them as they came', () => {
    const texts = Array.from({ length: 100 }, (_, n) => `\u0001"\ud800${n}`)
    expect(stringifyJson(texts)).toBe(JSON.stringify(texts))
    expect(stringifyJson([...texts, new ExactNumber('1.10')])).toBe(`${JSON.stringify(texts).slice(0, -1)},1.10]`)
  })
})

describe('S55: keys that JavaScript knows are ordinary data', () => {
  const text = '{"__proto__":{"admin":true},"constructor":1,"toString":"x","hasOwnProperty":null}'

  it('are read, kept, and written again', () => {
    const value = parseJson(text) as Record<string, unknown>
    expect(Object.getPrototypeOf(value)).toBeNull()
    expect(Object.keys(value)).toEqual(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])
    expect(value['admin']).toBeUndefined()
    expect(stringifyJson(value as never)).toBe(text)
  })

  it('never reach the prototype of anything', () => {
    parseJson(text)
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined()
  })
})

describe('S9: documents beyond the limits are refused while reading', () => {
  it.each([
    ['a million keys', `{${Array.from({ length: 1_000_000 }, (_, i) => `"k${i}":0`).join(',')}}`, 'objectEntries'],
    ['a hundred thousand levels', '['.repeat(100_000), 'depth'],
    ['a hundred thousand levels of objects', '{"a":'.repeat(100_000), 'depth'],
    ['a million short strings', `[${'"a",'.repeat(1_000_000)}"a"]`, 'arrayElements'],
    ['many values in small lists', `[${'[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0],'.repeat(9_000)}0]`, 'values'],
    ['a number of a million digits', '9'.repeat(1_000_000), 'numberLength'],
    ['a string of two million bytes', `"${'é'.repeat(1_000_000)}"`, 'stringBytes'],
    ['a key of two million bytes', `{"${'a'.repeat(2_000_000)}":1}`, 'stringBytes'],
    ['the same key again and again', `{${'"a":0,'.repeat(20_000)}"a":0}`, 'objectEntries'],
  ] as const)('%s', (_, text, limit) => expect(limitOf(text)).toBe(limit))

  it('accepts what lies exactly on a limit', () => {
    expect(limitOf('[[[]]]', { depth: 3 })).toBeUndefined()
    expect(limitOf('[[[]]]', { depth: 2 })).toBe('depth')
    expect(limitOf('{"a":1,"b":2}', { objectEntries: 2 })).toBeUndefined()
    expect(limitOf('[1,2,3]', { arrayElements: 2 })).toBe('arrayElements')
    expect(limitOf('[1,2,3]', { values: 4 })).toBeUndefined()
    expect(limitOf('[1,2,3]', { values: 3 })).toBe('values')
    expect(limitOf('"éé"', { stringBytes: 4 })).toBeUndefined()
    expect(limitOf('"ééa"', { stringBytes: 4 })).toBe('stringBytes')
    expect(limitOf('"\\u00e9\\u00e9"', { stringBytes: 4 })).toBeUndefined()
  })

  it('does not use the stack for nesting', () => {
    const depth = 100_000
    const value = parseJson('['.repeat(depth) + ']'.repeat(depth), { ...DEFAULT_JSON_LIMITS, depth, values: depth })
    expect(Array.isArray(value)).toBe(true)
  })

  it('lets the last of equal keys win', () => {
    expect({ ...(parseJson('{"a":1,"b":2,"a":3}') as object) }).toEqual({ a: 3, b: 2 })
  })
})

describe('S10: refusals name the place and not the content', () => {
  const planted = 'planted-secret'

  it.each([
    [`{"a":"${planted}`, 'a character of a string, or its closing quote'],
    [`{"a":${planted}}`, 'a value'],
    [`{"a":"${planted}" "b"}`, '"," or "}"'],
    [`{"a":"${planted}"}${planted}`, 'the end of the text'],
    [`{${planted}:1}`, 'a key in double quotes'],
    [`["${planted}" 1]`, '"," or "]"'],
  ])('%s', (text, expected) => {
    const refuse = () => parseJson(text)
    expect(refuse).toThrow(expected)
    expect(refuse).not.toThrow(planted)
  })

  it('names the offset', () => {
    expect(refusedAt('{"a" 1}')).toBe(5)
    expect(refusedAt('[1,]')).toBe(3)
    expect(refusedAt('')).toBe(0)
    expect(refusedAt('{"a":1,}')).toBe(7)
    expect(refusedAt('"a\\q"')).toBe(3)
  })
})
