import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { generatePassword, parsePasswordPolicy, PasswordPolicyError } from './password.ts'

const rule = (charset: string, min?: number): string =>
  `rule "charset" {\n  charset = ${JSON.stringify(charset)}\n${min === undefined ? '' : `  min-chars = ${min}\n`}}\n`

describe('parsePasswordPolicy', () => {
  it('reads HCL and JSON alike', () => {
    const read = {
      length: 20,
      rules: [
        { charset: ['a', 'b'], minChars: 2 },
        { charset: ['1'], minChars: 0 },
      ],
    }
    expect(parsePasswordPolicy(`length = 20\n${rule('aba', 2)}${rule('1')}`)).toEqual(read)
    const json = { length: 20, rule: [{ charset: { charset: 'ab', 'min-chars': 2 } }, { charset: { charset: '1' } }] }
    expect(parsePasswordPolicy(JSON.stringify(json))).toEqual(read)
  })

  it.each([
    ['length = 3', rule('a'), 'between 4 and 100'],
    ['length = 101', rule('a'), 'between 4 and 100'],
    ['', rule('a'), 'between 4 and 100'],
    ['length = "x"', rule('a'), 'whole number'],
    ['length = 10', '', 'no charset'],
    ['length = 10', rule(''), 'no charset'],
    ['length = 10', rule('a', 11), 'at least 11'],
    ['length = 10', rule('a\u0007'), 'cannot be printed'],
    ['length = 10', 'rule "words" {}', 'unrecognized rule type'],
    ['length = 10\nsize = 3', rule('a'), 'unknown key'],
    ['length = {', '', 'unable to decode'],
    ['length = 10', rule('a').repeat(101), 'more than 100 rules'],
    ['length = 10', `${rule('a')}${'# why\n'.repeat(11_000)}`, 'longer than'],
  ])('refuses %s %j', (length, rules, reason) => {
    expect(() => parsePasswordPolicy(`${length}\n${rules}`)).toThrow(PasswordPolicyError)
    expect(() => parsePasswordPolicy(`${length}\n${rules}`)).toThrow(reason)
  })
})

describe('generatePassword', () => {
  it('meets every rule, also where chance alone never would', () => {
    fc.assert(
      fc.property(fc.integer({ min: 4, max: 100 }), fc.integer({ min: 0, max: 4 }), (length, min) => {
        const policy = parsePasswordPolicy(`length = ${length}\n${rule('abcdefghijklmnopqrstuvwxyz')}${rule('1', min)}`)
        const password = generatePassword(policy, randomBytes)
        expect(password).toMatch(/^[a-z1]+$/)
        expect(password).toHaveLength(length)
        expect(password.split('1').length - 1).toBeGreaterThanOrEqual(min)
      }),
    )
    const all = parsePasswordPolicy(`length = 100\n${rule('ab', 50)}${rule('c', 50)}`)
    expect(generatePassword(all, randomBytes).replaceAll('c', '')).toHaveLength(50)
  })

  it('draws without bias: bytes beyond the last whole round are thrown away', () => {
    // 65,535 is beyond three times 21,845; with a remainder it would be an `a`.
    const policy = parsePasswordPolicy(`length = 4\n${rule('abc')}`)
    const bytes = Buffer.from([255, 255, 0, 2, 255, 255, 0, 1, 0, 0, 0, 2])
    expect(generatePassword(policy, () => bytes)).toBe('cbac')
  })
})
