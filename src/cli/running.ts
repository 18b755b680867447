/**
 * Whether the embedded server of a hub runs. A pid alone proves nothing (the system gives numbers out again), so the
 * server must also answer at its address and say that it serves this store.
 */
import { noToken, VaultClient, VaultError } from '../vault/index.ts'
import type { RunFolder } from './run-folder.ts'
import { type RunningServer, readServerFile } from './server-file.ts'

const PATIENCE_MS = 2000

/** `undefined` when nothing runs, also when a crash left `server.json` behind. */
export async function findRunning(folder: RunFolder): Promise<RunningServer | undefined> {
  const server = readServerFile(folder)
  if (server === undefined) return undefined
  return (await servesStore(server)) ? server : undefined
}

async function servesStore({ address, storeId }: RunningServer): Promise<boolean> {
  const client = new VaultClient({ address, tokens: noToken, timeoutMs: PATIENCE_MS, maxRetries: 0 })
  try {
    const { body } = await client.request('GET', 'sys/seal-status')
    return typeof body === 'object' && body !== null && 'cluster_id' in body && body['cluster_id'] === storeId
  } catch (error) {
    if (error instanceof VaultError) return false
    throw error
  } finally {
    await client.close()
  }
}
