/**
 * SQLite through node-sqlite3-wasm, on a private copy (`sqlite-copy.ts`): its own locks are folders beside the file, which
 * no other SQLite knows, so that the file itself is never opened with it.
 *
 * The copy is made anew when the source has changed. Invariant: where the system reaches a file by its descriptor (Linux)
 * it never has a name on the disk; elsewhere it loses it as soon as it is open. Nothing is left when the process is killed
 * but an empty folder that only its owner may enter.
 */
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Database } from 'node-sqlite3-wasm'
import { type Decode, textDecoder } from './cells.ts'
import type { RowChange } from './database.ts'
import type { SqliteDsn } from './dsn.ts'
import type { Engine, Reader, Session } from './engine.ts'
import { type Attempt, failureOf } from './failures.ts'
import { SQLITE } from './sql.ts'
import { copyDatabase, type SourceState, sourceState } from './sqlite-copy.ts'
import { writeSqlite } from './sqlite-write.ts'
import type { Catalogue, Shape } from './tables.ts'

export function sqliteEngine(dsn: SqliteDsn, attempt: Attempt, timeoutMs: number): Engine {
  return new SqliteEngine(dsn, attempt, timeoutMs)
}

interface Copy {
  readonly folder: string
  readonly database: Database
  readonly decode: Decode
  readonly state: SourceState
}

class SqliteEngine implements Engine {
  readonly #path: string
  readonly #attempt: Attempt
  readonly #timeoutMs: number
  #copy: Copy | undefined

  constructor(dsn: SqliteDsn, attempt: Attempt, timeoutMs: number) {
    this.#path = dsn.path
    this.#attempt = attempt
    this.#timeoutMs = timeoutMs
  }

  async read<T>(work: (reader: Reader) => Promise<T>): Promise<T> {
    try {
      const { database, decode } = await this.#freshCopy()
      const session: Session = {
        query: (sql, values = []) => Promise.resolve(database.all(sql, [...values])),
      }
      return await work({ ...session, dialect: SQLITE, decode, catalogue: () => sqliteCatalogue(session, decode) })
    } catch (error) {
      this.#drop()
      throw failureOf(error, this.#attempt)
    }
  }

  change(changes: readonly RowChange[], shape: Shape): Promise<void> {
    return writeSqlite(changes, shape, { path: this.#path, attempt: this.#attempt, timeoutMs: this.#timeoutMs })
  }

  close(): Promise<void> {
    this.#drop()
    return Promise.resolve()
  }

  async #freshCopy(): Promise<Copy> {
    if (this.#copy !== undefined && this.#copy.state === sourceState(this.#path, this.#attempt.label)) return this.#copy
    this.#drop()
    const folder = mkdtempSync(join(tmpdir(), 'plenum-sqlite-'))
    const file = join(folder, 'airflow.db')
    const handle = openNameless(file)
    try {
      const state = await copyDatabase(this.#path, file, {
        label: this.#attempt.label,
        patienceMs: this.#timeoutMs,
        now: Date.now,
        sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      })
      const { Database } = (await import('node-sqlite3-wasm')).default
      const database = new Database(file, { readOnly: true, fileMustExist: true })
      const said = database.get('PRAGMA encoding')?.['encoding']
      const encoding = typeof said === 'string' ? said : 'UTF-8'
      rmSync(file)
      this.#copy = { folder, database, decode: textDecoder(encoding.toLowerCase()), state }
      return this.#copy
    } catch (error) {
      rmSync(folder, { recursive: true, force: true })
      throw error
    } finally {
      closeSync(handle)
    }
  }

  #drop(): void {
    const copy = this.#copy
    this.#copy = undefined
    if (copy === undefined) return
    if (copy.database.isOpen) copy.database.close()
    rmSync(copy.folder, { recursive: true, force: true })
  }
}

/** A file that `path` leads to and that is gone with its last descriptor; where that cannot be, nothing is at `path`. */
function openNameless(path: string): number {
  const handle = openSync(path, 'wx', 0o600)
  rmSync(path)
  const byHandle = `/proc/self/fd/${handle}`
  if (existsSync(byHandle)) symlinkSync(byHandle, path)
  return handle
}

async function sqliteCatalogue(session: Session, decode: Decode): Promise<Catalogue> {
  const columnsOf = async (table: string): Promise<string[]> =>
    (await session.query('SELECT name FROM pragma_table_info(?)', [table])).map(({ name }) => String(name))
  const teams = await columnsOf('team')
  const hasRevision = (await columnsOf('alembic_version')).includes('version_num')
  const [row] = hasRevision
    ? await session.query(`SELECT ${SQLITE.text('version_num')} AS version FROM alembic_version LIMIT 1`)
    : []
  const version = row?.['version']
  return {
    schema: undefined,
    connection: await columnsOf('connection'),
    variable: await columnsOf('variable'),
    hasTeams: teams.includes('id') && teams.includes('name'),
    revision: version instanceof Uint8Array ? decode(version) : undefined,
  }
}
