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
  /**
   * The bytes at `key`, `undefined` when there is none; a copy that the caller may keep and change. Throws when the
   * bytes cannot be trusted; never "absent" then.
   */
  get(key: string): Uint8Array | undefined

  /**
   * The names directly below `prefix` (which is empty or ends in `/`), in byte order; a name with keys below it ends in
   * `/`, and a name that is both stands twice (`a`, `a/`). An unknown prefix gives an empty list.
   */
  list(prefix: string): string[]

  /** How many keys lie below `prefix` (as in `list`), at any depth; reads none of them. */
  count(prefix: string): number

  /**
   * The same names in pieces of at most `most`, in an order of the storage's own; each is read when it is asked for, and
   * costs by its own length, not by that of the list. Changes are allowed meanwhile: a name that stays is given once, one
   * that comes or goes may be given or not.
   */
  pieces(prefix: string, most: number): Iterable<readonly string[]>

  /**
   * All writes, or none of them. When the promise resolves they survive a crash (fsync), and `get` and `list` see them;
   * until then a reader sees either the old or the new state of the whole batch. A rejected promise means that nothing
   * was written. Deleting an absent key is no error. The bytes are copied before this returns.
   */
  commit(writes: readonly Write[]): Promise<void>

  /** Waits for writes under way, then releases what is held. Every later call throws. */
  close(): Promise<void>
}

/** A key that no layer may accept. The text holds the reason and not the key. */
export class StorageKeyError extends Error {
  readonly code = 'storage-key'
}

/** Bytes of UTF-8: what LMDB takes with pages of 4 KiB. The same for every storage, so that a test in memory finds it. */
export const LONGEST_KEY = 1978

const SLASH = 0x2f
const DOT = 0x2e

/**
 * @throws {StorageKeyError} for an empty key, a leading or trailing slash, an empty, `.` or `..` segment, a NUL, a lone
 * surrogate, and a key of more than `LONGEST_KEY` bytes
 */
export function checkKey(key: string): void {
  if (key === '') throw new StorageKeyError('empty storage key')
  if (key.includes('\0')) throw new StorageKeyError('storage key holds a NUL')
  // It would be stored as U+FFFD, and two keys would become one.
  if (!key.isWellFormed()) throw new StorageKeyError('storage key is not well-formed Unicode')
  if (key.length * 3 > LONGEST_KEY && Buffer.byteLength(key) > LONGEST_KEY) {
    throw new StorageKeyError(`storage key is longer than ${LONGEST_KEY} bytes`)
  }
  checkSegments(key)
}

function checkSegments(key: string): void {
  let start = 0
  for (let at = 0; at <= key.length; at += 1) {
    if (at < key.length && key.charCodeAt(at) !== SLASH) continue
    const length = at - start
    if (length === 0) throw new StorageKeyError('storage key has an empty segment')
    const dots = length <= 2 && key.charCodeAt(start) === DOT && key.charCodeAt(at - 1) === DOT
    if (dots) throw new StorageKeyError('path cannot contain parent references')
    start = at + 1
  }
}

/** @throws {StorageKeyError} for a prefix that is neither empty nor a key and a slash */
export function checkPrefix(prefix: string): void {
  if (prefix === '') return
  if (!prefix.endsWith('/')) throw new StorageKeyError('storage prefix does not end in a slash')
  checkKey(prefix.slice(0, -1))
}

/** Orders keys and names by their bytes in UTF-8, which is by code points; JavaScript's own order is by UTF-16 units. */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let at = 0; at < length; at += 1) {
    const left = a.charCodeAt(at)
    const right = b.charCodeAt(at)
    if (left !== right) return codePointRank(left) - codePointRank(right)
  }
  return a.length - b.length
}

/** Sorts in place, in the order of the bytes. Without surrogates that is V8's own order of texts, which is far quicker. */
export function sortKeys(keys: string[]): string[] {
  return keys.some((key) => /[\ud800-\udfff]/.test(key)) ? keys.sort(compareKeys) : keys.sort()
}

/** Surrogates stand for code points above all that one unit can hold. */
function codePointRank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit
}
