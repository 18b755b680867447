/**
 * Hashing for the audit log: every string that could be a secret becomes `hmac-sha256:` and the HMAC under the device's
 * own salt, so that an operator can check a known value (`sys/audit-hash`) and nobody can read one (vault-api 12).
 *
 * Keys of objects, numbers, booleans and nulls stay in clear, as in Vault.
 */
import { createHmac } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import QuickLRU from 'quick-lru'
import { ExactNumber, type JsonObject, type JsonValue, RawJson, stringifyJson } from '../json/index.ts'

export interface Hasher {
  /** `hmac-sha256:<64 hex>` of a text. */
  text(value: string): string
  /** A JSON value as JSON text, its strings hashed. */
  json(value: JsonValue): string
  /**
   * Hashes what is long among the members of the documents beforehand, in slices, so that `json` has it at once and others have
   * their turn meanwhile. `undefined` when nothing is.
   */
  prepare(...documents: readonly (JsonObject | undefined)[]): Promise<void> | undefined
}

/** Hides nothing: for a device with `log_raw`. */
export const CLEAR: Hasher = { text: (value) => value, json: stringifyJson, prepare: () => undefined }

/** Short strings come again and again (times, names, ""): their hashes are kept. Counted, not weighed: each is short. */
const REMEMBERED = 4096
const LONGEST_REMEMBERED = 64

/** So many values are hashed in a millisecond or two. */
const LONG = 500
/** Characters of a document that holds about as many. */
const LONG_TEXT = 16_384

export function createHasher(salt: Buffer): Hasher {
  const short = new QuickLRU<string, string>({ maxSize: REMEMBERED })
  // Documents that come out of the engines' caches are immutable: their hashed text is kept as long as they are. So is
  // that of what was long, which nobody changes any more.
  const known = new WeakMap<object, string>()

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
    const hashed = known.get(value)
    if (hashed !== undefined) return hashed
    if (Array.isArray(value)) return `[${value.map(json).join(',')}]`
    return value instanceof RawJson ? remember(value, json(value.value())) : object(value)
  }

  function remember(value: object, hashed: string): string {
    known.set(value, hashed)
    return hashed
  }

  function object(value: JsonObject): string {
    let out = '{'
    for (const key in value) {
      if (out.length > 1) out += ','
      out += `${JSON.stringify(key)}:${json(value[key] ?? null)}`
    }
    return `${out}}`
  }

  function prepare(...documents: readonly (JsonObject | undefined)[]): Promise<void> | undefined {
    const long = documents.flatMap((data) => (data === undefined ? [] : Object.values(data).filter(isLong)))
    return long.length === 0 ? undefined : prepareAll(long)
  }

  function isLong(value: JsonValue): boolean {
    return typeof value === 'object' && value !== null && !known.has(value) && leftOf(LONG, value) <= 0
  }

  async function prepareAll(long: readonly JsonValue[]): Promise<void> {
    let hashed = 0
    const container = async (value: JsonObject | JsonValue[]): Promise<string> => {
      const isArray = Array.isArray(value)
      let out = ''
      for (const [name, member] of Object.entries(value)) {
        if (out !== '') out += ','
        if (!isArray) out += `${JSON.stringify(name)}:`
        out += isContainer(member) ? await container(member) : once(member)
        hashed += 1
        if (hashed % LONG === 0) await turn()
      }
      return isArray ? `[${out}]` : `{${out}}`
    }
    for (const value of long) {
      const inner = value instanceof RawJson ? value.value() : value
      remember(value as object, isContainer(inner) ? await container(inner) : json(inner))
    }
  }

  /** Of many: they would drive out of the cache what comes again and again. */
  function once(value: JsonValue): string {
    return typeof value === 'string' ? `"${hmac(value)}"` : json(value)
  }

  return { text, json, prepare }
}

function isContainer(value: JsonValue): value is JsonObject | JsonValue[] {
  return typeof value === 'object' && value !== null && !(value instanceof ExactNumber) && !(value instanceof RawJson)
}

/** `left` less the number of values; looks at no more than that many. */
function leftOf(left: number, value: JsonValue): number {
  if (value instanceof RawJson) return value.text.length > LONG_TEXT ? 0 : left - 1
  if (!isContainer(value)) return left - 1
  if (Array.isArray(value)) {
    if (value.length >= left) return 0
    return value.reduce(leftOf, left)
  }
  let rest = left
  for (const name in value) {
    rest = leftOf(rest, value[name] ?? null)
    if (rest <= 0) break
  }
  return rest
}
