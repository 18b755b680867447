/**
 * The stored secret-ids of one mount, found by themselves or by their accessor.
 *
 * Invariant: secret-id and accessor index change in one commit. Uses are counted one after the other and stored before
 * the login goes on, so no two logins spend the same use (S37). An expired one is as good as absent, tidied or not.
 */
import { LRUCache } from 'lru-cache'
import { internalError } from '../../logical/index.ts'
import { type Storage, unhurriedNames, unhurriedSort, type Write } from '../../storage/index.ts'
import { Turns } from '../../../concurrency/index.ts'
import type { Salt } from '../../token/index.ts'
import { keyedName } from './keyed-name.ts'
import type { Role } from './role.ts'
import { decodeSecretId, encodeSecretId, isExpired, type SecretId } from './secret-id.ts'

/** Secret-ids kept decoded. */
const CACHED = 10_000
/** Secret-ids of a large removal under way at once. */
const PARALLEL = 200

/** A secret-id and the key it is stored at. */
export interface FoundSecretId {
  readonly key: string
  readonly secretId: SecretId
}

export interface SecretIdStoreOptions {
  readonly storage: Storage
  readonly now: () => number
  /** The mount's; there is one as soon as there is a role. */
  readonly salt: () => Salt | undefined
}

export class SecretIdStore {
  readonly #options: SecretIdStoreOptions
  readonly #turns = new Turns()
  readonly #cache = new LRUCache<string, SecretId>({ max: CACHED })

  constructor(options: SecretIdStoreOptions) {
    this.#options = options
  }

  find(role: Role, text: string): FoundSecretId | undefined {
    return this.#live(secretIdKey(role.folder, keyedName(role.key, text)))
  }

  /** Of any role of the mount; whether it is `role`'s is said by `isOf`. */
  byAccessor(accessor: string): FoundSecretId | undefined {
    const index = this.#accessorKey(accessor)
    const rest = index === undefined ? undefined : this.#options.storage.get(index)
    return rest === undefined ? undefined : this.#live(`secret-id/${Buffer.from(rest).toString('utf8')}`)
  }

  isOf(role: Role, { key }: FoundSecretId): boolean {
    return key.startsWith(folderPrefix(role.folder))
  }

  /** @throws {LogicalError} 500 when the role has it already */
  register(role: Role, text: string, secretId: SecretId): Promise<void> {
    const name = keyedName(role.key, text)
    const key = secretIdKey(role.folder, name)
    return this.#turns.run(key, async () => {
      if (this.#live(key) !== undefined) throw internalError('SecretID is already registered')
      const expired = this.#read(key)
      await this.#options.storage.commit([
        ...(expired === undefined ? [] : this.#accessorRemoval(expired)),
        ...this.#accessorWrite(secretId.accessor, `${role.folder}/${name}`),
        { kind: 'put', key, value: encodeSecretId(secretId) },
      ])
      this.#cache.set(key, secretId)
    })
  }

  /** Spends one use; the last one removes the secret-id. `undefined` when it is gone or none was left. */
  useOnce(key: string): Promise<SecretId | undefined> {
    return this.#turns.run(key, async () => {
      const secretId = this.#live(key)?.secretId
      if (secretId === undefined || secretId.numUses === 0) return secretId
      const after = { ...secretId, numUses: secretId.numUses - 1, lastUpdatedTime: this.#options.now() }
      if (after.numUses === 0) await this.#options.storage.commit([...this.#accessorRemoval(secretId), remove(key)])
      else await this.#options.storage.commit([{ kind: 'put', key, value: encodeSecretId(after) }])
      if (after.numUses === 0) this.#cache.delete(key)
      else this.#cache.set(key, after)
      return secretId
    })
  }

  destroy({ key }: FoundSecretId): Promise<void> {
    return this.#removeIf(key, () => true)
  }

  /** Sorted. Reads all secret-ids of the role. */
  async accessors({ folder }: Role): Promise<string[]> {
    const found: string[] = []
    for await (const name of unhurriedNames(this.#options.storage, folderPrefix(folder))) {
      const live = this.#live(secretIdKey(folder, name))
      if (live !== undefined) found.push(live.secretId.accessor)
    }
    return unhurriedSort(found)
  }

  /** All of a role that is gone. */
  removeFolder(folder: string): Promise<void> {
    return this.#removeFrom(folder, () => true)
  }

  /** What has expired, what belongs to no role, what has lost its accessor, and accessors of nothing. */
  async tidy(folders: ReadonlySet<string>): Promise<void> {
    const { storage, now } = this.#options
    for await (const name of unhurriedNames(storage, 'secret-id/')) {
      const folder = name.slice(0, -1)
      const known = folders.has(folder)
      await this.#removeFrom(folder, (secretId) => !known || isExpired(secretId, now()) || !this.#hasAccessor(secretId))
    }
    const gone: Write[] = []
    for await (const name of unhurriedNames(storage, 'accessor/')) {
      const rest = storage.get(`accessor/${name}`)
      if (rest !== undefined && storage.get(`secret-id/${Buffer.from(rest).toString('utf8')}`) === undefined) {
        gone.push(remove(`accessor/${name}`))
      }
    }
    if (gone.length > 0) await storage.commit(gone)
  }

  /** Judged again in its turn: one that was registered anew meanwhile stays. */
  async #removeFrom(folder: string, goes: (secretId: SecretId) => boolean): Promise<void> {
    for (const names of this.#options.storage.pieces(folderPrefix(folder), PARALLEL)) {
      await Promise.all(names.map((name) => this.#removeIf(secretIdKey(folder, name), goes)))
    }
  }

  #removeIf(key: string, goes: (secretId: SecretId) => boolean): Promise<void> {
    return this.#turns.run(key, async () => {
      const secretId = this.#read(key)
      if (secretId === undefined || !goes(secretId)) return
      await this.#options.storage.commit([...this.#accessorRemoval(secretId), remove(key)])
      this.#cache.delete(key)
    })
  }

  #live(key: string): FoundSecretId | undefined {
    const secretId = this.#read(key)
    return secretId === undefined || isExpired(secretId, this.#options.now()) ? undefined : { key, secretId }
  }

  #read(key: string): SecretId | undefined {
    const known = this.#cache.get(key)
    if (known !== undefined) return known
    const bytes = this.#options.storage.get(key)
    if (bytes === undefined) return undefined
    const secretId = decodeSecretId(bytes)
    this.#cache.set(key, secretId)
    return secretId
  }

  #hasAccessor({ accessor }: SecretId): boolean {
    const key = this.#accessorKey(accessor)
    return key !== undefined && this.#options.storage.get(key) !== undefined
  }

  #accessorKey(accessor: string): string | undefined {
    const salt = this.#options.salt()
    return salt === undefined ? undefined : `accessor/${salt.name(accessor)}`
  }

  #accessorRemoval({ accessor }: SecretId): Write[] {
    const key = this.#accessorKey(accessor)
    return key === undefined ? [] : [remove(key)]
  }

  #accessorWrite(accessor: string, rest: string): Write[] {
    const key = this.#accessorKey(accessor)
    return key === undefined ? [] : [{ kind: 'put', key, value: Buffer.from(rest) }]
  }
}

function remove(key: string): Write {
  return { kind: 'delete', key }
}

function folderPrefix(folder: string): string {
  return `secret-id/${folder}/`
}

function secretIdKey(folder: string, name: string): string {
  return `${folderPrefix(folder)}${name}`
}
