/** Durations and points in time as policies write them: `300`, `"300"`, `"5m"`, `"1h30m"`, `"7d"`; RFC 3339 or unix seconds. */

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

/** Seconds, never negative; `undefined` when the text is no duration. */
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

/** Unix milliseconds; `undefined` when the text is neither RFC 3339 nor unix seconds. */
export function parseInstant(text: string): number | undefined {
  if (/^\d{1,12}$/.test(text)) return Number(text) * 1000
  const rfc3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/
  const milliseconds = rfc3339.test(text) ? Date.parse(text.toUpperCase()) : Number.NaN
  return Number.isNaN(milliseconds) ? undefined : milliseconds
}
