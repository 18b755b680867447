/**
 * What a source holds, in one form for all sources: Airflow objects as they would lie in Vault, and names that are none.
 *
 * Invariants: a value is wrapped as soon as it is read; what is said about an object (`notes`, findings) never holds a
 * piece of its value; whatever could not be read is a finding that names the object, and everything else goes on.
 */
import type { JsonObject } from '../airflow/index.ts'
import type { CustomMetadata } from '../hub/index.ts'
import type { Sensitive } from '../sensitive/index.ts'

/** The words of `plenum import`, in the order of its help. */
export const SOURCE_KINDS = [
  'airflow-db',
  'airflow-export',
  'env-file',
  'compose',
  'airflow-settings',
  'helm',
  'vault',
] as const
export type SourceKind = (typeof SOURCE_KINDS)[number]

/** How `--finish` finds it again. */
export type Place =
  | { readonly kind: 'row'; readonly table: 'connection' | 'variable'; readonly rowId: number }
  /** Lines `line` to `lastLine` (from 1, both included) of a file (absolute path) set this name. */
  | {
      readonly kind: 'lines'
      readonly file: string
      readonly line: number
      readonly lastLine: number
      readonly name: string
    }
  /** One entry of a file that is not edited line by line: an export, a settings file, chart values. */
  | { readonly kind: 'file'; readonly file: string }
  | { readonly kind: 'vault'; readonly path: string; readonly version: number }

export interface Origin {
  readonly source: SourceKind
  /** For people: `.env:12`, `docker-compose.yml:14:7`, `connection row 17`. Paths as the caller gave them. */
  readonly where: string
  readonly place: Place
}

/**
 * Something to know about one object, though it was read: `lossy` (the format lost it before Plenum saw it),
 * `normalised` (Airflow reads it otherwise than it is written; the text names both), `dialect` (other readers of this
 * file see something else), `kept-aside` (goes to custom_metadata or nowhere, because Vault's data has no place for it).
 */
export interface Note {
  readonly kind: 'lossy' | 'normalised' | 'dialect' | 'kept-aside'
  readonly text: string
}

interface FoundAs<Kind extends string> {
  readonly kind: Kind
  /**
   * connection  conn_id; the stored form: Airflow's eight keys, empty ones left out, `extra` an object, or its own text
   *             where its numbers would change
   * variable    key; `{"value": "<text>"}`
   * secret      `<project>/<name>` or `<name>`; the data as it is
   * name        an environment variable that is no Airflow object; `{"value": "<text>"}`
   */
  readonly id: string
  readonly data: Sensitive<JsonObject>
  readonly description: string | undefined
  readonly team: string | undefined
  /** What others than Plenum put beside it in another Vault. */
  readonly customMetadata?: CustomMetadata | undefined
  readonly origin: Origin
  readonly notes: readonly Note[]
}

export type Found = FoundAs<'connection'> | FoundAs<'variable'> | FoundAs<'secret'> | FoundAs<'name'>

/** What could not be read, or not in full. An error makes the command end with 1; the rest goes on either way. */
export interface Finding {
  readonly severity: 'error' | 'warning'
  /** Stable, in docs/errors.md: `import-fernet-key`, `import-bad-line`, ... */
  readonly code: string
  /** As in `Origin`. */
  readonly where: string
  /** The id or name, where it is known. */
  readonly id: string | undefined
  readonly text: string
  readonly hint: string | undefined
}

export interface Reading {
  readonly source: SourceKind
  /** For people, without credentials: `PostgreSQL at db.example.com:5432/airflow`, `.env`. */
  readonly label: string
  /** Lines for the report: `Airflow 3.3 by its columns`, `2 Fernet keys`. */
  readonly facts: readonly string[]
  /** Of the Airflow that it belongs to, where the source is one's: what it may be, the oldest first. `['2.10', '2.11']` */
  readonly airflowLines?: readonly string[] | undefined
  readonly found: readonly Found[]
  readonly findings: readonly Finding[]
}

/** A source that cannot be read at all: wrong DSN, no such file, a Fernet key that is none. Codes `import-…`. */
export class ImportError extends Error {
  override readonly name = 'ImportError'
  readonly code: string
  readonly hint: string | undefined

  constructor(code: string, message: string, options: { readonly hint?: string; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.hint = options.hint
  }
}
