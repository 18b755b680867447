/**
 * How long a token lives: Vault's TTL arithmetic (vault-api 11). Pure; durations in whole seconds, times in unix
 * milliseconds. Increments count from now, limits from the time of issue.
 */
import { shortDuration } from '../logical/duration.ts'
import { invalidRequest } from '../logical/errors.ts'

export interface LeaseTtl {
  readonly default: number
  readonly max: number
}

export interface TtlRequest {
  /** What the caller asks for; 0 or less: nothing in particular. */
  readonly increment: number
  /** What the role or token asks for; 0: the mount's default. */
  readonly backendTtl: number
  /** Of a periodic token; 0: it is none. */
  readonly period: number
  /** 0: no limit of its own. */
  readonly backendMaxTtl: number
  /** 0: no limit of its own. */
  readonly explicitMaxTtl: number
  /** Effective values of the mount. */
  readonly mount: LeaseTtl
  readonly issuedAt: number
  readonly now: number
}

export interface Ttl {
  /** At least 1. */
  readonly seconds: number
  readonly warnings: readonly string[]
}

/** @throws {LogicalError} 400 when the limit has passed */
export function calculateTtl(request: TtlRequest): Ttl {
  return request.period > 0 ? periodicTtl(request) : limitedTtl(request)
}

/** A periodic token may be renewed for ever: only the mount's maximum and an explicit limit bound it. */
function periodicTtl({ period, mount, explicitMaxTtl, issuedAt, now }: TtlRequest): Ttl {
  const capped = Math.min(period, mount.max)
  const warnings = period > mount.max ? [exceeded('period', period, 'period', mount.max)] : []
  const seconds = explicitMaxTtl > 0 ? Math.min(capped, secondsUntil(issuedAt + explicitMaxTtl * 1000, now)) : capped
  return alive(seconds, warnings)
}

function limitedTtl(request: TtlRequest): Ttl {
  const { mount, issuedAt, now } = request
  const max = [request.backendMaxTtl, request.explicitMaxTtl].reduce(
    (limit, own) => (own > 0 && own < limit ? own : limit),
    mount.max,
  )
  const wanted = request.increment > 0 ? request.increment : request.backendTtl > 0 ? request.backendTtl : mount.default
  const left = secondsUntil(issuedAt + max * 1000, now)
  if (wanted <= left) return alive(wanted, [])
  // Who asked for nothing in particular is not told that they got less.
  const asked = request.increment > 0 || request.backendTtl > 0
  return alive(left, asked ? [exceeded('TTL', wanted, 'TTL', left)] : [])
}

/** A lease of no time at all would make clients renew without pause. */
function alive(seconds: number, warnings: readonly string[]): Ttl {
  if (seconds < 1) throw invalidRequest('past the max TTL, cannot renew')
  return { seconds, warnings }
}

function secondsUntil(time: number, now: number): number {
  return Math.floor((time - now) / 1000)
}

function exceeded(what: string, wanted: number, value: string, limit: number): string {
  return `${what} of "${shortDuration(wanted)}" exceeded the effective max_ttl of "${shortDuration(limit)}"; ${value} value is capped accordingly`
}
