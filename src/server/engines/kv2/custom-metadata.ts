/** `custom_metadata`: what may be in it, and Vault's own texts for what may not (vault-api 6.3). Names are shown, values never. */
import type { JsonObject, JsonValue } from '../../json/index.ts'
import { invalidRequest } from '../../logical/index.ts'
import { ExactNumber } from '../../json/index.ts'

const MAX_KEYS = 64
const MAX_KEY_BYTES = 128
const MAX_VALUE_BYTES = 512
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]*$/u

/** The whole of a new `custom_metadata`. @throws {LogicalError} */
export function parseCustomMetadata(given: JsonObject): ReadonlyMap<string, string> {
  return check(new Map(Object.entries(given).map(([key, value]) => [key, textOf(key, value)])))
}

/** As merge patch: null takes a key away, all else sets one. @throws {LogicalError} */
export function patchCustomMetadata(
  present: ReadonlyMap<string, string> | null,
  patch: JsonObject,
): ReadonlyMap<string, string> {
  const merged = new Map(present)
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key)
    else merged.set(key, textOf(key, value))
  }
  return check(merged)
}

/** Vault renders numbers and booleans as text, and has `1` for true. */
function textOf(key: string, value: JsonValue): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return String(value)
  if (value instanceof ExactNumber) return value.text
  if (typeof value === 'boolean') return value ? '1' : '0'
  if (value === null) return ''
  throw refused([`value for key ${JSON.stringify(key)} must be a string`])
}

function check(metadata: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  if (metadata.size > MAX_KEYS) {
    throw refused([`payload must contain at most ${MAX_KEYS} keys, provided ${metadata.size}`])
  }
  const problems = [...metadata].flatMap(([key, value]) => problemsOf(key, value))
  if (problems.length > 0) throw refused(problems)
  return metadata
}

function problemsOf(key: string, value: string): string[] {
  const quoted = JSON.stringify(key)
  const keyBytes = Buffer.byteLength(key)
  const valueBytes = Buffer.byteLength(value)
  const problems: string[] = []
  if (keyBytes === 0 || keyBytes > MAX_KEY_BYTES) {
    problems.push(`length of key ${quoted} is ${keyBytes} but must be 0 < len(key) <= ${MAX_KEY_BYTES}`)
  }
  if (valueBytes === 0 || valueBytes > MAX_VALUE_BYTES) {
    problems.push(`length of value for key ${quoted} is ${valueBytes} but must be 0 < len(value) <= ${MAX_VALUE_BYTES}`)
  }
  if (!PRINTABLE.test(key)) problems.push(`key ${quoted} (${key}) contains unprintable characters`)
  if (!PRINTABLE.test(value)) problems.push(`value for key ${quoted} contains unprintable characters`)
  return problems
}

/** As a list of Go's: one line each, under a count. */
function refused(problems: readonly string[]) {
  const lines = problems.map((problem) => `\t* custom_metadata validation failed: ${problem}\n`)
  const count = problems.length === 1 ? '1 error' : `${problems.length} errors`
  return invalidRequest(`${count} occurred:\n${lines.join('')}\n`)
}
