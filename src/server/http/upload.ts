/** A body that is handed on as it comes, because it may be larger than memory. */
import type { Readable } from 'node:stream'
import { invalidRequest, LogicalError } from '../logical/index.ts'

/** 8 GiB, the most that a snapshot can hold, and what packing it may add. */
export const MOST_UPLOAD_BYTES: number = 8 * 1024 ** 3 + 64 * 1024 ** 2

/** @throws {LogicalError} 413 beyond `maxBytes`, 400 when the client goes away; while it is read */
export async function* uploadOf(body: Readable, maxBytes: number): AsyncGenerator<Uint8Array> {
  let size = 0
  try {
    // Whoever stops reading still has an answer to send on this connection.
    for await (const chunk of body.iterator({ destroyOnReturn: false })) {
      const bytes = chunk as Buffer
      size += bytes.length
      if (size > maxBytes) throw new LogicalError('too-large', 'http: request body too large', 'bare')
      yield bytes
    }
  } catch (error) {
    if (error instanceof LogicalError) throw error
    throw invalidRequest('the body was cut off: the client closed the connection')
  }
}
