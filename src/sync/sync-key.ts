/**
 * The key of sync's digests: 32 random bytes, a secret of sync's own in Vault. Every instance uses the one that is there,
 * or none could read the records of another.
 */
import { type FingerprintKey, sensitive } from '../sensitive/index.ts'
import { readSecret, type VaultClient, VaultError, writeSecret } from '../vault/index.ts'

/** What stands at the key's path is no key of sync's. */
export class SyncKeyError extends Error {
  override readonly name = 'SyncKeyError'
  readonly code = 'sync-key'
  readonly hint =
    'bring its first version back with `vault kv undelete` or `vault kv rollback`; or delete it for good: then everything is compared anew'
}

export interface SyncKeyPlace {
  readonly client: VaultClient
  readonly mount: string
  /** Below the mount. */
  readonly path: string
  readonly randomBytes: (size: number) => Buffer
  readonly signal?: AbortSignal
}

/** Made when there is none. Undefined for `isDryRun` then. @throws {VaultError | SyncKeyError} */
export async function syncKey(place: SyncKeyPlace, isDryRun: boolean): Promise<FingerprintKey | undefined> {
  const { client, mount, path, randomBytes, signal } = place
  const present = await readKey(place)
  if (present !== undefined || isDryRun) return present
  const made = sensitive({ key: randomBytes(32).toString('base64') })
  let denied: VaultError | undefined
  try {
    await writeSecret(client, mount, path, made, 0, signal)
  } catch (error) {
    if (!(error instanceof VaultError)) throw error
    // Another instance was quicker, whose key sync's role may not replace: its write would be an update by now.
    if (error.code === 'vault-denied') denied = error
    else if (error.code !== 'vault-cas-mismatch') throw error
  }
  const key = await readKey(place)
  if (key === undefined) throw denied ?? new SyncKeyError(`${path} was written and cannot be read`)
  return key
}

async function readKey({ client, mount, path, signal }: SyncKeyPlace): Promise<FingerprintKey | undefined> {
  const read = await readSecret(client, mount, path, { signal })
  if (read.kind === 'absent') return undefined
  const key = read.kind === 'found' ? read.data.reveal()['key'] : undefined
  const bytes = typeof key === 'string' ? Buffer.from(key, 'base64') : undefined
  if (bytes?.length !== 32) throw new SyncKeyError(`${path} is no key of sync, or was deleted`)
  return sensitive(bytes)
}
