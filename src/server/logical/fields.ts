/**
 * Request fields as the types an endpoint wants: Vault's coercion table (vault-api 1.10).
 *
 * Invariant: a value of another type is a 400 that names the field and the wanted type, never the value (S10). Absent
 * and `null` are `undefined`, so an endpoint can tell "not given" from "given as empty".
 */
import { ExactNumber, type JsonObject, type JsonValue, RawJson } from '../json/json.ts'
import { parseDurationSeconds } from './duration.ts'
import { invalidRequest, type LogicalError } from './errors.ts'

/** A string; a number or boolean as its text. */
export function stringField(data: JsonObject, name: string): string | undefined {
  const value = fieldOf(data, name)
  return value === undefined ? undefined : (scalarText(value) ?? refuse(name, 'expected a string'))
}

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'TRUE', 'true', 'True'].map((text) => [text, true] as const),
  ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map((text) => [text, false] as const),
])

/** A boolean, 0 or 1, or a text that Go takes for one; an empty text is false, as in Vault. */
export function boolField(data: JsonObject, name: string): boolean | undefined {
  const value = fieldOf(data, name)
  if (value === undefined) return undefined
  if (value === '') return false
  return BOOLEANS.get(scalarText(value) ?? '') ?? refuse(name, 'expected a boolean')
}

/** A whole number, or its decimal text; an empty text is 0, as in Vault (`?version=`). */
export function intField(data: JsonObject, name: string): number | undefined {
  const value = fieldOf(data, name)
  if (value === undefined || value === '') return value === '' ? 0 : undefined
  return wholeNumber(value) ?? refuse(name, 'expected an integer')
}

/** A number with or without a fraction, or its decimal text. */
export function numberField(data: JsonObject, name: string): number | undefined {
  const value = fieldOf(data, name)
  if (value === undefined) return undefined
  const text = typeof value === 'boolean' ? undefined : scalarText(value)
  const number = text === undefined || text.trim() === '' ? Number.NaN : Number(text)
  return Number.isFinite(number) ? number : refuse(name, 'expected a number')
}

/** Whole seconds, not negative: a number, its text, or a duration like `1h30m` or `7d`. An empty text is 0. */
export function durationField(data: JsonObject, name: string): number | undefined {
  const seconds = signedDurationField(data, name)
  return seconds !== undefined && seconds < 0 ? refuse(name, 'expected a duration that is not negative') : seconds
}

/** As `durationField`, for endpoints with a text of their own for negative values. */
export function signedDurationField(data: JsonObject, name: string): number | undefined {
  const value = fieldOf(data, name)
  if (value === undefined || value === '') return value === '' ? 0 : undefined
  const text = scalarText(value)
  const seconds = text === undefined || typeof value === 'boolean' ? undefined : signedSeconds(text)
  // A bare number with a fraction is refused too: it is more likely a mistake than a wish.
  return seconds === undefined ? refuse(name, 'expected a duration') : Math.trunc(seconds) + 0
}

/** An empty list is an empty object, as in Vault: PHP writes one for the other. */
export function objectField(data: JsonObject, name: string): JsonObject | undefined {
  const value = fieldOf(data, name)
  if (value === undefined) return undefined
  if (Array.isArray(value) && value.length === 0) return Object.create(null) as JsonObject
  return isObject(value) ? value : refuse(name, 'expected an object')
}

/** A list, its elements as text; or one text, split at commas. Blanks around elements go; an empty text is an empty list. */
export function stringListField(data: JsonObject, name: string): string[] | undefined {
  const value = fieldOf(data, name)
  if (value === undefined) return undefined
  if (Array.isArray(value)) {
    return value.map((element) => (scalarText(plain(element)) ?? refuse(name, 'expected a list of strings')).trim())
  }
  const text = scalarText(value) ?? refuse(name, 'expected a list of strings')
  return text === '' ? [] : text.split(',').map((element) => element.trim())
}

/** An object of strings, or a list of `key=value`. Without a prototype: any key is ordinary data (S55). */
export function stringMapField(data: JsonObject, name: string): Record<string, string> | undefined {
  const value = fieldOf(data, name)
  if (value === undefined) return undefined
  const wrong = (): LogicalError => conversionError(name, 'expected a map of strings')
  const map = Object.create(null) as Record<string, string>
  if (Array.isArray(value)) {
    for (const element of value) {
      const text = plain(element)
      const equals = typeof text === 'string' ? text.indexOf('=') : -1
      if (typeof text !== 'string' || equals === -1) throw wrong()
      map[text.slice(0, equals)] = text.slice(equals + 1)
    }
    return map
  }
  if (!isObject(value)) throw wrong()
  for (const [key, element] of Object.entries(value)) {
    const text = scalarText(plain(element))
    if (text === undefined) throw wrong()
    map[key] = text
  }
  return map
}

type PlainValue = Exclude<JsonValue, RawJson>

function fieldOf(data: JsonObject, name: string): Exclude<PlainValue, null> | undefined {
  const value = Object.hasOwn(data, name) ? data[name] : undefined
  return value === undefined ? undefined : (plain(value) ?? undefined)
}

function plain(value: JsonValue): PlainValue {
  let inner = value
  while (inner instanceof RawJson) inner = inner.value()
  return inner
}

function scalarText(value: PlainValue): string | undefined {
  if (typeof value === 'string') return value
  if (value instanceof ExactNumber) return value.text
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined
}

function wholeNumber(value: PlainValue): number | undefined {
  const text = typeof value === 'boolean' ? undefined : scalarText(value)
  if (text === undefined || !/^[+-]?\d+$/.test(text)) return undefined
  const number = Number(text)
  // `-0` would travel on and print as `-0`.
  return Number.isSafeInteger(number) ? number + 0 : undefined
}

function signedSeconds(text: string): number | undefined {
  if (!text.startsWith('-')) return parseDurationSeconds(text)
  const seconds = parseDurationSeconds(text.slice(1))
  return seconds === undefined ? undefined : 0 - seconds
}

function isObject(value: PlainValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof ExactNumber)
}

function conversionError(name: string, reason: string): LogicalError {
  return invalidRequest(`Field validation failed: error converting input for field ${JSON.stringify(name)}: ${reason}`)
}

function refuse(name: string, reason: string): never {
  throw conversionError(name, reason)
}
