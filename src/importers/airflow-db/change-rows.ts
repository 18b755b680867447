/**
 * Changes of rows inside a transaction that the caller has begun and ends.
 *
 * Invariant: a row is locked, read, compared with what the caller saw, and only then changed. The comparison is made
 * here and not in SQL: MySQL's collations take "A" for "a" and ignore blanks at the end.
 */
import { ImportError } from '../found.ts'
import { rawRow } from './cells.ts'
import type { Columns, RawRow, RowChange } from './database.ts'
import type { Reader, SqlValue } from './engine.ts'
import { type Dialect, deleteRow, insertRow, selectForUpdate, updateRow } from './sql.ts'
import type { Shape } from './tables.ts'

/** @throws {ImportError} 'finish-row-changed': roll back. */
export async function changeRowsIn(
  reader: Pick<Reader, 'query' | 'dialect' | 'decode'>,
  changes: readonly RowChange[],
  shape: Shape,
): Promise<void> {
  for (const change of changes) {
    const { table, rowId } = change
    const [cells] = await reader.query(selectForUpdate(table, shape, reader.dialect), [rowId])
    const now = cells === undefined ? undefined : rawRow(table, cells, shape, reader.decode)
    if (!isSame(now, change.before)) throw rowChanged(change)
    const { sql, values } = statementFor(change, shape, reader.dialect)
    await reader.query(sql, values)
  }
}

/** Changes only columns that the table has. */
export function statementFor(
  { table, rowId, before, after }: RowChange,
  shape: Shape,
  dialect: Dialect,
): { readonly sql: string; readonly values: readonly SqlValue[] } {
  if (after === undefined) return { sql: deleteRow(table, shape, dialect), values: [rowId] }
  const names = shape.columns[table].filter((name) => after[name] !== undefined)
  const values = names.map((name) => after[name] ?? null)
  return before === undefined
    ? { sql: insertRow(table, names, shape, dialect), values: [rowId, ...values] }
    : { sql: updateRow(table, names, shape, dialect), values: [...values, rowId] }
}

/** Of the columns that the caller saw. Bytes that are no text are never the same. */
function isSame(now: RawRow | undefined, before: Columns | undefined): boolean {
  if (now === undefined || before === undefined) return now === undefined && before === undefined
  if (now.unreadable !== undefined) return false
  return Object.entries(before).every(([name, value]) => now.columns[name] === value)
}

export function rowChanged({
  table,
  rowId,
  before,
  after,
}: Pick<RowChange, 'table' | 'rowId' | 'before' | 'after'>): ImportError {
  const key = (before ?? after)?.[table === 'connection' ? 'conn_id' : 'key']
  const name = typeof key === 'string' ? `${table} ${JSON.stringify(key)} (row ${rowId})` : `${table} row ${rowId}`
  const text = before === undefined ? 'is there again' : 'is no longer as it was read'
  return new ImportError('finish-row-changed', `${name} ${text}; nothing was changed`, {
    hint: 'somebody edited it in Airflow meanwhile: import again, then finish',
  })
}
