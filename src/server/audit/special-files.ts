/** The two names that `file_path` takes instead of a file: the server's standard output, and nowhere. */
import { createBatchSink } from './batch-sink.ts'
import type { AuditSink } from './line-sink.ts'

/** Resolves once the text is handed over; rejects when nobody takes it. */
export type WriteText = (text: string) => Promise<void>

export function createStdoutDevice(write: WriteText): AuditSink {
  return createBatchSink({
    name: 'the audit log on standard output',
    send: (lines) => write(lines.join('')),
    reopen: () => undefined,
    close: () => undefined,
  })
}

/** Takes everything and keeps nothing: for measuring, and for a server that is to run with no log on purpose. */
export function createDiscardDevice(): AuditSink {
  return { write: () => Promise.resolve(), reopen: () => undefined, close: () => undefined }
}
