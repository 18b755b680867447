/** Secrets in storage (`unversioned.ts` says how they lie there), and a cache of what was read last. */
import { LRUCache } from 'lru-cache'
import { type JsonObject, parseJson } from '../../json/index.ts'
import type { MarkedEntries, Storage } from '../../storage/index.ts'
import { secretEntries } from './unversioned.ts'

/** Memory that one mount's cache may take, as text length times what its parsed values weigh. */
const CACHE_BYTES = 16 * 1024 * 1024

interface Cached {
  readonly data: JsonObject
  readonly weight: number
}

export class SecretStore {
  readonly #storage: Storage
  readonly #entries: MarkedEntries
  readonly #underWay = new Set<Promise<void>>()
  readonly #cache = new LRUCache<string, Cached>({ maxSize: CACHE_BYTES, sizeCalculation: ({ weight }) => weight })

  constructor(storage: Storage, now: () => number) {
    this.#storage = storage
    this.#entries = secretEntries(storage, now)
  }

  has(path: string): boolean {
    return this.#cache.has(path) || this.#entries.has(path)
  }

  /** The same object as long as it is cached; not to be changed. @throws {MarkedEntryError} */
  find(path: string): JsonObject | undefined {
    const known = this.#cache.get(path)
    if (known !== undefined) return known.data
    const bytes = this.#entries.get(path)
    if (bytes === undefined) return undefined
    const text = bytes.toString('utf8')
    const data = Object.freeze(parseJson(text) as JsonObject)
    this.#cache.set(path, { data, weight: 500 + text.length * 6 })
    return data
  }

  /** Names directly below a folder, sorted. `folder` is empty or ends in `/`. */
  list(folder: string): Promise<string[]> {
    return this.#entries.list(folder)
  }

  put(path: string, document: string): Promise<void> {
    return this.#forgetting(path, this.#entries.put(path, Buffer.from(document)))
  }

  remove(path: string): Promise<void> {
    return this.#forgetting(path, this.#storage.commit(this.#entries.removal(path)))
  }

  /** Resolves when no write is under way. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#underWay)
  }

  /** A reader may have cached the old state while the commit was under way. */
  async #forgetting(path: string, commit: Promise<void>): Promise<void> {
    this.#underWay.add(commit)
    try {
      await commit
    } finally {
      this.#underWay.delete(commit)
      this.#cache.delete(path)
    }
  }
}
