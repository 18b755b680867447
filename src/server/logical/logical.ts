/**
 * The contract between the request pipeline and everything it can route to: engines, auth methods, the system backend.
 * (OpenBao's word: logical request, logical backend.)
 *
 * Invariant: a backend decides nothing about who may ask. By the time `handle` is called the pipeline has checked the
 * token, the policy and the audit device; a backend cannot be reached around them. It sees paths relative to its mount.
 */
import type { JsonObject, JsonValue } from '../json/json.ts'

/** What the caller wants, in Vault's words. `create` is an update of something that the existence check says is absent. `scan` is OpenBao's: a list of the whole tree. */
export type Operation = 'create' | 'read' | 'update' | 'patch' | 'delete' | 'list' | 'scan'

/** A token as the pipeline and the token endpoints know it. Never holds the token itself. Times are unix milliseconds, durations seconds. */
export interface TokenEntry {
  /** `h` + salted HMAC of the token: its storage key. Empty for a batch token, which is not stored. */
  readonly id: string
  readonly type: 'service' | 'batch'
  /** 24 base62 characters. Empty for a batch token. */
  readonly accessor: string
  /** `id` of the parent, empty for an orphan. */
  readonly parent: string
  readonly orphan: boolean
  /** Sorted, lower case, without duplicates. `['root']` for a root token. */
  readonly policies: readonly string[]
  /** The request path that made it: `auth/approle/login`, `auth/token/create`, `auth/token/root`. */
  readonly path: string
  readonly meta: Readonly<Record<string, string>> | null
  readonly displayName: string
  /** Uses left; 0 is unlimited. */
  readonly numUses: number
  readonly creationTime: number
  /** As given at creation; 0 for a token that does not expire. */
  readonly creationTtl: number
  /** `null` for a token that does not expire. */
  readonly expireTime: number | null
  readonly explicitMaxTtl: number
  readonly period: number
  readonly renewable: boolean
  readonly lastRenewal: number | null
  readonly boundCidrs: readonly string[]
  readonly entityId: string
  readonly noDefaultPolicy: boolean
  /** Token role, when made through one. */
  readonly role: string
}

/** What a login handler grants. The pipeline turns it into a token: `auth` blocks never come from a handler (S19). */
export interface AuthGrant {
  /** Follows the mount's path in the token's display name: `bob` of `userpass-bob`. Empty: the path alone. */
  readonly displayName: string
  readonly policies: readonly string[]
  readonly metadata: Readonly<Record<string, string>>
  readonly tokenType: 'service' | 'batch' | 'default'
  /** Seconds; 0 means the mount's default. */
  readonly ttl: number
  readonly maxTtl: number
  readonly explicitMaxTtl: number
  readonly period: number
  readonly numUses: number
  readonly renewable: boolean
  readonly boundCidrs: readonly string[]
  readonly noDefaultPolicy: boolean
}

/** The `auth` block of an answer (vault-api 1.7). */
export interface AuthBlock {
  /** The token, in clear. Empty where the endpoint must not show it (renew by accessor). */
  readonly clientToken: string
  readonly accessor: string
  /** For the audit log alone, as in Vault. */
  readonly displayName: string
  readonly policies: readonly string[]
  /** For the audit log alone. */
  readonly noDefaultPolicy: boolean
  readonly metadata: Readonly<Record<string, string>> | null
  readonly leaseDuration: number
  readonly renewable: boolean
  readonly entityId: string
  readonly tokenType: 'service' | 'batch'
  readonly orphan: boolean
  readonly numUses: number
}

/** What a caller gets in place of an answer that was wrapped (vault-api 4.1). */
export interface WrapInfo {
  /** The wrapping token, in clear. */
  readonly token: string
  readonly accessor: string
  /** Seconds. */
  readonly ttl: number
  /** Unix milliseconds. */
  readonly creationTime: number
  /** The path of the request whose answer was wrapped. */
  readonly creationPath: string
  /** Of the token or secret-id inside; empty when there is none. */
  readonly wrappedAccessor: string
}

export interface LogicalRequest {
  /** The uuid that the answer and the audit log carry. */
  readonly id: string
  readonly operation: Operation
  /** With trailing slash: `secret/`, `auth/approle/`. */
  readonly mountPoint: string
  /** Below the mount, decoded, without a leading slash. The path of a list or scan is empty or ends in `/`. */
  readonly path: string
  /** Body fields, or the query of a read. Numbers of a query are text. */
  readonly data: JsonObject
  /** `undefined` on unauthenticated paths. */
  readonly caller: TokenEntry | undefined
  /** The client's token, for the few endpoints about "self". On an unauthenticated path nobody has looked at it. */
  readonly clientToken: string
  /** Root, or a rule with `sudo` on this path. */
  readonly sudo: boolean
  /** The peer's address, without port. */
  readonly remoteAddress: string
  /** Seconds; 0 or absent: the answer goes out as it is. */
  readonly wrapTtl?: number
  /** The body as it comes, of the few paths that take bytes and no document. Not in the audit log. */
  readonly upload?: AsyncIterable<Uint8Array>
}

