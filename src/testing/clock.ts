/**
 * The server's clock in a test's hand.
 *
 * It runs with the system's until it is moved the first time. From then on it stands, and moves when it is told to alone:
 * what expires a second after a moment does so in no test by itself. Everything that the server dates or lets expire
 * goes by it: tokens, leases, secret-ids, wrapped answers, lockouts, rate limits, deletion times, rotation, the audit log.
 *
 * It is not the clock of the machine: the time limits of connections and requests, and Airflow's own, go by that one.
 */
import { parseDurationSeconds } from '../server/logical/duration.ts'
import { TestServerError } from './errors.ts'

export interface TestClock {
  /** Unix milliseconds. */
  readonly now: () => number
  /**
   * Milliseconds, or a text as Vault reads it: `90s`, `1h30m`, `7d`. Resolves when what fell due has been cleared away;
   * what has expired is refused from the call on. 0 stops the clock where it is.
   * @throws {TestServerError} 'testing-clock' for less than nothing and for what is no duration
   */
  advance(by: number | string): Promise<void>
  /**
   * A date, unix milliseconds, or a text that `Date` reads; also back in time. Resolves as `advance`.
   * @throws {TestServerError} 'testing-clock' for what is no point in time
   */
  set(to: Date | number | string): Promise<void>
  /** Runs on with the system's clock, from the time that it shows. */
  run(): void
}

/** `system` in unix milliseconds; `onMove` clears away what fell due. */
export function createClock(system: () => number, onMove: () => Promise<void>): TestClock {
  let stoppedAt: number | undefined
  let ahead = 0
  const now = (): number => stoppedAt ?? system() + ahead
  const moveTo = async (time: number): Promise<void> => {
    stoppedAt = time
    await onMove()
  }
  return {
    now,
    advance: async (by) => moveTo(now() + millisecondsOf(by)),
    set: async (to) => moveTo(instantOf(to)),
    run() {
      ahead = now() - system()
      stoppedAt = undefined
    },
  }
}

function millisecondsOf(by: number | string): number {
  const ms = typeof by === 'number' ? by : (parseDurationSeconds(by) ?? Number.NaN) * 1000
  if (Number.isFinite(ms) && ms >= 0) return ms
  const given = typeof by === 'number' ? String(by) : JSON.stringify(by)
  throw new TestServerError(
    'testing-clock',
    `a clock is not moved by ${given}: give milliseconds from 0 on, or a duration such as '90s', '1h30m' or '7d'; \`set\` also goes back`,
  )
}

/** What `Date` can hold. */
const FARTHEST = 8.64e15

function instantOf(to: Date | number | string): number {
  const time = typeof to === 'number' ? to : new Date(to).getTime()
  if (Number.isFinite(time) && Math.abs(time) <= FARTHEST) return time
  throw new TestServerError(
    'testing-clock',
    `a clock is not set to ${typeof to === 'object' ? 'an invalid date' : JSON.stringify(to)}: give a Date, unix milliseconds, or a text such as '2030-01-01T00:00:00Z'`,
  )
}
