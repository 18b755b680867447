/**
 * An object as Vault has it, and the few requests that sync makes of it. The rest of the folder knows Vault by this
 * interface alone, so that its tests can stop the world between any two requests.
 */
import type { CustomMetadata } from '../hub/index.ts'
import {
  createMetadata,
  deleteSecretVersion,
  patchCustomMetadata,
  readSecret,
  readSecretVersions,
  type SecretData,
  VaultError,
  type VaultClient,
  writeSecret,
} from '../vault/index.ts'
import { type MetadataChanges, recordOf, type SyncRecord } from './record.ts'

export type VaultObject =
  | { readonly kind: 'absent' }
  | {
      readonly kind: 'present'
      /** The newest; 0 while there is metadata and no data. */
      readonly version: number
      /** The newest version is deleted or destroyed. */
      readonly isDeleted: boolean
      readonly custom: CustomMetadata
      readonly record: SyncRecord
    }

export interface SyncVault {
  /** Metadata alone. */
  look(path: string): Promise<VaultObject>
  /** Undefined when that version can no longer be read. */
  readValue(path: string, version: number): Promise<SecretData | undefined>
  /** For an object that is not there yet. Another instance may make it at the same time: nothing of its is replaced. */
  createMetadata(path: string): Promise<void>
  /** False when the object is gone. */
  patchMetadata(path: string, changes: MetadataChanges): Promise<boolean>
  /** False when `over` is no longer the newest version. @throws {VaultError} */
  write(path: string, data: SecretData, over: number): Promise<boolean>
  deleteVersion(path: string, version: number): Promise<void>
}

export function vaultOf(client: VaultClient, mount: string, now: () => number, signal?: AbortSignal): SyncVault {
  return {
    async look(path) {
      const read = await readSecretVersions(client, mount, path, signal)
      if (read === undefined) return { kind: 'absent' }
      const { currentVersion: version, customMetadata: custom, versions } = read
      const newest = versions.find((one) => one.version === version)
      const isDeleted = version > 0 && !stands(newest, now())
      return { kind: 'present', version, isDeleted, custom, record: recordOf(custom) }
    },
    async readValue(path, version) {
      const read = await readSecret(client, mount, path, { version, signal })
      return read.kind === 'found' ? read.data : undefined
    },
    createMetadata: (path) => createMetadata(client, mount, path, signal),
    patchMetadata: (path, changes) => patchCustomMetadata(client, mount, path, changes, signal),
    async write(path, data, over) {
      try {
        await writeSecret(client, mount, path, data, over, signal)
        return true
      } catch (error) {
        if (error instanceof VaultError && error.code === 'vault-cas-mismatch') return false
        throw error
      }
    },
    deleteVersion: (path, version) => deleteSecretVersion(client, mount, path, version, signal),
  }
}

/** A deletion may lie ahead (`delete_version_after`): until then the version stands. */
function stands(
  version: { readonly deletedAt: number | undefined; readonly destroyed: boolean } | undefined,
  now: number,
): boolean {
  if (version === undefined || version.destroyed) return false
  return version.deletedAt === undefined || version.deletedAt > now
}
