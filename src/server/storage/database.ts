/**
 * LMDB's database in a folder: opened, read and written with the settings that `lmdb.ts` needs, and its errors in words.
 */
import { open, type RootDatabase } from 'lmdb'
import { SUM_KEY } from './content-sum.ts'
import { StoreError } from './errors.ts'
import { freeBytes } from './files.ts'
import { checkKey, type Write } from './storage.ts'

/** No key starts with less: NUL is refused. */
export const FIRST_KEY: Buffer = Buffer.from([1])

export type Database = RootDatabase<Buffer, Buffer>

/** The folder is there. */
export function openDatabase(folder: string): Database {
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
  return open<Buffer, Buffer>(options)
}

export interface Prepared {
  readonly key: Buffer
  readonly value: Buffer | undefined
}

/** LMDB reads the bytes later and in another thread: it gets a copy. */
export function prepare(write: Write): Prepared {
  checkKey(write.key)
  return { key: Buffer.from(write.key), value: write.kind === 'put' ? Buffer.from(write.value) : undefined }
}

/** One transaction, synced when it resolves. `sum` is that of all there is after it. */
export async function writeTogether(database: Database, writes: readonly Prepared[], sum: Buffer): Promise<unknown> {
  return database.batch(() => {
    void database.put(SUM_KEY, sum)
    for (const { key, value } of writes) {
      // Settled by the batch.
      if (value === undefined) void database.remove(key)
      else void database.put(key, value)
    }
  })
}

/** The file was checked when it was opened: what LMDB cannot read now was damaged since. */
export function reading<T>(folder: string, read: () => T): T {
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

/** What LMDB gives for a write that the file system cut short. */
const INPUT_OUTPUT_ERROR = 5
const NO_SPACE: ReadonlySet<unknown> = new Set([
  28 /* ENOSPC */, 122 /* EDQUOT */, 27 /* EFBIG */, -30792 /* MDB_MAP_FULL */,
])
/** Less than this free on the file system, and a cut-off write means that it is full. */
const NEARLY_NOTHING = 4 * 1024 * 1024

/** lmdb's rejection holds a promise of the reason. */
export async function writeFailure(error: unknown, folder: string): Promise<StoreError> {
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
