/**
 * A snapshot: the encrypted store at one moment, as a compressed archive in the form that the clients of Vault and
 * OpenBao expect of `sys/storage/raft/snapshot` (they look for SHA256SUMS.sealed, and call an archive without it
 * incomplete).
 *
 *     meta.json           what it holds, see manifest.ts
 *     state.bin           every entry of the store as it lies there, encrypted, see records.ts
 *     SHA256SUMS          of the two above
 *     SHA256SUMS.sealed   the same text, encrypted and authenticated under the root key of the store
 *
 * Invariant: nothing in it is in clear that is not in clear in the store, and no key that opens it is in it. The store
 * stands still for the copy alone: from the first byte that is asked for to the last, or until whoever reads stops.
 */
import { createHash } from 'node:crypto'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { FrozenStore } from '../storage/index.ts'
import { SnapshotError } from './errors.ts'
import { encodeManifest, META, SEALED_SUMS, STATE, SUMS, sumsText } from './manifest.ts'
import { encodeRecords, recordBytes } from './records.ts'
import { archiveEnd, fileHeader, LARGEST_FILE, paddingOf } from './tar.ts'

export interface SnapshotSource {
  /** Called when the first byte is asked for. */
  readonly freeze: () => FrozenStore
  /** Encrypts what authenticates the archive. */
  readonly seal: (sums: Uint8Array) => Uint8Array
  readonly storeId: string
  /** Unix milliseconds. */
  readonly now: () => number
}

/** In chunks as they are asked for. @throws {SnapshotError} `snapshot-too-large` */
export async function* writeSnapshot(source: SnapshotSource): AsyncGenerator<Uint8Array> {
  // What is encrypted does not become smaller; names do.
  const zip = createGzip({ level: 1 })
  const done = pipeline(archiveOf(source), zip)
  // Told to whoever reads from `zip`.
  done.catch(() => undefined)
  try {
    yield* zip as AsyncIterable<Buffer>
    await done
  } finally {
    zip.destroy()
    await Promise.allSettled([done])
  }
}

async function* archiveOf({ freeze, seal, storeId, now }: SnapshotSource): AsyncGenerator<Buffer> {
  const frozen = freeze()
  try {
    const created = now()
    const { entries, bytes } = await measure(frozen)
    if (bytes > LARGEST_FILE) {
      throw new SnapshotError(
        'snapshot-too-large',
        'the store is larger than the 8 GiB that a snapshot can hold: stop the server and copy its folder',
      )
    }
    const meta = encodeManifest(storeId, entries, created)
    yield wholeFile(META, meta, created)
    yield fileHeader({ name: STATE, size: bytes }, created)
    const hash = createHash('sha256')
    for (const batch of frozen.batches()) {
      const records = encodeRecords(batch)
      hash.update(records)
      yield records
    }
    yield Buffer.alloc(paddingOf(bytes))
    const sums = Buffer.from(
      sumsText({ [META]: createHash('sha256').update(meta).digest('hex'), [STATE]: hash.digest('hex') }),
    )
    yield wholeFile(SUMS, sums, created)
    yield wholeFile(SEALED_SUMS, seal(sums), created)
    yield archiveEnd()
  } finally {
    frozen.close()
  }
}

function wholeFile(name: string, content: Uint8Array, time: number): Buffer {
  const { length: size } = content
  return Buffer.concat([fileHeader({ name, size }, time), content, Buffer.alloc(paddingOf(size))])
}

/** An archive says how large a file is before its first byte. Lets other work in between two pieces. */
async function measure(frozen: FrozenStore): Promise<{ readonly entries: number; readonly bytes: number }> {
  let entries = 0
  let bytes = 0
  for (const batch of frozen.batches()) {
    entries += batch.length
    for (const entry of batch) bytes += recordBytes(entry)
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
  }
  return { entries, bytes }
}
