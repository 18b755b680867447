/**
 * A wait that can be cut short: by a database that says that something changed, or by an end that was asked for.
 *
 * Invariant: what rings while nobody waits cuts the next wait short. It may have come after the look that is under way.
 */
export class Alarm {
  #rung = false
  #wake: (() => void) | undefined

  ring(): void {
    this.#rung = true
    this.#wake?.()
  }

  /** Forgets what was rung before: for who will look at everything anyway, and not sooner. */
  reset(): void {
    this.#rung = false
  }

  /** Resolves after `ms`, when rung, or when aborted, and forgets the ring: the look begins now. Never rejects. */
  wait(ms: number, signal: AbortSignal): Promise<void> {
    if (this.#rung || signal.aborted) {
      this.#rung = false
      return Promise.resolve()
    }
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', done)
        this.#wake = undefined
        this.#rung = false
        resolve()
      }
      const timer = setTimeout(done, ms)
      signal.addEventListener('abort', done)
      this.#wake = done
    })
  }
}
