/**
 * The lock file: one process at a time has a store open.
 *
 *     server.lock    {"pid":4711,"started":"<boot id>:<start time of the process>"}
 *
 * Invariant: the file appears whole (written elsewhere, then linked), and a lock that a dead process left behind is
 * replaced by exactly one successor: whoever wants to replace it must hold a lock on that very replacement first.
 *
 * A process is known by its number and its start time, so a reused number is not taken for the holder. Where there is no
 * /proc the number alone decides. Not told apart: processes in two containers with process tables of their own that
 * share the folder; the second would take the first for dead. A store belongs to one container.
 */
import { createHash, randomBytes } from 'node:crypto'
import { linkSync, readFileSync, renameSync, unlinkSync } from 'node:fs'
import { dirname } from 'node:path'
import { StoreError, systemCode } from './errors.ts'
import { syncFolder, writeNewFile } from './files.ts'

export interface Lock {
  /** Removes the file. No error when it is gone. */
  release(): void
}

/** @throws {StoreError} `store-locked` when a living process holds it */
export function acquireLock(path: string): Lock {
  const mine = JSON.stringify({ pid: process.pid, started: lookAt(process.pid)?.started ?? '' })
  take(path, mine, path)
  return {
    release() {
      if (readLock(path) === mine) removeIfThere(path)
    },
  }
}

function take(path: string, mine: string, shown: string): void {
  // A temporary name of its own: two threads of one process have the same number.
  const draft = `${path}.${process.pid}.${randomBytes(6).toString('hex')}.tmp`
  writeNewFile(draft, mine)
  try {
    while (!linkNew(draft, path)) {
      const held = readLock(path)
      // Gone between the two calls: try again.
      if (held === undefined) continue
      refuseIfAlive(held, shown)
      replace(path, held, draft, mine, shown)
      if (readLock(path) === mine) return
    }
  } finally {
    removeIfThere(draft)
  }
}

/** Replaces a dead holder's lock, unless somebody else has done so meanwhile. */
function replace(path: string, dead: string, draft: string, mine: string, shown: string): void {
  const right = `${path}.${createHash('sha256').update(dead).digest('hex').slice(0, 16)}`
  take(right, mine, shown)
  try {
    if (readLock(path) !== dead) return
    renameSync(draft, path)
    syncFolder(dirname(path))
  } finally {
    removeIfThere(right)
  }
}

function refuseIfAlive(held: string, shown: string): void {
  const holder = parseHolder(held)
  if (holder === undefined) {
    throw new StoreError(
      'store-locked',
      `${shown} is not a lock file of Plenum: remove it if no server uses this store`,
    )
  }
  if (!isAlive(holder.pid, holder.started)) return
  throw new StoreError(
    'store-locked',
    `the store is in use by process ${holder.pid} (${shown}): stop that server, or choose another folder`,
  )
}

function isAlive(pid: number, started: string): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    // Anything but "no such process" means that there is one.
    if (systemCode(error) === 'ESRCH') return false
  }
  const now = lookAt(pid)
  return now === undefined || (!now.ended && (started === '' || now.started === started))
}

interface Sight {
  /** Boot and start time. */
  readonly started: string
  /** It only waits to be collected: for good in a container whose first process collects none. It holds no files. */
  readonly ended: boolean
}

/** `undefined` where the system does not tell. */
function lookAt(pid: number): Sight | undefined {
  const stat = readIfThere(`/proc/${pid}/stat`)
  // The second field is the command's name in parentheses and may hold anything; state is the 3rd, start time the 22nd.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
  const start = fields?.[19]
  if (start === undefined) return undefined
  const boot = readIfThere('/proc/sys/kernel/random/boot_id')?.trim() ?? ''
  return { started: `${boot}:${start}`, ended: fields?.[0] === 'Z' }
}

function parseHolder(text: string): { readonly pid: number; readonly started: string } | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || !('pid' in value) || !('started' in value)) return undefined
    const { pid, started } = value
    return Number.isSafeInteger(pid) && Number(pid) > 0 && typeof started === 'string'
      ? { pid: Number(pid), started }
      : undefined
  } catch {
    return undefined
  }
}

/** False when `path` exists already. */
function linkNew(draft: string, path: string): boolean {
  try {
    linkSync(draft, path)
    return true
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false
    throw error
  }
}

function readLock(path: string): string | undefined {
  return readIfThere(path)
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ESRCH') return undefined
    // /proc may be hidden: then nothing is known of that process.
    if (path.startsWith('/proc/')) return undefined
    throw error
  }
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error
  }
}
