/**
 * Every error as one message with what to do next, and an exit status: 1 it failed or found a problem, 2 the call was
 * wrong. Errors of the folders below carry a stable `code`; anything without one is a bug and says so.
 */
export interface Failure {
  readonly message: string
  readonly hint: string | undefined
  readonly status: 1 | 2
}

/** A failure that a command found itself. */
export class CommandError extends Error {
  readonly code: string
  readonly hint: string | undefined
  readonly status: 1 | 2
  constructor(code: string, message: string, options: { readonly hint?: string; readonly status?: 1 | 2; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.hint = options.hint
    this.status = options.status ?? 1
  }
}

/** What to do about errors whose own message does not say it. */
const HINTS: ReadonlyMap<string, string> = new Map([
  ['vault-sealed', 'unseal it first: `plenum up` unseals the embedded server, `vault operator unseal` a real one'],
  ['vault-uninitialized', 'initialise it first: `plenum up` does it for the embedded server, `vault operator init` for a real one'],
  ['vault-denied', 'use a token whose policies allow it (VAULT_TOKEN, or the auth section of the environment in plenum.yaml)'],
  ['listen-port-taken', 'see who has it with `ss -ltnp`; `plenum up --port 8201` uses another'],
])

export function describeFailure(error: unknown): Failure {
  if (error instanceof CommandError) return { message: error.message, hint: error.hint, status: error.status }
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') {
    return { message: error.message, hint: HINTS.get(error.code), status: 1 }
  }
  const message = error instanceof Error ? error.message : String(error)
  return { message: `internal error: ${message}`, hint: 'this is a bug in plenum: please report it, with the output of --debug', status: 1 }
}
