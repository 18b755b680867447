import type { TokenEntry } from '../logical/logical.ts'

/** A token that is to be. Durations in seconds; `ttl` 0 for one that does not expire. */
export interface NewToken {
  readonly type: 'service' | 'batch'
  /** `undefined` for an orphan. */
  readonly parent: TokenEntry | undefined
  readonly policies: readonly string[]
  readonly path: string
  readonly meta: Readonly<Record<string, string>> | null
  readonly displayName: string
  readonly numUses: number
  readonly ttl: number
  readonly explicitMaxTtl: number
  readonly period: number
  readonly renewable: boolean
  readonly boundCidrs: readonly string[]
  readonly entityId: string
  readonly noDefaultPolicy: boolean
  /** The token role that it is made with. Default: none. */
  readonly role?: string
  /** A token text of the caller's choice. Default: a random one. */
  readonly text?: string
}
