/**
 * Every error as clear messages with what to do next, and an exit status: 1 it failed or found a problem, 2 the call
 * was wrong. Errors of the folders below carry a stable `code` in kebab-case; anything without one is a bug and says so.
 */
export interface Problem {
  readonly code: string
  readonly message: string
  readonly hint: string | undefined
}

export interface Failure {
  /** At least one. */
  readonly problems: readonly Problem[]
  readonly status: 1 | 2
}

/** A failure that a command found itself. */
export class CommandError extends Error {
  readonly code: string
  readonly hint: string | undefined
  readonly status: 1 | 2
  constructor(
    code: string,
    message: string,
    options: { readonly hint?: string; readonly status?: 1 | 2; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.hint = options.hint
    this.status = options.status ?? 1
  }
}

/** Several problems found at once: everything wrong with plenum.yaml, every reference that leads nowhere. */
export class ProblemsError extends Error {
  readonly problems: readonly Problem[]
  constructor(problems: readonly Problem[], cause?: unknown) {
    super(problems.map(({ message }) => message).join('\n'), cause === undefined ? undefined : { cause })
    this.problems = problems
  }
}

/** What to do about errors whose own message does not say it. */
const HINTS: ReadonlyMap<string, string> = new Map([
  ['vault-sealed', 'unseal it first: `plenum up` unseals the embedded server, `vault operator unseal` a real one'],
  [
    'vault-uninitialized',
    'initialise it first: `plenum up` does it for the embedded server, `vault operator init` for a real one',
  ],
  [
    'vault-denied',
    'use a token whose policies allow it (VAULT_TOKEN, or the auth section of the environment in plenum.yaml)',
  ],
  ['vault-timeout', 'see that the server is well, or allow more time with VAULT_CLIENT_TIMEOUT'],
  [
    'vault-tls',
    'in plenum.yaml the environment says it with `address`, `ca_cert`, `client_cert` and `client_key`; VAULT_ADDR, VAULT_CACERT and the like win',
  ],
  ['vault-unreachable', 'the address is VAULT_ADDR, else that of the environment in plenum.yaml (-e chooses it)'],
  ['vault-malformed-answer', 'the address is VAULT_ADDR, else that of the environment in plenum.yaml (-e chooses it)'],
  ['vault-server', 'the embedded server says why in .plenum/server.log, or in the terminal where `plenum up` runs'],
  ['vault-not-found', '`plenum apply` makes the KV version 2 mount that plenum.yaml names'],
  ['listen-port-taken', 'see who has it with `ss -ltnp`; `--port 8201` uses another, `--port 0` any that is free'],
  ['listen-refused', "ports below 1024 are often root's alone; `--port 8200` is the usual one"],
  ['audit-write', 'nothing is done that cannot be audited: see that the folder is there, is yours and has room'],
  [
    'key-file-missing',
    'was `.plenum` copied from elsewhere? bring the key from there, or remove `.plenum` to start anew',
  ],
  ['key-file-corrupt', 'bring the key back from a backup: without it nobody can open the store'],
  ['key-file-unreadable', 'see who owns it and what its permissions allow'],
  ['key-file-unwritable', 'see who owns that folder; with XDG_CONFIG_HOME another one holds the keys'],
])

/** What the operating system says about a file or a socket. */
const SYSTEM_HINTS: ReadonlyMap<string, string> = new Map([
  ['EACCES', 'see who owns it and what its permissions allow'],
  ['EPERM', 'see who owns it and what its permissions allow'],
  ['EROFS', 'the file system is read-only'],
  ['ENOSPC', 'make room on the disk and run it again'],
  ['ENOTDIR', 'a file stands where a folder is needed'],
  ['EISDIR', 'a folder stands where a file is needed'],
  ['EEXIST', 'a file stands where a folder is needed'],
])

/** What to do about an error of the operating system. */
export function systemHint(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? SYSTEM_HINTS.get(String(error.code)) : undefined
}

export function describeFailure(error: unknown): Failure {
  if (error instanceof CommandError) {
    return { problems: [{ code: error.code, message: error.message, hint: error.hint }], status: error.status }
  }
  if (error instanceof ProblemsError) return { problems: error.problems, status: 1 }
  return { problems: [describeOne(error)], status: 1 }
}

function describeOne(error: unknown): Problem {
  const message = error instanceof Error ? error.message : String(error)
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
  if (code !== undefined && /^[a-z]+(?:-[a-z0-9]+)+$/.test(code)) {
    const hint =
      error instanceof Error && 'hint' in error && typeof error.hint === 'string' ? error.hint : HINTS.get(code)
    return { code, message, hint }
  }
  if (code !== undefined && error instanceof Error && 'syscall' in error) {
    return { code: 'system', message, hint: systemHint(error) }
  }
  return {
    code: 'internal',
    message: `internal error: ${message}`,
    hint: 'this is a bug in plenum: please report it, with the output of --debug',
  }
}
