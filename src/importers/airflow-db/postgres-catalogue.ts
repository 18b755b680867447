/**
 * What PostgreSQL's own catalogue says about Airflow's tables. Everybody may read it, so that a missing right is told
 * from a missing table.
 */
import { ImportError } from '../found.ts'
import type { Session, SqlRow } from './engine.ts'
import { type Attempt, failed } from './failures.ts'
import { type Catalogue, KNOWN_COLUMNS } from './tables.ts'

const COLUMNS = `
SELECT n.nspname AS schema, c.relname AS "table", a.attname AS "column", pg_table_is_visible(c.oid) AS visible,
       has_schema_privilege(n.oid, 'USAGE') AND has_column_privilege(c.oid, a.attnum, 'SELECT') AS readable
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relname IN ('connection', 'variable', 'team', 'alembic_version') AND c.relkind IN ('r', 'p', 'v')
  AND n.nspname NOT IN ('pg_catalog', 'information_schema')
ORDER BY c.oid, a.attnum`

export async function postgresCatalogue(session: Session, attempt: Attempt): Promise<Catalogue> {
  const all = (await session.query(COLUMNS)).map(found)
  const schema = attempt.schema ?? defaultSchema(all, attempt)
  const own = all.filter((column) => column.schema === schema)
  const readable = (table: string): string[] =>
    own.filter((column) => column.table === table && column.readable).map(({ column }) => column)
  const isShut = (['connection', 'variable'] as const).some((table) =>
    own.some(
      (column) => column.table === table && !column.readable && ['id', ...KNOWN_COLUMNS[table]].includes(column.column),
    ),
  )
  if (isShut) throw failed('permission', { ...attempt, schema })
  const hasTeams = readable('team').includes('id') && readable('team').includes('name')
  return {
    schema,
    connection: readable('connection'),
    variable: readable('variable'),
    hasTeams,
    revision: readable('alembic_version').includes('version_num') ? await revisionIn(session, schema) : undefined,
  }
}

interface FoundColumn {
  readonly schema: string
  readonly table: string
  readonly column: string
  readonly visible: boolean
  readonly readable: boolean
}

function found(row: SqlRow): FoundColumn {
  return {
    schema: String(row['schema']),
    table: String(row['table']),
    column: String(row['column']),
    visible: row['visible'] === true,
    readable: row['readable'] === true,
  }
}

/** The one that the search path leads to; a schema without the right to use it is not on the path. */
function defaultSchema(all: readonly FoundColumn[], attempt: Attempt): string {
  const places = all.filter(({ table }) => table === 'connection')
  const visible = places.find((place) => place.visible)
  if (visible !== undefined) return visible.schema
  const publicPlace = places.find(({ schema }) => schema === 'public')
  if (publicPlace !== undefined) return publicPlace.schema
  if (places.length === 0) throw failed('tables', attempt)
  const names = [...new Set(places.map(({ schema }) => JSON.stringify(schema)))].join(', ')
  throw new ImportError('import-database-tables', `${attempt.label}: Airflow's tables are not in the default schema`, {
    hint: `give the schema with --schema; tables of these names are in ${names}`,
  })
}

async function revisionIn(session: Session, schema: string): Promise<string | undefined> {
  const [row] = await session.query(`SELECT version_num FROM "${schema.replaceAll('"', '""')}".alembic_version LIMIT 1`)
  const revision = row?.['version_num']
  return typeof revision === 'string' ? revision : undefined
}
