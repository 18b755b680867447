import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseText, readDocument } from './document.ts'
import { formatHubMessage } from './index.ts'

/** Those that mean something in YAML, and a few that do not. */
const CHARACTERS = 'a b : - ? , [ ] { } # & * ! | > \' " % @ ` 0 1'.split(' ').concat(' ', '\n', '\t')

const read = (text: string) => readDocument('/hub/plenum.yaml', parseText(text))
const errors = (text: string) =>
  read(text).findings.errors.map((message) => formatHubMessage(message, '/hub').split('\n')[0])

describe('reading YAML', () => {
  it('gives JSON back', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const text = JSON.stringify(value)
        if (text.includes('__proto__') || /\d{16}|e[+-]?\d/.test(text)) return
        expect(read(text).plain).toEqual(JSON.parse(text))
      }),
    )
  })

  it('keeps keys as they are written', () => {
    expect(read('{ 007: a, 1.0: b, true: c, "x": d }').plain).toEqual({ '007': 'a', '1.0': 'b', true: 'c', x: 'd' })
  })

  it('follows aliases to the last anchor above them', () => {
    expect(read('a: &x 1\nb: *x\nc: &x { d: 2 }\ne: *x').plain).toEqual({ a: 1, b: 1, c: { d: 2 }, e: { d: 2 } })
  })

  it('finds keys and values, and the nearest thing to what is missing', () => {
    const document = read('a:\n  b: [x, y]\nc: &z { d: 1 }\ne: *z\n')
    const place = (path: readonly (string | number)[], on: 'key' | 'value') => {
      const { line, column } = document.locate({ path, on })
      return `${line}:${column}`
    }
    expect(place(['a', 'b'], 'key')).toBe('2:3')
    expect(place(['a', 'b'], 'value')).toBe('2:6')
    expect(place(['a', 'b', 1], 'value')).toBe('2:10')
    expect(place(['e', 'd'], 'value')).toBe('3:12')
    expect(place(['a', 'x', 'y'], 'value')).toBe('1:1')
    expect(place(['q'], 'key')).toBe('1:1')
    expect([document.has(['a', 'b']), document.has(['a', 'x'])]).toEqual([true, false])
  })
})

describe('refusing', () => {
  it('aliases that multiply', () => {
    const levels = Array.from(
      { length: 12 },
      (_, level) => `l${level + 1}: &l${level + 1} [${Array(10).fill(`*l${level}`).join(', ')}]`,
    )
    const start = performance.now()
    expect(errors(`l0: &l0 [x]\n${levels.join('\n')}`)).toContainEqual(
      expect.stringContaining('aliases make this file too large'),
    )
    expect(performance.now() - start).toBeLessThan(1000)
  })

  it('an alias inside of what it means', () => {
    expect(errors('a: &x { b: *x }')).toEqual(['plenum.yaml:1:12: a.b: this alias stands inside of what it means'])
  })

  it('what is nested too deeply, however deep', () => {
    expect(errors(`a: ${'['.repeat(70)}${']'.repeat(70)}`)).toEqual([
      expect.stringContaining('nested deeper than 64 levels'),
    ])
    expect(errors(`a: ${'['.repeat(50_000)}`).length).toBeGreaterThan(0)
  })

  it('duplicate keys, with the line of the first', () => {
    expect(errors('a: 1\nb: 2\na: 3')).toEqual([
      'plenum.yaml:3:1: a: this key stands twice in its mapping; the first is in line 1',
    ])
    expect(read('a: 1\na: 3').plain).toEqual({ a: 1 })
  })

  it.each([
    'a: [',
    'a: "x',
    'a: b: c',
    '\ta: x',
    'a: @x',
    '- a\nb: c',
    'a: *x',
    '%X\n---\na: b',
    'a: !!binary x',
    'a: |x',
  ])('%j, in words of its own', (text) => {
    const found = read(text).findings.errors
    expect(found.length).toBeGreaterThan(0)
    expect(found.every(({ code, at }) => code === 'hub-yaml' && at.line >= 1 && at.column >= 1)).toBe(true)
  })

  it('never fails on any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...CHARACTERS), maxLength: 40 }), (text) => {
        const { plain, findings } = read(text)
        expect(plain !== undefined || findings.errors.length > 0).toBe(true)
      }),
      { numRuns: 500 },
    )
  })
})
