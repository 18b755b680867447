/** The request fields that only this engine has. None of the errors names a submitted value (S10). */
import { ExactNumber, type JsonValue } from '../../json/index.ts'
import { intField, objectField } from '../../logical/fields.ts'
import { invalidRequest, type JsonObject } from '../../logical/index.ts'
import type { Cas } from './versions.ts'

/** Of a read. 0, which stands for the newest, unless the text is a positive version. */
export function versionParameter(data: JsonObject): number {
  const version = data['version']
  return version === undefined ? 0 : Math.max(0, intField(data, 'version') ?? 0)
}

/** `options.cas`. One that is there and is no whole number is refused: to ignore it would drop the caller's guard. */
export function casParameter(data: JsonObject): Cas {
  const options = objectField(data, 'options')
  if (options === undefined || !Object.hasOwn(options, 'cas')) return { kind: 'unset' }
  const version = wholeNumber(options['cas'])
  if (version === undefined) throw invalidRequest('error parsing check-and-set parameter')
  return { kind: 'expect', version }
}

/** Whole numbers in a list, one number, or a text with commas. Empty when nothing is given. */
export function versionsParameter(data: JsonObject): readonly number[] {
  return itemsOf(data['versions'] ?? null).map((item) => {
    const version = wholeNumber(item)
    if (version !== undefined) return version
    throw invalidRequest(
      'Field validation failed: error converting input for field "versions": not a list of whole numbers',
    )
  })
}

function itemsOf(value: JsonValue): readonly JsonValue[] {
  if (value === null) return []
  if (Array.isArray(value)) return value
  if (typeof value !== 'string') return [value]
  return value.split(',').filter((part) => part.trim() !== '')
}

function wholeNumber(value: JsonValue | undefined): number | undefined {
  const text = value instanceof ExactNumber ? value.text : value
  if (typeof text === 'number') return Number.isSafeInteger(text) ? text : undefined
  if (typeof text !== 'string' || !/^\s*[+-]?\d{1,15}\s*$/.test(text)) return undefined
  return Number(text)
}
