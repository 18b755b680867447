/**
 * From parsed JSON to types that cannot be wrong: a cursor that knows where it stands.
 *
 * Invariant: a value of another type than asked for is a VaultError 'vault-malformed-answer' that names the field
 * (`data.metadata.version`) and the type found there, never the value.
 */
import type { Json } from '../sensitive/index.ts'
import { type VaultCall, VaultError } from './errors.ts'

export type JsonRecord = Readonly<Record<string, Json>>

export class Field {
  readonly #value: Json | undefined
  readonly #name: string
  readonly #call: VaultCall

  constructor(value: Json | undefined, call: VaultCall, name = '') {
    this.#value = value
    this.#call = call
    this.#name = name
  }

  /** A member. Of something that is not an object: an error. */
  at(key: string): Field {
    const record = this.record()
    const name = this.#name === '' ? key : `${this.#name}.${key}`
    return new Field(Object.hasOwn(record, key) ? record[key] : undefined, this.#call, name)
  }

  /** Undefined when absent or null. */
  optional(): Field | undefined {
    return this.#value === undefined || this.#value === null ? undefined : this
  }

  record(): JsonRecord {
    return isRecord(this.#value) ? this.#value : this.#refuse('an object')
  }

  string(): string {
    return typeof this.#value === 'string' ? this.#value : this.#refuse('a string')
  }

  boolean(): boolean {
    return typeof this.#value === 'boolean' ? this.#value : this.#refuse('true or false')
  }

  /** A whole number from 0 that JavaScript holds exactly. */
  count(): number {
    const value = this.#value
    return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
      ? value
      : this.#refuse('a whole number')
  }

  strings(): string[] {
    const value = this.#value
    if (!isArray(value)) return this.#refuse('an array of strings')
    return value.map((item, index) => new Field(item, this.#call, `${this.#name}.${index}`).string())
  }

  /** An object of strings; null or absent is an empty one. */
  stringMap(): Readonly<Record<string, string>> {
    if (this.optional() === undefined) return {}
    return Object.fromEntries(Object.keys(this.record()).map((key) => [key, this.at(key).string()]))
  }

  /** An RFC 3339 moment as unix ms. */
  time(): number {
    const text = this.string()
    const ms = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN
    return Number.isNaN(ms) ? this.#refuse('a moment such as 2026-01-31T12:00:00Z') : ms
  }

  /** For what only the caller can check. */
  refuse(expected: string): never {
    return this.#refuse(expected)
  }

  #refuse(expected: string): never {
    const { method, path, address } = this.#call
    const field = this.#name === '' ? 'the answer' : `field ${this.#name} of the answer`
    const found = describe(this.#value)
    const message = `${method} ${path}: ${field} from ${address} should be ${expected} and is ${found}; is this a Vault, and is the mount of the right type?`
    // A write that got a strange answer (a KV v1 mount takes a KV v2 body, say) may well have happened.
    const effect = method === 'GET' || method === 'LIST' ? 'none' : 'unknown'
    throw new VaultError('vault-malformed-answer', message, this.#call, { effect })
  }
}

function isRecord(value: Json | undefined): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}

function describe(value: Json | undefined): string {
  if (value === undefined) return 'missing'
  if (value === null) return 'null'
  if (isArray(value)) return 'an array'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
