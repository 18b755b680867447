/**
 * Lines to a device, many per write.
 *
 * Invariant: `write` resolves only after the device has taken the line. All lines of one turn of the event loop go out
 * together, in the order they came, so a busy server pays for one write instead of sixty-four. When the device fails
 * midway, every line of that turn is rejected, also those it had taken: better an entry too many than an answer without
 * one. What it took of a line is left as a line of its own, so that it spoils no later entry.
 */
export interface AuditSink {
  /** Rejects with `AuditWriteError` when the line was not taken. */
  write(line: string): Promise<void>
  /** Opens anew what it writes to, after a rotation or an outage. @throws {AuditWriteError} when that cannot be opened. */
  reopen(): void
  /** Writes what is waiting. */
  close(): void
  /** Of the disk that it writes to. Absent where there is none. */
  disk?(): DiskRoom | undefined
}

/** In bytes. */
export interface DiskRoom {
  /** What is free for a process that is not root; `undefined` when the system does not say. */
  readonly free: number | undefined
  /** What is to stay free. */
  readonly reserve: number
  /** How much of the reserve is kept in a file of its own; `undefined` where none is. */
  readonly held: number | undefined
}

export class AuditWriteError extends Error {
  readonly code = 'audit-write'
}

export interface LineDevice {
  /** For messages: `the audit log /var/log/audit.log`. */
  readonly name: string
  /**
   * Called before the lines of a turn are taken, to open what is not open. What it holds then: `same` as after the last
   * turn; otherwise it was opened just now, and its last line is `whole` or `torn`. Throws when it cannot be opened.
   */
  begin(): 'same' | 'whole' | 'torn'
  /** Takes bytes from `offset` on, all or the first few, and returns how many. Throws when it takes none. */
  take(bytes: Uint8Array, offset: number): number
  reopen(): void
  close(): void
  /** As of the sink. */
  readonly disk?: () => DiskRoom | undefined
}

export interface WaitingLine {
  readonly line: string
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

const NEWLINE = 0x0a

export function createLineSink(device: LineDevice): AuditSink {
  let waiting: WaitingLine[] = []
  let midLine = false
  let closed = false

  function flush(): void {
    const batch = waiting
    waiting = []
    if (batch.length === 0) return
    try {
      if (closed) throw new Error('it is closed')
      const held = device.begin()
      if (held !== 'same') midLine = held === 'torn'
      takeAll(Buffer.from((midLine ? '\n' : '') + batch.map(({ line }) => line).join('')))
    } catch (cause) {
      rejectAll(batch, device, cause)
      return
    }
    for (const { resolve } of batch) resolve()
  }

  function takeAll(bytes: Buffer): void {
    let offset = 0
    while (offset < bytes.length) {
      const taken = device.take(bytes, offset)
      if (taken <= 0) throw new Error('it takes no more')
      offset += taken
      midLine = bytes[offset - 1] !== NEWLINE
    }
  }

  return {
    write(line) {
      return new Promise((resolve, reject) => {
        if (waiting.push({ line, resolve, reject }) === 1) setImmediate(flush)
      })
    },
    reopen() {
      if (!closed) device.reopen()
    },
    close() {
      if (closed) return
      flush()
      closed = true
      device.close()
    },
    disk: () => device.disk?.(),
  }
}

/** None of these lines counts as taken. `name` as in `LineDevice`. */
export function rejectAll(batch: readonly WaitingLine[], { name }: { readonly name: string }, cause: unknown): void {
  const error = new AuditWriteError(`cannot write ${name}: ${reasonOf(cause)}`, { cause })
  for (const { reject } of batch) reject(error)
}

export function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
