/** How a token's life is extended (vault-api 7.2, 11). Pure. */
import { invalidRequest } from '../logical/errors.ts'
import type { TokenEntry } from '../logical/logical.ts'
import { calculateTtl, type LeaseTtl } from './ttl.ts'

/** What the auth method that issued the token says now. Seconds; 0: nothing of its own. */
export interface RenewalTerms {
  readonly ttl: number
  readonly maxTtl: number
  readonly period: number
  /** Effective lease TTLs of the mount. */
  readonly mount: LeaseTtl
}

export interface Renewal {
  readonly entry: TokenEntry
  /** Seconds from now. */
  readonly ttl: number
  readonly warnings: readonly string[]
}

/** @throws {LogicalError} 400 when the token is not renewable or has reached its limit */
export function planRenewal(entry: TokenEntry, increment: number, terms: RenewalTerms, now: number): Renewal {
  if (!entry.renewable || entry.expireTime === null) throw invalidRequest('lease is not renewable')
  const { seconds, warnings } = calculateTtl({
    increment,
    backendTtl: terms.ttl,
    period: terms.period,
    backendMaxTtl: terms.maxTtl,
    explicitMaxTtl: entry.explicitMaxTtl,
    mount: terms.mount,
    issuedAt: entry.creationTime,
    now,
  })
  const renewed = { ...entry, expireTime: now + seconds * 1000, lastRenewal: now, period: terms.period }
  return { entry: renewed, ttl: seconds, warnings }
}
