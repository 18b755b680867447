/**
 * What a scalar without quotes is to programs that are written in Go. The Astro CLI (`v3` of go-yaml) and Helm (`v2`)
 * read the same words otherwise: `yes` is text to one and true to the other, `012` is ten to both.
 *
 * Invariant: a number keeps every digit it is written with, though Go may keep fewer.
 */
import type { YamlScalar } from './located-tree.ts'

export type GoYaml = 'v2' | 'v3'

export type GoScalar =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'boolean'; readonly value: boolean }
  /** `text`: the number in decimal, without an exponent. `isExact`: Go keeps it as it is. */
  | { readonly kind: 'number'; readonly text: string; readonly isExact: boolean }
  | { readonly kind: 'time' }
  | { readonly kind: 'text' }

const TEXT: GoScalar = { kind: 'text' }

export function goScalar({ text, isPlain, tag }: YamlScalar, version: GoYaml): GoScalar {
  if (!isPlain || tag !== undefined) return TEXT
  if (/^(?:~|null|Null|NULL|)$/.test(text)) return { kind: 'nothing' }
  const value = booleanOf(text, version)
  if (value !== undefined) return { kind: 'boolean', value }
  if (version === 'v3' && TIME.test(text)) return { kind: 'time' }
  return integerOf(text) ?? floatOf(text) ?? TEXT
}

const WORDS = /^(?:(?<yes>true|True|TRUE)|false|False|FALSE)$/
const OLD_WORDS = /^(?:(?<yes>y|Y|yes|Yes|YES|on|On|ON)|n|N|no|No|NO|off|Off|OFF)$/

function booleanOf(text: string, version: GoYaml): boolean | undefined {
  const word = WORDS.exec(text) ?? (version === 'v2' ? OLD_WORDS.exec(text) : null)
  return word === null ? undefined : word.groups?.['yes'] !== undefined
}

/** The four layouts in which go-yaml takes a text for a time. */
const TIME = /^\d{4}-\d{1,2}-\d{1,2}(?:[Tt ]\d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?(?:[Zz]|[-+]\d{2}:\d{2})?)?$/

const BASED = /^(?<sign>[-+]?)0(?:[xX](?<hex>[\da-fA-F]+)|[bB](?<binary>[01]+)|[oO]?(?<octal>[0-7]+))$/
const DECIMAL = /^[-+]?(?:0|[1-9]\d*)$/
const LARGEST = 2n ** 64n - 1n
const SMALLEST = -(2n ** 63n)

function integerOf(written: string): GoScalar | undefined {
  if (!/^[-+\d]/.test(written)) return undefined
  const text = written.replaceAll('_', '')
  const value = DECIMAL.test(text) ? decimalInteger(text) : basedInteger(text)
  if (value === undefined || value > LARGEST || value < SMALLEST) return undefined
  return { kind: 'number', text: value.toString(), isExact: true }
}

/** More than the largest double has; to work on them would take long. */
const MOST_DIGITS = 400

function decimalInteger(text: string): bigint | undefined {
  return text.length > MOST_DIGITS ? undefined : BigInt(text.replace('+', ''))
}

function basedInteger(text: string): bigint | undefined {
  const groups = text.length > MOST_DIGITS ? undefined : BASED.exec(text)?.groups
  if (groups === undefined) return undefined
  const { sign, hex, binary, octal } = groups
  const digits = hex === undefined ? (binary === undefined ? `0o${octal}` : `0b${binary}`) : `0x${hex}`
  return sign === '-' ? -BigInt(digits) : BigInt(digits)
}

const FLOAT = /^(?<sign>[-+]?)(?:(?<whole>\d+)(?:\.(?<part>\d*))?|\.(?<only>\d+))(?:[eE](?<exponent>[-+]?\d+))?$/
const ENDLESS = /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/

function floatOf(written: string): GoScalar | undefined {
  if (ENDLESS.test(written)) return { kind: 'number', text: written, isExact: false }
  const text = written.startsWith('.') ? written : written.replaceAll('_', '')
  const groups = FLOAT.exec(text)?.groups
  const value = Number(text)
  if (groups === undefined || !Number.isFinite(value)) return undefined
  if (text.length > MOST_DIGITS) return { kind: 'number', text: written, isExact: false }
  const { sign = '', whole = '', part = '', only = '' } = groups
  // Too small for a double: it would take as many zeros as its exponent says.
  if (value === 0 && /[1-9]/.test(`${whole}${part}${only}`)) return { kind: 'number', text: written, isExact: false }
  const decimal = decimalOf(text)
  const kept = decimalOf(String(Math.abs(value)))
  return { kind: 'number', text: `${sign === '-' ? '-' : ''}${decimal}`, isExact: decimal === kept }
}

/** Without a sign and an exponent. */
function decimalOf(number: string): string {
  const { whole = '', part = '', only = '', exponent = '0' } = FLOAT.exec(number)?.groups ?? {}
  const digits = `${whole}${part}${only}`
  return positional(digits, whole.length + (/[1-9]/.test(digits) ? Number(exponent) : 0))
}

/** `point`: behind how many of the digits the point stands; may be below zero or beyond the end. */
function positional(digits: string, point: number): string {
  const shifted = point > 0 ? digits : `${'0'.repeat(1 - point)}${digits}`
  const at = Math.max(point, 1)
  const whole = shifted
    .slice(0, at)
    .padEnd(at, '0')
    .replace(/^0+(?=\d)/, '')
  const part = shifted.slice(at).replace(/0+$/, '')
  return part === '' ? whole : `${whole}.${part}`
}
