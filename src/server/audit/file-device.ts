/**
 * The file device: one regular file that is appended to.
 *
 * Invariants: the file has the mode it is to have whatever the umask says, 0600 unless told otherwise, and never an
 * execute bit (S13, S14). A link, a pipe or a device at its path is refused: the folder was allowed, not what it may
 * point to. Entries go to the file that has the path now: before each turn's write the path is looked at, and a file
 * that was deleted, rotated away or replaced is left for the one at the path, which is made where there is none. So no
 * request is recorded in a file that nobody can find any more.
 *
 * Not here: fsync for each line. Vault does not do it either: the log survives a crash of the process, not of the host.
 */
import { closeSync, constants, fchmodSync, fstatSync, lstatSync, openSync, readSync, writeSync } from 'node:fs'
import type { DiskReserve } from './disk-reserve.ts'
import { type AuditSink, AuditWriteError, createLineSink, reasonOf } from './line-sink.ts'

interface FileDeviceOptions {
  readonly path: string
  /** Permission bits. Default 0600; execute bits are dropped; 0 leaves those of a file that is there. */
  readonly mode?: number
  /** Of its folder. Default: the room on the disk is not watched. */
  readonly reserve?: DiskReserve
}

const DEFAULT_MODE = 0o600
const PERMISSION_BITS = 0o777
const READ_WRITE_BITS = 0o666

/** Not blocking: to open a pipe that nobody reads would stop the server. Reading: to see how the file ends. */
const FLAGS = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK

interface OpenFile {
  readonly descriptor: number
  /** Which file it is: two of a path differ in one of them. */
  readonly device: bigint
  readonly inode: bigint
  readonly torn: boolean
}

/**
 * Not opened yet: `reopen` opens it, or the first line.
 * @throws {AuditWriteError} when the mode is none.
 */
export function createFileDevice({ path, mode = DEFAULT_MODE, reserve }: FileDeviceOptions): AuditSink {
  const name = `the audit log ${path}`
  if ((mode & ~PERMISSION_BITS) !== 0) throw new AuditWriteError(`${name} may have permission bits only as its mode`)
  const withRoom = <T>(work: () => T): T => (reserve === undefined ? work() : reserve.giveWay(work))
  let file: OpenFile | undefined
  /** Opened since the last turn. */
  let fresh = false

  function reopen(): void {
    // The new one first: when it cannot be opened, the old one still takes entries, unless it lost its path.
    const next = openLog(path, name, mode & READ_WRITE_BITS, withRoom)
    const last = file
    file = next
    fresh = true
    if (last !== undefined) closeSync(last.descriptor)
  }

  return createLineSink({
    name,
    begin() {
      reserve?.look()
      if (file === undefined || !isAt(path, file)) reopen()
      if (!fresh || file === undefined) return 'same'
      fresh = false
      return file.torn ? 'torn' : 'whole'
    },
    take(bytes, offset) {
      if (file === undefined) throw new Error('it is not open')
      const { descriptor } = file
      return withRoom(() => writeSync(descriptor, bytes, offset))
    },
    reopen,
    close() {
      const last = file
      file = undefined
      if (last !== undefined) closeSync(last.descriptor)
    },
    ...(reserve === undefined ? {} : { disk: () => reserve.room() }),
  })
}

function isAt(path: string, { device, inode }: OpenFile): boolean {
  const found = lstatSync(path, { bigint: true, throwIfNoEntry: false })
  return found !== undefined && found.ino === inode && found.dev === device
}

function openLog(path: string, name: string, mode: number, withRoom: (work: () => number) => number): OpenFile {
  let descriptor: number | undefined
  try {
    // A new file needs room too.
    descriptor = withRoom(() => openSync(path, FLAGS, mode === 0 ? DEFAULT_MODE : mode))
    const found = fstatSync(descriptor, { bigint: true })
    if (!found.isFile()) throw new Error('it is not a regular file')
    if (mode !== 0) fchmodSync(descriptor, mode)
    const torn = found.size > 0n && lastByte(descriptor, found.size) !== 0x0a
    return { descriptor, device: found.dev, inode: found.ino, torn }
  } catch (cause) {
    if (descriptor !== undefined) closeSync(descriptor)
    throw new AuditWriteError(`cannot open ${name}: ${reasonOf(cause)}`, { cause })
  }
}

function lastByte(descriptor: number, size: bigint): number | undefined {
  const byte = Buffer.alloc(1)
  readSync(descriptor, byte, 0, 1, size - 1n)
  return byte[0]
}