/** An answer of bytes, made while it goes out. Nothing is held for it before the first of them is asked for. */
export interface ByteStream {
  readonly contentType: string
  readonly chunks: AsyncIterable<Uint8Array>
}

export type LogicalResponse =
  /** Nothing to say: 404 with `{"errors":[]}` for read and list; 204 otherwise (200 when there are warnings). */
  | { readonly kind: 'none'; readonly warnings?: readonly string[] }
  | {
      readonly kind: 'data'
      readonly data: JsonObject
      /** `lease_duration` of an answer without a lease, in seconds; the mount's default lease TTL; 0 when left out. */
      readonly leaseDuration?: number | 'default'
      readonly warnings?: readonly string[]
    }
  /** 200 with the data alone, without an envelope, where Vault answers so. */
  | { readonly kind: 'document'; readonly data: JsonObject; readonly warnings?: never }
  /** 404 with a full envelope: a deleted KV version. */
  | { readonly kind: 'gone'; readonly data: JsonObject | null; readonly warnings?: readonly string[] }
  /** `keys` sorted by the backend; empty gives 404. `more` is added beside `keys` (`key_info`). */
  | {
      readonly kind: 'list'
      readonly keys: readonly string[]
      readonly more?: JsonObject
      readonly warnings?: readonly string[]
    }
  /** A login succeeded: the pipeline makes the token. */
  | { readonly kind: 'grant'; readonly grant: AuthGrant; readonly warnings?: readonly string[] }
  /** A token endpoint made or renewed a token itself. */
  | { readonly kind: 'auth'; readonly auth: AuthBlock; readonly warnings?: readonly string[] }
  /** An answer that was made and kept earlier. Goes out as it is. */
  | {
      readonly kind: 'raw'
      readonly status: number
      readonly body: string
      /** Default `application/json`. */
      readonly contentType?: string
      readonly warnings?: readonly string[]
    }
  /** 200 with bytes; not in the audit log. */
  | { readonly kind: 'stream'; readonly stream: ByteStream; readonly warnings?: never }
  /** The answer lies with a wrapping token. */
  | { readonly kind: 'wrapped'; readonly info: WrapInfo; readonly warnings?: readonly string[] }
  /** 202 with warnings: work was started. */
  | { readonly kind: 'accepted'; readonly warnings: readonly string[] }

/** In whose name a login comes: what failures are counted by, and who has one entity. */
export interface LoginName {
  /** Of the auth mount. */
  readonly accessor: string
  /** As `Backend.aliasOf` says it. */
  readonly alias: string
}

export interface Backend {
  /** `kv`, `approle`, `token`, `system`, ... */
  readonly type: string
  /** Paths below the mount that need no token. */
  isUnauthenticated(path: string): boolean
  /** Paths below the mount that need `sudo` as well. */
  needsSudo(path: string): boolean
  /** For paths with an existence check, whether the object exists; `undefined` where there is no check (always update). */
  exists(path: string, caller?: TokenEntry): boolean | undefined
  /**
   * Auth methods whose logins are counted: in whose name this path and body log in, in one spelling however it was
   * written. `undefined` for all else.
   */
  aliasOf?(path: string, data: JsonObject): string | undefined
  /** @throws {LogicalError} for everything a client can cause. Any other error is a bug and becomes a bare 500. */
  readonly handle: Handle
  /**
   * Before another version of the engine takes over what this one stored: from now on every request is refused. Resolves
   * when all that was under way is stored. @throws {LogicalError} when what is stored cannot be taken over
   */
  retire?(): Promise<void>
  /** Resolves when all that an earlier version of the engine stored has been taken over. */
  takeOver?(): Promise<void>
}

export interface Handle {
  (request: LogicalRequest): LogicalResponse | Promise<LogicalResponse>
  /** What it answers, for help and for the OpenAPI document. Without it there is neither. */
  readonly routes?: readonly PathShape[]
}

export interface PathShape {
  /** Of the whole path below the mount. */
  readonly pattern: RegExp
  readonly operations: Readonly<Partial<Record<Operation, unknown>>>
}

export type { JsonObject, JsonValue }
