/**
 * SQLite's two logs, applied to a copy of the database, because the SQLite in node-sqlite3-wasm can do neither: it has no
 * shared memory for a WAL, and its locks hide a journal from itself.
 *
 *   WAL      header 32: magic | version | page size | checkpoint | salt, 8 | checksum, 8         each number 4 bytes, BE
 *            frame 24 + page: page number | pages in the database after a commit, else 0 | salt, 8 | checksum, 8 | page
 *   journal  header, one sector: magic, 8 | records | nonce | pages before | sector size | page size
 *            record: page number | page as it was | checksum
 *
 * Invariant: what is applied is what SQLite itself would: frames up to the last commit whose salt and chained checksums
 * are right, journal records whose count was synced. A torn end is passed over.
 */
import { closeSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs'

const WAL_HEADER = 32
const FRAME_HEADER = 24
const LITTLE_ENDIAN_SUMS = 0x377f0682
const BIG_ENDIAN_SUMS = 0x377f0683

/** Writes the committed pages of `wal` into `copy`, and makes the copy a database without a WAL. */
export function applyWal(wal: string, copy: string): void {
  withFile(copy, 'r+', (target) => {
    withFile(wal, 'r', (source) => applyFrames(source, target))
    // File format versions, for writing and reading: 1 is "rollback journal", 2 would be "WAL".
    writeSync(target, Buffer.of(1, 1), 0, 2, 18)
  })
}

function applyFrames(source: number, target: number): void {
  const header = readAt(source, WAL_HEADER, 0)
  if (header === undefined) return
  const magic = header.readUInt32BE(0)
  if (magic !== LITTLE_ENDIAN_SUMS && magic !== BIG_ENDIAN_SUMS) return
  const sums = new ChainedSums(magic === BIG_ENDIAN_SUMS)
  sums.add(header.subarray(0, 24))
  if (!sums.match(header, 24)) return
  const pageSize = header.readUInt32BE(8)
  const committed = committedPages(source, { pageSize, salt: header.subarray(16, 24), sums })
  for (const [page, offset] of committed.pages) {
    const bytes = readAt(source, pageSize, offset)
    if (bytes !== undefined) writeSync(target, bytes, 0, pageSize, (page - 1) * pageSize)
  }
  if (committed.databasePages > 0) ftruncateSync(target, committed.databasePages * pageSize)
}

interface Committed {
  /** Page number -> where its newest committed form begins. */
  readonly pages: ReadonlyMap<number, number>
  /** 0 when nothing is committed. */
  readonly databasePages: number
}

function committedPages(
  source: number,
  { pageSize, salt, sums }: { readonly pageSize: number; readonly salt: Buffer; readonly sums: ChainedSums },
): Committed {
  const pages = new Map<number, number>()
  let pending = new Map<number, number>()
  let databasePages = 0
  const size = FRAME_HEADER + pageSize
  for (let at = WAL_HEADER; ; at += size) {
    const frame = readAt(source, size, at)
    if (frame === undefined || !frame.subarray(8, 16).equals(salt)) break
    sums.add(frame.subarray(0, 8))
    sums.add(frame.subarray(FRAME_HEADER))
    if (!sums.match(frame, 16)) break
    pending.set(frame.readUInt32BE(0), at + FRAME_HEADER)
    const pagesAfter = frame.readUInt32BE(4)
    if (pagesAfter === 0) continue
    for (const [page, offset] of pending) if (page <= pagesAfter) pages.set(page, offset)
    for (const page of pages.keys()) if (page > pagesAfter) pages.delete(page)
    pending = new Map()
    databasePages = pagesAfter
  }
  return { pages, databasePages }
}

/** Two sums over pairs of 32-bit numbers, each frame's going on from the one before. */
class ChainedSums {
  readonly #bigEndian: boolean
  #a = 0
  #b = 0

  constructor(bigEndian: boolean) {
    this.#bigEndian = bigEndian
  }

  add(bytes: Buffer): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    const isLittle = !this.#bigEndian
    for (let at = 0; at < bytes.length; at += 8) {
      this.#a = (this.#a + view.getUint32(at, isLittle) + this.#b) >>> 0
      this.#b = (this.#b + view.getUint32(at + 4, isLittle) + this.#a) >>> 0
    }
  }

  match(bytes: Buffer, at: number): boolean {
    return bytes.readUInt32BE(at) === this.#a && bytes.readUInt32BE(at + 4) === this.#b
  }
}

const JOURNAL_MAGIC = Buffer.from('d9d505f920a163d7', 'hex')
const JOURNAL_HEADER = 28
/** Written where the journal was not synced: as many records as the file holds. */
const ALL_RECORDS = 0xffffffff

/** Takes a transaction back that was under way, or that nobody ended. */
export function applyJournal(journal: string, copy: string): void {
  withFile(journal, 'r', (source) =>
    withFile(copy, 'r+', (target) => {
      for (let at = 0, first = true; ; first = false) {
        const header = readAt(source, JOURNAL_HEADER, at)
        if (header === undefined || !header.subarray(0, 8).equals(JOURNAL_MAGIC)) return
        const sector = header.readUInt32BE(20)
        const pageSize = header.readUInt32BE(24)
        const records = header.readUInt32BE(8)
        if (pageSize < 512 || sector < 32) return
        const next = rollBack(source, target, { at: at + sector, records, pageSize, nonce: header.readUInt32BE(12) })
        if (first && records > 0) ftruncateSync(target, header.readUInt32BE(16) * pageSize)
        if (records === ALL_RECORDS) return
        at = Math.ceil(next / sector) * sector
      }
    }),
  )
}

interface Segment {
  readonly at: number
  readonly records: number
  readonly pageSize: number
  readonly nonce: number
}

/** Where the segment ends. */
function rollBack(source: number, target: number, { at, records, pageSize, nonce }: Segment): number {
  let offset = at
  for (let index = 0; index < records; index += 1, offset += pageSize + 8) {
    const record = readAt(source, pageSize + 8, offset)
    if (record === undefined) break
    const page = record.subarray(4, 4 + pageSize)
    if (record.readUInt32BE(4 + pageSize) !== journalSum(page, nonce)) break
    writeSync(target, page, 0, pageSize, (record.readUInt32BE(0) - 1) * pageSize)
  }
  return offset
}

/** Of every 200th byte from the end. */
function journalSum(page: Buffer, nonce: number): number {
  let sum = nonce
  for (let at = page.length - 200; at > 0; at -= 200) sum = (sum + (page[at] ?? 0)) >>> 0
  return sum
}

function readAt(file: number, bytes: number, position: number): Buffer | undefined {
  const buffer = Buffer.allocUnsafe(bytes)
  return readSync(file, buffer, 0, bytes, position) === bytes ? buffer : undefined
}

function withFile(path: string, flags: 'r' | 'r+', work: (file: number) => void): void {
  const file = openSync(path, flags)
  try {
    work(file)
  } finally {
    closeSync(file)
  }
}
