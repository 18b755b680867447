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
 * It follows both trees from the newer of the two meta pages, and adds up all entries (`content-sum.ts`). What the sum has
 * to be is for the caller to judge. Not checked: the values of the free tree, which are LMDB's own. Not found: a header that
 * is one turn old, as when the disk lost it, which is the store as it was one transaction before.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { StoreError } from './errors.ts'
import { type ContentSum, decodeContentSum, entryDigest, isSumKey, NOTHING, withEntry } from './content-sum.ts'

const MAGIC = 0xbeefc0de
const DATA_VERSION = 2
const HEADER = 24
const META_BYTES = HEADER + 24 + 48 + 48 + 16
const BRANCH = 0x01
const LEAF = 0x02
const META = 0x08
/** On an entry: the value lies on pages of its own. */
const BIG_VALUE = 0x01
/** On an entry: nothing that a store has. */
const OTHER_FLAGS = 0xfffe
const NO_ROOT = 0xffff_ffff_ffff_ffffn
const DEEPEST = 32
/** A header that tells of more is damaged. */
const MOST_BYTES = 2 ** 40

interface Tree {
  readonly root: bigint
  readonly depth: number
}

interface Meta {
  readonly pageSize: number
  readonly free: Tree
  readonly main: Tree
  readonly lastPage: number
  readonly transaction: bigint
}

export interface DataFile {
  /** Of what it holds. */
  readonly found: ContentSum
  /** Of what was written, as it says itself. */
  readonly written: ContentSum | undefined
}

/** @throws {StoreError} `store-corrupt` */
export function checkDataFile(path: string): DataFile {
  const file = openSync(path, 'r')
  try {
    const pages = new Pages(file, path)
    pages.follow('free')
    pages.follow('main')
    return { found: pages.found, written: pages.written }
  } finally {
    closeSync(file)
  }
}

class Pages {
  readonly newest: Meta
  found: ContentSum = NOTHING
  written: ContentSum | undefined
  readonly #file: number
  readonly #path: string
  readonly #bytes: number
  readonly #seen: Uint8Array

  constructor(file: number, path: string) {
    this.#file = file
    this.#path = path
    this.#bytes = fstatSync(file).size
    const first = this.#meta(0, 0)
    const second = this.#meta(1, first.pageSize)
    if (second.pageSize !== first.pageSize) throw this.#corrupt('its two headers disagree')
    // They take turns, so they are one transaction apart; where they are not, the newest one would be forgotten.
    const [even, odd] = [first.transaction, second.transaction]
    const inTurns = even === odd - 1n || even === odd + 1n || (even === 0n && odd === 0n)
    if (!inTurns || even % 2n !== 0n) throw this.#corrupt('its two headers disagree')
    this.newest = odd > even ? second : first
    if (this.newest.lastPage * first.pageSize > MOST_BYTES) throw this.#corrupt('its header is not that of a store')
    this.#seen = new Uint8Array(this.newest.lastPage + 1)
  }

  follow(which: 'free' | 'main'): void {
    const { root, depth } = this.newest[which]
    if (root === NO_ROOT) return
    if (depth < 1 || depth > DEEPEST) throw this.#corrupt('its header is not that of a store')
    this.#follow({ page: Number(root), below: depth - 1, which, from: undefined, to: undefined })
  }

  /** Every leaf lies at the same depth: LMDB ends the process where it comes to another page than it expects. */
  #follow({ page, below, which, from, to }: Branch): void {
    const { pageSize } = this.newest
    this.#mustHold(page, 1)
    const bytes = this.#read(page * pageSize, pageSize)
    const kind = below === 0 ? LEAF : BRANCH
    if (bytes.readBigUInt64LE(0) !== BigInt(page) || bytes.readUInt16LE(18) !== kind) throw this.#wrongPage(page)
    const entries = [...this.#entries(bytes, page)]
    if (entries.length === 0) throw this.#wrongPage(page)
    const keys = entries.map((entry) => keyOf(bytes, entry))
    if (which === 'main') this.#checkOrder({ keys, page, kind, from, to })
    entries.forEach((entry, index) => {
      const key = keys[index] ?? NO_KEY
      if (kind === LEAF) {
        this.#checkValue(bytes, entry, page)
        if (which === 'main') this.#add(key, this.#valueOf(bytes, entry))
        return
      }
      const next = keys[index + 1] ?? to
      this.#follow({ page: childOf(bytes, entry), below: below - 1, which, from: index === 0 ? from : key, to: next })
    })
  }

