/**
 * User lockout: who fails to log in too often is refused for a while, with the right credentials too (vault-api 9).
 *
 * Invariant: counted is the name as the auth method spells it (S2), below the accessor of its mount. Logins at the same
 * time share the count: once it is full, what has not been answered yet is refused (`core/login.ts`).
 *
 * In memory: sealing forgets it. Bounded: beyond 100,000 names those that failed longest ago are forgotten, which
 * takes longer to bring about than a lock lasts, as each failure of an unknown user costs a password hash.
 */
import { LRUCache } from 'lru-cache'
import type { LoginName } from '../logical/index.ts'
import type { UserLockoutConfig } from '../logical/user-lockout.ts'

interface Failures {
  readonly of: LoginName
  readonly count: number
  /** Of the last one; unix milliseconds. */
  readonly last: number
}

const NAMES = 100_000

export class Lockout {
  /** Bounded by size, each counting one: with `max` the room for all of them would be made at every start. */
  readonly #failures = new LRUCache<string, Failures>({ maxSize: NAMES, sizeCalculation: () => 1 })

  /** `now` in unix milliseconds, here and below. */
  isLocked(of: LoginName, config: UserLockoutConfig, now: number): boolean {
    return locks(this.#failures.get(keyOf(of)), config, now)
  }

  failed(of: LoginName, config: UserLockoutConfig, now: number): void {
    const before = this.#failures.get(keyOf(of))
    // A failure while locked changes nothing: else guessing on would lock a user for ever.
    if (config.disabled || locks(before, config, now)) return
    this.#failures.set(keyOf(of), { of, count: countAfter(before, config, now), last: now })
  }

  /** Also what an administrator does to unlock. */
  clear(of: LoginName): void {
    this.#failures.delete(keyOf(of))
  }

  /** Locked names; `configOf` gives `undefined` for a mount that is gone. Sorted. */
  locked(configOf: (accessor: string) => UserLockoutConfig | undefined, now: number): LoginName[] {
    const found: LoginName[] = []
    for (const failures of this.#failures.values()) {
      const config = configOf(failures.of.accessor)
      if (config !== undefined && locks(failures, config, now)) found.push(failures.of)
    }
    return found.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
  }
}

function locks(failures: Failures | undefined, config: UserLockoutConfig, now: number): boolean {
  if (failures === undefined || config.disabled) return false
  return failures.count >= config.threshold && now - failures.last < config.duration * 1000
}

function countAfter(before: Failures | undefined, config: UserLockoutConfig, now: number): number {
  const { threshold, counterReset } = config
  // A full count that does not lock any more has been served.
  if (before === undefined || before.count >= threshold || now - before.last >= counterReset * 1000) return 1
  return before.count + 1
}

function keyOf({ accessor, alias }: LoginName): string {
  return `${accessor}/${alias}`
}
