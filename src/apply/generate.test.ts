import { randomBytes } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ApplyError } from './errors.ts'
import { generateValue } from './generate.ts'

describe('generateValue', () => {
  it('has the length and the characters that were asked for', () => {
    const alphabet = fc.uniqueArray(fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 1 }), { minLength: 2 })
    fc.assert(
      fc.property(alphabet, fc.integer({ min: 1, max: 99 }), (characters, length) => {
        const made = generateValue({ length, alphabet: characters.join('') }, randomBytes).reveal()
        expect(made).toHaveLength(length)
        expect(made.split('').every((character) => characters.includes(character))).toBe(true)
      }),
    )
  })

  it('favours no character: bytes beyond the last whole round are drawn again', () => {
    // 256 bytes, each value once, and an alphabet of 100: 56 of them are of no use.
    const every = Buffer.from(Array.from({ length: 256 }, (_, index) => index))
    const alphabet = Array.from({ length: 100 }, (_, index) => String.fromCharCode(0x100 + index)).join('')
    const asked: number[] = []
    const random = (bytes: number): Buffer => {
      asked.push(bytes)
      return asked.length === 1 ? every : Buffer.alloc(bytes)
    }
    const made = generateValue({ length: 256, alphabet }, random).reveal().split('')
    const counts = new Map<string, number>()
    for (const character of made.slice(0, 200)) counts.set(character, (counts.get(character) ?? 0) + 1)
    expect([...counts.values()]).toEqual(Array.from({ length: 100 }, () => 2))
    expect(asked).toEqual([256, 56])
  })

  it('refuses an alphabet that it cannot draw from', () => {
    expect(() => generateValue({ length: 8, alphabet: 'aaaa' }, randomBytes)).toThrow(ApplyError)
  })
})
