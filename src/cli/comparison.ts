/** Declared against actual: everything between an open hub and its plan. Reads Vault, changes nothing. */
import { readActual } from '../apply/index.ts'
import type { HubAccess, ResolvedEntry } from '../hub/index.ts'
import { desiredState, makePlan, type Plan, shadowsOf } from '../plan/index.ts'
import { fingerprintKey } from '../sensitive/index.ts'
import type { VaultClient } from '../vault/index.ts'
import type { OpenHub } from './hub-file.ts'
import { startProgress } from './progress.ts'
import type { Screen } from './screen.ts'

/** Requests under way at once, as many as the client keeps connections. */
export const CONCURRENCY = 32

export interface ComparisonOptions {
  readonly access: HubAccess
  readonly resolved: readonly ResolvedEntry[]
  readonly client: VaultClient
  readonly overwrite: boolean
  readonly screen: Screen
  readonly signal: AbortSignal
}

export async function compareWithVault(hub: OpenHub, options: ComparisonOptions): Promise<Plan> {
  const { access, resolved, client, overwrite, screen, signal } = options
  const key = fingerprintKey()
  const desired = desiredState(hub.hub, access, resolved, key)
  const progress = startProgress({ label: 'read Vault', quiet: screen.quiet })
  try {
    const actual = await readActual(client, {
      hub: hub.hub,
      access,
      key,
      desired,
      concurrency: CONCURRENCY,
      onProgress: (done, total) => progress.update(done, total),
      signal,
    })
    return makePlan(desired, actual, { overwrite, shadowing: shadowsOf(hub.hub, hub.env, hub.files) })
  } finally {
    progress.end()
  }
}
