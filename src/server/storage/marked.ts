/**
 * Entries that nobody can roll back one by one (S46): each is a value and a mark, which name the same revision and are
 * written in one commit. Whoever can write the disk and puts back an older value, or an older mark, or removes one of
 * the two, is found out at the next read.
 *
 *     <values><path>   +--------+---------------------+-----------+
 *                      | 1      | revision, 8 bytes   | the value |     big-endian
 *                      +--------+---------------------+-----------+
 *     <marks><path>    +--------+---------------------+
 *                      | 1      | revision, 8 bytes   |
 *                      +--------+---------------------+
 *
 * The first byte is the version of the format. Not found out: both put back together, and an entry that is gone whole.
 */
import type { Storage, Write } from './storage.ts'
import { unhurriedList } from './unhurried.ts'

/** A value and its mark contradict each other, or are of a format that this server does not know. */
export class MarkedEntryError extends Error {
  readonly code = 'marked-entry'
}

export interface MarkedOptions {
  readonly storage: Storage
  /** Prefixes of the keys; each ends in `/`, neither lies below the other. */
  readonly values: string
  readonly marks: string
  /** Unix milliseconds. */
  readonly now: () => number
}

const FORMAT = 1
const HEADER_BYTES = 9

export class MarkedEntries {
  readonly #options: MarkedOptions
  /** Of the last write: no two of one process are alike. */
  #revision = 0

  constructor(options: MarkedOptions) {
    this.#options = options
  }

  /** Whether anything lies there, without judging it: what is damaged can be replaced and removed. */
  has(path: string): boolean {
    const { storage, values, marks } = this.#options
    return storage.get(values + path) !== undefined || storage.get(marks + path) !== undefined
  }

  /** @throws {MarkedEntryError} */
  get(path: string): Buffer | undefined {
    // A commit may become visible between the two reads: a pair that does not match is read once more.
    const pair = this.#pair(path)
    const { value, mark } = matches(pair) ? pair : this.#pair(path)
    if (value === undefined && mark === undefined) return undefined
    if (value === undefined || mark === undefined || revisionOf(value) !== revisionOf(mark)) {
      throw new MarkedEntryError(
        'a stored entry and its mark contradict each other: one was lost or replaced by an older one; restore the store from a backup, or write or delete the entry',
      )
    }
    return value.subarray(HEADER_BYTES)
  }

  /** Names directly below a folder, sorted; others have their turn meanwhile. `folder` is empty or ends in `/`. */
  list(folder: string): Promise<string[]> {
    return unhurriedList(this.#options.storage, this.#options.values + folder)
  }

  /** Reads one name at most. */
  isEmpty(): boolean {
    const [first] = this.#options.storage.pieces(this.#options.values, 1)
    return first === undefined
  }

  /** Resolves when it is durable. */
  put(path: string, value: Uint8Array): Promise<void> {
    const { storage, values, marks, now } = this.#options
    this.#revision = Math.max(this.#revision + 1, now(), this.#newest(path) + 1)
    const header = Buffer.alloc(HEADER_BYTES)
    header.writeUInt8(FORMAT, 0)
    header.writeBigUInt64BE(BigInt(this.#revision), 1)
    return storage.commit([
      { kind: 'put', key: values + path, value: Buffer.concat([header, value]) },
      { kind: 'put', key: marks + path, value: header },
    ])
  }

  /** The writes that remove an entry, for a commit of the caller's. */
  removal(path: string): Write[] {
    const { values, marks } = this.#options
    return [
      { kind: 'delete', key: values + path },
      { kind: 'delete', key: marks + path },
    ]
  }

  #pair(path: string): Pair {
    const { storage, values, marks } = this.#options
    return { value: bytesOf(storage.get(values + path)), mark: bytesOf(storage.get(marks + path)) }
  }

  /** What a new revision must lie above, also when the clock has gone back. */
  #newest(path: string): number {
    const { value, mark } = this.#pair(path)
    return Math.max(value === undefined ? 0 : revisionOf(value), mark === undefined ? 0 : revisionOf(mark))
  }
}

interface Pair {
  readonly value: Buffer | undefined
  readonly mark: Buffer | undefined
}

function matches({ value, mark }: Pair): boolean {
  if (value === undefined || mark === undefined) return value === mark
  return revisionOf(value) === revisionOf(mark)
}

function bytesOf(bytes: Uint8Array | undefined): Buffer | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function revisionOf(bytes: Buffer): number {
  if (bytes.length < HEADER_BYTES || bytes.readUInt8(0) !== FORMAT) {
    throw new MarkedEntryError(`a stored entry is not of format ${FORMAT}: a newer server wrote it, run that one`)
  }
  return Number(bytes.readBigUInt64BE(1))
}
