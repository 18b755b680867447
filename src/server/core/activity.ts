/**
 * What the server is doing and has done since it started: requests under way, and counts of answers. Holds no value.
 *
 * On the way of every request: it keeps the exchange as it is, and shows something of it to whoever asks.
 */
import type { AnswerCount, RequestUnderWay } from '../engines/system/index.ts'
import { Durations, type DurationSummary } from '../logical/durations.ts'
import type { Exchange } from './exchange.ts'

export class Activity {
  readonly #underWay = new Set<Exchange>()
  /** Of each operation the answers by class of status, those of 2xx at 2. */
  readonly #answers = new Map<string, number[]>()
  #logins = 0
  readonly #requestTimes = new Durations()
  readonly #loginTimes = new Durations()

  begin(exchange: Exchange): void {
    this.#underWay.add(exchange)
  }

  /** `began` and `ended` by a clock that never goes back, in ms. */
  end(exchange: Exchange, status: number, began: number, ended: number): void {
    this.#underWay.delete(exchange)
    const { operation, open } = exchange
    const times = open ? this.#loginTimes : this.#requestTimes
    times.note(ended - began, ended)
    const counts = this.#answers.get(operation) ?? []
    const kind = Math.floor(status / 100)
    counts[kind] = (counts[kind] ?? 0) + 1
    this.#answers.set(operation, counts)
  }

  loggedIn(): void {
    this.#logins += 1
  }

  get logins(): number {
    return this.#logins
  }

  /** Of requests, and of those on paths that ask for no token. */
  times(now: number): { readonly requests: DurationSummary; readonly logins: DurationSummary } {
    return { requests: this.#requestTimes.summary(now), logins: this.#loginTimes.summary(now) }
  }

  underWay(): readonly RequestUnderWay[] {
    return Array.from(this.#underWay, ({ id, time, request }) => ({
      id,
      start: time,
      address: request.remoteAddress,
      port: request.remotePort,
      path: `/v1/${request.path}`,
      method: request.method,
    }))
  }

  /** In a steady order. */
  answers(): readonly AnswerCount[] {
    return [...this.#answers.keys()].sort().flatMap((operation) =>
      // The classes that there were: the others are holes.
      Object.entries(this.#answers.get(operation) ?? []).map(([kind, count]) => ({
        operation,
        status: `${kind}xx`,
        count,
      })),
    )
  }
}
