/**
 * An answer of bytes onto the wire, no faster than the client takes it.
 *
 * Invariant: however it ends, whoever makes the bytes is told, so that what is held for them is let go. An answer that
 * could not be finished is cut off: the client sees a broken transfer, never a short one that looks whole.
 */
import type { Writable } from 'node:stream'
import type { ByteStream } from '../logical/index.ts'

/** The answering side of a request, of either HTTP version. */
export interface Sink extends Writable {
  readonly headersSent: boolean
  setTimeout(ms: number, then?: () => void): unknown
}

export interface StreamRules {
  /** Sends status and headers. */
  readonly begin: () => void
  /** How long a client may take nothing, in ms. */
  readonly stallMs: number
}

/** Rejects with what the maker of the bytes throws; before the first byte there is still time for another answer. */
export async function sendStream(sink: Sink, { chunks }: ByteStream, { begin, stallMs }: StreamRules): Promise<void> {
  const bytes = chunks[Symbol.asyncIterator]()
  try {
    let next = await bytes.next()
    if (sink.destroyed) return
    sink.setTimeout(stallMs, () => sink.destroy())
    begin()
    while (next.done !== true && !sink.destroyed) {
      if (!sink.write(next.value)) await drained(sink)
      next = await bytes.next()
    }
    // A connection that is kept may wait for its next request as long as any other.
    sink.setTimeout(0)
    sink.end()
  } catch (error) {
    if (sink.headersSent) sink.destroy()
    throw error
  } finally {
    await bytes.return?.()
  }
}

/** When there is room again, or nobody to send to. */
function drained(sink: Writable): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      sink.off('drain', settle)
      sink.off('close', settle)
      resolve()
    }
    if (sink.destroyed) resolve()
    else sink.once('drain', settle).once('close', settle)
  })
}
