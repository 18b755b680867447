/**
 * What an engine must do for `airflow-database.ts`. Three implementations: PostgreSQL, MySQL, SQLite.
 *
 * Each throws `ImportError`s only.
 */
import type { Decode } from './cells.ts'
import type { RowChange } from './database.ts'
import type { Dialect } from './sql.ts'
import type { Catalogue, Shape } from './tables.ts'

export type SqlValue = string | number | boolean | null

export type SqlRow = Readonly<Record<string, unknown>>

export interface Session {
  query(sql: string, values?: readonly SqlValue[]): Promise<readonly SqlRow[]>
}

export interface Reader extends Session {
  readonly dialect: Dialect
  readonly decode: Decode
  /** @throws {ImportError} 'import-database-permission' when the tables are there and may not be read. */
  catalogue(): Promise<Catalogue>
}

export interface Engine {
  /**
   * One transaction that can change nothing and sees one moment. Connects again when the connection was lost; cuts it
   * when a statement takes too long.
   */
  read<T>(work: (reader: Reader) => Promise<T>): Promise<T>
  /** All changes or none; compares and writes under a lock. @throws {ImportError} 'finish-row-changed' */
  change(changes: readonly RowChange[], shape: Shape): Promise<void>
  listen?(onNotify: () => void): Promise<void>
  close(): Promise<void>
}
