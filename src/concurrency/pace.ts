/**
 * How many requests a server should have under way at once, found while they run.
 *
 * While an answer takes less than twice as long as the shortest one, most of its time is the way to the server and back,
 * and more at once cost nobody anything: 30 ms away, 32 at a time are a thousand a second however fast the server is.
 * When it takes longer than that the server is busy all the time, and more at once would only wait there; long past it
 * they are taken back. A server that says "too many" (429) gets half as many, and no more again.
 *
 * Near servers answer in a millisecond when they have nothing else to do, and much later when they have: they stay at
 * the least. It knows nothing of time: whoever measures tells it.
 */
export interface PaceBounds {
  /** To begin with, and what it does not fall below on its own. */
  readonly least: number
  /** Connections cost memory on both sides. */
  readonly most: number
}

export class Pace {
  #limit: number
  #most: number
  readonly #least: number
  /** That this will ever ask for. */
  readonly ceiling: number
  #shortest = Number.POSITIVE_INFINITY
  #sum = 0
  #count = 0
  #refusedAgo = Number.POSITIVE_INFINITY

  constructor({ least, most }: PaceBounds) {
    this.#limit = least
    this.#least = least
    this.#most = most
    this.ceiling = most
  }

  /** Requests that may be under way at once. */
  get limit(): number {
    return this.#limit
  }

  /** An answer came this many milliseconds after its request was sent on an open connection. */
  answered(ms: number): void {
    this.#shortest = Math.min(this.#shortest, ms)
    this.#sum += ms
    this.#count += 1
    this.#refusedAgo += 1
    if (this.#count < this.#limit) return
    this.#limit = nextLimit(this.#limit, this.#sum / this.#count / this.#shortest, {
      least: Math.min(this.#least, this.#most),
      most: this.#most,
    })
    this.#startRound()
  }

  /** The server said that these are too many. Those that were under way at the same time say it once. */
  refused(): void {
    if (this.#refusedAgo < this.#limit) return
    this.#refusedAgo = 0
    this.#limit = Math.max(1, Math.floor(this.#limit / 2))
    this.#most = this.#limit
    this.#startRound()
  }

  #startRound(): void {
    this.#sum = 0
    this.#count = 0
  }
}

/** Pure. `stretch`: how many times longer than the shortest answer the last ones took. */
export function nextLimit(limit: number, stretch: number, { least, most }: PaceBounds): number {
  if (stretch < 2) return Math.min(most, limit * 2)
  if (stretch > 4) return Math.max(least, Math.floor(limit * 0.75))
  return limit
}
