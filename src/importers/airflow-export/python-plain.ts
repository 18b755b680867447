/**
 * What a plain scalar means to PyYAML's safe loader, which is YAML 1.1 with corrections: Airflow writes its YAML exports
 * with PyYAML and reads them with it. What means something there is in quotes in an export; in a file that somebody
 * edited it may stand plain.
 *
 *   yes, no, on, off    true, false        012       octal, 10      1:30    base 60, 90
 *   1_000               1000               0o12      text           1e3     text: PyYAML wants 1.0e+3
 *
 * Not here: dates, which become objects that nothing in Airflow can store, stay text.
 */

const BOOLEAN = /^(?:(?<yes>yes|Yes|YES|true|True|TRUE|on|On|ON)|(?:no|No|NO|false|False|FALSE|off|Off|OFF))$/
const NOTHING = /^(?:~|null|Null|NULL|)$/
const INTEGER =
  /^(?<sign>[-+]?)(?:0b(?<binary>[01_]+)|0x(?<hex>[\da-fA-F_]+)|(?<sixty>[1-9][\d_]*(?::[0-5]?\d)+)|0(?<octal>[0-7_]+)|(?<decimal>0|[1-9][\d_]*))$/
const FLOAT =
  /^(?:(?<sign>[-+]?)(?<sixty>\d[\d_]*(?::[0-5]?\d)+\.[\d_]*)|(?<decimal>[-+]?\d[\d_]*\.[\d_]*(?:[eE][-+]\d+)?|\.\d[\d_]*(?:[eE][-+]\d+)?))$/
const INFINITE = /^(?<sign>[-+]?)\.(?:inf|Inf|INF)$/

/** As JSON text that keeps every digit, `NaN` and `Infinity` as Python's `json` writes them; undefined for text. */
export function pythonPlain(text: string): string | undefined {
  if (NOTHING.test(text)) return 'null'
  const boolean = BOOLEAN.exec(text)
  if (boolean !== null) return boolean.groups?.['yes'] === undefined ? 'false' : 'true'
  const infinite = INFINITE.exec(text)?.groups
  if (infinite !== undefined) return infinite['sign'] === '-' ? '-Infinity' : 'Infinity'
  if (/^\.(?:nan|NaN|NAN)$/.test(text)) return 'NaN'
  return integer(text) ?? float(text)
}

function integer(text: string): string | undefined {
  const groups = INTEGER.exec(text)?.groups
  if (groups === undefined) return undefined
  const { sign, binary, hex, sixty, octal, decimal } = groups
  const value =
    sixty === undefined
      ? (whole(decimal, '') ?? whole(binary, '0b') ?? whole(hex, '0x') ?? whole(octal, '0o'))
      : inBase60(sixty.split(':').map((part) => BigInt(without(part))))
  if (value === undefined) return undefined
  return sign === '-' && value !== 0n ? `-${value}` : `${value}`
}

/** Underscores alone are no number: PyYAML fails over `0x_`. `0_` is 0. */
function whole(digits: string | undefined, prefix: string): bigint | undefined {
  const plain = digits === undefined ? undefined : without(digits)
  if (plain === undefined || (plain === '' && prefix !== '0o')) return undefined
  return plain === '' ? 0n : BigInt(`${prefix}${plain}`)
}

function inBase60(parts: readonly bigint[]): bigint {
  let value = 0n
  for (const part of parts) value = value * 60n + part
  return value
}

function float(text: string): string | undefined {
  const groups = FLOAT.exec(text)?.groups
  if (groups === undefined) return undefined
  const { sign, sixty, decimal } = groups
  if (decimal !== undefined) return jsonFloat(without(decimal))
  let value = 0
  for (const part of without(sixty ?? '').split(':')) value = value * 60 + Number(part)
  return jsonFloat(`${sign}${Number.isInteger(value) ? `${value}.0` : value}`)
}

/** JSON wants a digit on both sides of the point, no plus, and no zeros before. */
function jsonFloat(text: string): string {
  return text
    .replace(/^\+/, '')
    .replace(/^-?(?=\.)/, '$&0')
    .replace(/\.(?!\d)/, '.0')
    .replace(/^(-?)0+(?=\d)/, '$1')
}

function without(digits: string): string {
  return digits.replaceAll('_', '')
}
