/**
 * Which columns the two tables have, and which Airflow that means (airflow 3.1). Columns decide what is read; the
 * revision that alembic keeps only names the version more exactly (`airflow-line.ts`).
 *
 *   2.7 to 3.0    no teams (2.8 changed types of columns, no names)
 *   3.1           team_id, and a table `team`
 *   3.2 and 3.3   team_name
 *
 * An unknown mix is read all the same, by the columns it has, and that is said.
 */
import { type AirflowLines, airflowLines, shown } from './airflow-line.ts'
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
  readonly airflow: AirflowLines
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
  const airflow = airflowLines(catalogue)
  return {
    schema: catalogue.schema,
    columns: { connection: known('connection'), variable: known('variable') },
    joinsTeams: needsTeams && catalogue.hasTeams,
    airflow,
    facts: [
      airflow.fact,
      ...unknownFacts(catalogue),
      ...(needsTeams && !catalogue.hasTeams
        ? ['table "team" cannot be read: teams of rows are not known by name']
        : []),
    ],
  }
}

function unknownFacts(catalogue: Catalogue): string[] {
  return (['connection', 'variable'] as const).flatMap((table) => {
    const unknown = catalogue[table].filter((name) => name !== 'id' && !KNOWN_COLUMNS[table].includes(name))
    return unknown.length === 0
      ? []
      : [`table "${table}" has columns that Plenum does not read: ${unknown.map(shown).join(', ')}`]
  })
}
