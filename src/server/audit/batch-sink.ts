/**
 * Lines to a device that takes its time: a connection, another process.
 *
 * Invariant: `write` resolves only after the device has taken the line. While it takes one batch, the lines that come are
 * gathered for the next: the slower the device, the more lines share one delivery. When a delivery fails, every line of
 * it is rejected; the next one starts anew.
 */
import { type AuditSink, AuditWriteError, rejectAll, type WaitingLine } from './line-sink.ts'

export interface BatchDevice {
  /** For messages: `the audit socket tcp localhost:9090`. */
  readonly name: string
  /** Resolves once all lines are taken, rejects when that is not known of all. Called one at a time. Never hangs. */
  send(lines: readonly string[]): Promise<void>
  /** The next delivery starts anew. */
  reopen(): void
  close(): void
}

export function createBatchSink(device: BatchDevice): AuditSink {
  let waiting: WaitingLine[] = []
  let busy = false
  let closed = false

  async function deliver(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting
      waiting = []
      try {
        // oxlint-disable-next-line no-await-in-loop -- one delivery at a time keeps the order
        await device.send(batch.map(({ line }) => line))
        for (const { resolve } of batch) resolve()
      } catch (cause) {
        rejectAll(batch, device, cause)
      }
    }
    busy = false
    if (closed) device.close()
  }

  return {
    write(line) {
      if (closed) return Promise.reject(new AuditWriteError(`cannot write ${device.name}: it is closed`))
      return new Promise((resolve, reject) => {
        waiting.push({ line, resolve, reject })
        if (busy) return
        busy = true
        setImmediate(() => void deliver())
      })
    },
    reopen() {
      if (!closed) device.reopen()
    },
    close() {
      if (closed) return
      closed = true
      if (!busy) device.close()
    },
  }
}
