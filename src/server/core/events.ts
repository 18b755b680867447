/**
 * What happens in a server, for whoever runs it. Data, not words: how it is told is decided at the edge (a log, a screen,
 * nothing).
 *
 * Invariant (S10): an event holds nothing that a client sent, but for the paths of mounts and of audit devices, which an
 * administrator chose; so no log can say a value, a token or what lies below a mount. An `error` is the exception, whose
 * text may hold anything: it is shown only as `cli/serving/reason.ts` lets it through.
 */
import type { AuditEvent, Notice } from '../audit/index.ts'
import type { Exchange } from './exchange.ts'

/** Why something was refused before it was any request of the API. */
export type Flaw =
  /** No parser of HTTP takes it. */
  | 'framing'
  /** The handshake failed. */
  | 'tls'
  /** It did not arrive in time. */
  | 'late'
  /** Streams of one HTTP/2 connection were reset or overran, again and again. */
  | 'resets'
  /** Its X-Forwarded-For, or the lack of it where it is asked for. */
  | 'source'
  | 'method'
  | 'path'
  | 'token'
  | 'query'
  | 'body'

export interface MalformedRequest {
  readonly flaw: Flaw
  /** 0 where there was no answer. */
  readonly status: number
  /** Of OpenSSL or of the parser: `ERR_SSL_WRONG_VERSION_NUMBER`, `HPE_INVALID_METHOD`. Empty where neither refused it. */
  readonly code: string
  /** Of the socket. Empty for a Unix socket, and for a connection that is gone. */
  readonly address: string
  /** How many others there were since the last one that was told. */
  readonly untold: number
}

export type ServerEvent =
  | AuditEvent
  | { readonly kind: 'listening'; readonly address: string; readonly tls: boolean }
  | { readonly kind: 'initialized'; readonly shares: number; readonly threshold: number }
  | { readonly kind: 'unseal-progress'; readonly progress: number; readonly threshold: number }
  | { readonly kind: 'unsealed' }
  | { readonly kind: 'sealed' }
  /** `path` with `auth/` where it belongs, and with a trailing slash. */
  | { readonly kind: 'mount-made'; readonly path: string; readonly type: string }
  | { readonly kind: 'mount-removed'; readonly path: string; readonly type: string }
  | { readonly kind: 'mount-moved'; readonly from: string; readonly to: string }
  | { readonly kind: 'audit-enabled'; readonly path: string; readonly type: string }
  | { readonly kind: 'audit-disabled'; readonly path: string; readonly type: string }
  /** At the unsealing. */
  | { readonly kind: 'audit-opened'; readonly path: string; readonly type: string }
  /** What whoever runs the server must know while entries are still stored. */
  | ({ readonly kind: 'audit-notice' } & Notice)
  | { readonly kind: 'tokens-expired'; readonly count: number }
  /** `mount` is the path of the mount; empty where the request was for none. */
  | {
      readonly kind: 'slow-request'
      readonly requestId: string
      readonly operation: Exchange['operation']
      readonly mount: string
      readonly milliseconds: number
    }
  /** No audit device hears of it. */
  | ({ readonly kind: 'request-malformed' } & MalformedRequest)
  /** A bug here, or a disk that is full: the client sees a bare 500. `requestId` is empty outside of a request. */
  | { readonly kind: 'internal-error'; readonly error: unknown; readonly requestId: string }

export type Report = (event: ServerEvent) => void
