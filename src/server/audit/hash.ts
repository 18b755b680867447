/**
 * Hashing for the audit log: every string that could be a secret becomes `hmac-sha256:` and the HMAC under the device's
 * own salt, so that an operator can check a known value (`sys/audit-hash`) and nobody can read one (vault-api 12).
 *
 * Keys of objects, numbers, booleans and nulls stay in clear, as in Vault.
 */
import { createHmac } from 'node:crypto'
import QuickLRU from 'quick-lru'
import { ExactNumber, type JsonObject, type JsonValue, RawJson, stringifyJson } from '../json/index.ts'

export interface Hasher {
  /** `hmac-sha256:<64 hex>` of a text. */
  text(value: string): string
  /** A JSON value as JSON text, its strings hashed. */
  json(value: JsonValue): string
}

/** Hides nothing: for a device with `log_raw`. */
export const CLEAR: Hasher = { text: (value) => value, json: stringifyJson }

/** Short strings come again and again (times, names, ""): their hashes are kept. Counted, not weighed: each is short. */
const REMEMBERED = 4096
const LONGEST_REMEMBERED = 64

export function createHasher(salt: Buffer): Hasher {
  const short = new QuickLRU<string, string>({ maxSize: REMEMBERED })
  // Documents that come out of the engines' caches are immutable: their hashed text is kept as long as they are.
  const documents = new WeakMap<RawJson, string>()

  function text(value: string): string {
    if (value.length > LONGEST_REMEMBERED) return hmac(value)
    const known = short.get(value)
    if (known !== undefined) return known
    const hashed = hmac(value)
    short.set(value, hashed)
    return hashed
  }

  function hmac(value: string): string {
    return `hmac-sha256:${createHmac('sha256', salt).update(value).digest('hex')}`
  }

  function json(value: JsonValue): string {
    if (value === null) return 'null'
    if (typeof value === 'string') return `"${text(value)}"`
    if (typeof value === 'number' || typeof value === 'boolean') return String(value)
    if (value instanceof ExactNumber) return value.text
    if (Array.isArray(value)) return `[${value.map(json).join(',')}]`
    if (value instanceof RawJson) {
      const known = documents.get(value)
      if (known !== undefined) return known
      const hashed = json(value.value())
      documents.set(value, hashed)
      return hashed
    }
    return object(value)
  }

  function object(value: JsonObject): string {
    let out = '{'
    for (const key in value) {
      if (out.length > 1) out += ','
      out += `${JSON.stringify(key)}:${json(value[key] ?? null)}`
    }
    return `${out}}`
  }

  return { text, json }
}
