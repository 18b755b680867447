/**
 * How long something takes, as a summary: how often and how long in all since the start, and what it was like lately.
 *
 * Noting one costs the same however many there were and makes no object: lately is a window of two halves, and the times
 * in each are counted in buckets that grow by a twentieth, so that a quantile is right to 2.5 %.
 */

/** In ms, but for counts. */
export interface DurationSummary {
  readonly count: number
  readonly sum: number
  readonly lately: {
    /** How long that is, at least 1. */
    readonly over: number
    readonly count: number
    readonly sum: number
    /** 0 where there is none, as the next three. */
    readonly least: number
    readonly most: number
    readonly mean: number
    readonly deviation: number
    /** How long most took: `quantile(0.99)`. NaN where there is none. */
    quantile(share: number): number
  }
}

/** Half of what is lately, in ms. */
export const HALF_MS = 10_000
const GROWTH = Math.log(1.05)
/** Shorter ones count as long as this, in ms. */
const SHORTEST = 0.001
const BUCKETS = Math.ceil(Math.log(1e9) / GROWTH)

class Half {
  began = 0
  count = 0
  sum = 0
  squares = 0
  least = Number.POSITIVE_INFINITY
  most = 0
  readonly buckets = new Uint32Array(BUCKETS)

  begin(at: number): void {
    this.began = at
    this.count = 0
    this.sum = 0
    this.squares = 0
    this.least = Number.POSITIVE_INFINITY
    this.most = 0
    this.buckets.fill(0)
  }
}

export class Durations {
  #count = 0
  #sum = 0
  #now = new Half()
  #before = new Half()

  /** Something took `ms` and ended at `at`: both of one clock that never goes back, in ms. */
  note(ms: number, at: number): void {
    this.#turn(at)
    const half = this.#now
    this.#count += 1
    this.#sum += ms
    half.count += 1
    half.sum += ms
    half.squares += ms * ms
    if (ms < half.least) half.least = ms
    if (ms > half.most) half.most = ms
    const bucket = ms <= SHORTEST ? 0 : Math.min(BUCKETS - 1, Math.floor(Math.log(ms / SHORTEST) / GROWTH))
    half.buckets[bucket] = (half.buckets[bucket] ?? 0) + 1
  }

  summary(at: number): DurationSummary {
    this.#turn(at)
    const halves = [this.#before, this.#now]
    const total = (of: (half: Half) => number): number => halves.reduce((sum, half) => sum + of(half), 0)
    const count = total((half) => half.count)
    const sum = total((half) => half.sum)
    const mean = count === 0 ? 0 : sum / count
    const variance = count === 0 ? 0 : Math.max(0, total((half) => half.squares) / count - mean * mean)
    const least = Math.min(this.#before.least, this.#now.least)
    const most = Math.max(this.#before.most, this.#now.most)
    const buckets = this.#now.buckets.map((here, index) => here + (this.#before.buckets[index] ?? 0))
    return {
      count: this.#count,
      sum: this.#sum,
      lately: {
        over: Math.max(1, at - this.#before.began),
        count,
        sum,
        least: count === 0 ? 0 : least,
        most,
        mean,
        deviation: Math.sqrt(variance),
        quantile: (share) =>
          count === 0 ? Number.NaN : Math.min(most, Math.max(least, quantileOf(buckets, share * count))),
      },
    }
  }

  #turn(at: number): void {
    const passed = at - this.#now.began
    if (passed < HALF_MS) return
    const next = this.#before
    this.#before = this.#now
    this.#now = next
    if (passed >= 2 * HALF_MS) this.#before.begin(at)
    next.begin(at)
  }
}

/** The middle of the bucket in which the `rank`th lies. */
function quantileOf(buckets: Uint32Array, rank: number): number {
  let seen = 0
  const found = buckets.findIndex((count) => {
    seen += count
    return count > 0 && seen >= rank
  })
  return SHORTEST * Math.exp((found + 0.5) * GROWTH)
}
