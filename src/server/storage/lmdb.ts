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
import { setImmediate as turn } from 'node:timers/promises'
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
import {
  type ContentSum,
  decodeContentSum,
  encodeContentSum,
  entryDigest,
  SUM_KEY,
  withEntry,
  withoutEntry,
} from './content-sum.ts'
import { freezeDatabase } from './frozen.ts'
import type { FrozenStore, PhysicalStorage, Replacement } from './physical.ts'
import { prepareReplacement } from './replacement.ts'
import { checkKey, checkPrefix } from './storage.ts'

const SLASH = 0x2f
/** A key and this is the first key behind it. */
const NUL = Buffer.alloc(1)

/** Creates the folder when it is absent. One process at a time. @throws {StoreError} */
export function openLmdbStorage(options: { readonly folder: string }): PhysicalStorage {
  const { folder } = options
  const held = openStoreFolder(folder)
  try {
    const database = openDatabase(folder)
    if (held.missingSum !== undefined) database.putSync(SUM_KEY, encodeContentSum(held.missingSum))
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
  /** One at a time, and the last one. */
  let replacement: Replacement | undefined
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
    await replacement?.discard()
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
    count(prefix) {
      const from = use()
      checkPrefix(prefix)
      return reading(folder, () => from.getKeysCount(rangeBelow(Buffer.from(prefix))))
    },
    *pieces(prefix, most) {
      const from = use()
      checkPrefix(prefix)
      const names = walkNames(from, Buffer.from(prefix))
      for (;;) {
        if (use() !== from) throw replaced()
        const piece = reading(folder, () => names(most))
        if (piece.length > 0) yield piece
        if (piece.length < most) return
      }
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
      replacement = prepareReplacement(folder, async (swap) => {
        use()
        exchanging = exchange(swap)
        await exchanging
      })
      return replacement
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

  async function write(writes: readonly Prepared[]): Promise<unknown> {
    return writeTogether(database, writes, encodeContentSum(sumAfter(database, writes)))
  }

  /** Never rejects: what fails is handed to those whom it concerns. */
  async function writeAll(): Promise<void> {
    // What else is committed in this turn of the event loop comes along.
    await turn()
    while (waiting.length > 0) {
      const together = waiting
      waiting = []
      const outcome = write(together.flatMap(({ writes }) => writes))
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

/** Nothing else is being written while it looks. */
function sumAfter(database: Database, writes: readonly Prepared[]): ContentSum {
  const before = database.get(SUM_KEY)
  let sum = before === undefined ? undefined : decodeContentSum(before)
  if (sum === undefined) throw new Error('the sum over what the store holds is gone')
  /** Of what these writes have put there so far. */
  const digests = new Map<string, number | undefined>()
  for (const { key, value } of writes) {
    const name = key.toString('latin1')
    const old = digests.has(name) ? digests.get(name) : digestOf(key, database.get(key))
    const next = digestOf(key, value)
    digests.set(name, next)
    if (old !== undefined) sum = withoutEntry(sum, old)
    if (next !== undefined) sum = withEntry(sum, next)
  }
  return sum
}

function digestOf(key: Buffer, value: Buffer | undefined): number | undefined {
  return value === undefined ? undefined : entryDigest(key, value)
}

function namesBelow(database: Database, prefix: Buffer): string[] {
  return walkNames(database, prefix)(Number.POSITIVE_INFINITY)
}

/**
 * Gives the next names below a prefix, fewer than asked for at the end. Jumps over everything below a folder once it has
 * met the first key in it. Holds nothing of LMDB's between two calls.
 */
function walkNames(database: Database, prefix: Buffer): (most: number) => string[] {
  const { start: first, ...range } = rangeBelow(prefix)
  let start: Buffer | undefined = first

  return (most) => {
    const names: string[] = []
    while (start !== undefined && names.length < most) {
      const from: Buffer = start
      start = undefined
      for (const key of database.getKeys({ ...range, start: from })) {
        const slash = key.indexOf(SLASH, prefix.length)
        names.push(key.toString('utf8', prefix.length, slash === -1 ? undefined : slash + 1))
        if (slash === -1 && names.length < most) continue
        start = slash === -1 ? Buffer.concat([key, NUL]) : behind(key.subarray(0, slash + 1))
        break
      }
    }
    return names
  }
}

/** Of every key that starts with `prefix`. */
function rangeBelow(prefix: Buffer): { readonly start: Buffer; readonly end?: Buffer } {
  return prefix.length === 0 ? { start: FIRST_KEY } : { start: prefix, end: behind(prefix) }
}

/** The first key behind all that start with `prefix`, which ends in a slash. */
function behind(prefix: Buffer): Buffer {
  const end = Buffer.from(prefix)
  end[end.length - 1] = SLASH + 1
  return end
}
