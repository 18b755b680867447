import { describe, expect, it } from 'vitest'
import { parseCustomMetadata, patchCustomMetadata } from './custom-metadata.ts'
import { fieldsOf, openDriver } from './driver.case.ts'
import { durationText } from './answers.ts'

const many = (count: number, from = 0) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index + from}`, 'v']))

function refusal(custom: unknown): string {
  try {
    parseCustomMetadata(fieldsOf(custom))
  } catch (error) {
    return error instanceof Error ? error.message : ''
  }
  return 'taken'
}

describe('custom_metadata', () => {
  const text = (...problems: string[]) =>
    `${problems.length === 1 ? '1 error' : `${problems.length} errors`} occurred:\n${problems
      .map((problem) => `\t* custom_metadata validation failed: ${problem}\n`)
      .join('')}\n`

  it('is taken up to its limits', () => {
    expect(refusal(many(64))).toBe('taken')
    expect(refusal({ ['k'.repeat(128)]: 'v'.repeat(512) })).toBe('taken')
    expect(refusal({ 'ключ é 日本 !': 'значение ✓' })).toBe('taken')
  })

  it.each<[string, unknown, string]>([
    ['65 keys', many(65), text('payload must contain at most 64 keys, provided 65')],
    ['an empty key', { '': 'v' }, text('length of key "" is 0 but must be 0 < len(key) <= 128')],
    [
      'a key that is long in bytes',
      { ['é'.repeat(65)]: 'v' },
      text(`length of key "${'é'.repeat(65)}" is 130 but must be 0 < len(key) <= 128`),
    ],
    ['an empty value', { k: '' }, text('length of value for key "k" is 0 but must be 0 < len(value) <= 512')],
    ['null', { k: null }, text('length of value for key "k" is 0 but must be 0 < len(value) <= 512')],
    [
      'long values',
      { k: 'x'.repeat(513), l: 'y'.repeat(600) },
      text(
        'length of value for key "k" is 513 but must be 0 < len(value) <= 512',
        'length of value for key "l" is 600 but must be 0 < len(value) <= 512',
      ),
    ],
    ['a key with a line feed', { 'a\nb': 'v' }, text('key "a\\nb" (a\nb) contains unprintable characters')],
    ['a value with a zero', { k: 'planted\u0000' }, text('value for key "k" contains unprintable characters')],
    ['a value with a lone surrogate', '{"k":"\\ud800"}', text('value for key "k" contains unprintable characters')],
    ['a list', { k: ['planted'] }, text('value for key "k" must be a string')],
    ['an object', { k: { planted: 1 } }, text('value for key "k" must be a string')],
  ])('S10: %s is refused without a word of its value', (_, custom, expected) => {
    expect(refusal(custom)).toBe(expected)
    expect(refusal(custom)).not.toContain('planted')
  })

  it('renders numbers and booleans as Vault does', () => {
    expect([...parseCustomMetadata(fieldsOf('{"a":1,"b":1.50,"c":true,"d":false}'))]).toEqual([
      ['a', '1'],
      ['b', '1.50'],
      ['c', '1'],
      ['d', '0'],
    ])
  })

  it('is bounded after a patch too', () => {
    const present = new Map(Object.entries(many(64)))
    expect(() => patchCustomMetadata(present, fieldsOf(many(1, 64)))).toThrow('provided 65')
    expect(patchCustomMetadata(present, fieldsOf({ k0: null, k64: 'v' })).size).toBe(64)
    expect(present.has('k0')).toBe(true)
  })

  it('is refused as 400 and changes nothing', async () => {
    const kv = openDriver()
    expect(await kv.refused('update', 'metadata/a', { max_versions: 1, custom_metadata: { k: '' } })).toMatch(
      /^400 1 error/,
    )
    expect(await kv.get('read', 'metadata/a')).toBe('none')
    await kv.ask('update', 'metadata/a', { max_versions: 1 })
    expect(await kv.refused('patch', 'metadata/a', { max_versions: 2, custom_metadata: { k: [] } })).toMatch(
      /^400 1 error/,
    )
    expect(await kv.get('read', 'metadata/a')).toMatchObject({ max_versions: 1, custom_metadata: null })
  })
})

describe('a patch', () => {
  it('cannot grow a secret past what can be read again', async () => {
    const kv = openDriver()
    const fields = (from: number) => Object.fromEntries(Array.from({ length: 9999 }, (_, k) => [`k${from + k}`, 1]))
    await kv.ask('update', 'data/a', { data: fields(0) })
    expect(await kv.refused('patch', 'data/a', { data: fields(9999) })).toBe(
      '400 the patched secret is too complex: limit of objectEntries',
    )
    expect(await kv.get('read', 'metadata/a')).toMatchObject({ current_version: 1 })
  })
})

describe('durationText', () => {
  it.each([
    [0, '0s'],
    [45, '45s'],
    [60, '1m0s'],
    [1800, '30m0s'],
    [3600, '1h0m0s'],
    [3661, '1h1m1s'],
    [2_764_800, '768h0m0s'],
    [-1, '-1s'],
    [-90, '-1m30s'],
  ])('%i is %s', (seconds, expected) => {
    expect(durationText(seconds)).toBe(expected)
  })
})
