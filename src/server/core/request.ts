/** What the front gives to the core, and what it gets back. */
import type { JsonObject } from '../json/index.ts'
import type { ByteStream } from '../logical/index.ts'

export type CoreMethod = 'GET' | 'HEAD' | 'HELP' | 'LIST' | 'SCAN' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface CoreRequest {
  readonly method: CoreMethod
  /** Canonical: decoded, without `/v1/`, without `//` and dot segments. */
  readonly path: string
  readonly query: JsonObject | undefined
  readonly body: JsonObject | undefined
  /** In place of `body`, where `takesUpload` says so. Not read before the pipeline has let the request through. */
  readonly upload?: AsyncIterable<Uint8Array>
  readonly contentType: string
  /** Empty when the client sent none. */
  readonly token: string
  /** The headers' texts; empty when absent. */
  readonly namespace: string
  readonly wrapTtl: string
  /** Where it came in, `sys/metrics` needs no token. */
  readonly openMetrics?: boolean
  /** Any other header by its name in lower case, for the audit log. */
  readonly header: (name: string) => string | undefined
  readonly remoteAddress: string
  readonly remotePort: number
}

export interface CoreReply {
  readonly status: number
  /** JSON text ending in a newline; `undefined` for no body. */
  readonly body: string | undefined
  /** In place of `body`. */
  readonly stream?: ByteStream
  /** Default `application/json`. */
  readonly contentType?: string
  /** Beside those that every answer has: name, value, name, value. */
  readonly headers?: readonly string[]
}

const UPLOADS = /^sys\/storage\/raft\/snapshot(?:-force)?$/

/** Whether the body of a write to this path is bytes, of any size, and no document. */
export function takesUpload(path: string): boolean {
  return UPLOADS.test(path)
}
