/**
 * MySQL and MariaDB through `mysql2`. Airflow's tables are InnoDB: a transaction sees one moment.
 *
 * Values never become part of a statement's text: all go through the server's own prepared statements, or none is given.
 */
import type { SslOptions } from 'mysql2'
import type { Connection, RowDataPacket } from 'mysql2/promise'
import { ImportError } from '../found.ts'
import { textDecoder } from './cells.ts'
import { changeRowsIn } from './change-rows.ts'
import type { RowChange } from './database.ts'
import type { ServerDsn } from './dsn.ts'
import { readTlsFiles, type TlsMode } from './dsn-tls.ts'
import type { Engine, Reader, Session, SqlRow, SqlValue } from './engine.ts'
import { type Attempt, codeOf, failureOf, inTime } from './failures.ts'
import { MYSQL } from './sql.ts'
import type { Catalogue, Shape } from './tables.ts'

export function mysqlEngine(dsn: ServerDsn, attempt: Attempt, timeoutMs: number): Engine {
  return new MysqlEngine(dsn, { ...attempt, schema: attempt.schema ?? dsn.database }, timeoutMs)
}

const BEGIN_READ = ['SET TRANSACTION ISOLATION LEVEL REPEATABLE READ', 'START TRANSACTION READ ONLY']
const BEGIN_WRITE = ['START TRANSACTION']

class MysqlEngine implements Engine {
  readonly #dsn: ServerDsn
  readonly #attempt: Attempt
  readonly #timeoutMs: number
  #connection: Connection | undefined

  constructor(dsn: ServerDsn, attempt: Attempt, timeoutMs: number) {
    this.#dsn = dsn
    this.#attempt = attempt
    this.#timeoutMs = timeoutMs
  }

  read<T>(work: (reader: Reader) => Promise<T>): Promise<T> {
    return this.#inTransaction(BEGIN_READ, (session) =>
      work({ ...this.#reader(session), catalogue: () => mysqlCatalogue(session, this.#attempt) }),
    )
  }

  change(changes: readonly RowChange[], shape: Shape): Promise<void> {
    return this.#inTransaction(BEGIN_WRITE, (session) => changeRowsIn(this.#reader(session), changes, shape))
  }

  async close(): Promise<void> {
    const connection = this.#connection
    this.#connection = undefined
    await connection?.end()
  }

  #reader(session: Session): Omit<Reader, 'catalogue'> {
    return { query: (sql, values) => session.query(sql, values), dialect: MYSQL, decode: textDecoder() }
  }

  async #inTransaction<T>(begin: readonly string[], work: (session: Session) => Promise<T>): Promise<T> {
    this.#connection ??= await this.#connect()
    const connection = this.#connection
    const session = this.#session(connection)
    try {
      for (const statement of begin) await session.query(statement)
      const result = await work(session)
      await session.query('COMMIT')
      return result
    } catch (error) {
      // Not kept: nobody knows what state it is in, and the server rolls back when it goes.
      if (this.#connection === connection) this.#connection = undefined
      connection.destroy()
      throw failureOf(error, this.#attempt)
    }
  }

  #session(connection: Connection): Session {
    return {
      query: async (sql: string, values: readonly SqlValue[] = []): Promise<readonly SqlRow[]> => {
        // Statements that begin and end a transaction cannot be prepared on older servers.
        const work =
          values.length === 0
            ? connection.query<RowDataPacket[]>(sql)
            : connection.execute<RowDataPacket[]>(sql, [...values])
        const [rows] = await inTime(work, this.#timeoutMs, this.#attempt, () => connection.destroy())
        return Array.isArray(rows) ? rows : []
      },
    }
  }

  async #connect(): Promise<Connection> {
    const { mode } = this.#dsn.tls
    const isPlain = mode === 'disable' || this.#dsn.endpoints[0].kind === 'socket'
    try {
      return await this.#tryConnect(isPlain ? 'disable' : mode)
    } catch (error) {
      const hasNoTls = codeOf(error) === 'HANDSHAKE_NO_SSL_SUPPORT'
      if (!hasNoTls || mode !== 'prefer') throw failureOf(error, this.#attempt)
    }
    try {
      return await this.#tryConnect('disable')
    } catch (error) {
      throw failureOf(error, this.#attempt)
    }
  }

  async #tryConnect(mode: TlsMode): Promise<Connection> {
    const { user, password, database, endpoints } = this.#dsn
    const [{ kind, path, port }] = endpoints
    const { createConnection } = await import('mysql2/promise')
    const connection = await createConnection({
      ...(kind === 'socket' ? { socketPath: path } : { host: path, port }),
      database,
      ...(user === undefined ? {} : { user }),
      ...(password === undefined ? {} : { password }),
      ...this.#tlsOptions(mode),
      charset: 'utf8mb4',
      connectTimeout: this.#timeoutMs,
      supportBigNumbers: true,
      dateStrings: true,
    })
    connection.on('error', () => {
      // The next statement fails too, and says it.
      if (this.#connection === connection) this.#connection = undefined
    })
    return connection
  }

  #tlsOptions(mode: TlsMode): { ssl?: SslOptions } {
    if (mode === 'disable') return {}
    const { ca, cert, key } = readTlsFiles(this.#dsn.tls)
    if (mode === 'verify-full' && isAddress(this.#dsn.endpoints[0].path)) throw needsName(this.#attempt)
    const isVerified = mode === 'verify-ca' || mode === 'verify-full'
    return {
      ssl: {
        rejectUnauthorized: isVerified,
        ...(mode === 'verify-full' ? { verifyIdentity: true } : {}),
        ...(ca === undefined ? {} : { ca }),
        ...(cert === undefined ? {} : { cert }),
        ...(key === undefined ? {} : { key }),
      },
    }
  }
}

function isAddress(host: string): boolean {
  return host.includes(':') || /^[\d.]+$/.test(host)
}

/** The driver would look for "localhost" in the certificate. */
function needsName({ label }: Attempt): ImportError {
  return new ImportError('import-database-tls', `${label}: an address cannot be checked against a certificate here`, {
    hint: 'write the name of the host that stands in its certificate',
  })
}

const COLUMNS = `
SELECT table_name AS tab, column_name AS col FROM information_schema.columns
WHERE table_schema = ? AND table_name IN ('connection', 'variable', 'team', 'alembic_version')
ORDER BY table_name, ordinal_position`

/** This catalogue shows what one may use: to tell a missing right from a missing table, the table is asked. */
async function mysqlCatalogue(session: Session, attempt: Attempt): Promise<Catalogue> {
  const schema = attempt.schema ?? ''
  const all = await session.query(COLUMNS, [schema])
  const columnsOf = (table: string): string[] => all.filter(({ tab }) => tab === table).map(({ col }) => String(col))
  const place = MYSQL.quote(schema)
  for (const table of ['connection', 'variable'] as const) {
    if (columnsOf(table).length === 0) await session.query(`SELECT 1 FROM ${place}.${MYSQL.quote(table)} LIMIT 0`)
  }
  const teams = columnsOf('team')
  return {
    schema,
    connection: columnsOf('connection'),
    variable: columnsOf('variable'),
    hasTeams: teams.includes('id') && teams.includes('name'),
    revision: columnsOf('alembic_version').length === 0 ? undefined : await revisionIn(session, place),
  }
}

async function revisionIn(session: Session, place: string): Promise<string | undefined> {
  const [row] = await session.query(`SELECT version_num FROM ${place}.alembic_version LIMIT 1`)
  const revision = row?.['version_num']
  return typeof revision === 'string' ? revision : undefined
}
