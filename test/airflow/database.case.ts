/**
 * Folders of a real Airflow (AIRFLOW_HOME) whose `airflow.cfg` names a database of each kind and the Fernet keys, as an
 * installation has them: Airflow and Plenum find both there.
 */
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startMariadb } from '../integration/mariadb.case.ts'
import { type RunningDatabase, startPostgres } from '../integration/postgres.case.ts'
import type { AirflowLine } from './airflow.case.ts'
import { runProgram } from './program.case.ts'
import { FERNET_KEY, LOTS } from './rows.case.ts'

export const DATABASE_KINDS = ['sqlite', 'postgres', 'mariadb'] as const
export type DatabaseKind = (typeof DATABASE_KINDS)[number]

/** Makes AIRFLOW_HOME, with a database of this name that has no tables yet. Returns the database's address. */
export type MakeHome = (folder: string, name: string) => Promise<string>

export interface DatabaseServer {
  readonly makeHome: MakeHome
  /** As its administrator. `undefined` where there is no server to ask. */
  readonly query: RunningDatabase['query'] | undefined
  stop(): Promise<void>
}

/** `undefined` where this machine has no such database. */
export const STARTERS: Readonly<Record<DatabaseKind, () => Promise<DatabaseServer | undefined>>> = {
  sqlite: () =>
    Promise.resolve({
      makeHome: (folder) => Promise.resolve(writeHome(folder, `sqlite:///${join(folder, 'airflow.db')}`)),
      query: undefined,
      stop: () => Promise.resolve(),
    }),
  postgres: () => serverOf('postgresql+psycopg2', '', startPostgres),
  mariadb: () => serverOf('mysql+pymysql', '?charset=utf8mb4', startMariadb),
}

async function serverOf(
  scheme: string,
  query: string,
  start: () => Promise<RunningDatabase | undefined>,
): Promise<DatabaseServer | undefined> {
  const running = await start()
  if (running === undefined) return undefined
  const { host, port, user, password } = running
  return {
    makeHome: async (folder, name) => {
      await running.createDatabase(name)
      const account = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`
      return writeHome(folder, `${scheme}://${account}@${host}:${port}/${name}${query}`)
    },
    query: running.query,
    stop: running.stop,
  }
}

function writeHome(folder: string, dsn: string): string {
  mkdirSync(join(folder, 'config'), { recursive: true })
  const file = join(folder, 'airflow.cfg')
  // A configuration parser of Python reads it: % is written twice.
  const text = `[core]\nload_examples = False\nfernet_key = ${FERNET_KEY}\n\n[database]\nsql_alchemy_conn = ${dsn}\n`
  writeFileSync(file, text.replaceAll('%', '%%'))
  chmodSync(file, 0o600)
  if (dsn.startsWith('mysql')) {
    const settings = 'airflow_local_settings.py'
    copyFileSync(join(import.meta.dirname, settings), join(folder, 'config', settings))
  }
  return dsn
}

export interface Populated {
  /** Connection types that the installed providers know. */
  readonly types: readonly string[]
  /** Ids of Airflow's own default connections, which are there too. */
  readonly defaults: readonly string[]
}

/** Every row of `rows.case.ts`, through Airflow's models, and Airflow's default connections. */
export function populate(line: AirflowLine, home: string): Promise<Populated> {
  return fill(line, home, { lots: LOTS, defaults: true })
}

/** The tables alone. */
export async function migrate(line: AirflowLine, home: string): Promise<void> {
  await fill(line, home, { lots: [], defaults: false })
}

async function fill(line: AirflowLine, home: string, order: unknown): Promise<Populated> {
  return JSON.parse(await runProgram(line, 'populate.py', order, { home })) as Populated
}
