/**
 * Storage: where bytes rest. A sorted map from text keys to bytes, with atomic, durable batches.
 *
 * The one contract between the engines and what lies below: an engine sees a barrier view, the barrier sees LMDB or
 * memory, and all three are a `Storage`. `storage.case.ts` is the suite that each implementation passes.
 *
 * Keys are `/`-separated, without a leading or trailing slash, and hold no empty, `.` or `..` segment: `checkKey`
 * refuses them again here, whatever the layers above have checked (S7). Reads are synchronous: both implementations
 * answer from memory or from a memory map, and a promise per read would cost more than the read.
 */
export type Write =
  | { readonly kind: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly kind: 'delete'; readonly key: string }

export interface Storage {
  /** The bytes at `key`, `undefined` when there is none. Throws when the bytes cannot be trusted; never "absent" then. */
  get(key: string): Uint8Array | undefined

  /**
   * The names directly below `prefix` (which is empty or ends in `/`), in byte order; a name with keys below it ends in
   * `/`, and a name that is both stands twice (`a`, `a/`). An unknown prefix gives an empty list.
   */
  list(prefix: string): string[]

  /**
   * All writes, or none of them. When the promise resolves they survive a crash (fsync), and `get` and `list` see them;
   * until then a reader sees either the old or the new state of the whole batch. A rejected promise means that nothing
   * was written. Deleting an absent key is no error.
   */
  commit(writes: readonly Write[]): Promise<void>

  /** Waits for writes under way, then releases what is held. Every later call throws. */
  close(): Promise<void>
}

/** A key that no layer may accept. The text holds the reason and not the key. */
export class StorageKeyError extends Error {
  readonly code = 'storage-key'
}

/** @throws {StorageKeyError} for an empty key, a leading or trailing slash, an empty, `.` or `..` segment, or a NUL. */
export function checkKey(key: string): void {
  if (key === '') throw new StorageKeyError('empty storage key')
  if (key.includes('\0')) throw new StorageKeyError('storage key holds a NUL')
  for (const segment of key.split('/')) {
    if (segment === '') throw new StorageKeyError('storage key has an empty segment')
    if (segment === '.' || segment === '..') throw new StorageKeyError('path cannot contain parent references')
  }
}
