/**
 * Snapshots of the store, and the store out of a snapshot (vault-api 4.4).
 *
 * Invariant: the store is replaced by an archive that was checked to its end, in one step that a crash does not split, or
 * not at all. By then the server is sealed: nothing that knows the old content writes into the new one. Without `force`
 * the archive comes from this store and its unseal keys, and nobody has altered it since. Few are saved at once: each holds
 * one of the places that the store has for all its readers.
 */
import { timingSafeEqual } from 'node:crypto'
import { type Barrier, hasKeyring } from '../barrier/index.ts'
import type { SnapshotsPort } from '../engines/system/index.ts'
import { invalidRequest, LogicalError } from '../logical/index.ts'
import { type Seal, SealError } from '../seal/index.ts'
import { type Archive, readSnapshot, SnapshotError, writeSnapshot } from '../snapshot/index.ts'
import { type FrozenStore, type PhysicalStorage, type Replacement, StoreError } from '../storage/index.ts'
import { toldOf } from './reply.ts'

export interface Snapshots extends SnapshotsPort {
  /** Resolves when no content is taking another's place. Never rejects. */
  settled(): Promise<void>
}

export interface SnapshotsOptions {
  readonly storage: PhysicalStorage
  readonly barrier: Barrier
  readonly seal: Seal
  readonly now: () => number
  readonly sealServer: () => Promise<void>
}

/** Of what the root key encrypts. */
const CONTEXT = 'snapshot'
/** LMDB has room for 126 readers, and without one left nothing can be read or written. */
const MOST_SAVES = 4

export function createSnapshots({ storage, barrier, seal, now, sealServer }: SnapshotsOptions): Snapshots {
  let saving = 0
  let restoring = false
  let installing: Promise<void> = Promise.resolve()

  function refuseCrowd(): void {
    if (saving < MOST_SAVES) return
    throw new LogicalError(
      'too-many-requests',
      `${MOST_SAVES} snapshots are being saved at this moment: try again when one is done`,
      'bare',
    )
  }

  function freeze(): FrozenStore {
    // Of many who asked at once, those that are too many find out here.
    refuseCrowd()
    const frozen = storage.freeze()
    saving += 1
    let isHeld = true
    return {
      batches: () => frozen.batches(),
      close() {
        frozen.close()
        if (isHeld) saving -= 1
        isHeld = false
      },
    }
  }

  async function replace(next: Replacement): Promise<void> {
    await sealServer()
    await next.install()
    seal.forget()
  }

  async function restore(upload: AsyncIterable<Uint8Array>, force: boolean): Promise<void> {
    const next = storage.prepareReplacement()
    try {
      const archive = await readSnapshot(upload, (entries) => next.add(entries))
      if (barrier.sealed) throw new LogicalError('sealed', 'Vault is sealed', 'bare')
      judge(archive, next, force)
      const done = replace(next)
      installing = done.catch(() => undefined)
      await done
    } finally {
      // Nothing is left to discard when it was installed.
      await next.discard()
    }
  }

  /** @throws {SnapshotError} */
  function judge({ sums, sealedSums }: Archive, next: Replacement, force: boolean): void {
    const kind = seal.relationOf(next)
    if (kind === 'none' || !hasKeyring(next)) {
      throw new SnapshotError(
        'snapshot-foreign',
        'the snapshot is of no store that was ever initialised; nothing was changed; take another one',
      )
    }
    if (force) return
    const opened = barrier.decryptUnderRoot(CONTEXT, sealedSums)
    const authentic = opened?.length === sums.length && timingSafeEqual(opened, sums)
    if (kind === 'same' && authentic) return
    throw new SnapshotError(
      'snapshot-other-seal',
      kind === 'same'
        ? 'the sums of the snapshot were not sealed by this store: it was altered; nothing was changed; take another copy of the file'
        : 'could not verify hash file, possibly the snapshot is using a different set of unseal keys; nothing was changed; use the snapshot-force API to bypass this check: the unseal keys and tokens of the time of the snapshot are needed then',
    )
  }

  return {
    save() {
      refuseCrowd()
      const source = {
        freeze,
        seal: (sums: Uint8Array) => barrier.encryptUnderRoot(CONTEXT, sums),
        storeId: seal.status().storeId,
        now,
      }
      return withReasons(writeSnapshot(source))
    },
    async restore(upload, force) {
      if (restoring) throw invalidRequest('another snapshot is being restored: wait until that is done')
      restoring = true
      try {
        await restore(upload, force)
      } catch (error) {
        throw forClient(error)
      } finally {
        restoring = false
      }
    },
    settled: () => installing,
  }
}

/** Sealed in the middle, or crowded out: no bug of the server. */
async function* withReasons(chunks: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks
  } catch (error) {
    throw forClient(toldOf(error) ?? error)
  }
}

/** What is wrong with the archive or the disk helps whoever may restore; all else is a bug. */
function forClient(error: unknown): unknown {
  if (error instanceof SnapshotError) return invalidRequest(error.message)
  if (error instanceof SealError) return invalidRequest(`the snapshot cannot be used: ${error.message}`)
  if (error instanceof StoreError) return new LogicalError('internal', error.message, 'wrapped', { cause: error })
  return error
}
