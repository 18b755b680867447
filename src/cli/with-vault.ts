/**
 * Work that needs a hub's Vault and leaves it as it was: on the server that runs, wherever that is, or on the embedded
 * one started for the while.
 */
import type { VaultClient } from '../vault/index.ts'
import type { OpenHub } from './hub-file.ts'
import { findRunning } from './running.ts'
import type { Screen } from './screen.ts'
import { openOperator, type Reach, reachOf } from './target.ts'

export interface VaultWork<T> {
  readonly hub: OpenHub
  /** Of the embedded server, when it has to be started. */
  readonly port: number
  readonly screen: Screen
  /** Who enters a server that runs: the operator, unless this has somebody with fewer rights. */
  readonly enter?: (reach: Reach) => VaultClient | undefined
  readonly work: (reach: Reach, client: VaultClient) => Promise<T>
}

export async function withVault<T>({ hub, port, screen, enter, work }: VaultWork<T>): Promise<T> {
  if (await mustStart(hub)) {
    const { startEmbedded } = await import('./embedded.ts')
    const embedded = await startEmbedded(hub, port, screen)
    try {
      return await embedded.asRoot((client) => work(embedded.reach, client))
    } finally {
      await embedded.close()
    }
  }
  const reach = await reachOf(hub)
  const client = enter?.(reach) ?? openOperator(hub, reach)
  try {
    return await work(reach, client)
  } finally {
    await client.close()
  }
}

/** VAULT_ADDR leads elsewhere, as for every command but `up`. */
async function mustStart(hub: OpenHub): Promise<boolean> {
  const { VAULT_ADDR } = process.env
  if (hub.target.kind !== 'embedded' || (VAULT_ADDR !== undefined && VAULT_ADDR !== '')) return false
  return (await findRunning(hub.run)) === undefined
}
