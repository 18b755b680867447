/** Points in time as policies write them: RFC 3339 or unix seconds. Durations are `logical/duration.ts`. */

/** Unix milliseconds; `undefined` when the text is neither RFC 3339 nor unix seconds. */
export function parseInstant(text: string): number | undefined {
  if (/^\d{1,12}$/.test(text)) return Number(text) * 1000
  const rfc3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/
  const milliseconds = rfc3339.test(text) ? Date.parse(text.toUpperCase()) : Number.NaN
  return Number.isNaN(milliseconds) ? undefined : milliseconds
}
