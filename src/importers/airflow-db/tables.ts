/**
 * Which columns the two tables have, and which Airflow that means (airflow 3.1). Columns decide what is read; the
 * revision that alembic keeps only names the version more exactly.
 *
 *   2.7 to 3.0    no teams (2.8 changed types of columns, no names)
 *   3.1           team_id, and a table `team`
 *   3.2 and 3.3   team_name
 *
 * An unknown mix is read all the same, by the columns it has, and that is said.
 */
import type { TableName } from './database.ts'
import { type Attempt, failed } from './failures.ts'

/** Beside `id`, in the order in which they are read. Columns that Plenum does not know are never touched. */
export const KNOWN_COLUMNS: Readonly<Record<TableName, readonly string[]>> = {
  connection: [
    'conn_id',
    'conn_type',
    'description',
    'host',
    'schema',
    'login',
    'password',
    'port',
    'is_encrypted',
    'is_extra_encrypted',
    'extra',
    'team_id',
    'team_name',
  ],
  variable: ['key', 'val', 'description', 'is_encrypted', 'team_id', 'team_name'],
}

/** Without these it is no table of Airflow's. */
const NEEDED: Readonly<Record<TableName, readonly string[]>> = {
  connection: ['id', 'conn_id', 'conn_type', 'password', 'is_encrypted', 'extra'],
  variable: ['id', 'key', 'val', 'is_encrypted'],
}

/** Not text. Everything else is read as text, whatever type it has. */
export const NUMBERS: ReadonlySet<string> = new Set(['id', 'port', 'is_encrypted', 'is_extra_encrypted'])
export const FLAGS: ReadonlySet<string> = new Set(['is_encrypted', 'is_extra_encrypted'])

/** What an engine's catalogue says, in its own order; a table that is not there has no columns. */
export interface Catalogue {
  /** The schema (MySQL: the database) in which the tables are. */
  readonly schema: string | undefined
  readonly connection: readonly string[]
  readonly variable: readonly string[]
  /** Airflow 3.1 keeps names of teams there; false when there is none, or this user may not read it. */
  readonly hasTeams: boolean
  /** Of alembic, where it may be read. */
  readonly revision: string | undefined
}

export interface Shape {
  readonly schema: string | undefined
  /** Those of `KNOWN_COLUMNS` that are there. */
  readonly columns: Readonly<Record<TableName, readonly string[]>>
  readonly joinsTeams: boolean
  readonly line: string
  readonly facts: readonly string[]
}

/** @throws {ImportError} 'import-database-tables' or 'import-database-columns' */
export function shapeOf(catalogue: Catalogue, attempt: Attempt): Shape {
  const tables = ['connection', 'variable'] as const
  if (tables.some((table) => catalogue[table].length === 0)) throw failed('tables', attempt)
  const lacks = tables.some((table) => NEEDED[table].some((column) => !catalogue[table].includes(column)))
  if (lacks) throw failed('columns', attempt)
  const known = (table: TableName): string[] => KNOWN_COLUMNS[table].filter((name) => catalogue[table].includes(name))
  const needsTeams = catalogue.connection.includes('team_id')
  const line = lineOf(catalogue)
  return {
    schema: catalogue.schema,
    columns: { connection: known('connection'), variable: known('variable') },
    joinsTeams: needsTeams && catalogue.hasTeams,
    line: line.text,
    facts: [
      line.fact,
      ...unknownFacts(catalogue),
      ...(needsTeams && !catalogue.hasTeams
        ? ['table "team" cannot be read: teams of rows are not known by name']
        : []),
    ],
  }
}

/** The newest head of each version, from `airflow/utils/db.py` of 2.11.2 and 3.3.2. */
const REVISIONS: ReadonlyMap<string, string> = new Map([
  ['405de8318b3a', '2.7'],
  ['10b52ebd31f7', '2.8'],
  ['88344c1d9134', '2.8'],
  ['1949afb29106', '2.9'],
  ['686269002441', '2.9'],
  ['22ed7efa9da2', '2.10'],
  ['5f2621c13b39', '2.10 or 2.11'],
  ['29ce7909c52b', '3.0'],
  ['fe199e1abd77', '3.0'],
  ['cc92b33c6709', '3.1'],
  ['509b94a1042d', '3.1'],
  ['1d6611b6ab7c', '3.2'],
  ['d2f4e1b3c5a7', '3.3'],
])

function lineOf(catalogue: Catalogue): { readonly text: string; readonly fact: string } {
  const columns = lineByColumns(catalogue)
  const version = catalogue.revision === undefined ? undefined : REVISIONS.get(catalogue.revision)
  if (version !== undefined) {
    const text = `Airflow ${version}`
    return { text, fact: `${text} by its revision ${catalogue.revision}` }
  }
  if (catalogue.revision === undefined) return { text: columns, fact: `${columns} by its columns` }
  return {
    text: columns,
    fact: `${columns} by its columns; its revision ${shown(catalogue.revision)} is not known to Plenum`,
  }
}

function lineByColumns({ connection, variable }: Catalogue): string {
  const has = (column: string): boolean => connection.includes(column)
  if (connection.includes('team_name') !== variable.includes('team_name')) return 'Airflow of an unknown version'
  if (has('team_name')) return 'Airflow 3.2 or newer'
  if (has('team_id')) return 'Airflow 3.1'
  return has('description') && has('is_extra_encrypted') ? 'Airflow 2.7 to 3.0' : 'Airflow older than 2.0'
}

function unknownFacts(catalogue: Catalogue): string[] {
  return (['connection', 'variable'] as const).flatMap((table) => {
    const unknown = catalogue[table].filter((name) => name !== 'id' && !KNOWN_COLUMNS[table].includes(name))
    return unknown.length === 0
      ? []
      : [`table "${table}" has columns that Plenum does not read: ${unknown.map(shown).join(', ')}`]
  })
}

/** Comes from the database, and goes to a terminal. */
function shown(name: string): string {
  return JSON.stringify(name.slice(0, 60))
}
