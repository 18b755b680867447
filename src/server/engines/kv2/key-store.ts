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
import QuickLRU from 'quick-lru'
import { parseJson, RawJson } from '../../json/index.ts'
import { type Storage, unhurriedList, type Write } from '../../storage/index.ts'
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

interface Opened {
  readonly state: KeyState
  /** `undefined` when none was asked for. */
  readonly document: RawJson | undefined
}

/** The version whose document is wanted, `undefined` for none. */
type PickVersion = (meta: KeyMetadata) => number | undefined

/** Memory that one mount's cache may take, as `weigh` estimates it. */
const CACHE_BYTES = 48 * 1024 * 1024
/** Paths at which nothing was found: whoever creates a key looks twice, for the policy and for check-and-set. */
const ABSENT_PATHS = 1024

export class KeyStore {
  readonly #storage: Storage
  readonly #states = new LRUCache<string, KeyState>({ maxSize: CACHE_BYTES, sizeCalculation: weigh })
  readonly #absent = new QuickLRU<string, true>({ maxSize: ABSENT_PATHS })

  constructor(storage: Storage) {
    this.#storage = storage
  }

  /** @throws {KvStorageError} */
  find(path: string): KeyState | undefined {
    const known = this.#states.get(path)
    if (known !== undefined) return known
    return isKeyPath(path) && !this.#absent.has(path) ? this.#load(path) : undefined
  }

  /** A key, and the document of one of its versions. @throws {KvStorageError} */
  open(path: string, pick: PickVersion): Opened | undefined {
    const known = this.find(path)
    if (known === undefined) return undefined
    const opened = this.#withDocument(path, known, pick)
    if (opened !== undefined) return opened
    // The metadata may be older than a commit that is visible by now and has pruned this version.
    this.#states.delete(path)
    const fresh = this.find(path)
    if (fresh === undefined) return undefined
    const again = this.#withDocument(path, fresh, pick)
    if (again === undefined) throw contradiction(path)
    return again
  }

  /** Names directly below a folder, sorted. `folder` is empty or ends in `/`. */
  list(folder: string): Promise<string[]> {
    return unhurriedList(this.#storage, metaKey(folder))
  }

  /**
   * Resolves when the change is durable. `document` is the value of the version that the transition added; `more` is
   * written in the same commit.
   */
  async change(
    path: string,
    { next, prune }: Transition,
    document?: string,
    more: readonly Write[] = [],
  ): Promise<void> {
    const writes: Write[] = [...more]
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
    if (document !== undefined) documents.set(next.currentVersion, new RawJson(document, parseJson))
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
    } finally {
      this.#absent.delete(path)
    }
  }

  #load(path: string): KeyState | undefined {
    // A commit may become visible between the two reads of a pair: one that does not match is read once more.
    const found = this.#metadata(path) ?? this.#metadata(path)
    if (found === undefined) throw contradiction(path)
    if (found === 'absent') {
      this.#absent.set(path, true)
      return undefined
    }
    const state: KeyState = { meta: found, documents: new Map() }
    this.#states.set(path, state)
    return state
  }

  /** `undefined` when metadata and mark do not belong together. */
  #metadata(path: string): KeyMetadata | 'absent' | undefined {
    const bytes = this.#storage.get(metaKey(path))
    const mark = this.#storage.get(markKey(path))
    if (bytes === undefined && mark === undefined) return 'absent'
    if (bytes === undefined || mark === undefined) return undefined
    const meta = decodeMetadata(bytes)
    return meta.revision === decodeMark(mark) ? meta : undefined
  }

  /** `undefined` when the value in storage is not the one that the metadata means. */
  #withDocument(path: string, state: KeyState, pick: PickVersion): Opened | undefined {
    const version = pick(state.meta)
    if (version === undefined) return { state, document: undefined }
    const known = state.documents.get(version)
    if (known !== undefined) return { state, document: known }
    const bytes = this.#storage.get(valueKey(path, version))
    const value = bytes === undefined ? undefined : decodeValue(bytes)
    if (value === undefined || value.revision !== state.meta.versions.get(version)?.revision) return undefined
    const document = new RawJson(value.document, parseJson)
    const fuller: KeyState = { meta: state.meta, documents: new Map(state.documents).set(version, document) }
    this.#states.set(path, fuller)
    return { state: fuller, document }
  }
}

/** The root and the folders hold keys and are none. */
function isKeyPath(path: string): boolean {
  return path !== '' && !path.endsWith('/')
}

function contradiction(path: string): KvStorageError {
  const what = `the stored entries of the secret ${JSON.stringify(path)} contradict each other`
  return new KvStorageError(`${what}: one was lost or replaced by an older one; restore the store from a backup`)
}

/** A document weighs its text, the values parsed for the audit log, and their hashes. */
function weigh({ meta, documents }: KeyState): number {
  let bytes = 600 + meta.versions.size * 120 + (meta.customMetadata?.size ?? 0) * 200
  for (const { text } of documents.values()) bytes += 500 + text.length * 6
  return bytes
}
