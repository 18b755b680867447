/**
 * Decrypted entries that were read or written last.
 *
 * Invariant: what is in here is what the storage below shows. While a batch is being written, its paths are not in here
 * and do not come in: readers of any of them go to the storage below, which shows a batch whole or not at all. So no
 * reader ever sees one entry of a batch before it and another one after it.
 */
import { LRUCache } from 'lru-cache'

/** In estimated bytes. Engines keep what they have parsed; this spares the decryption of what they have not. */
const CACHE_BYTES = 16 * 1024 * 1024
const LARGEST_BYTES = 1024 * 1024
const ENTRY_BYTES = 250

export class Entries {
  readonly #cache = new LRUCache<string, Uint8Array>({
    maxSize: CACHE_BYTES,
    maxEntrySize: LARGEST_BYTES,
    sizeCalculation: (value, path) => ENTRY_BYTES + value.length + path.length,
  })
  readonly #changing = new Map<string, Change>()

  get(path: string): Uint8Array | undefined {
    return this.#cache.get(path)
  }

  /** What was just read from the storage below. */
  read(path: string, plain: Uint8Array): void {
    if (!this.#changing.has(path)) this.#cache.set(path, plain)
  }

  begin(batch: readonly Changed[]): void {
    for (const { path } of batch) {
      const other = this.#changing.get(path)
      if (other === undefined) this.#changing.set(path, { batches: 1, contended: false })
      else this.#changing.set(path, { batches: other.batches + 1, contended: true })
      this.#cache.delete(path)
    }
  }

  /** `written`: the storage below shows the batch now. Else it has failed, and shows what was there before. */
  end(batch: readonly Changed[], written: boolean): void {
    for (const { path, plain } of batch) {
      const change = this.#changing.get(path)
      if (change !== undefined && change.batches > 1) {
        this.#changing.set(path, { ...change, batches: change.batches - 1 })
        continue
      }
      this.#changing.delete(path)
      // Of two batches that wrote it at the same time, the storage below knows which came last.
      if (written && plain !== undefined && change?.contended === false) this.#cache.set(path, plain)
    }
  }

  forget(): void {
    this.#cache.clear()
  }
}

/** A path in a batch; `plain` is `undefined` where it is deleted. */
export interface Changed {
  readonly path: string
  readonly plain: Uint8Array | undefined
}

interface Change {
  /** Batches under way that hold the path. */
  readonly batches: number
  /** Whether there was ever more than one since the first began. */
  readonly contended: boolean
}
