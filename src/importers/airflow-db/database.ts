/**
 * Airflow's database as Plenum sees it: two tables, read in one state and changed in one transaction.
 *
 * Invariant: reading changes nothing, for SQLite not even a byte beside the file. What the engines say when they fail
 * (it may quote rows, statements and users) never leaves this folder: each failure is an `ImportError` with a code.
 */
import type { AirflowLines } from './airflow-line.ts'
import type { DatabaseTarget } from './dsn.ts'

export type TableName = 'connection' | 'variable'

/** The flags as booleans on every engine; text as text, ciphertext stays ciphertext. */
export type Columns = Readonly<Record<string, string | number | boolean | null>>

export interface RawRow {
  readonly table: TableName
  readonly rowId: number
  /** conn_id, or key. */
  readonly key: string
  /** Of those that Plenum knows, the ones this database has, without `id`. */
  readonly columns: Columns
  /** Airflow 3.1 keeps the team's id in the row, and its name elsewhere. */
  readonly team?: string | undefined
  /** Columns that hold bytes which are no text; what stands in `columns` for them only tells whether they changed. */
  readonly unreadable?: readonly string[] | undefined
}

export interface RowChange {
  readonly table: TableName
  readonly rowId: number
  /** What must be there still. Undefined: there must be no such row. */
  readonly before: Columns | undefined
  /** Undefined: the row goes. */
  readonly after: Columns | undefined
}

export interface DatabaseOptions {
  readonly target: DatabaseTarget
  /** `write` is for `--finish` alone. */
  readonly access: 'read' | 'write'
  /** For connecting, and for each statement; 15 s unless told. In milliseconds. */
  readonly timeoutMs?: number
}

export interface DatabaseDescription {
  /** The versions whose tables look like these. */
  readonly airflow: AirflowLines
  /** For the report, that of `airflow` among them. */
  readonly facts: readonly string[]
}

export interface AirflowDatabase {
  readonly target: DatabaseTarget
  describe(): Promise<DatabaseDescription>
  /** Connections, then variables, each by row id, all of one moment. */
  readRows(onRows: (rows: readonly RawRow[]) => void, signal?: AbortSignal): Promise<void>
  /**
   * PostgreSQL alone, see `NOTIFY_SQL`. Also called when the channel was lost: something may have changed meanwhile. The
   * next `readRows` brings a lost channel back.
   */
  listen?(onNotify: () => void): Promise<void>
  /**
   * All or nothing. @throws {ImportError} 'finish-row-changed' when a row is no longer as `before` says: then nothing
   * was changed.
   */
  changeRows(changes: readonly RowChange[]): Promise<void>
  close(): Promise<void>
}
