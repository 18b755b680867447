/**
 * Looks at LMDB's data file before LMDB maps it: a page that is not there or not what it should be ends the process by
 * a signal once it is mapped, and here it is an error with a text.
 *
 * What it knows of the format (LMDB data version 2, little-endian; only the two trees that every file has are used):
 *
 *     page       | number 8 | txn 8 | pad 2 | flags 2 | lower 2 | upper 2 | entry offsets, 2 each ... entries |
 *     meta page  after the header: | magic 4 | version 4 | address 8 | map size 8 | free tree 48 | main tree 48 |
 *                                  | last page 8 | txn 8 |
 *     tree       | page size 4 (free tree only) | flags 2 | depth 2 | counts 32 | root page 8 |
 *     entry      | low 2 | high 2 | flags 2 | key size 2 | key | value, or where its pages are |
 *
 * It follows both trees from the newer of the two meta pages. Not checked: the order of keys, and values; the barrier
 * authenticates those. A page that was replaced by an older one of the same place goes unnoticed here.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { StoreError } from './errors.ts'

const MAGIC = 0xbeefc0de
const DATA_VERSION = 2
const HEADER = 24
const META_BYTES = HEADER + 24 + 48 + 48 + 16
const BRANCH = 0x01
const LEAF = 0x02
const META = 0x08
/** On an entry: the value lies on pages of its own. */
const BIG_VALUE = 0x01
const NO_ROOT = 0xffff_ffff_ffff_ffffn
const DEEPEST = 32

interface Meta {
  readonly pageSize: number
  readonly roots: readonly bigint[]
  readonly lastPage: number
  readonly transaction: bigint
}

/** @throws {StoreError} `store-corrupt` */
export function checkDataFile(path: string): void {
  const file = openSync(path, 'r')
  try {
    const pages = new Pages(file, path)
    for (const root of pages.newest.roots) {
      if (root !== NO_ROOT) pages.follow(Number(root), 1)
    }
  } finally {
    closeSync(file)
  }
}

class Pages {
  readonly newest: Meta
  readonly #file: number
  readonly #path: string
  readonly #bytes: number
  #seen = 0

  constructor(file: number, path: string) {
    this.#file = file
    this.#path = path
    this.#bytes = fstatSync(file).size
    const first = this.#meta(0, 0)
    const second = this.#meta(1, first.pageSize)
    if (second.pageSize !== first.pageSize) throw this.#corrupt('its two headers disagree')
    this.newest = second.transaction > first.transaction ? second : first
  }

  follow(page: number, depth: number): void {
    const { pageSize, lastPage } = this.newest
    this.#seen += 1
    if (depth > DEEPEST || this.#seen > lastPage + 1) throw this.#corrupt('its pages refer to each other in a circle')
    this.#mustHold(page, 1)
    const bytes = this.#read(page * pageSize, pageSize)
    const flags = bytes.readUInt16LE(18)
    const kind = flags & (BRANCH | LEAF)
    if (bytes.readBigUInt64LE(0) !== BigInt(page) || (kind !== BRANCH && kind !== LEAF)) {
      throw this.#corrupt(`page ${page} is not what it should be`)
    }
    for (const entry of this.#entries(bytes, page)) {
      if (kind === BRANCH) this.follow(childOf(bytes, entry), depth + 1)
      else this.#checkValue(bytes, entry, page)
    }
  }

  *#entries(bytes: Buffer, page: number): Generator<number> {
    const lower = bytes.readUInt16LE(20)
    if (HEADER + lower > bytes.length) throw this.#corrupt(`page ${page} is not what it should be`)
    for (let at = HEADER; at < HEADER + lower; at += 2) {
      const entry = HEADER + bytes.readUInt16LE(at)
      if (
        entry < HEADER + lower ||
        entry + 8 > bytes.length ||
        entry + 8 + bytes.readUInt16LE(entry + 6) > bytes.length
      ) {
        throw this.#corrupt(`page ${page} is not what it should be`)
      }
      yield entry
    }
  }

  #checkValue(bytes: Buffer, entry: number, page: number): void {
    const value = entry + 8 + bytes.readUInt16LE(entry + 6)
    const size = bytes.readUInt32LE(entry)
    const isBig = (bytes.readUInt16LE(entry + 4) & BIG_VALUE) !== 0
    if (value + (isBig ? HEADER : size) > bytes.length) throw this.#corrupt(`page ${page} is not what it should be`)
    if (isBig) this.#mustHold(Number(bytes.readBigUInt64LE(value)), Math.ceil((HEADER + size) / this.newest.pageSize))
  }

  /** LMDB may leave out free pages at the end, so the size of the file alone says nothing. */
  #mustHold(page: number, count: number): void {
    const { pageSize, lastPage } = this.newest
    if (page < 2 || page + count - 1 > lastPage)
      throw this.#corrupt(`it refers to page ${page}, which it does not have`)
    if ((page + count) * pageSize > this.#bytes) throw this.#corrupt(`it is cut off before page ${page + count - 1}`)
  }

  #meta(index: number, offset: number): Meta {
    if (this.#bytes < offset + META_BYTES) throw this.#corrupt('it is cut off in its header')
    const bytes = this.#read(offset, META_BYTES)
    const pageSize = bytes.readUInt32LE(48)
    const sound =
      bytes.readBigUInt64LE(0) === BigInt(index) &&
      (bytes.readUInt16LE(18) & META) !== 0 &&
      bytes.readUInt32LE(HEADER) === MAGIC &&
      (bytes.readUInt32LE(HEADER + 4) & 0xffff) === DATA_VERSION &&
      pageSize >= 256 &&
      pageSize <= 0x10000 &&
      (pageSize & (pageSize - 1)) === 0
    if (!sound) throw this.#corrupt('its header is not that of a store')
    return {
      pageSize,
      roots: [bytes.readBigUInt64LE(88), bytes.readBigUInt64LE(136)],
      lastPage: Number(bytes.readBigUInt64LE(144)),
      transaction: bytes.readBigUInt64LE(152),
    }
  }

  #read(offset: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length)
    if (readSync(this.#file, bytes, 0, length, offset) !== length) throw this.#corrupt('it is cut off')
    return bytes
  }

  #corrupt(reason: string): StoreError {
    return new StoreError('store-corrupt', `${this.#path} is damaged: ${reason}; restore the folder from a backup`)
  }
}

function childOf(bytes: Buffer, entry: number): number {
  return bytes.readUInt32LE(entry) + bytes.readUInt16LE(entry + 4) * 0x1_0000_0000
}
