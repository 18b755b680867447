/**
 * JSON values as text, without white space.
 *
 * It walks as deep as the value is: the parser's limit on nesting is what keeps that within the stack.
 */
import { ExactNumber, type JsonObject, type JsonValue, RawJson } from './json.ts'

/** Longer strings are quicker through the built-in function. */
const LONGEST_SCANNED = 40
/** So are longer lists of strings alone. */
const LONG = 64

/** @throws {RangeError} for a number that JSON has no text for (NaN, Infinity): no request can make one. */
export function stringifyJson(value: JsonValue): string {
  if (typeof value === 'string') return quoted(value)
  if (typeof value === 'number') return numberText(value)
  if (typeof value === 'boolean') return value ? 'true' : 'false'
  if (value === null) return 'null'
  if (value instanceof RawJson || value instanceof ExactNumber) return value.text
  return Array.isArray(value) ? arrayText(value) : objectText(value)
}

function numberText(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError('a number without a JSON text')
  return String(value)
}

function arrayText(array: readonly JsonValue[]): string {
  if (array.length > LONG && array.every((value) => typeof value === 'string')) return JSON.stringify(array)
  let out = '['
  for (const value of array) out += (out.length > 1 ? ',' : '') + stringifyJson(value)
  return `${out}]`
}

function objectText(object: JsonObject): string {
  let out = '{'
  let separator = ''
  for (const key of Object.keys(object)) {
    out += `${separator}${quoted(key)}:${stringifyJson(object[key] ?? null)}`
    separator = ','
  }
  return `${out}}`
}

/** The built-in function escapes control characters and lone surrogates as JSON wants it; short plain text needs none. */
function quoted(text: string): string {
  if (text.length > LONGEST_SCANNED) return JSON.stringify(text)
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code < 0x20 || code === 0x22 || code === 0x5c || code >= 0xd800) return JSON.stringify(text)
  }
  return `"${text}"`
}
