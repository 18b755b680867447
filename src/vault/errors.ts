/**
 * What can go wrong between this client and a Vault, as one class with stable codes.
 *
 * Invariant: an error holds the method, the path below `/v1/`, the status and the server's own texts (with the token
 * in use and secret request values removed), and never a query, a request body or an answer's data. Callers switch on
 * `code`, never on text.
 *
 * An aborted call is not one of these: it rejects with the reason of the caller's own `AbortSignal`.
 */

export type VaultErrorCode =
  /** No connection, or it broke. `cause` has the system's error. */
  | 'vault-unreachable'
  /** `timeoutMs` went by. */
  | 'vault-timeout'
  /** The TLS handshake failed, or TLS is spoken by one side alone. */
  | 'vault-tls'
  /** 503 `Vault is sealed`. A Vault that was never initialised mostly answers this too. */
  | 'vault-sealed'
  /** 501. */
  | 'vault-uninitialized'
  /** 403 (and 401 of a proxy), after one new login where the token provider can make one. */
  | 'vault-denied'
  /** 400, and any other refusal of the request without a code of its own. */
  | 'vault-bad-request'
  /** 404 with error texts: no such mount or no such path in it. A missing secret is an answer, not an error. */
  | 'vault-not-found'
  /** 400 of KV v2: the secret is not at the version that the write expected. */
  | 'vault-cas-mismatch'
  /** 405: the engine does not know this operation. */
  | 'vault-unsupported'
  /** 413, or an answer beyond `maxResponseBytes`. */
  | 'vault-too-large'
  /** 429, after the retries. */
  | 'vault-rate-limited'
  /** Any other 5xx, or 412, after the retries. */
  | 'vault-server'
  /** The answer is not what a Vault gives: not JSON, or a field is missing or of another type. */
  | 'vault-malformed-answer'

export type VaultMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'LIST'

/** Which call an error is about. */
export interface VaultCall {
  readonly method: VaultMethod
  /** Below `/v1/`, percent-encoded, without the query. */
  readonly path: string
  readonly address: string
}

/**
 * Whether a failed call may have changed something on the server. `none`: it was a read, it was refused, or it never
 * left this machine. `unknown`: a write was sent and no answer tells what became of it (5xx, timeout, a connection
 * that broke): read before writing again.
 */
export type VaultEffect = 'none' | 'unknown'

export interface VaultErrorDetails {
  readonly status?: number | undefined
  readonly errors?: readonly string[] | undefined
  readonly effect?: VaultEffect | undefined
  readonly cause?: unknown
}

export class VaultError extends Error {
  override readonly name = 'VaultError'
  readonly code: VaultErrorCode
  readonly method: VaultMethod
  readonly path: string
  readonly address: string
  readonly status: number | undefined
  /** The server's own texts, trimmed. */
  readonly errors: readonly string[]
  readonly effect: VaultEffect

  constructor(code: VaultErrorCode, message: string, call: VaultCall, details: VaultErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.method = call.method
    this.path = call.path
    this.address = call.address
    this.status = details.status
    this.errors = details.errors ?? []
    this.effect = details.effect ?? 'none'
  }
}

/** The caller's mistake, found before anything is sent: a setting that cannot be used, or a path that may not be. */
export class VaultUsageError extends Error {
  override readonly name = 'VaultUsageError'
  readonly code: 'vault-setting' | 'vault-path'
  /** The name of the setting (`address`, `VAULT_SKIP_VERIFY`), or the path. */
  readonly subject: string

  constructor(code: 'vault-setting' | 'vault-path', subject: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.subject = subject
  }
}
