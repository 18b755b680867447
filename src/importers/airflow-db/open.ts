/**
 * `AirflowDatabase` on whichever engine the target names. What is done is the same for all three; how is theirs.
 *
 * The shape of the tables is found once and forgotten when anything fails: Airflow may be migrated between two passes of
 * a long sync.
 */
import { ImportError } from '../found.ts'
import { rawRow } from './cells.ts'
import type { AirflowDatabase, DatabaseDescription, DatabaseOptions, RawRow, RowChange, TableName } from './database.ts'
import { type DatabaseTarget, readDsn } from './dsn.ts'
import type { Engine, Reader } from './engine.ts'
import { mysqlEngine } from './mysql.ts'
import { postgresEngine } from './postgres.ts'
import { PAGE, selectPage } from './sql.ts'
import { sqliteEngine } from './sqlite.ts'
import { type Shape, shapeOf } from './tables.ts'

const TIMEOUT_MS = 15_000
/** Ids are positive in Airflow, but nothing forbids others. The least that PostgreSQL takes for an integer. */
const BELOW_ALL_IDS = -(2 ** 31)

/**
 * Connects and looks at the tables, so that a wrong URL or a missing right is an error here.
 * @throws {ImportError} 'import-database-…'
 */
export async function openAirflowDatabase(options: DatabaseOptions): Promise<AirflowDatabase> {
  const engine = engineOf(options)
  const database = new OpenDatabase(options, engine)
  try {
    await database.describe()
  } catch (error) {
    await engine.close()
    throw error
  }
  return engine.listen === undefined ? database : Object.assign(database, { listen: engine.listen.bind(engine) })
}

function engineOf({ target, access, timeoutMs = TIMEOUT_MS }: DatabaseOptions): Engine {
  const dsn = readDsn(target.dsn)
  const attempt = { label: target.label, access, schema: target.schema }
  switch (dsn.kind) {
    case 'postgres':
      return postgresEngine(dsn, attempt, timeoutMs)
    case 'mysql':
      return mysqlEngine(dsn, attempt, timeoutMs)
    case 'sqlite':
      return sqliteEngine(dsn, attempt, timeoutMs)
  }
}

class OpenDatabase implements AirflowDatabase {
  readonly target: DatabaseTarget
  readonly #engine: Engine
  readonly #access: DatabaseOptions['access']
  #shape: Shape | undefined
  /** One transaction at a time: there is one connection. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor({ target, access }: DatabaseOptions, engine: Engine) {
    this.target = target
    this.#access = access
    this.#engine = engine
  }

  describe(): Promise<DatabaseDescription> {
    return this.#inTurn(async () => {
      this.#shape = undefined
      const { airflow, facts } = await this.#engine.read((reader) => this.#shapeBy(reader))
      return { airflow, facts }
    })
  }

  async readRows(onRows: (rows: readonly RawRow[]) => void, signal?: AbortSignal): Promise<void> {
    const pages = new Pages(onRows, signal)
    await this.#inTurn(() =>
      this.#engine.read(async (reader) => {
        const shape = await this.#shapeBy(reader)
        for (const table of ['connection', 'variable'] as const) await pages.read(table, shape, reader)
      }),
    )
    pages.throwIfStopped()
  }

  async changeRows(changes: readonly RowChange[]): Promise<void> {
    if (this.#access !== 'write') {
      throw new ImportError('import-database-read-only', `${this.target.label}: it was opened for reading alone`)
    }
    if (changes.length === 0) return
    await this.#inTurn(async () => {
      const shape = await this.#engine.read((reader) => this.#shapeBy(reader))
      await this.#engine.change(changes, shape)
    })
  }

  close(): Promise<void> {
    return this.#engine.close()
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work)
    this.#turn = mine.catch(() => undefined)
    try {
      return await mine
    } catch (error) {
      this.#shape = undefined
      throw error
    }
  }

  async #shapeBy(reader: Reader): Promise<Shape> {
    this.#shape ??= shapeOf(await reader.catalogue(), {
      label: this.target.label,
      access: this.#access,
      schema: this.target.schema,
    })
    return this.#shape
  }
}

class Pages {
  readonly #onRows: (rows: readonly RawRow[]) => void
  readonly #signal: AbortSignal | undefined
  /** What the caller threw, or why it aborted. It ends the reading in good order and is no failure of the database. */
  #stopped: { readonly reason: unknown } | undefined

  constructor(onRows: (rows: readonly RawRow[]) => void, signal: AbortSignal | undefined) {
    this.#onRows = onRows
    this.#signal = signal
  }

  async read(table: TableName, shape: Shape, reader: Reader): Promise<void> {
    const sql = selectPage(table, shape, reader.dialect)
    let after = BELOW_ALL_IDS
    while (this.#stopped === undefined) {
      const page = await reader.query(sql, [after])
      const rows = page.map((cells) => rawRow(table, cells, shape, reader.decode))
      this.#handOn(rows)
      const last = rows.at(-1)
      if (last === undefined || rows.length < PAGE) return
      after = last.rowId
    }
  }

  throwIfStopped(): void {
    if (this.#stopped !== undefined) throw this.#stopped.reason
  }

  #handOn(rows: readonly RawRow[]): void {
    try {
      this.#signal?.throwIfAborted()
      if (rows.length > 0) this.#onRows(rows)
    } catch (reason) {
      this.#stopped = { reason }
    }
  }
}
