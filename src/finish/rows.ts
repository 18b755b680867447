/**
 * Which rows of Airflow's database (`importers/airflow-db`) change, and into what. Pure but for the port. A row with
 * bytes that are no text (`unreadable`) is left: its columns do not hold them, and nobody could put them back.
 *
 * Values stay as the database has them: encrypted ones encrypted. After Airflow's Fernet key was rotated without the
 * old one, a row that is put back can no longer be read by it.
 */
import type { AirflowDatabase, Columns, RawRow, RowChange } from '../importers/airflow-db/database.ts'
import type { Found } from '../importers/found.ts'
import { canonicalJson, type Sensitive, sensitive } from '../sensitive/index.ts'

/** What is needed of the database. */
export type RowStore = Pick<AirflowDatabase, 'readRows' | 'changeRows'>

/** What a row says now. `blanked`: an earlier clean-up left it so. */
export type RowReading =
  | { readonly kind: 'found'; readonly found: Found }
  | { readonly kind: 'finding' }
  | { readonly kind: 'blanked' }

export interface RowEdit {
  readonly kind: 'connection' | 'variable'
  readonly id: string
  readonly where: string
  readonly change: Sensitive<RowChange>
}

export async function readAllRows(store: RowStore, signal?: AbortSignal): Promise<RawRow[]> {
  const rows: RawRow[] = []
  await store.readRows((batch) => void rows.push(...batch), signal)
  return rows
}

/** What becomes of one change, from what the database has now. */
export type RowFate =
  | { readonly kind: 'change'; readonly change: RowChange }
  /** It is as it would become. */
  | { readonly kind: 'done' }
  | { readonly kind: 'other'; readonly text: string }

export class RowIndex {
  readonly #byId = new Map<string, RawRow>()
  readonly #byKey = new Map<string, RawRow>()

  constructor(rows: readonly RawRow[]) {
    for (const row of rows) {
      this.#byId.set(`${row.table}:${row.rowId}`, row)
      this.#byKey.set(`${row.table}:${row.key}`, row)
    }
  }

  find({ table, rowId }: Pick<RawRow, 'table' | 'rowId'>): RawRow | undefined {
    return this.#byId.get(`${table}:${rowId}`)
  }

  /** `key`: the conn_id or key of the row that the change is about. */
  fateOf(change: RowChange, key: string): RowFate {
    const now = this.find(change)?.columns
    if (isSame(now, change.after)) return { kind: 'done' }
    if (!isSame(now, change.before)) {
      return { kind: 'other', text: now === undefined ? 'the row is gone' : 'the row was changed since' }
    }
    const other = change.before === undefined ? this.#byKey.get(`${change.table}:${key}`) : undefined
    return other === undefined
      ? { kind: 'change', change }
      : { kind: 'other', text: 'there is another row of this name' }
  }
}

export function reversed({ before, after, ...row }: RowChange): RowChange {
  return { ...row, before: after, after: before }
}

export function rowEdit(row: RawRow, id: string, where: string, after: Columns | undefined): RowEdit {
  const { table, rowId, columns } = row
  return { kind: table, id, where, change: sensitive({ table, rowId, before: columns, after }) }
}

function isSame(a: Columns | undefined, b: Columns | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return canonicalJson(a) === canonicalJson(b)
}
