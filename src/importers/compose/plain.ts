/**
 * What an unquoted scalar of a compose file is to docker compose, as the text that a container gets. Pure.
 *
 * Compose reads YAML with Go's parser, which knows more numbers than YAML 1.2 (`012` is octal, `1_000` a thousand, `0b11`
 * three), and writes them again in Go's own way. One difference, on purpose: where that would lose digits the number stays
 * as it is written, for whoever wrote it meant all of them.
 */

export type PlainText =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'text'; readonly text: string }
  /** Written otherwise than it is handed on. `isExact`: false where compose would lose digits, and `text` has them. */
  | { readonly kind: 'number'; readonly text: string; readonly isExact: boolean }
  /** Compose refuses it. */
  | { readonly kind: 'date' }

const DATE = /^\d{4}-\d{1,2}-\d{1,2}(?:[Tt ]\d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?(?:Z|[-+]\d\d:\d\d)?)?$/
const FLOAT = /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/
const INTEGER =
  /^(?<sign>[-+]?)(?:0[xX](?<hex>[\da-fA-F]+)|0[oO]?(?<octal>[0-7]+)|0[bB](?<binary>[01]+)|(?<decimal>\d+))$/

export function composePlain(written: string): PlainText {
  if (/^(?:|~|null|Null|NULL)$/.test(written)) return { kind: 'nothing' }
  if (/^(?:true|True|TRUE|false|False|FALSE)$/.test(written)) return { kind: 'text', text: written.toLowerCase() }
  if (/^\.(?:nan|NaN|NAN)$/.test(written)) return numberOf(written, 'NaN')
  if (/^[-+]?\.(?:inf|Inf|INF)$/.test(written)) return numberOf(written, written.startsWith('-') ? '-Inf' : '+Inf')
  if (!/^[-+.\d]/.test(written)) return { kind: 'text', text: written }
  if (DATE.test(written) && isDate(written)) return { kind: 'date' }
  // Go takes out the underscores, but not behind a leading point.
  const digits = written.startsWith('.') ? written : written.replaceAll('_', '')
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

/** Go's `%v`: the shortest digits that mean the same, with an exponent below 1e-4 and from 1e21. */
function goFloat(value: number): string {
  const [mantissa = '', exponent = ''] = value.toExponential().split('e')
  const power = Number(exponent)
  if (value === 0 || (power >= -4 && power < 21)) return String(value)
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

function isDate(text: string): boolean {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = text.split(/[-Tt: ]/).map(Number.parseFloat)
  const date = new Date(Date.UTC(year, month - 1, day))
  return (
    date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 && Math.trunc(second) < 60
  )
}
