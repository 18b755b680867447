/**
 * When to ask again and how long to wait first: the rules of the Go api client (its retryable HTTP client with the
 * policy and back-off that it sets), so that a server sees one behaviour from `vault` and from Plenum.
 *
 * One difference, on purpose: the Go client also sends a write again after its connection broke. Here a write is sent
 * again only when it cannot have arrived.
 */

const SHORTEST_WAIT_MS = 1000
const LONGEST_WAIT_MS = 1500

/** 5xx but 501, plus 429 and 412 (a follower that has not caught up). Sealed (503) is among them. */
export function isRetryable(status: number): boolean {
  return status === 429 || status === 412 || (status >= 500 && status !== 501)
}

/** Statuses that say the server refused before it did anything, so that even a write may be sent again. */
export function isBeforeEffect(status: number, sealed: boolean): boolean {
  return status === 429 || status === 412 || (status === 503 && sealed)
}

export interface RetryMoment {
  /** 0 before the first retry. */
  readonly retry: number
  readonly status: number | undefined
  readonly retryAfter: string | undefined
  /** Unix ms. */
  readonly now: number
  /** In [0, 1). */
  readonly random: number
}

/** Milliseconds to wait: `Retry-After` of a 429 or 503, else 1-1.5 s times the number of the retry. */
export function retryDelay(moment: RetryMoment): number {
  if (moment.status === 429 || moment.status === 503) {
    const told = parseRetryAfter(moment.retryAfter, moment.now)
    if (told !== undefined) return told
  }
  return (SHORTEST_WAIT_MS + moment.random * (LONGEST_WAIT_MS - SHORTEST_WAIT_MS)) * (moment.retry + 1)
}

/** `Retry-After` as seconds or as an HTTP date, in milliseconds; undefined when it is absent or makes no sense. */
export function parseRetryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000
  const date = /^[A-Z][a-z]{2}, /.test(header) ? Date.parse(header) : Number.NaN
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}
