/**
 * What an unquoted scalar of a compose file is to docker compose, as the text that a container gets. Pure.
 *
 * Compose reads YAML with Go's parser, which knows more numbers than YAML 1.2 (`012` is octal, `1_000` a thousand) and
 * dates, and writes them again in Go's own way. One difference, on purpose: where that would lose digits the number stays
 * as it is written, for whoever wrote it meant all of them.
 */

export type PlainText =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'text'; readonly text: string }
  /** Written otherwise than it is handed on. `isExact`: false where compose would lose digits, and `text` has them. */
  | { readonly kind: 'number'; readonly text: string; readonly isExact: boolean }
  /** Infinity, or no number at all. */
  | { readonly kind: 'refused' }

const DATE =
  /^(?<year>\d{4})-(?<month>\d{1,2})-(?<day>\d{1,2})(?:(?<gap>[Tt ])(?<hour>\d{1,2}):(?<minute>\d{1,2}):(?<second>\d{1,2})(?:\.(?<fraction>\d{1,9}))?(?<zone>Z|[-+]\d\d:\d\d)?)?$/
const FLOAT = /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/
const INTEGER =
  /^(?<sign>[-+]?)(?:0[xX](?<hex>[\da-fA-F]+)|0[oO]?(?<octal>[0-7]+)|0[bB](?<binary>[01]+)|(?<decimal>\d+))$/

export function composePlain(written: string): PlainText {
  if (/^(?:|~|null|Null|NULL)$/.test(written)) return { kind: 'nothing' }
  if (/^(?:true|True|TRUE|false|False|FALSE)$/.test(written)) return { kind: 'text', text: written.toLowerCase() }
  if (/^(?:\.(?:nan|NaN|NAN)|[-+]?\.(?:inf|Inf|INF))$/.test(written)) return { kind: 'refused' }
  if (!/^[-+.\d]/.test(written)) return { kind: 'text', text: written }
  const date = goDate(written)
  if (date !== undefined) return numberOf(written, date)
  // Behind a leading point they have to separate digits.
  const digits = /^\..*(?:_(?!\d)|(?<!\d)_)/.test(written) ? written : written.replaceAll('_', '')
  if (/^-0(?:\.0)?$/.test(written)) return numberOf(written, '-0')
  const integer = integerOf(digits)
  if (integer !== undefined) return numberOf(written, integer.toString())
  if (!FLOAT.test(digits) || !Number.isFinite(Number(digits))) return { kind: 'text', text: written }
  const text = goFloat(Number(digits))
  return significant(text) === significant(digits)
    ? numberOf(written, text)
    : { kind: 'number', text: written, isExact: false }
}

function numberOf(written: string, text: string): PlainText {
  return text === written ? { kind: 'text', text } : { kind: 'number', text, isExact: true }
}

const LEAST = -(2n ** 63n)
const MOST = 2n ** 64n - 1n

/** Undefined where it is none, or too large for Go: then it is a float there. */
function integerOf(digits: string): bigint | undefined {
  const groups = INTEGER.exec(digits)?.groups
  if (groups === undefined) return undefined
  const { sign, hex, octal, binary, decimal = '' } = groups
  // `0129` is no octal number, and none with a leading zero is decimal.
  if (/^0\d/.test(decimal)) return undefined
  const size =
    hex !== undefined
      ? BigInt(`0x${hex}`)
      : octal !== undefined
        ? BigInt(`0o${octal}`)
        : BigInt(binary === undefined ? decimal : `0b${binary}`)
  const value = sign === '-' ? -size : size
  // The largest ones have no sign in Go.
  if (value < LEAST || value > MOST || (sign === '+' && value >= -LEAST)) return undefined
  return value
}

/** Go's `%v`: the shortest digits that mean the same, with an exponent below 1e-4 and from 1e6. */
function goFloat(value: number): string {
  const [mantissa = '', exponent = ''] = value.toExponential().split('e')
  const power = Number(exponent)
  if (value === 0 || (power >= -4 && power < 6)) return String(value)
  return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`
}

/** The digits that count, without sign, point, exponent and zeros at both ends. */
function significant(number: string): string {
  return number
    .replace(/[eE].*$/, '')
    .replaceAll(/[-+.]/g, '')
    .replace(/^0+/, '')
    .replace(/0+$/, '')
}

/** `2024-01-02` is `2024-01-02 00:00:00 +0000 UTC` to a container. Undefined where it is no date. */
function goDate(written: string): string | undefined {
  const groups = DATE.exec(written)?.groups
  if (groups === undefined) return undefined
  const { year = '', month = '', day = '', gap, hour = '0', minute = '0', second = '0', fraction = '', zone } = groups
  // Only a time behind a T has a zone, and it must.
  if (gap !== undefined && (gap === ' ') !== (zone === undefined)) return undefined
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)))
  const isReal = date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day)
  if (!isReal || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined
  const two = (text: string): string => text.padStart(2, '0')
  const parts = fraction.replace(/0+$/, '')
  const offset = zone === undefined || zone === 'Z' ? '+0000 UTC' : `${zone.replace(':', '')} ${zone.replace(':', '')}`
  const time = `${two(hour)}:${two(minute)}:${two(second)}${parts === '' ? '' : `.${parts}`}`
  return `${year}-${two(month)}-${two(day)} ${time} ${offset}`
}
