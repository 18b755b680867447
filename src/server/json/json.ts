/**
 * JSON as the server needs it: numbers keep their text, limits hold while reading, keys cannot reach a prototype.
 *
 * Invariant: `stringifyJson(parseJson(text))` equals `text` but for white space, escapes, duplicate keys (the last
 * wins) and the place of keys that are whole numbers (first, in their order, as in every JavaScript object), so a client
 * gets back `1.10` and `12345678901234567890` as it wrote them (vault-api 1.5).
 *
 * This file is the contract; `parse.ts` and `stringify.ts` implement it.
 */

/** A number whose text JavaScript's own number would change (`1.10`, `1e3`, `12345678901234567890`). */
export class ExactNumber {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/** Objects made by the parser have no prototype: `__proto__` and `constructor` are ordinary keys (S55). */
export interface JsonObject {
  [key: string]: JsonValue
}
export type JsonValue = null | boolean | string | number | ExactNumber | RawJson | JsonValue[] | JsonObject

/**
 * A JSON value kept as text, for stored documents that travel from disk to the answer unchanged. `stringifyJson` writes
 * the text as it is; whoever must look inside (audit) calls `value()`, which parses once and remembers.
 */
export class RawJson {
  readonly text: string
  #parse: (text: string) => JsonValue
  #value: JsonValue | undefined
  constructor(text: string, parse: (text: string) => JsonValue) {
    this.text = text
    this.#parse = parse
  }
  value(): JsonValue {
    this.#value ??= this.#parse(this.text)
    return this.#value
  }
}

/** Vault's own limits from 1.20 on, plus a cap on the number of values (vault-api 1.6). Counted while reading. */
export interface JsonLimits {
  /** Nesting of objects and arrays. Default 300. */
  readonly depth: number
  /** Bytes of one string or key, as UTF-8. Default 1 MiB. */
  readonly stringBytes: number
  /** Characters of one number. Default 1,000. */
  readonly numberLength: number
  /** Entries of one object. Default 10,000. */
  readonly objectEntries: number
  /** Elements of one array. Default 10,000. */
  readonly arrayElements: number
  /** Values of any kind in the whole document. Default 100,000. */
  readonly values: number
}

export const DEFAULT_JSON_LIMITS: JsonLimits = {
  depth: 300,
  stringBytes: 1_048_576,
  numberLength: 1000,
  objectEntries: 10_000,
  arrayElements: 10_000,
  values: 100_000,
}

/** The text is not JSON. The message names the offset and what was expected, never what stood there (S10). */
export class JsonSyntaxError extends Error {
  readonly code = 'json-syntax'
  readonly offset: number
  constructor(message: string, offset: number) {
    super(message)
    this.offset = offset
  }
}

/** The text is beyond one of the limits. */
export class JsonLimitError extends Error {
  readonly code = 'json-limit'
  readonly limit: keyof JsonLimits
  constructor(limit: keyof JsonLimits, message: string) {
    super(message)
    this.limit = limit
  }
}
