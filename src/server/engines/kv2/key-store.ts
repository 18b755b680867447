/**
 * Keys and their documents: storage below, a cache of what was read or written last above it.
 *
 * Invariant: a `KeyState` is immutable, and what it names is in storage. A change is one atomic commit (value,
 * metadata, mark, and the values that go), after which the next read sees it; a commit that failed changed nothing.
 * The same document is the same `RawJson` object as long as it is cached: whoever hashes it for the audit log does it
 * once.
 *
 * It does not serialise writers: `engine.ts` runs one change of a key at a time.
 */
import { LRUCache } from 'lru-cache'
import { parseJson, RawJson } from '../../json/index.ts'
import type { Storage, Write } from '../../storage/index.ts'
import {
  decodeMark,
  decodeMetadata,
  decodeValue,
  encodeMark,
  encodeMetadata,
  encodeValue,
  KvStorageError,
  markKey,
  metaKey,
  valueKey,
} from './codec.ts'
import { type KeyMetadata, storedVersions, type Transition } from './versions.ts'

export interface KeyState {
  readonly meta: KeyMetadata
  /** Those that have been read or written since the key was loaded. */
  readonly documents: ReadonlyMap<number, RawJson>
}

export interface Opened {
  readonly state: KeyState
  /** `undefined` when none was asked for. */
  readonly document: RawJson | undefined
}

/** Bytes of memory that one mount's cache may take, as `weigh` estimates them. */
const CACHE_BYTES = 48 * 1024 * 1024

export class KeyStore {
  readonly #storage: Storage
  readonly #states = new LRUCache<string, KeyState>({ maxSize: CACHE_BYTES, sizeCalculation: weigh })

  constructor(storage: Storage) {
    this.#storage = storage
  }

  /** @throws {KvStorageError} when the stored entries contradict each other. */
  find(path: string): KeyState | undefined {
    const cached = this.#states.get(path)
    if (cached !== undefined) return cached
    return isKeyPath(path) ? this.#load(path) : undefined
  }

  /**
   * A key with the document of the version that `pick` chooses, if it chooses one.
   * @throws {KvStorageError}
   */
  open(path: string, pick: (meta: KeyMetadata) => number | undefined): Opened | undefined {
    return this.#open(path, this.find(path), pick) ?? this.#openAgain(path, pick)
  }

  /** Names directly below a folder, sorted. `folder` is empty or ends in `/`. */
  list(folder: string): string[] {
    return this.#storage.list(metaKey(folder))
  }

  /** Resolves when the change is durable. `document` is the value of a version that the transition added. */
  async change(path: string, { next, prune }: Transition, document?: string): Promise<void> {
    const writes: Write[] = []
    if (document !== undefined) {
      const value = encodeValue(next.revision, document)
      writes.push({ kind: 'put', key: valueKey(path, next.currentVersion), value })
    }
    writes.push({ kind: 'put', key: metaKey(path), value: encodeMetadata(next) })
    writes.push({ kind: 'put', key: markKey(path), value: encodeMark(next.revision) })
    for (const version of prune) writes.push({ kind: 'delete', key: valueKey(path, version) })
    await this.#commit(path, writes)

    const documents = new Map(this.#states.peek(path)?.documents)
    for (const version of prune) documents.delete(version)
    if (document !== undefined) documents.set(next.currentVersion, rawDocument(document))
    this.#states.set(path, { meta: next, documents })
  }

  /** The key, its metadata and all its versions, for good. */
  async remove(path: string, meta: KeyMetadata): Promise<void> {
    const keys = [metaKey(path), markKey(path), ...storedVersions(meta).map((version) => valueKey(path, version))]
    await this.#commit(
      path,
      keys.map((key) => ({ kind: 'delete', key })),
    )
    this.#states.delete(path)
  }

  async #commit(path: string, writes: readonly Write[]): Promise<void> {
    try {
      await this.#storage.commit(writes)
    } catch (error) {
      this.#states.delete(path)
      throw error
    }
  }

  #load(path: string): KeyState | undefined {
    // A commit may become visible between the two reads: what does not match is read once more.
    const meta = this.#matching(path) ?? this.#matching(path)
    if (meta === undefined) throw new KvStorageError(`metadata and mark differ ${where(path)}`)
    if (meta === 'absent') return undefined
    const state: KeyState = { meta, documents: new Map() }
    this.#states.set(path, state)
    return state
  }

  #matching(path: string): KeyMetadata | 'absent' | undefined {
    const meta = this.#storage.get(metaKey(path))
    const mark = this.#storage.get(markKey(path))
    if (meta === undefined || mark === undefined) return meta === mark ? 'absent' : undefined
    const decoded = decodeMetadata(meta)
    return decoded.revision === decodeMark(mark) ? decoded : undefined
  }

  /** `null` for a key that is not there, `undefined` when the version's value is not the one that the metadata means. */
  #open(
    path: string,
    state: KeyState | undefined,
    pick: (meta: KeyMetadata) => number | undefined,
  ): Opened | undefined {
    if (state === undefined) return undefined
    const version = pick(state.meta)
    if (version === undefined) return { state, document: undefined }
    const known = state.documents.get(version)
    if (known !== undefined) return { state, document: known }
    const bytes = this.#storage.get(valueKey(path, version))
    const value = bytes === undefined ? undefined : decodeValue(bytes)
    if (value === undefined || value.revision !== state.meta.versions.get(version)?.revision) return undefined
    const document = rawDocument(value.document)
    const fuller: KeyState = { meta: state.meta, documents: new Map(state.documents).set(version, document) }
    this.#states.set(path, fuller)
    return { state: fuller, document }
  }
}

/** What may be a key: the root and folders hold keys and are none. */
function isKeyPath(path: string): boolean {
  return path !== '' && !path.endsWith('/')
}
