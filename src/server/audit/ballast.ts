/**
 * Ballast: room on the disk of an audit log that is taken beforehand, by a file, and given up piece by piece when the
 * disk is full, so that entries still find room while somebody makes more.
 *
 * Invariants: only what an entry needs is given up, so whoever else fills the disk does not get the reserve at once. The
 * file grows only where as much again stays free: it never causes the shortage that it is for. What lies at its path and
 * is not a file of this user's is left alone.
 */
import { closeSync, constants, ftruncateSync, lstatSync, openSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'

/** No audit log may have this name. */
export const BALLAST_NAME = '.plenum-audit-reserve'

/** Bytes that are taken, and given up, at once. */
export const BALLAST_PIECE: number = 256 * 1024

export interface BallastFile {
  /** Bytes of the disk that it takes. @throws when something else has its path. */
  size(): number
  /** Takes that many more. */
  append(bytes: number): Promise<void>
  /** On the disk for good. */
  flush(): Promise<void>
  truncate(size: number): void
  remove(): void
}

export interface Ballast {
  /** Bytes that it takes now. */
  held(): number
  /** Gives up a piece. False: there is none left. */
  release(): boolean
  /** Takes what is missing, where `free` bytes of the disk allow it. True once it has all, and had not before. */
  grow(free: number): Promise<boolean>
  /** Stops growing. The file stays. */
  close(): void
  remove(): void
}

/** `bytes`: what it is to take, rounded down to whole pieces. */
export function createBallast(file: BallastFile, bytes: number): Ballast {
  const wanted = bytes - (bytes % BALLAST_PIECE)
  let growing = false
  let closed = false
  const mayGrow = (): boolean => growing && !closed

  async function take(): Promise<boolean> {
    while (mayGrow() && file.size() < wanted) await file.append(BALLAST_PIECE)
    if (mayGrow()) await file.flush()
    return mayGrow()
  }

  return {
    held: () => file.size(),
    release() {
      // Whoever is short of room takes none.
      growing = false
      const size = file.size()
      if (size === 0) return false
      file.truncate(Math.max(0, size - BALLAST_PIECE))
      return true
    },
    async grow(free) {
      const missing = wanted - file.size()
      // A smaller one is wanted than last time.
      if (missing < 0) file.truncate(wanted)
      if (growing || closed || missing <= 0 || free < missing + bytes) return false
      growing = true
      try {
        return await take()
      } finally {
        growing = false
      }
    },
    close() {
      closed = true
    },
    remove() {
      closed = true
      file.remove()
    },
  }
}

/** Not following: a link there would have another file emptied. */
const FLAGS = constants.O_WRONLY | constants.O_NOFOLLOW
const UNIT = 512

/** In a folder of the disk. `random` fills it with what no file system can make smaller. */
export function ballastFile(folder: string, random: (bytes: number) => Buffer): BallastFile {
  const path = join(folder, BALLAST_NAME)

  /** Bytes of the disk; fewer than its length where a copy has holes. */
  function taken(): number | undefined {
    const found = lstatSync(path, { throwIfNoEntry: false })
    if (found === undefined) return undefined
    const user = process.getuid?.()
    // A file with a second name may be somebody's log.
    if (!found.isFile() || found.nlink > 1 || (user !== undefined && found.uid !== user))
      throw new Error(`${path} is no file of this user alone: remove it`)
    return Math.min(found.size, found.blocks * UNIT)
  }

  return {
    size: () => taken() ?? 0,
    async append(bytes) {
      const file = await open(path, FLAGS | constants.O_CREAT | constants.O_APPEND, 0o600)
      try {
        await file.writeFile(random(bytes))
      } finally {
        await file.close()
      }
    },
    async flush() {
      const file = await open(path, FLAGS)
      try {
        await file.datasync()
      } finally {
        await file.close()
      }
    },
    truncate(size) {
      const descriptor = openSync(path, FLAGS)
      try {
        ftruncateSync(descriptor, size)
      } finally {
        closeSync(descriptor)
      }
    },
    remove() {
      if (taken() !== undefined) rmSync(path)
    },
  }
}
