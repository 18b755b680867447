/** How long tokens live when nobody says otherwise. In seconds. */
export interface LeaseTtl {
  readonly default: number
  readonly max: number
}

/** Vault's own defaults: 768 h each (vault-api 11). */
export const SYSTEM_LEASE_TTL: LeaseTtl = { default: 2_764_800, max: 2_764_800 }

/** What a configuration says, completed: a default is never longer than the maximum. */
export function systemLeaseTtl(said: {
  readonly default?: number | undefined
  readonly max?: number | undefined
}): LeaseTtl {
  const max = said.max ?? Math.max(SYSTEM_LEASE_TTL.max, said.default ?? 0)
  return { max, default: Math.min(said.default ?? SYSTEM_LEASE_TTL.default, max) }
}
