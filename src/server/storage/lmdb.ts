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
import { statfsSync } from 'node:fs'
import { open, type RootDatabase } from 'lmdb'
import { StorageClosedError, StoreError } from './errors.ts'
import { openStoreFolder, requireRoom, type StoreFolder, unreadable } from './folder.ts'
import { decodeContentSum, encodeContentSum, entryDigest, SUM_KEY, withEntry, withoutEntry } from './content-sum.ts'
import { checkKey, checkPrefix, type Storage, type Write } from './storage.ts'

const SLASH = 0x2f
/** No key starts with less: NUL is refused. */
const FIRST_KEY = Buffer.from([1])
/** A key and this is the first key behind it. */
const NUL = Buffer.alloc(1)

type Database = RootDatabase<Buffer, Buffer>

/** Creates the folder when it is absent. One process at a time. @throws {StoreError} */
export function openLmdbStorage(options: { readonly folder: string }): Storage {
  const { folder } = options
  const held = openStoreFolder(folder)
  return storageOn(openDatabase(folder, held), folder, held)
}

function openDatabase(folder: string, held: StoreFolder): Database {
  try {
    const options = {
      path: folder,
      noSubdir: false,
      encoding: 'binary',
      keyEncoding: 'binary',
      overlappingSync: false,
      eventTurnBatching: false,
      // Known to lmdb, not to its types.
      permissionsMode: 0o600,
    } as const
    const database = open<Buffer, Buffer>(options)
    if (held.missingSum !== undefined) database.putSync(SUM_KEY, encodeContentSum(held.missingSum))
    held.opened()
    return database
  } catch (error) {
    held.release()
    throw unreadable(folder, error)
  }
}

function storageOn(database: Database, folder: string, held: StoreFolder): Storage {
  const underWay = new Set<Promise<unknown>>()
  const group = groupCommits(database)
  let bytesUnderWay = 0
  let closing: Promise<void> | undefined

  function use(): void {
    if (closing !== undefined) throw new StorageClosedError()
  }

  async function close(): Promise<void> {
    await Promise.allSettled(underWay)
    await database.close()
    held.release()
  }

  return {
    get(key) {
      use()
      checkKey(key)
      return reading(folder, () => database.get(Buffer.from(key)))
    },
    list(prefix) {
      use()
      checkPrefix(prefix)
      return reading(folder, () => namesBelow(database, Buffer.from(prefix)))
    },
    count(prefix) {
      use()
      checkPrefix(prefix)
      return reading(folder, () => database.getKeysCount(rangeBelow(Buffer.from(prefix))))
    },
    *pieces(prefix, most) {
      use()
      checkPrefix(prefix)
      const names = walkNames(database, Buffer.from(prefix))
      for (;;) {
        use()
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

  async function writeTogether(writes: readonly Prepared[]): Promise<unknown> {
    const sum = sumAfter(database, writes)
    return database.batch(() => {
      void database.put(SUM_KEY, sum)
      for (const { key, value } of writes) {
        // Settled by the batch.
        if (value === undefined) void database.remove(key)
        else void database.put(key, value)
      }
    })
  }

  /** Never rejects: what fails is handed to those whom it concerns. */
  async function writeAll(): Promise<void> {
    // What else is committed in this turn of the event loop comes along.
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
    while (waiting.length > 0) {
      const together = waiting
      waiting = []
      const outcome = writeTogether(together.flatMap(({ writes }) => writes))
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
function sumAfter(database: Database, writes: readonly Prepared[]): Buffer {
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
  return encodeContentSum(sum)
}

function digestOf(key: Buffer, value: Buffer | undefined): number | undefined {
  return value === undefined ? undefined : entryDigest(key, value)
}

interface Prepared {
  readonly key: Buffer
  readonly value: Buffer | undefined
}

/** LMDB reads the bytes later and in another thread: it gets a copy. */
function prepare(write: Write): Prepared {
  checkKey(write.key)
  return { key: Buffer.from(write.key), value: write.kind === 'put' ? Buffer.from(write.value) : undefined }
}

/** The file was checked when it was opened: what LMDB cannot read now was damaged since. */
function reading<T>(folder: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new StoreError(
      'store-corrupt',
      `the store ${folder} cannot be read: ${why}; restore the folder from a backup`,
      { cause },
    )
  }
}

function namesBelow(database: Database, prefix: Buffer): string[] {
  return walkNames(database, prefix)(Number.POSITIVE_INFINITY)
}

/**
 * Gives the next names below a prefix, fewer than asked for at the end. Jumps over everything below a folder once it has
 * met the first key in it. Holds nothing of LMDB's between two calls.
 */
function walkNames(database: Database, prefix: Buffer): (most: number) => string[] {
  const range = prefix.length === 0 ? {} : { end: behind(prefix) }
  let start: Buffer | undefined = prefix.length === 0 ? FIRST_KEY : prefix

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

/** What LMDB gives for a write that the file system cut short. */
const INPUT_OUTPUT_ERROR = 5
const NO_SPACE: ReadonlySet<unknown> = new Set([
  28 /* ENOSPC */, 122 /* EDQUOT */, 27 /* EFBIG */, -30792 /* MDB_MAP_FULL */,
])
/** Less than this free on the file system, and a cut-off write means that it is full. */
const NEARLY_NOTHING = 4 * 1024 * 1024

/** lmdb's rejection holds a promise of the reason. */
async function writeFailure(error: unknown, folder: string): Promise<StoreError> {
  const cause = await reasonOf(error)
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined
  if (NO_SPACE.has(code) || (code === INPUT_OUTPUT_ERROR && freeBytes(folder) < NEARLY_NOTHING)) {
    return new StoreError('store-full', `no space left for the store ${folder}: nothing was written; free some space`, {
      cause,
    })
  }
  const why = cause instanceof Error ? cause.message : 'unknown reason'
  return new StoreError(
    'store-unreadable',
    `the store ${folder} cannot be written: ${why}; nothing was written; check the disk`,
    { cause },
  )
}

async function reasonOf(error: unknown): Promise<unknown> {
  if (!(error instanceof Error) || !('commitError' in error)) return error
  try {
    await error.commitError
    return error
  } catch (reason) {
    return reason
  }
}

function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}
