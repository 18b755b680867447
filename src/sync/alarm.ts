/** A wait that can be cut short: by a database that says that something changed, or by an end that was asked for. */
export class Alarm {
  #rung = false
  #wake: (() => void) | undefined

  /** While nobody waits it is kept for who waits next. */
  ring(): void {
    this.#rung = true
    this.#wake?.()
  }

  /** Forgets what was rung before: whoever is about to look sees it anyway. */
  reset(): void {
    this.#rung = false
  }

  /** Resolves after `ms`, when rung, or when aborted. Never rejects. */
  wait(ms: number, signal: AbortSignal): Promise<void> {
    if (this.#rung || signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', done)
        this.#wake = undefined
        resolve()
      }
      const timer = setTimeout(done, ms)
      signal.addEventListener('abort', done)
      this.#wake = done
    })
  }
}
