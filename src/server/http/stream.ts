/**
 * An answer of bytes onto the wire, no faster than the client takes it.
 *
 * Invariant: however it ends, whoever makes the bytes is told, so that what is held for them is let go. An answer that
 * could not be finished is cut off: the client sees a broken transfer, never a short one that looks whole.
 */
import type { ServerResponse } from 'node:http'
import type { ByteStream } from '../logical/index.ts'

export interface StreamRules {
  /** Name, value, name, value. */
  readonly headers: readonly string[]
  /** How long a client may take nothing, in ms. */
  readonly stallMs: number
}

/** Rejects with what the maker of the bytes throws; before the first byte there is still time for another answer. */
export async function sendStream(
  response: ServerResponse,
  { contentType, chunks }: ByteStream,
  { headers, stallMs }: StreamRules,
): Promise<void> {
  const bytes = chunks[Symbol.asyncIterator]()
  try {
    let next = await bytes.next()
    if (response.destroyed) return
    response.setTimeout(stallMs, () => response.destroy())
    response.writeHead(200, ['Content-Type', contentType, ...headers])
    while (next.done !== true && !response.destroyed) {
      if (!response.write(next.value)) await drained(response)
      next = await bytes.next()
    }
    // A connection that is kept may wait for its next request as long as any other.
    response.setTimeout(0)
    response.end()
  } catch (error) {
    if (response.headersSent) response.destroy()
    throw error
  } finally {
    await bytes.return?.()
  }
}

/** When there is room again, or nobody to send to. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      response.off('drain', settle)
      response.off('close', settle)
      resolve()
    }
    if (response.destroyed) resolve()
    else response.once('drain', settle).once('close', settle)
  })
}
