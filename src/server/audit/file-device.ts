/**
 * The file device: lines appended to one file, many per write.
 *
 * Invariant: `write` resolves only after the operating system has taken the line. All lines of one turn of the event
 * loop go out in one call, in the order they came, so a busy server pays for one write instead of sixty-four. The file
 * is 0600 whatever the umask says (S13, S14).
 *
 * Not here: fsync for each line. Vault does not do it either: the log survives a crash of the process, not of the host.
 */
import { closeSync, fchmodSync, fstatSync, openSync, writeSync } from 'node:fs'

export interface AuditSink {
  /** Rejects with `AuditWriteError` when the line was not taken. */
  write(line: string): Promise<void>
  close(): void
}

export class AuditWriteError extends Error {
  readonly code = 'audit-write'
}

export interface FileDeviceOptions {
  readonly path: string
  /** Permission bits. Default 0600; execute bits are dropped. */
  readonly mode?: number
}

/** @throws {AuditWriteError} when the file cannot be opened, or is not a regular file. */
export function openFileDevice(options: FileDeviceOptions): AuditSink {
  const { path } = options
  const mode = (options.mode ?? 0o600) & 0o666
  const descriptor = open(path, mode)
  let waiting: { line: string; resolve: () => void; reject: (error: Error) => void }[] = []
  let closed = false

  function flush(): void {
    const batch = waiting
    waiting = []
    try {
      if (closed) throw new Error('the device is closed')
      writeAll(descriptor, Buffer.from(batch.map(({ line }) => line).join('')))
    } catch (cause) {
      const error = new AuditWriteError(`cannot write the audit log ${path}: ${reason(cause)}`, { cause })
      for (const { reject } of batch) reject(error)
      return
    }
    for (const { resolve } of batch) resolve()
  }

  return {
    write(line) {
      return new Promise((resolve, reject) => {
        if (waiting.push({ line, resolve, reject }) === 1) setImmediate(flush)
      })
    },
    close() {
      if (closed) return
      if (waiting.length > 0) flush()
      closed = true
      closeSync(descriptor)
    },
  }
}

function open(path: string, mode: number): number {
  let descriptor: number
  try {
    descriptor = openSync(path, 'a', mode)
  } catch (cause) {
    throw new AuditWriteError(`cannot open the audit log ${path}: ${reason(cause)}`, { cause })
  }
  if (!fstatSync(descriptor).isFile()) {
    closeSync(descriptor)
    throw new AuditWriteError(`the audit log ${path} is not a regular file`)
  }
  fchmodSync(descriptor, mode)
  return descriptor
}

/** A write may take only a part; the rest of a line must follow before any other. */
function writeAll(descriptor: number, bytes: Buffer): void {
  let offset = 0
  while (offset < bytes.length) offset += writeSync(descriptor, bytes, offset)
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
