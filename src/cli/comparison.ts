/** Declared against actual: everything between an open hub and its plan. Reads Vault, changes nothing. */
import { readActual } from '../apply/index.ts'
import type { HubAccess, ResolvedEntry } from '../hub/index.ts'
import { desiredState, makePlan, type Plan, shadowsOf } from '../plan/index.ts'
import { fingerprintKey } from '../sensitive/index.ts'
import type { VaultClient } from '../vault/index.ts'
import type { OpenHub } from './hub-file.ts'
import { startProgress } from './progress.ts'
import type { Screen } from './screen.ts'

export interface ComparisonOptions {
  readonly access: HubAccess
  readonly resolved: readonly ResolvedEntry[]
  readonly client: VaultClient
  readonly overwrite: boolean
  readonly screen: Screen
  readonly signal: AbortSignal
  /** `resolved` is a part of the hub: nothing beside it is looked at, and so nothing deleted. Default false. */
  readonly partial?: boolean
}

export async function compareWithVault(hub: OpenHub, options: ComparisonOptions): Promise<Plan> {
  const { access, resolved, client, overwrite, screen, signal, partial = false } = options
  const key = fingerprintKey()
  const desired = desiredState(hub.hub, access, resolved, key)
  const progress = startProgress({ label: 'read Vault', quiet: screen.quiet })
  try {
    const actual = await readActual(client, {
      hub: hub.hub,
      access,
      key,
      desired,
      concurrency: client.pace,
      undeclared: partial ? 'ignored' : 'read',
      onProgress: (done, total) => progress.update(done, total),
      signal,
    })
    if (!partial) return makePlan(desired, actual, { overwrite, shadowing: shadowsOf(hub.hub, hub.env, hub.files) })
    const wanted = new Set(desired.map(({ address }) => address))
    return makePlan(
      desired,
      actual.filter(({ address }) => wanted.has(address)),
      { overwrite, shadowing: [] },
    )
  } finally {
    progress.end()
  }
}
