/** How long tokens live when nobody says otherwise. In seconds. */
export interface LeaseTtl {
  readonly default: number
  readonly max: number
}

/** Vault's own defaults: 768 h each (vault-api 11). */
export const SYSTEM_LEASE_TTL: LeaseTtl = { default: 2_764_800, max: 2_764_800 }
