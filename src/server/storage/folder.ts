/**
 * The folder of a store:
 *
 *     store.json     {"format":"plenum-store","version":3,"data":"new" | "present" | "damaged"}
 *     server.lock    who has it open, see lock.ts
 *     data.mdb       LMDB's data
 *     lock.mdb       LMDB's table of readers, worth nothing when nobody has the store open
 *     replacement/   another data.mdb, on its way to take the place of this one; see replacement.ts
 *
 * `store.json` comes first, so a folder without it is not ours and is left alone. It says `new` until there is data, so
 * data that is missing later is a loss and not a new store. Who has read that the store is damaged, and wants to go on with
 * what is left of it, writes `damaged`.
 *
 * Versions: 1 had no rotation settings in the keyring; 2 had no sum over its content, which it gets when it is opened. A
 * store of an older version is opened and marked as of this one, so that an older Plenum refuses it by its number instead
 * of finding damage; each entry says its own format, and is written in the new one when it next changes. A newer version
 * is refused.
 */
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { checkDataFile, type DataFile } from './data-file.ts'
import { StoreError, systemCode } from './errors.ts'
import { freeBytes, makePrivateFile, makePrivateFolder, replaceFile } from './files.ts'
import { type ContentSum, NOTHING } from './content-sum.ts'
import { acquireLock, type Lock } from './lock.ts'

const FORMAT = 'plenum-store'
const VERSION = 3
/** From here on a store has a sum over its content. */
const SUMMED = 3
const OLDEST = 1
export { OLDEST as OLDEST_STORE_VERSION, VERSION as STORE_VERSION }
const FORMAT_FILE = 'store.json'
const LOCK_FILE = 'server.lock'

/**
 * Kept free on the disk. LMDB's native code may damage its own memory after a write that found no room, and dies where it
 * finds none for its table of readers: nothing is begun that might not fit.
 */
const RESERVE = 512 * 1024
/** Pages that a write copies on its way to the root, for each byte of the values. */
const COPIES = 2

/** @throws {StoreError} `store-full` unless so many more bytes of values fit well. */
export function requireRoom(folder: string, bytes: number): void {
  if (freeBytes(folder) < RESERVE + COPIES * bytes) throw full(folder)
}

export interface StoreFolder {
  /** What the sum over its content is to be, where the store does not have it yet. */
  readonly missingSum: ContentSum | undefined
  /** Call when LMDB has written its files. */
  opened(): void
  release(): void
}

/** Whether a store was made there, whatever became of it. */
export function isStoreFolder(folder: string): boolean {
  return existsSync(join(folder, FORMAT_FILE))
}

/** Ready for LMDB: ours, of the right version, locked, undamaged. @throws {StoreError} */
export function openStoreFolder(folder: string): StoreFolder {
  try {
    return open(folder)
  } catch (error) {
    if (error instanceof StoreError) throw error
    throw unreadable(folder, error)
  }
}

function open(folder: string): StoreFolder {
  refuseForeign(folder)
  makePrivateFolder(folder)
  requireRoom(folder, 0)
  const lock = acquireLock(join(folder, LOCK_FILE))
  try {
    return prepare(folder, lock)
  } catch (error) {
    lock.release()
    throw error
  }
}

function prepare(folder: string, lock: Lock): StoreFolder {
  const data = join(folder, 'data.mdb')
  const { isNew, version, isDamageAccepted } = readFormat(folder)
  if (isNew) replaceFile(join(folder, FORMAT_FILE), formatText('new'))
  // A crash left it behind: it never took this store's place.
  removeReplacement(folder)
  const bytes = sizeOf(data)
  const file = bytes > 0 ? checkDataFile(data) : undefined
  const isSummed = !isNew && version >= SUMMED && !isDamageAccepted
  if (file !== undefined && isSummed) compareSums(folder, file)
  if (file === undefined && !isNew) {
    throw new StoreError(
      'store-corrupt',
      `the data of the store ${folder} is gone: data.mdb is ${bytes === 0 ? 'empty' : 'missing'}; restore the folder from a backup`,
    )
  }
  return {
    missingSum: isSummed ? undefined : (file?.found ?? NOTHING),
    opened() {
      for (const name of ['data.mdb', 'lock.mdb', FORMAT_FILE]) makePrivateFile(join(folder, name))
      if (isNew || version < VERSION || isDamageAccepted) replaceFile(join(folder, FORMAT_FILE), formatText('present'))
    },
    release: () => lock.release(),
  }
}

