/**
 * Values for `generate`: every character of the alphabet equally likely, whatever its length.
 *
 * A byte is used only when it lies below the largest multiple of the alphabet's length; taking it modulo the length
 * without that would favour the first characters.
 */
import { type Sensitive, sensitive } from '../sensitive/index.ts'
import { ApplyError } from './errors.ts'

interface Recipe {
  readonly length: number
  /** The characters themselves, 2 to 256 of them. */
  readonly alphabet: string
}

export function generateValue({ length, alphabet }: Recipe, random: (bytes: number) => Buffer): Sensitive<string> {
  const characters = [...new Set(alphabet)]
  if (characters.length < 2 || characters.length > 256) {
    throw new ApplyError(
      'apply-alphabet',
      `a value cannot be made of ${characters.length} different characters: 2 to 256 are possible`,
    )
  }
  const limit = 256 - (256 % characters.length)
  let value = ''
  for (let made = 0; made < length; ) {
    for (const byte of random(length - made)) {
      if (byte >= limit) continue
      value += characters[byte % characters.length]
      made += 1
    }
  }
  return sensitive(value)
}
