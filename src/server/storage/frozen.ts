/**
 * An LMDB database as it is at one moment: a read transaction that stays open. Between two pieces no cursor is, so other
 * work of the process goes on.
 *
 * LMDB frees no page that the transaction may read: the file grows with what is written meanwhile, so nobody may hold one
 * for long.
 */
import { type Database, FIRST_KEY, reading } from './database.ts'
import { replaced } from './errors.ts'
import { type FrozenStore, inBatches, type StoredEntry } from './physical.ts'

export function freezeDatabase(database: Database, folder: string, onClose: () => void): FrozenStore {
  const transaction = database.useReadTransaction()
  let isOpen = true

  /** The first piece behind a key. */
  function batchBehind(after: string | undefined): readonly StoredEntry[] {
    if (!isOpen) throw replaced()
    return reading(folder, () => {
      const start = after === undefined ? { start: FIRST_KEY } : { start: Buffer.from(after), exclusiveStart: true }
      const [batch = []] = inBatches(entriesOf(database.getRange({ ...start, transaction })))
      return batch
    })
  }

  return {
    *batches() {
      let batch = batchBehind(undefined)
      while (batch.length > 0) {
        yield batch
        batch = batchBehind(batch.at(-1)?.key)
      }
    },
    close() {
      if (!isOpen) return
      isOpen = false
      transaction.done()
      onClose()
    },
  }
}

function* entriesOf(range: Iterable<{ readonly key: Buffer; readonly value: Buffer }>): Generator<StoredEntry> {
  for (const { key, value } of range) yield { key: key.toString('utf8'), value }
}
