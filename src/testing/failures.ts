/**
 * Requests that fail on purpose, so that a program can be seen to bear an outage.
 *
 * A failure waits for requests that fit, takes as many as it was told to, and is over. Of several that fit, the one that
 * was asked for first takes the request. The server's core never hears of a request that fails here, and neither does its
 * audit log. What the test server asks of itself (credentials, `verify`'s preparation) does not pass here.
 */
import type { Fault, FaultSource } from '../server/index.ts'
import { TestServerError } from './errors.ts'
import { matchesPath } from './path-pattern.ts'

export interface FailureScope {
  /** Below `/v1/`: `secret/data/airflow/connections/x`; with `*` at the end, all that begins so. Default: every path. */
  readonly path?: string | undefined
  /** `GET`, `LIST` (also `?list=true`), `POST`, … Default: every one. */
  readonly method?: string | undefined
  /** How many requests. Default 1; `Infinity` until `end()`. */
  readonly times?: number | undefined
}

/** Exactly one of: an answer in place of the server's, a connection that ends without one, or the server's own, late. */
export type FailureKind =
  | {
      /** 400 to 599. */
      readonly status: number
      /** Of the body `{"errors": […]}`. Default none, as a load balancer or a sealed standby says it. */
      readonly errors?: readonly string[] | undefined
      /** Before the answer, in ms of the machine's clock. Default 0. */
      readonly delayMs?: number | undefined
      readonly breaks?: undefined
    }
  | {
      readonly breaks: true
      /** Before the connection ends, in ms. Default 0. */
      readonly delayMs?: number | undefined
      readonly status?: undefined
      readonly errors?: undefined
    }
  | {
      /** Before the server gets the request, in ms. */
      readonly delayMs: number
      readonly status?: undefined
      readonly errors?: undefined
      readonly breaks?: undefined
    }

export type FailureOptions = FailureScope & FailureKind

/** A failure that was asked for. */
export interface Failure {
  /** Requests that it has taken. */
  readonly hits: number
  /** It takes no more. */
  end(): void
}

interface Planned extends Failure {
  readonly fits: (method: string, path: string) => boolean
  take(): void
  readonly over: boolean
  readonly delayMs: number
  readonly fault: Fault | undefined
}

export interface Failures {
  readonly source: FaultSource
  /** @throws {TestServerError} 'testing-failure' */
  add(options: FailureOptions): Failure
  /** No more failures, and who waits waits no longer. */
  close(): void
}

export function createFailures(): Failures {
  let planned: Planned[] = []
  const waiting = new Set<() => void>()
  const wait = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const go = (): void => {
        clearTimeout(timer)
        waiting.delete(go)
        resolve()
      }
      const timer = setTimeout(go, ms)
      waiting.add(go)
    })
  return {
    source({ method, path }) {
      planned = planned.filter(({ over }) => !over)
      const first = planned.find(({ fits }) => fits(method, path))
      if (first === undefined) return undefined
      first.take()
      const { delayMs, fault } = first
      return delayMs === 0 ? Promise.resolve(fault) : wait(delayMs).then(() => fault)
    },
    add(options) {
      const failure = plan(options)
      planned.push(failure)
      return failure
    },
    close() {
      planned = []
      for (const go of waiting) go()
    },
  }
}

function plan(options: FailureOptions): Planned {
  const { path = '*', method, times = 1, delayMs = 0 } = options
  if (!(times === Number.POSITIVE_INFINITY || (Number.isInteger(times) && times >= 1)))
    throw refused(`times ${times}: a whole number from 1 on, or Infinity`)
  if (!(Number.isFinite(delayMs) && delayMs >= 0)) throw refused(`delayMs ${delayMs}: milliseconds from 0 on`)
  const fault = faultOf(options)
  if (fault === undefined && delayMs === 0) throw refused('it does nothing: give status, breaks or delayMs')
  const verb = method?.toUpperCase()
  let hits = 0
  let ended = false
  return {
    fault,
    delayMs,
    fits: (asked, at) => (verb === undefined || verb === asked) && matchesPath(path, at),
    take() {
      hits += 1
    },
    get hits() {
      return hits
    },
    get over() {
      return ended || hits >= times
    },
    end() {
      ended = true
    },
  }
}

function faultOf({ status, errors = [], breaks }: FailureOptions): Fault | undefined {
  if (breaks === true && status !== undefined) throw refused('status and breaks: a broken connection has no status')
  if (breaks === true) return { kind: 'break' }
  if (status === undefined) return undefined
  if (!Number.isInteger(status) || status < 400 || status > 599) throw refused(`status ${status}: 400 to 599`)
  return { kind: 'answer', reply: { status, body: `${JSON.stringify({ errors })}\n` } }
}

function refused(what: string): TestServerError {
  return new TestServerError('testing-failure', `failNext cannot do this: ${what}`)
}
