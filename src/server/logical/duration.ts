/**
 * Durations and points in time as Vault reads and prints them (vault-api 1.10, 11). Pure; seconds in and out, instants
 * are unix milliseconds.
 */

const MILLISECONDS: ReadonlyMap<string, number> = new Map([
  ['ns', 1e-6],
  ['us', 1e-3],
  ['µs', 1e-3],
  ['μs', 1e-3],
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
])

/** Vault holds durations as 64-bit nanoseconds. */
const MAX_SECONDS = 9_223_372_036

/** `300`, `5m`, `1h30m`, `7d`: seconds, never negative; `undefined` when the text is no duration. */
export function parseDurationSeconds(text: string): number | undefined {
  const seconds = /^\d{1,10}$/.test(text) ? Number(text) : sumUnits(text)
  return seconds !== undefined && seconds <= MAX_SECONDS ? seconds : undefined
}

function sumUnits(text: string): number | undefined {
  let total = 0
  let rest = text
  if (text.length > 100) return undefined
  do {
    const part = /^(\d+(?:\.\d+)?)(ns|us|µs|μs|ms|s|m|h|d)/.exec(rest)
    const unit = MILLISECONDS.get(part?.[2] ?? '')
    if (part === null || unit === undefined) return undefined
    total += Number(part[1]) * unit
    rest = rest.slice(part[0].length)
  } while (rest !== '')
  return total / 1000
}

/** As warnings print them, without empty parts: `768h`, `1h30m`, `0s`. Whole seconds. */
export function shortDuration(seconds: number): string {
  const [hours, minutes, rest] = split(seconds)
  const text = `${hours > 0 ? `${hours}h` : ''}${minutes > 0 ? `${minutes}m` : ''}${rest > 0 ? `${rest}s` : ''}`
  return text === '' ? '0s' : text
}

/** As Go prints them: `768h0m0s`, `30m0s`, `5s`. Whole seconds. */
export function goDuration(seconds: number): string {
  const [hours, minutes, rest] = split(seconds)
  if (hours > 0) return `${hours}h${minutes}m${rest}s`
  return minutes > 0 ? `${minutes}m${rest}s` : `${rest}s`
}

function split(seconds: number): [hours: number, minutes: number, seconds: number] {
  return [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), seconds % 60]
}

/** RFC 3339 with as many fractional digits as needed, as Go prints it: `2026-01-02T03:04:05.67Z`. */
export function formatInstant(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.?0+Z$/, 'Z')
}

/** How Go prints a time that is not set. */
export const ZERO_INSTANT = '0001-01-01T00:00:00Z'
