/**
 * A storage in one folder on disk, on LMDB.
 *
 * Invariant: LMDB syncs data, then the page that makes it current, before a commit resolves or any reader sees it; a
 * commit that fails leaves no trace, and none is begun without room on the disk. All reads of one turn of the event loop
 * see the same state.
 *
 * Two settings carry that. `overlappingSync: false`: with it, readers would see a commit that may still fail to reach
 * the disk. `eventTurnBatching: false`: with it, lmdb drops a promise of its own, whose rejection on a full disk would
 * end the process.
 *
 * And one transaction is under way at a time: of several, lmdb 3.5.6 resolves some whose transaction the disk refused
 * (seen on a busy machine, one run in four). What is committed meanwhile waits, and then shares one transaction and one
 * sync.
 */
import {
  type Database,
  FIRST_KEY,
  openDatabase,
  type Prepared,
  prepare,
  reading,
  writeFailure,
  writeTogether,
} from './database.ts'
import { replaced, StorageClosedError } from './errors.ts'
import { openStoreFolder, requireRoom, type StoreFolder, unreadable } from './folder.ts'
import { freezeDatabase } from './frozen.ts'
import type { FrozenStore, PhysicalStorage } from './physical.ts'
import { prepareReplacement } from './replacement.ts'
import { checkKey, checkPrefix } from './storage.ts'

const SLASH = 0x2f

/** Creates the folder when it is absent. One process at a time. @throws {StoreError} */
export function openLmdbStorage(options: { readonly folder: string }): PhysicalStorage {
  const { folder } = options
  const held = openStoreFolder(folder)
  try {
    const database = openDatabase(folder)
    held.opened()
    return storageOn(database, folder, held)
  } catch (error) {
    held.release()
    throw unreadable(folder, error)
  }
}

function storageOn(opened: Database, folder: string, held: StoreFolder): PhysicalStorage {
  const underWay = new Set<Promise<unknown>>()
  const frozen = new Set<FrozenStore>()
  /** `undefined` while another content takes its place. */
  let database: Database | undefined = opened
  let group = groupCommits(opened)
  let bytesUnderWay = 0
  let exchanging: Promise<void> | undefined
  let closing: Promise<void> | undefined

  function use(): Database {
    if (closing !== undefined) throw new StorageClosedError()
    if (database === undefined) throw replaced()
    return database
  }

  /** Waits for writes under way; nothing more is begun. */
  async function letGo(): Promise<void> {
    const ending = database
    database = undefined
    await Promise.allSettled(underWay)
    for (const store of frozen) store.close()
    await ending?.close()
  }

  async function exchange(swap: () => void): Promise<void> {
    await letGo()
    try {
      swap()
    } finally {
      // The new content, or the old one where it could not be replaced.
      if (closing === undefined) {
        database = openDatabase(folder)
        group = groupCommits(database)
      }
    }
  }

  async function close(): Promise<void> {
    await Promise.allSettled([exchanging])
    await letGo()
    held.release()
  }

  return {
    get(key) {
      const from = use()
      checkKey(key)
      return reading(folder, () => from.get(Buffer.from(key)))
    },
    list(prefix) {
      const from = use()
      checkPrefix(prefix)
      return reading(folder, () => namesBelow(from, Buffer.from(prefix)))
    },
    async commit(writes) {
      use()
      // Everything that could throw comes before the batch: one that throws half-way would be written half.
      const prepared = writes.map(prepare)
      if (prepared.length === 0) return
      const bytes = prepared.reduce((sum, { key, value }) => sum + key.length + (value?.length ?? 0), 0)
      requireRoom(folder, bytesUnderWay + bytes)
      bytesUnderWay += bytes
      const done = group(prepared)
      underWay.add(done)
      try {
        await done
      } catch (error) {
        throw await writeFailure(error, folder)
      } finally {
        underWay.delete(done)
        bytesUnderWay -= bytes
      }
    },
    freeze() {
      const store = freezeDatabase(use(), folder, () => frozen.delete(store))
      frozen.add(store)
      return store
    },
    prepareReplacement() {
      use()
      return prepareReplacement(folder, (swap) => {
        use()
        exchanging = exchange(swap)
        return exchanging
      })
    },
    close() {
      closing ??= close()
      return closing
    },
  }
}

interface Waiting {
  readonly writes: readonly Prepared[]
  readonly settle: (outcome: Promise<unknown>) => void
}

/** Commits in the order in which they come, one transaction after the other; all that wait share the next. */
function groupCommits(database: Database): (writes: readonly Prepared[]) => Promise<unknown> {
  let waiting: Waiting[] = []
  let isWriting = false

  /** Never rejects: what fails is handed to those whom it concerns. */
  async function writeAll(): Promise<void> {
    // What else is committed in this turn of the event loop comes along.
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
    while (waiting.length > 0) {
      const together = waiting
      waiting = []
      const outcome = writeTogether(
        database,
        together.flatMap(({ writes }) => writes),
      )
      for (const { settle } of together) settle(outcome)
      await Promise.allSettled([outcome])
    }
    isWriting = false
  }

  return (writes) =>
    new Promise((settle) => {
      waiting.push({ writes, settle })
      if (isWriting) return
      isWriting = true
      void writeAll()
    })
}

/** Jumps over everything below a folder once it has met the first key in it. */
function namesBelow(database: Database, prefix: Buffer): string[] {
  const names: string[] = []
  const range = prefix.length === 0 ? { start: FIRST_KEY } : { start: prefix, end: behind(prefix) }
  let start: Buffer | undefined = range.start
  while (start !== undefined) {
    const from: Buffer = start
    start = undefined
    for (const key of database.getKeys({ ...range, start: from })) {
      const slash = key.indexOf(SLASH, prefix.length)
      if (slash === -1) {
        names.push(key.toString('utf8', prefix.length))
        continue
      }
      names.push(key.toString('utf8', prefix.length, slash + 1))
      start = behind(key.subarray(0, slash + 1))
      break
    }
  }
  return names
}

/** The first key behind all that start with `prefix`, which ends in a slash. */
function behind(prefix: Buffer): Buffer {
  const end = Buffer.from(prefix)
  end[end.length - 1] = SLASH + 1
  return end
}
