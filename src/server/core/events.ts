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
  /** A bug here, or a disk that is full: the client sees a bare 500. `requestId` is empty outside of a request. */
  | { readonly kind: 'internal-error'; readonly error: unknown; readonly requestId: string }

export type Report = (event: ServerEvent) => void
