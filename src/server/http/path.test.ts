import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalPath } from './path.ts'

const numRuns = Number(process.env['PLENUM_FUZZ_RUNS'] ?? 3000)

/** Letters that mean something in a path, escapes of them, halves of escapes, and others. */
const piece = fc.oneof(
  fc.constantFrom(
    '/',
    '//',
    '.',
    '..',
    '%2f',
    '%2F',
    '%2e',
    '%2E',
    '%',
    '%%',
    '%2',
    '%252f',
    '%00',
    '%7f',
    '%0a',
    '%c3%a9',
  ),
  fc.constantFrom(
    'a',
    'B',
    '~',
    '+',
    ';',
    ' ',
    '%20',
    '*',
    ':',
    '=',
    '&',
    '-',
    '_',
    'é',
    '日',
    '\u202e',
    '\\',
    '%5c',
    '%ff',
  ),
  fc.string({ maxLength: 3 }),
  fc.string({ unit: 'binary', maxLength: 2 }),
)
const raw = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''))

/** Decoded once, checked, slashes collapsed: nothing else. `undefined` for a refusal. */
function byTheBook(text: string): string | undefined {
  let decoded: string
  try {
    decoded = decodeURIComponent(text)
  } catch {
    return undefined
  }
  const segments = decoded.split('/')
  const first = segments.findIndex((segment) => segment !== '')
  const inside = segments.filter((segment, index) => segment !== '' || (index === segments.length - 1 && first !== -1))
  if (inside.some((segment) => segment === '.' || segment === '..' || /[\p{C}\p{Zl}\p{Zp}]/u.test(segment)))
    return undefined
  if (/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(decoded)) return undefined
  return inside.join('/')
}

describe('S8: the path of a request', () => {
  it('is what is decoded once and collapsed, on the fast way and on the slow one', () => {
    fc.assert(
      fc.property(raw, (text) => {
        const found = canonicalPath(`/v1/${text}`)
        expect(found.kind === 'path' ? found.path : undefined).toBe(byTheBook(text))
      }),
      { numRuns },
    )
  })

  it('is canonical: written again, in whatever escapes, it is the same path', () => {
    fc.assert(
      fc.property(raw, fc.func(fc.nat(2)), (text, how) => {
        const found = canonicalPath(`/v1/${text}`)
        fc.pre(found.kind === 'path')
        const again = [...Buffer.from(found.path)].map((byte, index) => {
          const hex = byte.toString(16).padStart(2, '0')
          const letter = String.fromCharCode(byte)
          if (how(index) === 0 && /[\w/~;:=&*+.-]/.test(letter)) return letter
          return `%${how(index) === 1 ? hex : hex.toUpperCase()}`
        })
        expect(canonicalPath(`/v1/${again.join('')}`)).toEqual(found)
      }),
      { numRuns },
    )
  })

  it('S7: has no segment that goes anywhere else, and no character that cannot be seen', () => {
    fc.assert(
      fc.property(raw, (text) => {
        const found = canonicalPath(`/v1/${text}`)
        if (found.kind === 'refused') return
        expect(found.path).not.toMatch(/(?:^|\/)\.{1,2}(?:\/|$)|\/\/|^\/|\p{C}/u)
        expect(Buffer.byteLength(found.path)).toBeLessThanOrEqual(2048)
      }),
      { numRuns },
    )
  })
})
