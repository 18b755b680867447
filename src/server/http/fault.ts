/** Failures on purpose: what a test puts between a request that has arrived and the core, which never hears of it. */
import type { CoreReply, CoreRequest } from '../core/index.ts'

export type Fault =
  | { readonly kind: 'answer'; readonly reply: CoreReply }
  /** The connection ends without an answer. */
  | { readonly kind: 'break' }

/** `undefined`, at once or after a while: the request goes on. Never rejects. */
export type FaultSource = (request: Pick<CoreRequest, 'method' | 'path'>) => Promise<Fault | undefined> | undefined
