/**
 * What a storage that owns its bytes can do beside reading and writing them: stand still for whoever copies it, and be
 * replaced as a whole. LMDB and memory can; views of them cannot.
 */
import type { Storage } from './storage.ts'

export interface StoredEntry {
  readonly key: string
  readonly value: Uint8Array
}

/** All that was committed when it was made, whatever is committed later. */
export interface FrozenStore {
  /**
   * Every entry, in the order of the keys' bytes, in pieces of about 1 MiB; can be asked for again. Its values are the
   * storage's own: read, not changed.
   * @throws {StoreError} `store-replaced` when the storage was replaced or closed meanwhile
   */
  batches(): Iterable<readonly StoredEntry[]>
  /** Until then the storage keeps what it would have freed. No error when it is closed already. */
  close(): void
}

/** Another content, which lies beside the present one until it takes its place. */
export interface Replacement {
  /** Keys ascend over all calls. @throws {StoreError} `store-full`, `store-unreadable` */
  add(entries: readonly StoredEntry[]): Promise<void>
  get(key: string): Uint8Array | undefined
  /**
   * Takes the place of all that is there, in one step that a crash does not split. What was being written before is
   * finished before; meanwhile, and for frozen stores from then on, the answer is `store-replaced`. The caller sees to it
   * that nobody goes on with what belongs to the old content.
   */
  install(): Promise<void>
  /** Instead of `install`. */
  discard(): Promise<void>
}

export interface PhysicalStorage extends Storage {
  freeze(): FrozenStore
  /** One at a time. @throws {StoreError} `store-full`, `store-unreadable` */
  prepareReplacement(): Replacement
}

/** Bytes of one piece. */
const BATCH_BYTES = 1024 * 1024

/** Pieces of `entries`, made as they are asked for. */
export function* inBatches(entries: Iterable<StoredEntry>): Generator<readonly StoredEntry[]> {
  let batch: StoredEntry[] = []
  let bytes = 0
  for (const entry of entries) {
    batch.push(entry)
    bytes += entry.key.length + entry.value.length
    if (bytes < BATCH_BYTES) continue
    yield batch
    batch = []
    bytes = 0
  }
  if (batch.length > 0) yield batch
}
