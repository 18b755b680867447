/**
 * `state.bin`: the entries of a store, keys and values as they lie in it, in the order of the keys' bytes.
 *
 *     entry   | key bytes, 4 | value bytes, 4 | key, UTF-8 | value |     big-endian
 *
 * Pure. Whoever reads them does not believe the lengths: none may be larger than what a store takes.
 */
import { checkKey, compareKeys, LONGEST_KEY, type StoredEntry } from '../storage/index.ts'
import { damaged } from './errors.ts'

const HEAD_BYTES = 8
/** Larger than anything that a request can bring, and it has to fit into memory. */
const LARGEST_VALUE = 256 * 1024 * 1024

export function recordBytes({ key, value }: StoredEntry): number {
  return HEAD_BYTES + Buffer.byteLength(key) + value.length
}

export function encodeRecords(entries: readonly StoredEntry[]): Buffer {
  const pieces: Uint8Array[] = []
  for (const { key, value } of entries) {
    const head = Buffer.allocUnsafe(HEAD_BYTES)
    const name = Buffer.from(key)
    head.writeUInt32BE(name.length, 0)
    head.writeUInt32BE(value.length, 4)
    pieces.push(head, name, value)
  }
  return Buffer.concat(pieces)
}

/** Entries out of bytes that come in pieces. */
export class RecordReader {
  #rest: Buffer[] = []
  #bytes = 0
  /** How many bytes the next entry needs, as far as is known. */
  #wanted = HEAD_BYTES
  #last: string | undefined
  #count = 0

  get count(): number {
    return this.#count
  }

  /** Whether the bytes so far end with an entry. */
  get isComplete(): boolean {
    return this.#bytes === 0
  }

  /** The entries that are whole now. @throws {SnapshotError} */
  read(chunk: Buffer): StoredEntry[] {
    this.#rest.push(chunk)
    this.#bytes += chunk.length
    const entries: StoredEntry[] = []
    if (this.#bytes < this.#wanted) return entries
    let bytes = this.#rest.length === 1 ? chunk : Buffer.concat(this.#rest)
    for (;;) {
      const size = sizeOf(bytes)
      this.#wanted = size ?? HEAD_BYTES
      if (size === undefined || bytes.length < size) break
      entries.push(this.#entry(bytes.subarray(0, size)))
      bytes = bytes.subarray(size)
    }
    this.#rest = bytes.length === 0 ? [] : [bytes]
    this.#bytes = bytes.length
    return entries
  }

  #entry(bytes: Buffer): StoredEntry {
    const nameEnd = HEAD_BYTES + bytes.readUInt32BE(0)
    const key = bytes.toString('utf8', HEAD_BYTES, nameEnd)
    try {
      checkKey(key)
    } catch (cause) {
      throw damaged('state.bin holds a name that no store has', cause)
    }
    if (this.#last !== undefined && compareKeys(this.#last, key) >= 0)
      throw damaged('the entries of state.bin are not in order')
    this.#last = key
    this.#count += 1
    return { key, value: bytes.subarray(nameEnd) }
  }
}

/** Of the entry that `bytes` begin with; `undefined` before that is known. */
function sizeOf(bytes: Buffer): number | undefined {
  if (bytes.length < HEAD_BYTES) return undefined
  const name = bytes.readUInt32BE(0)
  const value = bytes.readUInt32BE(4)
  if (name > LONGEST_KEY || value > LARGEST_VALUE) throw damaged('state.bin holds an entry that is too large')
  return HEAD_BYTES + name + value
}
