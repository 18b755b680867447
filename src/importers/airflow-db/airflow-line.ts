/**
 * Which line of Airflow a database belongs to. The revision that alembic keeps says it; where it is not known, or may not
 * be read, the columns of the tables give a range. Pure.
 */
import type { Catalogue } from './tables.ts'

export interface AirflowLines {
  /** `Airflow 3.2`, `Airflow 2.7 to 3.0`. */
  readonly text: string
  /** The same, with how it is known. */
  readonly fact: string
  /** Lines that it may be of, the oldest first: `['2.10', '2.11']`. Empty: not even that is known. */
  readonly lines: readonly string[]
}

/**
 * The heads of each line, from the map of revisions that `airflow/utils/db.py` of 2.11.2 and 3.3.2 keeps for upgrades.
 * Nothing changed from 2.10.3 to 2.11, and a database does not tell the two apart.
 */
const HEADS: ReadonlyMap<string, readonly string[]> = new Map([
  ['405de8318b3a', ['2.7']],
  ['10b52ebd31f7', ['2.8']],
  ['88344c1d9134', ['2.8']],
  ['1949afb29106', ['2.9']],
  ['686269002441', ['2.9']],
  ['22ed7efa9da2', ['2.10']],
  ['5f2621c13b39', ['2.10', '2.11']],
  ['29ce7909c52b', ['3.0']],
  ['fe199e1abd77', ['3.0']],
  ['cc92b33c6709', ['3.1']],
  ['509b94a1042d', ['3.1']],
  ['1d6611b6ab7c', ['3.2']],
  ['d2f4e1b3c5a7', ['3.3']],
])

export function airflowLines(catalogue: Catalogue): AirflowLines {
  const { revision } = catalogue
  const known = revision === undefined ? undefined : HEADS.get(revision)
  if (known !== undefined) {
    const text = `Airflow ${known.join(' or ')}`
    return { text, fact: `${text} by its revision ${revision}`, lines: known }
  }
  const columns = byColumns(catalogue)
  const unknown = revision === undefined ? '' : `; its revision ${shown(revision)} is not known to Plenum`
  return { ...columns, fact: `${columns.text} by its columns${unknown}` }
}

function byColumns({ connection, variable }: Catalogue): Omit<AirflowLines, 'fact'> {
  const has = (column: string): boolean => connection.includes(column)
  if (connection.includes('team_name') !== variable.includes('team_name'))
    return { text: 'Airflow of an unknown version', lines: [] }
  if (has('team_name')) return { text: 'Airflow 3.2 or newer', lines: ['3.2', '3.3'] }
  if (has('team_id')) return { text: 'Airflow 3.1', lines: ['3.1'] }
  return has('description') && has('is_extra_encrypted')
    ? { text: 'Airflow 2.7 to 3.0', lines: ['2.7', '2.8', '2.9', '2.10', '2.11', '3.0'] }
    : { text: 'Airflow older than 2.0', lines: [] }
}

/** Comes from the database, and goes to a terminal. */
export function shown(name: string): string {
  return JSON.stringify(name.slice(0, 60))
}
