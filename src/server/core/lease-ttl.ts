/** How long tokens live when nobody says otherwise (vault-api 11). In seconds. Pure. */
export interface LeaseTtl {
  readonly default: number
  readonly max: number
}

/** Vault's own defaults: 768 h each. */
export const SYSTEM_LEASE_TTL: LeaseTtl = { default: 2_764_800, max: 2_764_800 }

/** What a mount's settings come to: 0 inherits the system's, and no default is above its maximum. */
export function effectiveLeaseTtl(tuned: LeaseTtl, system: LeaseTtl = SYSTEM_LEASE_TTL): LeaseTtl {
  const max = tuned.max === 0 ? system.max : tuned.max
  return { default: Math.min(tuned.default === 0 ? system.default : tuned.default, max), max }
}

/** What a configuration says, completed: a default is never longer than the maximum. */
export function systemLeaseTtl(said: {
  readonly default?: number | undefined
  readonly max?: number | undefined
}): LeaseTtl {
  const max = said.max ?? Math.max(SYSTEM_LEASE_TTL.max, said.default ?? 0)
  return { max, default: Math.min(said.default ?? SYSTEM_LEASE_TTL.default, max) }
}
