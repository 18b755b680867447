/** Airflow's tables in a real database, edited as Airflow edits them, for suites that follow what people do there. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { python } from './airflow-places.case.ts'
import { type Cells, createTables, encrypt, insert, makeKey } from './airflow-tables.case.ts'
import type { RunningDatabase } from './database-process.case.ts'

/** The two tables, edited as Airflow edits them. */
export class AirflowTables {
  /** Of the command line: where the database is. */
  options: readonly string[]
  readonly engine: 'sqlite' | 'postgres'
  readonly run: (sql: string) => Promise<unknown>
  keys: string

  constructor(
    engine: 'sqlite' | 'postgres',
    run: (sql: string) => Promise<unknown>,
    options: readonly string[],
    keys: string,
  ) {
    this.engine = engine
    this.run = run
    this.options = options
    this.keys = keys
  }

  /** Encrypted with the first key. */
  async setVariable(key: string, value: string, more: Cells = {}): Promise<void> {
    await this.#upsert('variable', 'key', { key, val: encrypt(this.keys, value), is_encrypted: true, ...more })
  }

  async setConnection(id: string, password: string, more: Cells = {}): Promise<void> {
    const cells = { conn_type: 'http', host: 'example.com', is_encrypted: true, is_extra_encrypted: false }
    await this.#upsert('connection', 'conn_id', {
      conn_id: id,
      ...cells,
      password: encrypt(this.keys, password),
      ...more,
    })
  }

  async deleteVariable(key: string): Promise<void> {
    await this.run(`DELETE FROM variable WHERE "key" = '${key}'`)
  }

  async #upsert(table: 'connection' | 'variable', id: string, cells: Cells): Promise<void> {
    const statement = insert(this.engine, table, [cells]).replace(/;\n$/, '')
    const sets = Object.keys(cells).map((name) => `"${name}" = excluded."${name}"`)
    await this.run(`${statement} ON CONFLICT ("${id}") DO UPDATE SET ${sets.join(', ')}`)
  }
}

/** One statement a line, each its own transaction. */
const PYTHON_WRITER = `
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
db.execute("PRAGMA journal_mode=" + sys.argv[2])
for line in sys.stdin:
    try:
        db.executescript(line)
        print("done", flush=True)
    except Exception as error:
        print("failed: " + str(error), flush=True)
`

const writers = new Set<ChildProcess>()

export function endWriters(): void {
  for (const writer of writers) writer.kill('SIGKILL')
}

/** SQLite as Airflow writes it: through Python, which keeps it open. */
export async function sqliteTables(folder: string, journal: 'WAL' | 'DELETE' = 'WAL'): Promise<AirflowTables> {
  const home = mkdtempSync(join(folder, 'airflow-'))
  const key = makeKey()
  const path = join(home, 'airflow.db')
  writeFileSync(
    join(home, 'airflow.cfg'),
    `[core]\nfernet_key = ${key}\n[database]\nsql_alchemy_conn = sqlite:///${path}\n`,
  )
  const child = spawn(python, ['-c', PYTHON_WRITER, path, journal], { stdio: ['pipe', 'pipe', 'inherit'] })
  writers.add(child)
  const waiting: ((answer: string) => void)[] = []
  createInterface(child.stdout).on('line', (answer) => waiting.shift()?.(answer))
  const run = async (sql: string): Promise<void> => {
    const answer = new Promise<string>((resolve) => waiting.push(resolve))
    child.stdin.write(`${sql.replaceAll('\n', ' ')}\n`)
    const text = await answer
    if (text !== 'done') throw new Error(text)
  }
  await run(createTables('sqlite', '3.3'))
  return new AirflowTables('sqlite', run, ['--airflow-home', home], key)
}

let databases = 0

export async function postgresTables(server: RunningDatabase, folder: string): Promise<AirflowTables> {
  databases += 1
  const name = `sync_${databases}`
  await server.createDatabase(name)
  await server.query(name, createTables('postgres', '3.3'))
  const key = makeKey()
  const keyFile = join(mkdtempSync(join(folder, 'key-')), 'fernet')
  writeFileSync(keyFile, key)
  const dsn = `postgresql+psycopg2://${server.user}:${server.password}@${server.host}:${server.port}/${name}`
  return new AirflowTables(
    'postgres',
    (sql) => server.query(name, sql),
    ['--dsn', dsn, '--fernet-key-file', keyFile],
    key,
  )
}
