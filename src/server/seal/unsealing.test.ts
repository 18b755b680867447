/**
 * Unsealing as whoever holds some of the shares, right or wrong, may try it: in any order, any number of times, from
 * another store, altered, or none at all. A model of a few lines says what must come of it.
 */
import { randomBytes } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LogicalError } from '../logical/index.ts'
import { initialized } from './sealed.case.ts'

const SHARES = 5
const THRESHOLD = 3

type Attempt =
  | { readonly kind: 'right' | 'foreign' | 'altered'; readonly which: number; readonly form: 'hex' | 'HEX' | 'base64' }
  | { readonly kind: 'garbage'; readonly text: string }
  | { readonly kind: 'reset' }

const share = (kind: 'right' | 'foreign' | 'altered'): fc.Arbitrary<Attempt> =>
  fc.record({
    kind: fc.constant(kind),
    which: fc.nat(SHARES - 1),
    form: fc.constantFrom('hex' as const, 'HEX' as const, 'base64' as const),
  })
const attempts = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: share('right') },
    { weight: 1, arbitrary: share('foreign') },
    { weight: 1, arbitrary: share('altered') },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom('', 'zz', '00', 'A'.repeat(80), '=', '00'.repeat(34))
        .map((text): Attempt => ({ kind: 'garbage', text })),
    },
    { weight: 1, arbitrary: fc.constant<Attempt>({ kind: 'reset' }) },
  ),
  { minLength: 1, maxLength: 14 },
)

function written(bytes: Buffer, form: 'hex' | 'HEX' | 'base64'): string {
  return form === 'HEX' ? bytes.toString('hex').toUpperCase() : bytes.toString(form)
}

describe('S34: unsealing', () => {
  it('takes the threshold of right shares, each counted once, and nothing less or else', async () => {
    const { seal, barrier, keys } = await initialized(SHARES, THRESHOLD)
    const other = await initialized(SHARES, THRESHOLD)
    // Each in a byte of its own: changes to the same byte of two shares can cancel each other out when they are put
    // together (two of them and a right share do so once in 255 times), and the key is then the right one.
    const altered = keys.map((key, which) => {
      const copy = Buffer.from(key)
      copy[which] = (copy[which] ?? 0) ^ 1
      return copy
    })
    const bytesOf = { right: keys, foreign: other.keys, altered }
    let opened = 0
    await fc.assert(
      fc.asyncProperty(attempts, async (sequence) => {
        seal.sealNow()
        let given = new Set<string>()
        for (const attempt of sequence) {
          if (attempt.kind === 'reset') {
            given = new Set()
            expect(seal.resetUnseal().progress).toBe(0)
            continue
          }
          const text =
            attempt.kind === 'garbage'
              ? attempt.text
              : written(bytesOf[attempt.kind][attempt.which] ?? Buffer.alloc(0), attempt.form)
          if (attempt.kind !== 'garbage') given.add(`${attempt.kind} ${attempt.which}`)
          const enough = given.size >= THRESHOLD
          const right = [...given].every((one) => one.startsWith('right'))
          const result = await seal.submitUnsealKey(text).catch((error: unknown) => error)
          if (attempt.kind === 'garbage' || (enough && !right)) {
            expect(result).toBeInstanceOf(LogicalError)
            expect(result).toHaveProperty('status', 400)
            if (text.length > 3) expect(String(result)).not.toContain(text)
          } else expect(result).not.toBeInstanceOf(Error)
          expect(barrier.sealed).toBe(!(enough && right))
          if (enough) given = new Set()
          expect(seal.status().progress).toBe(given.size)
          if (!barrier.sealed) {
            opened += 1
            break
          }
        }
      }),
      { numRuns: 150 },
    )
    expect(opened).toBeGreaterThan(20)
  })

  it('is not done by any bytes of the right size', async () => {
    const { seal, barrier } = await initialized(1, 1)
    for (let guess = 0; guess < 200; guess += 1) {
      await expect(seal.submitUnsealKey(randomBytes(16 + (guess % 18)).toString('hex'))).rejects.toThrow(LogicalError)
      expect([barrier.sealed, seal.status().progress]).toEqual([true, 0])
    }
  })
})
