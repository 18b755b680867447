/** How often somebody may do what costs more than it should: so often at once, and so often a second after that. Pure. */
export interface PatienceLimits {
  readonly atOnce: number
  readonly eachSecond: number
}

export class Patience {
  readonly #limits: PatienceLimits
  #left: number
  #at: number

  /** `now` in unix milliseconds. */
  constructor(limits: PatienceLimits, now: number) {
    this.#limits = limits
    this.#left = limits.atOnce
    this.#at = now
  }

  /** False when it was once too often; that counts for nothing later. A clock that goes back gives nothing. */
  strike(now: number): boolean {
    const { atOnce, eachSecond } = this.#limits
    const passed = Math.max(0, now - this.#at) / 1000
    this.#at = now
    this.#left = Math.min(atOnce, this.#left + passed * eachSecond)
    if (this.#left < 1) return false
    this.#left -= 1
    return true
  }
}
