/**
 * Databases of Airflow's on each engine, for suites that read them: where they are made, and what lies in them.
 */
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sqlite from 'node-sqlite3-wasm'
import type { JsonObject } from '../../src/airflow/index.ts'
import {
  type AirflowDatabase,
  createRowReader,
  openAirflowDatabase,
  parseDsn,
  type RawRow,
  readAirflowDatabase,
} from '../../src/importers/airflow-db/index.ts'
import type { Reading } from '../../src/importers/found.ts'
import { sensitive } from '../../src/sensitive/index.ts'
import { type Cells, encrypt, type EngineName, insert, makeKey } from './airflow-tables.case.ts'
import type { RunningDatabase } from './database-process.case.ts'

/** Itself, not a script that looks for it. */
export const python: string = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], {
  encoding: 'utf8',
}).trim()
export const folder: string = mkdtempSync(join(tmpdir(), 'plenum-airflow-db-'))
export const NEW: string = makeKey()
export const OLD: string = makeKey()
export const LOST: string = makeKey()

/** A database with some text in it, and the URL by which Airflow would reach it. */
export interface Place {
  readonly engine: EngineName
  readonly make: (sql: string) => Promise<string>
  readonly query: (dsn: string, sql: string) => Promise<unknown[]>
}

let counter = 0
export const freshName = (): string => `airflow_${(counter += 1)}`

export function serverPlace(engine: 'postgres' | 'mysql', server: RunningDatabase): Place {
  const scheme = engine === 'postgres' ? 'postgresql+psycopg2' : 'mysql+mysqldb'
  return {
    engine,
    async make(sql) {
      const name = freshName()
      await server.createDatabase(name)
      await server.query(name, sql)
      return `${scheme}://${server.user}:${server.password}@${server.host}:${server.port}/${name}`
    },
    query: (dsn, sql) => server.query(dsn.slice(dsn.lastIndexOf('/') + 1), sql),
  }
}

export function sqlitePath(dsn: string): string {
  return dsn.replace('sqlite:///', '')
}

export const wasmPlace: Place = {
  engine: 'sqlite',
  make(sql) {
    const path = join(folder, `${freshName()}.db`)
    const database = new sqlite.Database(path)
    database.exec(sql)
    database.close()
    return Promise.resolve(`sqlite:///${path}`)
  },
  query(dsn, sql) {
    const database = new sqlite.Database(sqlitePath(dsn))
    try {
      return Promise.resolve(database.all(sql))
    } finally {
      database.close()
    }
  },
}

/** Python's SQLite with a WAL that is never checkpointed: the rows are in the log alone, and a reader holds it open. */
const walHolders: (() => void)[] = []

/** Ends what holds databases open, and removes them. */
export function removePlaces(): void {
  for (const end of walHolders) end()
  rmSync(folder, { recursive: true, force: true })
}

const PYTHON_WAL = `
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("PRAGMA journal_mode=WAL")
db.execute("PRAGMA wal_autocheckpoint=0")
db.executescript(open(sys.argv[2]).read())
print("ready", flush=True)
for line in sys.stdin:
    db.executescript(line)
    print("done", flush=True)
`
export const walPlace: Place = {
  engine: 'sqlite',
  async make(sql) {
    const path = join(folder, `${freshName()}.db`)
    writeFileSync(`${path}.sql`, sql)
    const child = spawn(python, ['-c', PYTHON_WAL, path, `${path}.sql`], { stdio: ['pipe', 'pipe', 'inherit'] })
    walHolders.push(() => child.kill('SIGKILL'))
    await new Promise((resolve, reject) => {
      child.stdout.once('data', resolve)
      child.once('exit', () => reject(new Error('python ended')))
    })
    rmSync(`${path}.sql`)
    return `sqlite:///${path}`
  },
  query(dsn, sql) {
    const program = `import sqlite3, sys, json
db = sqlite3.connect(sys.argv[1], isolation_level=None)
cursor = db.execute(sys.argv[2])
print(json.dumps([dict(zip([c[0] for c in cursor.description or []], row)) for row in cursor.fetchall()]))`
    return Promise.resolve(
      JSON.parse(execFileSync(python, ['-c', program, sqlitePath(dsn), sql], { encoding: 'utf8' })) as unknown[],
    )
  },
}

export async function open(dsn: string, access: 'read' | 'write' = 'read', schema?: string): Promise<AirflowDatabase> {
  return openAirflowDatabase({ target: parseDsn(sensitive(dsn), schema === undefined ? {} : { schema }), access })
}

export async function read(dsn: string, keys: string | undefined = `${NEW},${OLD}`, schema?: string): Promise<Reading> {
  const database = await open(dsn, 'read', schema)
  try {
    return await readAirflowDatabase(database, createRowReader(keys === undefined ? undefined : sensitive(keys)))
  } finally {
    await database.close()
  }
}

export async function rowsOf(database: AirflowDatabase): Promise<RawRow[]> {
  const rows: RawRow[] = []
  await database.readRows((page) => rows.push(...page))
  return rows
}

const SECRET = 'pä/ß "§" %40'
export const EXTRA = '{"sslmode": "require", "deep": {"n": [1, 2.5, null]}}'

export function connection(id: number, more: Cells = {}): Cells {
  return { id, conn_id: `conn_${id}`, conn_type: 'postgres', is_encrypted: false, is_extra_encrypted: false, ...more }
}

export function variable(id: number, more: Cells = {}): Cells {
  return { id, key: `var_${id}`, val: `value ${id}`, is_encrypted: false, ...more }
}

interface Expected {
  readonly id: string
  readonly data: JsonObject
}

/** What every version must give back alike. */
export function ordinaryRows(engine: EngineName): string {
  return [
    insert(engine, 'connection', [
      connection(1, {
        conn_id: 'warehouse',
        conn_type: 'postgresql',
        description: 'the "big" one',
        host: 'db.example.com',
        schema: 'analytics',
        login: 'reporting',
        password: encrypt(NEW, SECRET),
        port: 5439,
        is_encrypted: true,
        is_extra_encrypted: true,
        extra: encrypt(NEW, EXTRA),
      }),
      connection(2, { password: encrypt(OLD, 'old-secret'), is_encrypted: true, extra: '{"n": 9007199254740993}' }),
      connection(3, { password: 'clear-secret', is_encrypted: null, extra: '' }),
      connection(4, { conn_type: 'google-cloud-platform' }),
    ]),
    insert(engine, 'variable', [
      variable(1, { val: encrypt(NEW, 'AAPL,MSFT'), is_encrypted: true, description: 'symbols' }),
      variable(2, { val: '1e3', is_encrypted: null }),
    ]),
  ].join('')
}

export const EXPECTED: readonly Expected[] = [
  {
    id: 'warehouse',
    data: {
      conn_type: 'postgres',
      description: 'the "big" one',
      host: 'db.example.com',
      login: 'reporting',
      password: SECRET,
      schema: 'analytics',
      port: 5439,
      extra: { sslmode: 'require', deep: { n: [1, 2.5, null] } },
    },
  },
  { id: 'conn_2', data: { conn_type: 'postgres', password: 'old-secret', extra: '{"n": 9007199254740993}' } },
  { id: 'conn_3', data: { conn_type: 'postgres', password: 'clear-secret' } },
  { id: 'conn_4', data: { conn_type: 'google_cloud_platform' } },
  { id: 'var_1', data: { value: 'AAPL,MSFT' } },
  { id: 'var_2', data: { value: '1e3' } },
]

export const plain = ({ found }: Reading): unknown[] => found.map(({ id, data }) => ({ id, data: data.reveal() }))
