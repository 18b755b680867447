/** Values of options, parsed: what cannot be meant is refused before anything begins. */
import { InvalidArgumentError, Option } from 'commander'

export function parsePort(text: string): number {
  const value = Number(text)
  if (!/^\d{1,5}$/.test(text) || value > 65_535)
    throw new InvalidArgumentError('A port is a number from 0 to 65535 (0 picks a free one).')
  return value
}

export function parseMebibytes(text: string): number {
  if (/^\d{1,7}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('A size is a whole number of MiB.')
}

export function parseVersion(text: string): string {
  if (/^\d+\.\d+(\.\d+)?$/.test(text)) return text
  throw new InvalidArgumentError('A version looks like 3.3 or 4.8.4.')
}

/** An option that may be given more than once. */
export function several(flags: string, description: string): Option {
  const collect = (value: string, before?: readonly string[]): string[] => [...(before ?? []), value]
  return new Option(flags, `${description}; may be given more than once`).argParser(collect)
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** `500ms`, `2s`, `1m`, `1h` -> milliseconds; at least 100. */
export function parseDuration(text: string): number {
  const [, digits = '', unit = ''] = /^(\d{1,6})(ms|s|m|h)$/.exec(text) ?? []
  const duration = Number(digits) * (UNITS[unit] ?? 0)
  if (digits !== '' && duration >= 100) return duration
  throw new InvalidArgumentError('A duration is a number with its unit (500ms, 2s, 1m, 1h), 100ms or more.')
}

export interface ListenPlace {
  readonly host: string
  readonly port: number
}

/** `127.0.0.1:9464`, `[::1]:9464`, `:9464` and `9464` (both on 127.0.0.1), or `none`. */
export function parsePlace(text: string): ListenPlace | 'none' {
  if (text === 'none') return 'none'
  const { host = '', port = '' } = /^(?:(?<host>[^:\s[\]]+|\[[^\]\s]+\])?:)?(?<port>\d{1,5})$/.exec(text)?.groups ?? {}
  if (port === '') throw new InvalidArgumentError('A place is HOST:PORT, PORT, or none.')
  return { host: host === '' ? '127.0.0.1' : host.replaceAll(/^\[|\]$/g, ''), port: parsePort(port) }
}
