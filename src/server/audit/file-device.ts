/**
 * The file device: one regular file that is appended to.
 *
 * Invariant: the file has the mode it is to have whatever the umask says, 0600 unless told otherwise, and never an
 * execute bit (S13, S14). A link, a pipe or a device at its path is refused: the folder was allowed, not what it may
 * point to.
 *
 * Not here: fsync for each line. Vault does not do it either: the log survives a crash of the process, not of the host.
 */
import { closeSync, constants, fchmodSync, fstatSync, openSync, readSync, writeSync } from 'node:fs'
import { type AuditSink, AuditWriteError, createLineSink, reasonOf } from './line-sink.ts'

interface FileDeviceOptions {
  readonly path: string
  /** Permission bits. Default 0600; execute bits are dropped; 0 leaves those of a file that is there. */
  readonly mode?: number
}

const DEFAULT_MODE = 0o600
const PERMISSION_BITS = 0o777
const READ_WRITE_BITS = 0o666

/** Not blocking: to open a pipe that nobody reads would stop the server. Reading: to see how the file ends. */
const FLAGS = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK

/** @throws {AuditWriteError} when the file cannot be opened, is not a regular file, or cannot have the mode. */
export function openFileDevice({ path, mode = DEFAULT_MODE }: FileDeviceOptions): AuditSink {
  const name = `the audit log ${path}`
  if ((mode & ~PERMISSION_BITS) !== 0) throw new AuditWriteError(`${name} may have permission bits only as its mode`)
  const { descriptor, torn } = open(path, name, mode & READ_WRITE_BITS)
  return createLineSink(
    {
      name,
      take: (bytes, offset) => writeSync(descriptor, bytes, offset),
      close: () => closeSync(descriptor),
    },
    torn,
  )
}

function open(path: string, name: string, mode: number): { readonly descriptor: number; readonly torn: boolean } {
  let descriptor: number | undefined
  try {
    descriptor = openSync(path, FLAGS, mode === 0 ? DEFAULT_MODE : mode)
    const { size } = requireRegularFile(descriptor)
    if (mode !== 0) fchmodSync(descriptor, mode)
    return { descriptor, torn: size > 0 && lastByte(descriptor, size) !== 0x0a }
  } catch (cause) {
    if (descriptor !== undefined) closeSync(descriptor)
    throw new AuditWriteError(`cannot open ${name}: ${reasonOf(cause)}`, { cause })
  }
}

function requireRegularFile(descriptor: number): { readonly size: number } {
  const found = fstatSync(descriptor)
  if (!found.isFile()) throw new Error('it is not a regular file')
  return found
}

function lastByte(descriptor: number, size: number): number | undefined {
  const byte = Buffer.alloc(1)
  readSync(descriptor, byte, 0, 1, size - 1)
  return byte[0]
}
