/**
 * Fingerprints: HMAC-SHA-256 of a JSON value under a key made for one comparison and then forgotten.
 *
 * Two values have one fingerprint exactly when they are the same JSON (object keys in any order; `1` and `1.0` are one
 * number, `1` and `"1"` are not). Outside the run that made the key a fingerprint means nothing, so a plan may hold
 * fingerprints and never values.
 */
import { createHmac, randomBytes } from 'node:crypto'
import { Sensitive } from './sensitive.ts'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** 64 hexadecimal digits; comparable with `===` inside one run. */
export type Fingerprint = string & { readonly __fingerprint: never }

export type FingerprintKey = Sensitive<Buffer>

/** A fresh 32-byte key, from the system's generator unless a test brings its own bytes. */
export function fingerprintKey(bytes: Buffer = randomBytes(32)): FingerprintKey {
  return new Sensitive(bytes)
}

export function fingerprint(value: Sensitive<Json>, key: FingerprintKey): Fingerprint {
  return createHmac('sha256', key.reveal()).update(canonicalJson(value.reveal())).digest('hex') as Fingerprint
}

/** JSON text with object keys in code-unit order, so that equal values have equal text. */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value as { readonly [key: string]: Json })
    entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`
  }
  return JSON.stringify(value)
}
