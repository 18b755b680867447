/**
 * An archive -> the entries of a store, checked on the way.
 *
 * Invariant: it resolves only for an archive that is whole: every file that belongs there and no other, all sums right, up
 * to the last byte of the compression's own check. Until then what it has handed on counts for nothing. Who made the
 * archive is for the caller to ask: that needs a key.
 */
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import type { StoredEntry } from '../storage/index.ts'
import { ByteSource } from './byte-source.ts'
import { damaged, SnapshotError } from './errors.ts'
import { decodeManifest, type Manifest, META, SEALED_SUMS, STATE, SUMS, sumsText } from './manifest.ts'
import { RecordReader } from './records.ts'
import { BLOCK, LARGEST_FILE, paddingOf, parseHeader } from './tar.ts'

export interface Archive {
  readonly manifest: Manifest
  readonly sums: Buffer
  /** `sums`, as the store encrypted it that the snapshot is of. */
  readonly sealedSums: Buffer
}

/** Of every file but `state.bin`, and of the zeros at the end. */
const LARGEST_SMALL_FILE = 64 * 1024
/** Bytes that are handed on together: a store syncs its disk for each lot. */
const LOT_BYTES = 4 * 1024 * 1024

/**
 * `add` is given every entry, in order.
 * @throws {SnapshotError} for a bad archive; what `chunks` and `add` throw goes through
 */
export async function readSnapshot(
  chunks: AsyncIterable<Uint8Array>,
  add: (entries: readonly StoredEntry[]) => Promise<void>,
): Promise<Archive> {
  const source = new ByteSource(unzipped(chunks))
  try {
    return await readFiles(source, add)
  } finally {
    await source.close()
  }
}

async function readFiles(
  source: ByteSource,
  add: (entries: readonly StoredEntry[]) => Promise<void>,
): Promise<Archive> {
  const meta = await smallFile(source, META)
  const manifest = decodeManifest(meta)
  const state = await readState(source, add)
  if (state.entries !== manifest.entries) throw damaged(`${STATE} has not as many entries as ${META} says`)
  const sums = await smallFile(source, SUMS)
  const right = sumsText({ [META]: createHash('sha256').update(meta).digest('hex'), [STATE]: state.sum })
  if (sums.toString('latin1') !== right) throw damaged(`${SUMS} does not agree with the files`)
  const sealedSums = await smallFile(source, SEALED_SUMS)
  if (!(await source.endsInZeros(LARGEST_SMALL_FILE))) throw damaged(`more follows behind ${SEALED_SUMS}`)
  return { manifest, sums, sealedSums }
}

async function readState(
  source: ByteSource,
  add: (entries: readonly StoredEntry[]) => Promise<void>,
): Promise<{ readonly entries: number; readonly sum: string }> {
  const size = await fileSize(source, STATE, LARGEST_FILE)
  const hash = createHash('sha256')
  const records = new RecordReader()
  let lot: StoredEntry[] = []
  let bytes = 0
  for await (const piece of source.take(size)) {
    hash.update(piece)
    lot.push(...records.read(piece))
    bytes += piece.length
    if (bytes < LOT_BYTES || lot.length === 0) continue
    await add(lot)
    lot = []
    bytes = 0
  }
  if (lot.length > 0) await add(lot)
  if (!records.isComplete) throw damaged(`${STATE} ends in the middle of an entry`)
  await skipPadding(source, size)
  return { entries: records.count, sum: hash.digest('hex') }
}

async function smallFile(source: ByteSource, name: string): Promise<Buffer> {
  const size = await fileSize(source, name, LARGEST_SMALL_FILE)
  const content = await source.takeWhole(size)
  await skipPadding(source, size)
  return content
}

async function fileSize(source: ByteSource, name: string, largest: number): Promise<number> {
  const head = parseHeader(await source.takeWhole(BLOCK))
  if (head === undefined || head === 'end' || head.name !== name)
    throw damaged(`it is no archive with ${META}, ${STATE}, ${SUMS} and ${SEALED_SUMS}, in this order`)
  if (head.size > largest) throw damaged(`${name} is too large`)
  return head.size
}

async function skipPadding(source: ByteSource, size: number): Promise<void> {
  const padding = await source.takeWhole(paddingOf(size))
  if (padding.some((byte) => byte !== 0)) throw damaged('there is something between two files')
}

async function* unzipped(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let failure: Error | undefined
  async function* noticed(): AsyncGenerator<Uint8Array> {
    try {
      yield* chunks
    } catch (error) {
      failure = error instanceof Error ? error : new Error('the upload failed', { cause: error })
      throw error
    }
  }
  const zipped = Readable.from(noticed())
  const zip = createGunzip({ chunkSize: 256 * 1024 })
  zipped.on('error', (error) => zip.destroy(error))
  try {
    yield* zipped.pipe(zip) as AsyncIterable<Buffer>
  } catch (cause) {
    if (failure !== undefined) throw failure
    if (cause instanceof SnapshotError) throw cause
    throw damaged('it is not compressed as a snapshot is, or cut off', cause)
  } finally {
    zipped.destroy()
    zip.destroy()
  }
}
