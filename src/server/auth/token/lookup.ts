/** A token as the lookup endpoints show it (vault-api 7.2). Pure. */
import { formatInstant } from '../../logical/duration.ts'
import type { JsonObject, TokenEntry } from '../../logical/index.ts'

/** `shown` is the token itself, or empty where the endpoint must not show it. */
export function lookupData(entry: TokenEntry, shown: string, now: number): JsonObject {
  const { meta, expireTime } = entry
  return {
    id: shown,
    accessor: entry.accessor,
    policies: [...entry.policies],
    path: entry.path,
    meta: meta === null ? null : Object.assign(Object.create(null) as JsonObject, meta),
    display_name: entry.displayName,
    num_uses: Math.max(0, entry.numUses),
    orphan: entry.orphan,
    creation_time: Math.floor(entry.creationTime / 1000),
    creation_ttl: entry.creationTtl,
    expire_time: expireTime === null ? null : formatInstant(expireTime),
    ttl: expireTime === null ? 0 : Math.max(0, Math.floor((expireTime - now) / 1000)),
    explicit_max_ttl: entry.explicitMaxTtl,
    entity_id: entry.entityId,
    type: entry.type,
    // What does not expire has no lease to tell of.
    ...(expireTime === null ? {} : { issue_time: formatInstant(entry.creationTime), renewable: entry.renewable }),
    ...(entry.lastRenewal === null
      ? {}
      : { last_renewal: formatInstant(entry.lastRenewal), last_renewal_time: Math.floor(entry.lastRenewal / 1000) }),
    ...(entry.role === '' ? {} : { role: entry.role }),
    ...(entry.period === 0 ? {} : { period: entry.period }),
    ...(entry.boundCidrs.length === 0 ? {} : { bound_cidrs: [...entry.boundCidrs] }),
  }
}