  /** Ascending, and between those of the page above. The first key of a branch stands for all that is less. */
  #checkOrder({ keys, page, kind, from, to }: Order): void {
    const known = kind === LEAF ? keys : keys.slice(1)
    let before = from
    for (const key of known) {
      if (before !== undefined && Buffer.compare(before, key) >= (before === from && kind === LEAF ? 1 : 0))
        throw this.#wrongPage(page)
      before = key
    }
    if (to !== undefined && before !== undefined && before !== from && Buffer.compare(before, to) >= 0)
      throw this.#wrongPage(page)
  }

  #add(key: Buffer, value: Buffer): void {
    if (isSumKey(key)) this.written = decodeContentSum(value)
    else this.found = withEntry(this.found, entryDigest(key, value))
  }

  /** Of an entry that was checked. */
  #valueOf(bytes: Buffer, entry: number): Buffer {
    const start = entry + 8 + bytes.readUInt16LE(entry + 6)
    const size = bytes.readUInt32LE(entry)
    const isBig = (bytes.readUInt16LE(entry + 4) & BIG_VALUE) !== 0
    if (!isBig) return bytes.subarray(start, start + size)
    return this.#read(Number(bytes.readBigUInt64LE(start)) * this.newest.pageSize + HEADER, size)
  }

  *#entries(bytes: Buffer, page: number): Generator<number> {
    const lower = bytes.readUInt16LE(20)
    if (HEADER + lower > bytes.length || lower % 2 !== 0) throw this.#wrongPage(page)
    for (let at = HEADER; at < HEADER + lower; at += 2) {
      const entry = HEADER + bytes.readUInt16LE(at)
      if (
        entry < HEADER + lower ||
        entry + 8 > bytes.length ||
        entry + 8 + bytes.readUInt16LE(entry + 6) > bytes.length
      ) {
        throw this.#wrongPage(page)
      }
      yield entry
    }
  }

  #checkValue(bytes: Buffer, entry: number, page: number): void {
    const value = entry + 8 + bytes.readUInt16LE(entry + 6)
    const size = bytes.readUInt32LE(entry)
    const flags = bytes.readUInt16LE(entry + 4)
    const isBig = (flags & BIG_VALUE) !== 0
    if ((flags & OTHER_FLAGS) !== 0 || value + (isBig ? HEADER : size) > bytes.length) throw this.#wrongPage(page)
    if (isBig) this.#mustHold(Number(bytes.readBigUInt64LE(value)), Math.ceil((HEADER + size) / this.newest.pageSize))
  }

  /** LMDB may leave out free pages at the end, so the size of the file alone says nothing. */
  #mustHold(page: number, count: number): void {
    const { pageSize, lastPage } = this.newest
    if (page < 2 || page + count - 1 > lastPage)
      throw this.#corrupt(`it refers to page ${page}, which it does not have`)
    if ((page + count) * pageSize > this.#bytes) throw this.#corrupt(`it is cut off before page ${page + count - 1}`)
    for (let at = page; at < page + count; at += 1) {
      if (this.#seen[at] === 1) throw this.#corrupt(`it refers to page ${at} twice`)
      this.#seen[at] = 1
    }
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
      free: { depth: bytes.readUInt16LE(54), root: bytes.readBigUInt64LE(88) },
      main: { depth: bytes.readUInt16LE(102), root: bytes.readBigUInt64LE(136) },
      lastPage: Number(bytes.readBigUInt64LE(144)),
      transaction: bytes.readBigUInt64LE(152),
    }
  }

  #read(offset: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length)
    if (readSync(this.#file, bytes, 0, length, offset) !== length) throw this.#corrupt('it is cut off')
    return bytes
  }

  #wrongPage(page: number): StoreError {
    return this.#corrupt(`page ${page} is not what it should be`)
  }

  #corrupt(reason: string): StoreError {
    return new StoreError('store-corrupt', `${this.#path} is damaged: ${reason}; restore the folder from a backup`)
  }
}

interface Branch {
  readonly page: number
  /** Levels of pages below it. */
  readonly below: number
  readonly which: 'free' | 'main'
  /** The first key that may be in it, and the first that may not. */
  readonly from: Buffer | undefined
  readonly to: Buffer | undefined
}

interface Order extends Pick<Branch, 'page' | 'from' | 'to'> {
  readonly keys: readonly Buffer[]
  readonly kind: number
}

const NO_KEY = Buffer.alloc(0)

function keyOf(bytes: Buffer, entry: number): Buffer {
  return bytes.subarray(entry + 8, entry + 8 + bytes.readUInt16LE(entry + 6))
}

function childOf(bytes: Buffer, entry: number): number {
  return bytes.readUInt32LE(entry) + bytes.readUInt16LE(entry + 4) * 0x1_0000_0000
}
