/**
 * The audit log of a test server, in memory: what the device `memory/` was given, as entries to look through.
 *
 * Entries are what any audit device writes (values as HMACs), so a test sees what an operator would see. Left out is what
 * the test server asked of itself: seeding, credentials.
 *
 * Invariant: what is told is complete, or it is an error. A log that was cut would prove that nobody read a secret.
 */
import { TestServerError } from './errors.ts'
import { matchesPath } from './path-pattern.ts'

/** As Vault writes it; members that are empty are left out. */
export interface AuditEntry {
  /** RFC 3339. */
  readonly time: string
  /** Every request has one of each. */
  readonly type: 'request' | 'response'
  /** Who asked. With a token that is none, its HMAC alone; not there without a token. */
  readonly auth?: AuditedCaller
  readonly request: {
    readonly id: string
    readonly operation: string
    /** Without `/v1/`: `secret/data/airflow/connections/x`. */
    readonly path: string
    readonly mount_point?: string
    readonly mount_type?: string
    /** Texts in it are HMACs. */
    readonly data?: Readonly<Record<string, unknown>>
    readonly remote_address?: string
    readonly remote_port?: number
    readonly [member: string]: unknown
  }
  readonly response?: Readonly<Record<string, unknown>>
  /** Why it was refused. */
  readonly error?: string
}

export interface AuditedCaller {
  readonly display_name?: string
  readonly policies?: readonly string[]
  /** After a login through AppRole it has `role_name`. */
  readonly metadata?: Readonly<Record<string, string>>
  readonly [member: string]: unknown
}

export interface AuditFilter {
  /** Below `/v1/`; with `*` at the end all that begins so. Default: every path. */
  readonly path?: string | undefined
  /** Default: both. */
  readonly type?: AuditEntry['type'] | undefined
}

/** Some 60 MB. */
const MOST_ENTRIES = 50_000

export class AuditRecord {
  #lines: string[] = []
  #lost = 0

  /** Lines of the log, each with its end. */
  take(text: string): void {
    for (const line of text.split('\n')) {
      if (line === '') continue
      if (this.#lines.length < MOST_ENTRIES) this.#lines.push(line)
      else this.#lost += 1
    }
  }

  /** In the order in which they were written. @throws {TestServerError} 'testing-audit' when there were too many to keep. */
  entries({ path = '*', type }: AuditFilter): AuditEntry[] {
    if (this.#lost > 0) {
      throw new TestServerError(
        'testing-audit',
        `the audit log had ${MOST_ENTRIES} entries and ${this.#lost} more, which were not kept: call clearAuditEntries() on the way`,
      )
    }
    return this.#lines
      .map((line) => JSON.parse(line) as AuditEntry)
      .filter(({ request }) => request.remote_port !== IN_PROCESS && matchesPath(path, request.path))
      .filter((entry) => type === undefined || entry.type === type)
  }

  clear(): void {
    this.#lines = []
    this.#lost = 0
  }
}

/** The port of requests that came through no socket. */
const IN_PROCESS = 0
