/**
 * One moment at which a call ends, whichever comes first: its time limit or the caller's AbortSignal. It covers
 * retries, waits between them and a login made on the way, as the Go client's timeout does.
 *
 * `AbortSignal.any` would do, but it keeps a long-lived signal's dependants alive on Node 20; here the listener goes
 * with the call.
 */

/** Longest delay of a Node timer, 2^31 - 1 ms. */
const LONGEST_TIMER_MS = 2_147_483_647

export class Deadline {
  readonly #controller = new AbortController()
  readonly #caller: AbortSignal | undefined
  readonly #timer: NodeJS.Timeout | undefined
  readonly #endsAt: number
  readonly #onCallerAbort = (): void => this.#controller.abort(this.#caller?.reason)

  /** `timeoutMs` 0: no time limit. */
  constructor(timeoutMs: number, caller: AbortSignal | undefined, now: number) {
    this.#caller = caller
    this.#endsAt = timeoutMs > 0 ? now + timeoutMs : Number.POSITIVE_INFINITY
    if (timeoutMs > 0) {
      const expire = (): void => this.#controller.abort(new DOMException('the time limit of the call', 'TimeoutError'))
      this.#timer = setTimeout(expire, Math.min(timeoutMs, LONGEST_TIMER_MS))
    }
    if (caller?.aborted === true) this.#onCallerAbort()
    else caller?.addEventListener('abort', this.#onCallerAbort, { once: true })
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** True when the caller's signal, not the time limit, ended the call. */
  get byCaller(): boolean {
    return this.#caller?.aborted === true
  }

  /** Whether something that takes `ms` can still end in time. */
  allows(ms: number, now: number): boolean {
    return now + ms < this.#endsAt
  }

  /** The promise's outcome, or a rejection with the signal's reason when the deadline comes first. */
  race<T>(promise: Promise<T>): Promise<T> {
    const signal = this.signal
    return new Promise((resolve, reject) => {
      const onAbort = (): void => reject(signal.reason)
      if (signal.aborted) onAbort()
      signal.addEventListener('abort', onAbort, { once: true })
      promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
    })
  }

  dispose(): void {
    clearTimeout(this.#timer)
    this.#caller?.removeEventListener('abort', this.#onCallerAbort)
  }
}
