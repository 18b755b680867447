/**
 * The form in which `--finish` leaves a row: there, so that people see where the secret went, and empty, so that Airflow
 * cannot fall back on it.
 *
 * Invariant: `isBlanked` holds for exactly that form. One field filled in by hand, and it is somebody's edit.
 */
import type { Columns, RawRow } from './database.ts'

export const BLANKED_DESCRIPTION = 'moved to Vault by Plenum'

const KEPT: ReadonlySet<string> = new Set(['conn_id', 'key', 'conn_type', 'team_id', 'team_name'])
const FLAGS: ReadonlySet<string> = new Set(['is_encrypted', 'is_extra_encrypted'])

export function blankedColumns({ columns }: RawRow): Columns {
  return Object.fromEntries(Object.entries(columns).map(([name, value]) => [name, blank(name, value)]))
}

export function isBlanked(row: RawRow): boolean {
  const blanked = blankedColumns(row)
  return (
    row.columns['description'] === BLANKED_DESCRIPTION &&
    Object.keys(blanked).every((name) => row.columns[name] === blanked[name])
  )
}

function blank(name: string, value: Columns[string]): Columns[string] {
  if (KEPT.has(name)) return value
  if (FLAGS.has(name)) return false
  if (name === 'description') return BLANKED_DESCRIPTION
  // A variable without a value fails in Airflow's own list of variables.
  return name === 'val' ? '' : null
}
