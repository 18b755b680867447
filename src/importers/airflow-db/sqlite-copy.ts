/**
 * A private copy of a SQLite database that shows one committed state, made while others write to it.
 *
 * Invariant: the source is only read, no byte beside it is written, and no lock is taken: Airflow never waits for us.
 *
 * Why a copy is one state, without a lock:
 *
 *   WAL       The database is copied before its log is read. What a checkpoint writes into the database meanwhile is also
 *             in the log, as long as the log was not begun anew; its header tells.
 *   journal   Nothing may have been written while it was copied; sizes and times tell. A transaction under way is taken
 *             back in the copy. Times have the grain of the kernel's clock: a file written just now is left to settle.
 */
import { closeSync, existsSync, openSync, promises, readSync, realpathSync, statSync } from 'node:fs'
import { ImportError } from '../found.ts'
import { applyJournal, applyWal } from './sqlite-wal.ts'

/** Equal when nothing was written between two looks. */
export type SourceState = string & { readonly __sourceState: never }

interface Look {
  readonly isWal: boolean
  /** Of the log's header; empty when there is no log. */
  readonly walHeader: string
  readonly state: SourceState
  /** Of database and journal. Unix ms. */
  readonly writtenAt: number
}

const SETTLE_MS = 25

export interface CopyOptions {
  /** Name for people. */
  readonly label: string
  /** How long a busy database is tried. */
  readonly patienceMs: number
  readonly now: () => number
  readonly sleep: (ms: number) => Promise<void>
}

/** @throws {ImportError} 'import-database-file', 'import-database-permission', 'import-database-busy' */
export async function copyDatabase(path: string, copy: string, options: CopyOptions): Promise<SourceState> {
  const source = realPath(path, options.label)
  const giveUpAt = options.now() + options.patienceMs
  for (;;) {
    const before = look(source, options.label)
    const isSettled = before.isWal || options.now() - before.writtenAt > SETTLE_MS
    if (isSettled && (await isCopied(source, copy, before, options.label))) return before.state
    if (options.now() > giveUpAt) {
      throw new ImportError('import-database-busy', `${options.label}: it is written to all the time`, {
        hint: 'try again in a moment, or stop the scheduler for it',
      })
    }
    await options.sleep(SETTLE_MS)
  }
}

/** @throws {ImportError} 'import-database-file' or 'import-database-permission' */
export function sourceState(path: string, label: string): SourceState {
  return look(realPath(path, label), label).state
}

async function isCopied(source: string, copy: string, before: Look, label: string): Promise<boolean> {
  await promises.copyFile(source, copy)
  // The source may be write-protected, and the copy is not to be.
  await promises.chmod(copy, 0o600)
  const log = `${source}${before.isWal ? '-wal' : '-journal'}`
  try {
    if (existsSync(log)) (before.isWal ? applyWal : applyJournal)(log, copy)
    else if (before.isWal) await clearWalMark(copy)
  } catch (error) {
    // The log went between two looks: its transaction is done.
    if (isSystemError(error, 'ENOENT')) return false
    throw error
  }
  const after = look(source, label)
  if (after.isWal !== before.isWal) return false
  return before.isWal && before.walHeader !== '' ? after.walHeader === before.walHeader : after.state === before.state
}

async function clearWalMark(copy: string): Promise<void> {
  const file = await promises.open(copy, 'r+')
  try {
    await file.write(Buffer.of(1, 1), 0, 2, 18)
  } finally {
    await file.close()
  }
}

const MAGIC = 'SQLite format 3\0'
const HEADER_BYTES = 100

function look(source: string, label: string): Look {
  try {
    const header = headOf(source, HEADER_BYTES)
    if (header.toString('latin1', 0, MAGIC.length) !== MAGIC) throw notDatabase(label)
    const isWal = header[19] === 2
    const log = `${source}${isWal ? '-wal' : '-journal'}`
    const files = [source, log].map((path) => statSync(path, { bigint: true, throwIfNoEntry: false }))
    const walHeader = isWal && files[1] !== undefined ? headOf(log, 32).toString('hex') : ''
    const facts = files.map((stat) => (stat === undefined ? '-' : `${stat.ino}:${stat.size}:${stat.mtimeNs}`))
    return {
      isWal,
      walHeader,
      state: [...facts, walHeader, header.toString('hex')].join('|') as SourceState,
      writtenAt: Math.max(...files.map((stat) => Number(stat?.mtimeMs ?? 0n))),
    }
  } catch (error) {
    throw error instanceof ImportError ? error : unreadable(error, label)
  }
}

function headOf(path: string, bytes: number): Buffer {
  const file = openSync(path, 'r')
  try {
    const buffer = Buffer.alloc(bytes)
    return buffer.subarray(0, readSync(file, buffer, 0, bytes, 0))
  } finally {
    closeSync(file)
  }
}

function realPath(path: string, label: string): string {
  try {
    return realpathSync(path)
  } catch (error) {
    throw unreadable(error, label)
  }
}

function notDatabase(label: string): ImportError {
  return new ImportError('import-database-file', `${label}: this is no SQLite database`, { hint: 'is the path right?' })
}

function unreadable(cause: unknown, label: string): ImportError {
  if (isSystemError(cause, 'EACCES') || isSystemError(cause, 'EPERM')) {
    return new ImportError('import-database-permission', `${label}: you may not read it`, {
      hint: 'run this as the user of Airflow, or give this user the right to read the file',
      cause,
    })
  }
  return new ImportError('import-database-file', `${label}: it cannot be read`, {
    hint: 'is there such a file? Airflow makes it with `airflow db migrate`',
    cause,
  })
}

function isSystemError(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
