/**
 * Airflow's tables `connection` and `variable` as its versions have them (airflow 3.1), for each engine, and rows for
 * them as Airflow would write them.
 */
import { randomBytes } from 'node:crypto'
import { Fernet } from '../../src/airflow/index.ts'
import { sensitive } from '../../src/sensitive/index.ts'

export type EngineName = 'postgres' | 'mysql' | 'sqlite'

/** With the revision that alembic keeps for it. */
export const AIRFLOW_VERSIONS = {
  '2.7': '405de8318b3a',
  '2.8': '10b52ebd31f7',
  '2.10': '22ed7efa9da2',
  '2.11': '5f2621c13b39',
  '3.0': '29ce7909c52b',
  '3.1': 'cc92b33c6709',
  '3.2': '1d6611b6ab7c',
  '3.3': 'd2f4e1b3c5a7',
} as const
export type AirflowVersion = keyof typeof AIRFLOW_VERSIONS

interface Words {
  readonly id: string
  readonly bool: string
  readonly uuid: string
  readonly long: string
  readonly quote: (name: string) => string
}

const WORDS: Readonly<Record<EngineName, Words>> = {
  postgres: { id: 'SERIAL PRIMARY KEY', bool: 'BOOLEAN', uuid: 'UUID', long: 'TEXT', quote: (name) => `"${name}"` },
  mysql: {
    id: 'INTEGER AUTO_INCREMENT PRIMARY KEY',
    bool: 'TINYINT(1)',
    uuid: 'CHAR(32)',
    long: 'MEDIUMTEXT',
    quote: (name) => `\`${name}\``,
  },
  sqlite: { id: 'INTEGER PRIMARY KEY', bool: 'BOOLEAN', uuid: 'CHAR(32)', long: 'TEXT', quote: (name) => `"${name}"` },
}

export const TEAM_ID = '0192aa00-0000-7000-8000-000000000001'

export function createTables(engine: EngineName, version: AirflowVersion): string {
  const { id, bool, uuid, long, quote } = WORDS[engine]
  const text = version === '2.7' ? 'VARCHAR(5000)' : 'TEXT'
  const team =
    version === '3.1' ? `, team_id ${uuid}` : version === '3.2' || version === '3.3' ? ', team_name VARCHAR(50)' : ''
  const teams =
    version === '3.1'
      ? [
          `CREATE TABLE team (id ${uuid} PRIMARY KEY, name VARCHAR(50) NOT NULL UNIQUE)`,
          `INSERT INTO team VALUES ('${teamId(engine)}', 'trading')`,
        ]
      : []
  return [
    ...teams,
    `CREATE TABLE connection (id ${id}, conn_id VARCHAR(250) NOT NULL UNIQUE, conn_type VARCHAR(500) NOT NULL, description TEXT, host VARCHAR(500), ${quote('schema')} VARCHAR(500), login ${text}, password ${text}, port INTEGER, is_encrypted ${bool}, is_extra_encrypted ${bool}, extra ${long}${team})`,
    `CREATE TABLE variable (id ${id}, ${quote('key')} VARCHAR(250) UNIQUE, val ${long}, description TEXT, is_encrypted ${bool}${team})`,
    'CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)',
    `INSERT INTO alembic_version VALUES ('${AIRFLOW_VERSIONS[version]}')`,
    '',
  ].join(';\n')
}

/** SQLAlchemy keeps it without dashes where the engine has no type for it. */
export function teamId(engine: EngineName): string {
  return engine === 'postgres' ? TEAM_ID : TEAM_ID.replaceAll('-', '')
}

export type Cells = Readonly<Record<string, string | number | boolean | null>>

/** Texts are quoted the standard way: tests put no backslash and no NUL into them. */
export function insert(engine: EngineName, table: 'connection' | 'variable', rows: readonly Cells[]): string {
  const { quote } = WORDS[engine]
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const values = rows.map((row) => `(${names.map((name) => literal(engine, row[name] ?? null)).join(', ')})`)
  return `INSERT INTO ${table} (${names.map(quote).join(', ')}) VALUES ${values.join(', ')};\n`
}

function literal(engine: EngineName, value: Cells[string]): string {
  if (value === null) return 'NULL'
  if (typeof value === 'number') return String(value)
  if (typeof value === 'boolean') return engine === 'postgres' ? String(value) : value ? '1' : '0'
  return `'${value.replaceAll("'", "''")}'`
}

export function makeKey(): string {
  return randomBytes(32).toString('base64url').padEnd(44, '=')
}

/** As Airflow encrypts: with the first of the keys. */
export function encrypt(keys: string, text: string): string {
  return new Fernet(sensitive(keys)).encrypt(sensitive(text), { now: Date.UTC(2026, 0, 1), iv: randomBytes(16) })
}
