/**
 * The texts of tokens and accessors (vault-api 7). What is random comes from `random`; every character is equally likely.
 */
const BASE62 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
/** Bytes from here on would make the first characters likelier: they are thrown away. */
const UNBIASED = 256 - (256 % BASE62.length)
const LENGTH = 24

export const SERVICE_PREFIX = 'hvs.'
/** Characters of a token that nobody chose. */
export const SERVICE_TOKEN_LENGTH: number = SERVICE_PREFIX.length + LENGTH
export const BATCH_PREFIX = 'hvb.'

export function newServiceToken(random: (bytes: number) => Buffer): string {
  return SERVICE_PREFIX + base62(LENGTH, random)
}

export function newAccessor(random: (bytes: number) => Buffer): string {
  return base62(LENGTH, random)
}

export function base62(length: number, random: (bytes: number) => Buffer): string {
  let text = ''
  while (text.length < length) {
    for (const byte of random(length - text.length + 8)) {
      if (byte < UNBIASED && text.length < length) text += BASE62.charAt(byte % BASE62.length)
    }
  }
  return text
}
