/** A KV v2 engine in memory for this folder's tests: remembers what was asked, and fails where a test says so. */
import type { JsonObject } from '../airflow/index.ts'
import { type FingerprintKey, fingerprintKey, sensitive } from '../sensitive/index.ts'
import { VaultError, type VaultErrorCode } from '../vault/index.ts'
import type { AirflowRow } from './follow.ts'
import { digestOf, type MetadataChanges, recordOf } from './record.ts'
import type { SyncVault, VaultObject } from './vault-object.ts'

export const KEY: FingerprintKey = fingerprintKey(Buffer.alloc(32, 1))

/** Of custom_metadata. */
const MOST_KEYS = 64

export interface StoredSecret {
  readonly versions: { readonly data: JsonObject; isDeleted: boolean }[]
  custom: Record<string, string>
}

export class MemoryVault implements SyncVault {
  readonly secrets: Map<string, StoredSecret> = new Map()
  /** `look variable:x`, in the order they came. */
  readonly asked: string[] = []
  /** Called before each request. */
  fault: (request: string) => void = () => undefined

  /** As somebody else writes. */
  put(path: string, value: string, custom?: Readonly<Record<string, string>>): void {
    const secret = this.#secret(path)
    secret.versions.push({ data: { value }, isDeleted: false })
    if (custom !== undefined) secret.custom = { ...custom }
  }

  /** What Airflow would be given; undefined for nothing. */
  value(path: string): unknown {
    const newest = this.secrets.get(path)?.versions.at(-1)
    return newest === undefined || newest.isDeleted ? undefined : newest.data['value']
  }

  look(path: string): Promise<VaultObject> {
    return this.#ask(`look ${path}`, () => {
      const secret = this.secrets.get(path)
      if (secret === undefined) return { kind: 'absent' }
      const { versions, custom } = secret
      const isDeleted = versions.at(-1)?.isDeleted === true
      return { kind: 'present', version: versions.length, isDeleted, custom: { ...custom }, record: recordOf(custom) }
    })
  }

  readValue(path: string, version: number): ReturnType<SyncVault['readValue']> {
    return this.#ask(`read ${path} ${version}`, () => {
      const found = this.secrets.get(path)?.versions[version - 1]
      return found === undefined || found.isDeleted ? undefined : sensitive(found.data)
    })
  }

  createMetadata(path: string): Promise<void> {
    return this.#ask(`create ${path}`, () => void this.#secret(path))
  }

  patchMetadata(path: string, changes: MetadataChanges): Promise<boolean> {
    return this.#ask(`patch ${path}`, () => {
      const secret = this.secrets.get(path)
      if (secret === undefined) return false
      const merged = Object.entries({ ...secret.custom, ...changes })
      const custom = merged.filter((pair): pair is [string, string] => pair[1] !== null)
      if (custom.length > MOST_KEYS) throw vaultError('vault-bad-request')
      secret.custom = Object.fromEntries(custom)
      return true
    })
  }

  write(path: string, data: Parameters<SyncVault['write']>[1], over: number): Promise<boolean> {
    return this.#ask(`write ${path} over ${over}`, () => {
      const { versions } = this.#secret(path)
      if (versions.length !== over) return false
      versions.push({ data: data.reveal(), isDeleted: false })
      return true
    })
  }

  deleteVersion(path: string, version: number): Promise<void> {
    return this.#ask(`delete ${path} ${version}`, () => {
      const found = this.secrets.get(path)?.versions[version - 1]
      if (found !== undefined) found.isDeleted = true
    })
  }

  async #ask<T>(request: string, work: () => T): Promise<T> {
    await Promise.resolve()
    this.asked.push(request)
    this.fault(request)
    return work()
  }

  #secret(path: string): StoredSecret {
    const secret = this.secrets.get(path) ?? { versions: [], custom: {} }
    this.secrets.set(path, secret)
    return secret
  }
}

export function vaultError(code: VaultErrorCode): VaultError {
  return new VaultError(code, `${code}: told`, { method: 'GET', path: 'x', address: 'http://vault' })
}

export function rowOf(address: string, value: string, metadata: Readonly<Record<string, string>> = {}): AirflowRow {
  const data = sensitive({ value })
  const digest = digestOf(address, data, KEY)
  return { kind: 'present', digest, metadata, data, project: 'trading', owner: 'trading@example.com' }
}
