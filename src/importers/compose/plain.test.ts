import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { composePlain } from './plain.ts'

/** As compose-go 2.16 hands them on (Go's yaml v4, `fmt.Sprint`). */
const HANDED_ON: readonly (readonly [string, string])[] = [
  ['text', 'text'],
  ['yes', 'yes'],
  ['True', 'true'],
  ['FALSE', 'false'],
  ['012', '10'],
  ['-012', '-10'],
  ['0o17', '15'],
  ['0129', '129'],
  ['0x1F', '31'],
  ['-0x1F', '-31'],
  ['0b11', '3'],
  ['1_000', '1000'],
  ['0_7', '7'],
  ['_1', '_1'],
  ['+5', '5'],
  ['-0', '-0'],
  ['-0.0', '-0'],
  ['0.0', '0'],
  ['007', '7'],
  ['08', '8'],
  ['1.0', '1'],
  ['1.50', '1.5'],
  ['1.', '1'],
  ['.5', '0.5'],
  ['.5_0', '0.5'],
  ['._5', '._5'],
  ['-.5e3', '-500'],
  ['1e5', '100000'],
  ['1e6', '1e+06'],
  ['1000000', '1000000'],
  ['1000000.5', '1.0000005e+06'],
  ['1_000_000.25', '1.00000025e+06'],
  ['0.0001', '0.0001'],
  ['1e-5', '1e-05'],
  ['1e400', '1e400'],
  ['5e', '5e'],
  ['0x', '0x'],
  ['-', '-'],
  ['.', '.'],
  ['12:30:45', '12:30:45'],
  ['9223372036854775807', '9223372036854775807'],
  ['18446744073709551615', '18446744073709551615'],
  ['-9223372036854775808', '-9223372036854775808'],
  ['100000000000000000000', '1e+20'],
  ['2024-01-02', '2024-01-02 00:00:00 +0000 UTC'],
  ['2024-1-2', '2024-01-02 00:00:00 +0000 UTC'],
  ['2024-02-30', '2024-02-30'],
  ['2024-01-02T03:04:05Z', '2024-01-02 03:04:05 +0000 UTC'],
  ['2024-01-02T03:04:05+02:00', '2024-01-02 03:04:05 +0200 +0200'],
  ['2024-01-02 03:04:05.120', '2024-01-02 03:04:05.12 +0000 UTC'],
  ['2024-01-02T03:04:05', '2024-01-02T03:04:05'],
]

describe('a scalar without quotes', () => {
  it.each(HANDED_ON)('%j is %j to a container', (written, text) => {
    expect(composePlain(written)).toMatchObject({ text, kind: expect.stringMatching(/text|number/) as string })
  })

  it.each(['', '~', 'null', 'Null', 'NULL'])('%j is nothing', (written) => {
    expect(composePlain(written)).toEqual({ kind: 'nothing' })
  })

  it.each(['.nan', '.inf', '-.INF', '+.inf'])('%j is refused', (written) => {
    expect(composePlain(written)).toEqual({ kind: 'refused' })
  })

  it.each([
    '123456789012345678901234567890',
    '18446744073709551617',
    '-9223372036854775809',
    '3.14159265358979323846264338327950288',
  ])('%s keeps its digits, and it is known that compose would not', (written) => {
    expect(composePlain(written)).toEqual({ kind: 'number', text: written, isExact: false })
  })

  it('is itself, or a number of the same size', () => {
    const digits = fc.string({ unit: fc.constantFrom(...'0123456789._-+exob'), maxLength: 12 })
    fc.assert(
      fc.property(digits, (written) => {
        const plain = composePlain(written)
        if (plain.kind !== 'number') return
        const meant = Number(
          written
            .replaceAll('_', '')
            .replace(/^([-+]?)0(?=[0-7]+$)/, '$10o')
            .replace(/^[-+](?=0[xob])/, ''),
        )
        // What would lose digits stays as it is written, with its underscores.
        const size = Math.abs(Number(plain.text.replaceAll('_', '')))
        expect(size).toBe(Number.isNaN(meant) ? size : Math.abs(meant))
      }),
      { numRuns: 2000 },
    )
  })
})
