/**
 * How many requests are inside a session, so that its audit devices close after the last entry and not before: the
 * request that seals the server still has its own answer to record.
 */
export class Occupancy {
  readonly #onEmpty: () => void
  #inside = 0
  #ended = false

  /** `onEmpty` is called once, when the session has ended and nobody is inside any more. */
  constructor(onEmpty: () => void) {
    this.#onEmpty = onEmpty
  }

  get ended(): boolean {
    return this.#ended
  }

  enter(): void {
    this.#inside += 1
  }

  leave(): void {
    this.#inside -= 1
    if (this.#ended && this.#inside === 0) this.#onEmpty()
  }

  /** Nobody enters any more. */
  end(): void {
    this.#ended = true
    if (this.#inside === 0) this.#onEmpty()
  }
}