function compareSums(folder: string, { found, written }: DataFile): void {
  if (found.count === written?.count && found.sum === written.sum) return
  const what =
    written === undefined || found.count === written.count
      ? 'what it holds is not what was written'
      : `it holds ${found.count} entries and ${written.count} were written`
  throw new StoreError(
    'store-corrupt',
    `${join(folder, 'data.mdb')} is damaged: ${what}; restore the folder from a backup, or, to go on with what is left, replace "present" by "damaged" in ${join(folder, FORMAT_FILE)}`,
  )
}

/** A folder that holds something, and no `store.json`, belongs to somebody else. */
function refuseForeign(folder: string): void {
  const names = namesIn(folder)
  if (names.includes(FORMAT_FILE)) return
  // What a crash between two steps of `open` may leave.
  const foreign = names.find((name) => !name.startsWith(LOCK_FILE) && name !== `${FORMAT_FILE}.tmp`)
  if (foreign === undefined) return
  throw new StoreError(
    'store-foreign',
    `${folder} is no store of Plenum and not empty (it holds ${JSON.stringify(foreign)}): choose an empty or new folder`,
  )
}

interface Format {
  /** No data has been written yet. */
  readonly isNew: boolean
  readonly version: number
  /** Somebody has decided to go on with what is left: said once, it counts once. */
  readonly isDamageAccepted: boolean
}

function readFormat(folder: string): Format {
  const path = join(folder, FORMAT_FILE)
  if (!namesIn(folder).includes(FORMAT_FILE)) return { isNew: true, version: VERSION, isDamageAccepted: false }
  const value = parse(readFileSync(path, 'utf8'))
  const version = value?.['version']
  if (value?.['format'] !== FORMAT || !isVersion(version)) {
    throw new StoreError('store-corrupt', `${path} is damaged: restore the folder from a backup`)
  }
  if (version > VERSION) {
    throw new StoreError(
      'store-version',
      `the store ${folder} is of version ${version}, this Plenum knows versions ${OLDEST} to ${VERSION}: use the Plenum that wrote it, or a later one`,
    )
  }
  return { isNew: value['data'] === 'new', version, isDamageAccepted: value['data'] === 'damaged' }
}

function isVersion(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= OLDEST
}

function formatText(data: 'new' | 'present'): string {
  return `${JSON.stringify({ format: FORMAT, version: VERSION, data })}\n`
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return []
    throw error
  }
}

/** -1 when it is not there. */
function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? -1
}

/** Where another content is made ready. No error when it is not there. */
export function removeReplacement(folder: string): void {
  rmSync(replacementOf(folder), { recursive: true, force: true })
}

export function replacementOf(folder: string): string {
  return join(folder, 'replacement')
}

export function unreadable(folder: string, cause: unknown): StoreError {
  const why = cause instanceof Error ? cause.message : String(cause)
  if (systemCode(cause) === 'ENOSPC' || systemCode(cause) === 'EDQUOT') {
    return full(folder, cause)
  }
  return new StoreError(
    'store-unreadable',
    `the store ${folder} cannot be opened: ${why}; check that it is a folder which this user owns`,
    { cause },
  )
}

function full(folder: string, cause?: unknown): StoreError {
  const text = `no space left for the store ${folder}: nothing was written; free some space`
  return new StoreError('store-full', text, cause === undefined ? undefined : { cause })
}
