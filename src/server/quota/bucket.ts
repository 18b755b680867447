/**
 * One limit, counted for each client by itself: a token bucket (vault-api 4.4).
 *
 * Pure but for the buckets it keeps: time is an argument. A clock that is set back gives nobody anything.
 */
import { LRUCache } from 'lru-cache'

export interface Limit {
  /** Requests an interval; also how many may come at once, but never fewer than one. */
  readonly rate: number
  readonly intervalSeconds: number
  /** How long a client waits after it went over, beside the refilling. 0: no longer than that. */
  readonly blockIntervalSeconds: number
}

interface Bucket {
  tokens: number
  /** Unix milliseconds. */
  filledAt: number
  blockedUntil: number
}

export interface Taken {
  readonly allowed: boolean
  /** Whole requests left now. */
  readonly remaining: number
  /** Until the next request is allowed when refused, until the bucket is full when allowed. Whole seconds, rounded up. */
  readonly waitSeconds: number
}

/** Clients remembered for one limit. Beyond that the one unseen for longest starts anew. */
const MOST_CLIENTS = 100_000

export class Limiter {
  readonly #limit: Limit
  readonly #clients = new LRUCache<string, Bucket>({ max: MOST_CLIENTS })

  constructor(limit: Limit) {
    this.#limit = limit
  }

  /** Requests that may come at once. */
  get capacity(): number {
    return Math.max(1, this.#limit.rate)
  }

  /** Counts one request. `now` in unix milliseconds. */
  take(client: string, now: number): Taken {
    const bucket = this.#refilled(client, now)
    if (now < bucket.blockedUntil) return refused((bucket.blockedUntil - now) / 1000)
    if (bucket.tokens >= 1) {
      bucket.tokens -= 1
      return {
        allowed: true,
        remaining: Math.floor(bucket.tokens),
        waitSeconds: this.#secondsFor(this.capacity - bucket.tokens),
      }
    }
    const { blockIntervalSeconds } = this.#limit
    if (blockIntervalSeconds > 0) bucket.blockedUntil = now + blockIntervalSeconds * 1000
    return refused(Math.max(this.#secondsFor(1 - bucket.tokens), blockIntervalSeconds))
  }

  #refilled(client: string, now: number): Bucket {
    const bucket = this.#clients.get(client)
    if (bucket === undefined) {
      const created = { tokens: this.capacity, filledAt: now, blockedUntil: 0 }
      this.#clients.set(client, created)
      return created
    }
    const passed = Math.max(0, now - bucket.filledAt) / 1000
    const { rate, intervalSeconds } = this.#limit
    bucket.tokens = Math.min(this.capacity, bucket.tokens + (passed * rate) / intervalSeconds)
    bucket.filledAt = now
    return bucket
  }

  #secondsFor(tokens: number): number {
    return Math.ceil((tokens * this.#limit.intervalSeconds) / this.#limit.rate)
  }
}

function refused(seconds: number): Taken {
  return { allowed: false, remaining: 0, waitSeconds: Math.max(1, Math.ceil(seconds)) }
}
