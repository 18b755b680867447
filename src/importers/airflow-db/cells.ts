/**
 * One row as a driver hands it out -> a `RawRow`.
 *
 * Bytes that are no text are not guessed at: the column is named in `unreadable`, and its value becomes a digest, so that
 * the row is still told apart from the same row after an edit.
 */
import { createHash } from 'node:crypto'
import type { Columns, RawRow, TableName } from './database.ts'
import { FLAGS, type Shape } from './tables.ts'

/** Beside the columns of the table: the team's name by the join (`sql.ts`). */
export const TEAM_ALIAS = 'plenum_team'

/** `encoding` of bytes: that of the database. */
export type Decode = (bytes: Uint8Array) => string | undefined

export function textDecoder(encoding: string = 'utf-8'): Decode {
  return (bytes) => {
    try {
      // Made anew each time: one that has failed keeps half of what it has seen.
      return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes)
    } catch (error) {
      if (error instanceof TypeError) return undefined
      throw error
    }
  }
}

export function rawRow(
  table: TableName,
  cells: Readonly<Record<string, unknown>>,
  shape: Shape,
  decode: Decode,
): RawRow {
  const unreadable: string[] = []
  const columns: Record<string, Columns[string]> = {}
  for (const name of shape.columns[table]) {
    const value = cellValue(name, cells[name], decode)
    columns[name] = value.kind === 'value' ? value.value : value.digest
    if (value.kind === 'bytes') unreadable.push(name)
  }
  const team = cellValue(TEAM_ALIAS, cells[TEAM_ALIAS], decode)
  const key = columns[table === 'connection' ? 'conn_id' : 'key']
  return {
    table,
    rowId: Number(cells['id']),
    key: typeof key === 'string' ? key : '',
    columns,
    ...(team.kind === 'value' && typeof team.value === 'string' ? { team: team.value } : {}),
    ...(unreadable.length === 0 ? {} : { unreadable }),
  }
}

type Cell =
  | { readonly kind: 'value'; readonly value: Columns[string] }
  | { readonly kind: 'bytes'; readonly digest: string }

function cellValue(name: string, cell: unknown, decode: Decode): Cell {
  if (cell === null || cell === undefined) return { kind: 'value', value: null }
  if (FLAGS.has(name) && (cell === 0 || cell === 1)) return { kind: 'value', value: cell === 1 }
  if (typeof cell === 'string' || typeof cell === 'number' || typeof cell === 'boolean')
    return { kind: 'value', value: cell }
  if (cell instanceof Uint8Array) {
    const text = decode(cell)
    return text === undefined
      ? { kind: 'bytes', digest: `sha256:${createHash('sha256').update(cell).digest('hex')}` }
      : { kind: 'value', value: text }
  }
  // bigint of SQLite, dates of a column whose type somebody changed.
  return {
    kind: 'value',
    value: cell instanceof Date ? cell.toISOString() : typeof cell === 'bigint' ? String(cell) : JSON.stringify(cell),
  }
}
