/** The `auth` block that tells a client of its token (vault-api 1.7). */
import type { AuthBlock, TokenEntry } from '../logical/logical.ts'

/** `clientToken` is empty where the endpoint must not show it; `ttl` in seconds, 0 for a token that does not expire. */
export function authBlock(clientToken: string, entry: TokenEntry, ttl: number): AuthBlock {
  return {
    clientToken,
    accessor: entry.accessor,
    displayName: entry.displayName,
    policies: entry.policies,
    noDefaultPolicy: entry.noDefaultPolicy,
    metadata: entry.meta,
    leaseDuration: ttl,
    renewable: entry.renewable,
    entityId: entry.entityId,
    tokenType: entry.type,
    orphan: entry.orphan,
    numUses: Math.max(0, entry.numUses),
  }
}
