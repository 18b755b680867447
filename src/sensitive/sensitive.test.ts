import { format, inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson, fingerprint, fingerprintKey, type Json, redactor, sensitive } from './index.ts'

describe('Sensitive', () => {
  const secret = sensitive({ password: 'planted-value' })

  it.each([
    ['template', () => `${secret}`],
    ['JSON', () => JSON.stringify({ secret })],
    ['inspect', () => inspect({ deep: { secret } }, { depth: 9, showHidden: true })],
    ['format', () => format('%s %o %j', secret, secret, secret)],
    ['error', () => String(new Error(`failed with ${secret}`))],
    ['entries', () => JSON.stringify([Object.entries(secret), { ...secret }])],
  ])('does not show its value through %s', (_, show) => {
    expect(show()).not.toContain('planted-value')
  })

  it('gives its value to reveal() alone', () => {
    expect(secret.reveal()).toEqual({ password: 'planted-value' })
    expect(secret.map((value) => value.password.length).reveal()).toBe(13)
  })
})

describe('fingerprint', () => {
  const key = fingerprintKey(Buffer.alloc(32, 7))
  const json = fc.jsonValue() as fc.Arbitrary<Json>

  it('is equal exactly for equal JSON', () => {
    fc.assert(
      fc.property(json, json, (a, b) => {
        const same = canonicalJson(a) === canonicalJson(b)
        expect(fingerprint(sensitive(a), key) === fingerprint(sensitive(b), key)).toBe(same)
      }),
    )
  })

  it('ignores the order of keys and keeps types apart', () => {
    expect(fingerprint(sensitive({ a: 1, b: 2 }), key)).toBe(fingerprint(sensitive({ b: 2, a: 1 }), key))
    expect(fingerprint(sensitive(1), key)).not.toBe(fingerprint(sensitive('1'), key))
  })

  it('means nothing under another key', () => {
    expect(fingerprint(sensitive('x'), key)).not.toBe(fingerprint(sensitive('x'), fingerprintKey()))
  })
})

describe('redactor', () => {
  it('removes plain, percent-encoded and JSON-escaped forms', () => {
    const redact = redactor([sensitive('p/w "x"')])
    const text = redact(`a p/w "x" b ${encodeURIComponent('p/w "x"')} c ${JSON.stringify('p/w "x"')}`)
    expect(text).toBe('a [sensitive] b [sensitive] c "[sensitive]"')
  })

  it('cuts a text only when the values are out of it', () => {
    const redact = redactor([sensitive('planted-value-one')])
    expect(redact('0123456789 planted-value-one', 20)).toBe('0123456789 [sensitiv')
  })

  it('shows nothing of a text with a piece of a value, cut or in another form', () => {
    const redact = redactor([sensitive('planted "value" number one')])
    expect(redact('request began with planted "value" n')).toBe('[sensitive]')
    expect(redact(`escaped twice: ${JSON.stringify(JSON.stringify('planted "value" number one'))}`)).toBe('[sensitive]')
    expect(redact('a number "value" of planted things')).toBe('a number "value" of planted things')
  })

  it('leaves text alone when values are too short to be told from words', () => {
    expect(redactor([sensitive('a')])('banana')).toBe('banana')
  })
})
