/**
 * One secret of another Vault with all that still stands of it.
 *
 * The version that counts is the newest: when it is deleted, nobody sees the secret, and older versions that stand do
 * not make it one. A token that may not read metadata gives the newest version alone.
 */
import type { JsonObject } from '../../airflow/index.ts'
import type { Sensitive } from '../../sensitive/index.ts'
import {
  readPlainSecret,
  readSecret,
  readSecretVersions,
  type SecretVersion,
  type VaultClient,
  VaultError,
  VaultUsageError,
} from '../../vault/index.ts'
import { type KvVersion, otherVersion } from './listing.ts'

export interface RawVersion {
  /** 0 for KV version 1. */
  readonly version: number
  /** Unix ms; undefined for KV version 1. */
  readonly createdAt: number | undefined
  readonly data: Sensitive<JsonObject>
}

export type RawSecret =
  | {
      readonly kind: 'found'
      readonly newest: RawVersion
      /** Those before the newest that still stand, the oldest first. */
      readonly older: readonly RawVersion[]
      /** Numbers of versions that are deleted or destroyed. */
      readonly gone: readonly number[]
      readonly customMetadata: Readonly<Record<string, string>>
      /** The token may read the data and not the metadata: older versions are not known. */
      readonly isNewestOnly: boolean
    }
  | { readonly kind: 'deleted'; readonly version: number; readonly destroyed: boolean; readonly standing: number }
  | { readonly kind: 'absent' }
  | {
      readonly kind: 'unreadable'
      readonly code: 'import-vault-denied' | 'import-vault-shape' | 'import-vault-path'
      readonly text: string
    }

export interface ReadOptions {
  readonly mount: string
  readonly version: KvVersion
  readonly withVersions: boolean
  readonly signal: AbortSignal | undefined
}

/** What concerns this secret alone is in the result; an unreachable or sealed Vault is thrown. */
export async function readRawSecret(client: VaultClient, path: string, options: ReadOptions): Promise<RawSecret> {
  try {
    return await (options.version === 2 ? readVersioned : readPlain)(client, path, options)
  } catch (error) {
    if (error instanceof VaultUsageError)
      return { kind: 'unreadable', code: 'import-vault-path', text: 'its path cannot be asked for' }
    if (!(error instanceof VaultError)) throw error
    if (error.code === 'vault-denied')
      return { kind: 'unreadable', code: 'import-vault-denied', text: 'the token may not read it' }
    if (error.code === 'vault-malformed-answer')
      return { kind: 'unreadable', code: 'import-vault-shape', text: error.message }
    if (error.code === 'vault-too-large')
      return { kind: 'unreadable', code: 'import-vault-shape', text: 'it is too large to read' }
    throw error
  }
}

async function readPlain(client: VaultClient, path: string, { mount, signal }: ReadOptions): Promise<RawSecret> {
  const data = await readPlainSecret(client, mount, path, signal)
  if (data === undefined) return { kind: 'absent' }
  // Version 2's own record about a secret: the mount was read below metadata/.
  const { versions, current_version: current } = data.reveal()
  if (typeof versions === 'object' && typeof current === 'number') throw otherVersion(mount, 2)
  const newest = { version: 0, createdAt: undefined, data }
  return { kind: 'found', newest, older: [], gone: [], customMetadata: {}, isNewestOnly: false }
}

async function readVersioned(client: VaultClient, path: string, options: ReadOptions): Promise<RawSecret> {
  const { mount, withVersions, signal } = options
  const metadata = await metadataOf(client, path, options)
  const isNewestOnly = metadata === 'denied'
  if (metadata === undefined) return { kind: 'absent' }
  const [version, versions] = isNewestOnly ? [undefined, []] : [metadata.currentVersion, metadata.versions]
  const newest = await readSecret(client, mount, path, { version, signal })
  const before = versions.filter((one) => one.version !== version)
  if (newest.kind === 'absent') return newest
  if (newest.kind === 'deleted') {
    const standing = before.filter((one) => !one.destroyed && one.deletedAt === undefined).length
    return { kind: 'deleted', version: newest.version, destroyed: newest.destroyed, standing }
  }
  const { older, gone } = withVersions ? await readOlder(client, path, before, options) : { older: [], gone: [] }
  const { customMetadata } = newest
  return { kind: 'found', newest, older, gone, customMetadata, isNewestOnly }
}

async function metadataOf(client: VaultClient, path: string, { mount, signal }: ReadOptions) {
  try {
    return await readSecretVersions(client, mount, path, signal)
  } catch (error) {
    if (error instanceof VaultError && error.code === 'vault-denied') return 'denied'
    throw error
  }
}

async function readOlder(
  client: VaultClient,
  path: string,
  versions: readonly SecretVersion[],
  { mount, signal }: ReadOptions,
): Promise<{ readonly older: readonly RawVersion[]; readonly gone: readonly number[] }> {
  const older: RawVersion[] = []
  const gone: number[] = []
  for (const { version, destroyed } of versions) {
    // A deletion may lie ahead: Vault's clock decides, not ours.
    const read = destroyed ? undefined : await readSecret(client, mount, path, { version, signal })
    if (read?.kind === 'found') older.push(read)
    else gone.push(version)
  }
  return { older, gone }
}
