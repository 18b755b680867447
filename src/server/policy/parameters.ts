/**
 * Which request data a rule allows (vault-api 10.4, steps 3 and 4). Pure: data is read, never kept, never changed.
 *
 * Names in a rule are lower case. A required name is compared with the request's key as sent; allowed and denied names
 * with its lower-case form. Only the top level is looked at: for KV v2 that is `data` and `options`.
 *
 * A value matches as a whole, or element by element when it is a list or a string with commas: denied when any element
 * is, allowed when every element is. Vault does that from 1.20 on, OpenBao looks at the whole value only.
 */
import { ExactNumber, type JsonObject, type JsonValue, RawJson } from '../json/json.ts'
import type { ParameterRules } from './policy.ts'

export type ParameterVerdict = 'allowed' | 'parameter-missing' | 'parameter-denied'

const ANY_NAME = '*'

export function judgeParameters(rules: ParameterRules, data: JsonObject | undefined): ParameterVerdict {
  for (const name of rules.required) {
    if (data === undefined || !Object.hasOwn(data, name)) return 'parameter-missing'
  }
  const names = data === undefined ? [] : Object.keys(data)
  if (data === undefined || names.length === 0) return 'allowed'
  if (rules.denied.has(ANY_NAME)) return 'parameter-denied'
  if (names.some((name) => isDenied(rules.denied, name, data[name]))) return 'parameter-denied'
  const { allowed } = rules
  const allowsAnyName = allowed.has(ANY_NAME)
  if (allowed.size === 0 || (allowsAnyName && allowed.size === 1)) return 'allowed'
  return names.every((name) => isAllowed(allowed, allowsAnyName, name, data[name])) ? 'allowed' : 'parameter-denied'
}

function isDenied(denied: ParameterRules['denied'], name: string, value: JsonValue | undefined): boolean {
  const values = denied.get(name.toLowerCase())
  if (values === undefined) return false
  return values.length === 0 || matchesAny(values, value) || elementsOf(value).some((one) => matchesAny(values, one))
}

function isAllowed(
  allowed: ParameterRules['allowed'],
  allowsAnyName: boolean,
  name: string,
  value: JsonValue | undefined,
): boolean {
  const values = allowed.get(name.toLowerCase())
  if (values === undefined) return allowsAnyName
  if (values.length === 0 || matchesAny(values, value)) return true
  const elements = elementsOf(value)
  return elements.length > 0 && elements.every((one) => matchesAny(values, one))
}

/** The elements of a list value; none for a value that is not a list. */
function elementsOf(value: JsonValue | undefined): readonly JsonValue[] {
  const plain = value instanceof RawJson ? value.value() : value
  if (Array.isArray(plain)) return plain
  return typeof plain === 'string' && plain.includes(',') ? plain.split(',').map((part) => part.trim()) : []
}

function matchesAny(rules: readonly JsonValue[], value: JsonValue | undefined): boolean {
  const plain = value instanceof RawJson ? value.value() : (value ?? null)
  return rules.some((rule) =>
    typeof rule === 'string' && typeof plain === 'string' ? matchesGlob(rule, plain) : equalJson(rule, plain),
  )
}

/** `*x*` contains, `*x` ends, `x*` begins, all else equals. A lone `*` is a literal `*`. */
function matchesGlob(rule: string, value: string): boolean {
  if (rule.length < 2) return rule === value
  const open = rule.startsWith('*')
  const close = rule.endsWith('*')
  if (open && close) return value.includes(rule.slice(1, -1))
  if (open) return value.endsWith(rule.slice(1))
  return close ? value.startsWith(rule.slice(0, -1)) : rule === value
}

function equalJson(a: JsonValue, b: JsonValue): boolean {
  if (a instanceof RawJson) return equalJson(a.value(), b)
  if (b instanceof RawJson) return equalJson(a, b.value())
  if (isNumber(a) && isNumber(b)) return canonicalNumber(a) === canonicalNumber(b)
  if (isNumber(a) || isNumber(b)) return false
  if (Array.isArray(a) || Array.isArray(b)) return Array.isArray(a) && Array.isArray(b) && equalLists(a, b)
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return a === b
  return equalObjects(a, b)
}

function equalLists(a: readonly JsonValue[], b: readonly JsonValue[]): boolean {
  return a.length === b.length && a.every((one, index) => equalJson(one, b[index] ?? null))
}

function equalObjects(a: JsonObject, b: JsonObject): boolean {
  const names = Object.keys(a)
  if (names.length !== Object.keys(b).length) return false
  return names.every((name) => Object.hasOwn(b, name) && equalJson(a[name] ?? null, b[name] ?? null))
}

function isNumber(value: JsonValue): value is number | ExactNumber {
  return typeof value === 'number' || value instanceof ExactNumber
}

/**
 * One text per numeric value, without losing a digit: `1.0`, `1` and `10e-1` are all `1e0`; the text itself where the
 * exponent is beyond reason.
 */
function canonicalNumber(number: number | ExactNumber): string {
  const text = number instanceof ExactNumber ? number.text : String(number)
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,9}))?$/.exec(text)
  if (match === null) return text
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match
  const digits = trimZerosBefore(whole + fraction)
  const significant = trimZerosAfter(digits)
  if (significant === '') return '0'
  return `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`
}

function trimZerosBefore(digits: string): string {
  let from = 0
  while (digits[from] === '0') from += 1
  return digits.slice(from)
}

/** Not `/0+$/`, which is quadratic on `000…01`. */
function trimZerosAfter(digits: string): string {
  let end = digits.length
  while (digits[end - 1] === '0') end -= 1
  return digits.slice(0, end)
}
