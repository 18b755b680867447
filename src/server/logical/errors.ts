/**
 * The errors an engine, an auth method or the pipeline may answer with, and their status (vault-api 1.8).
 *
 * Vault has two channels with different text: a *response* error is shown bare, an error *value* is wrapped as
 * `1 error occurred:\n\t* text\n\n`. `channel` says which. The text is for clients and goes to the audit log in clear:
 * never put a submitted value in it (S10).
 */
const STATUS = {
  'invalid-request': 400,
  'invalid-credentials': 400,
  'permission-denied': 403,
  'unsupported-path': 404,
  'unsupported-operation': 405,
  'too-large': 413,
  'too-many-requests': 429,
  internal: 500,
  sealed: 503,
} as const

export type LogicalErrorCode = keyof typeof STATUS

export class LogicalError extends Error {
  readonly code: LogicalErrorCode
  readonly channel: 'bare' | 'wrapped'

  constructor(
    code: LogicalErrorCode,
    text: string,
    channel: 'bare' | 'wrapped',
    options?: { readonly cause?: unknown },
  ) {
    super(text, options)
    this.code = code
    this.channel = channel
  }

  get status(): number {
    return STATUS[this.code]
  }

  /** The text as clients see it. */
  get clientText(): string {
    return this.channel === 'bare' ? this.message : wrapped(this.message)
  }
}

/** Go's multierror of one: `1 error occurred:\n\t* x\n\n`. */
export function wrapped(text: string): string {
  return `1 error occurred:\n\t* ${text}\n\n`
}

/** 400 with bare text: what an engine returns for a request it understands and refuses. */
export function invalidRequest(text: string, options?: { readonly cause?: unknown }): LogicalError {
  return new LogicalError('invalid-request', text, 'bare', options)
}
/** What is asked of a KV mount while its secrets get versions; the text is Vault's, which clients look for to ask again. */
export function upgrading(): LogicalError {
  return invalidRequest(
    'Upgrading from non-versioned to versioned data. This backend will be unavailable for a brief period and will resume service shortly.',
  )
}
/** As `invalidRequest`, of a login whose credentials are wrong: it counts towards the user's lockout. */
export function invalidCredentials(text: string): LogicalError {
  return new LogicalError('invalid-credentials', text, 'bare')
}
export function permissionDenied(): LogicalError {
  return new LogicalError('permission-denied', 'permission denied', 'wrapped')
}
export function unsupportedPath(): LogicalError {
  return new LogicalError('unsupported-path', 'unsupported path', 'wrapped')
}
export function unsupportedOperation(): LogicalError {
  return new LogicalError('unsupported-operation', 'unsupported operation', 'wrapped')
}
/** One answer for a wrapping token that is unknown, expired, used, or none at all (S29). */
export function badWrappingToken(): LogicalError {
  return invalidRequest('wrapping token is not valid or does not exist')
}
/** 500 with wrapped text: an error value that Vault does not classify (`role "x" does not exist`). */
export function internalError(text: string): LogicalError {
  return new LogicalError('internal', text, 'wrapped')
}
