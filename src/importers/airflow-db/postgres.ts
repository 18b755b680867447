/**
 * PostgreSQL through `pg`.
 *
 * What protects the database is the read-only transaction, begun with each read. No startup parameter and no setting of
 * the session is used for it: a pooler such as PgBouncer, which Airflow's chart puts in front, refuses or shares those.
 */
import { type ConnectionOptions, checkServerIdentity } from 'node:tls'
import type { Client } from 'pg'
import { textDecoder } from './cells.ts'
import { changeRowsIn } from './change-rows.ts'
import type { RowChange } from './database.ts'
import { type Endpoint, nameOf, type ServerDsn } from './dsn.ts'
import { readTlsFiles, type TlsMode } from './dsn-tls.ts'
import type { Engine, Reader, Session, SqlRow, SqlValue } from './engine.ts'
import { type Attempt, codeOf, failed, failureOf, inTime } from './failures.ts'
import { NOTIFY_CHANNEL } from './notify.ts'
import { postgresCatalogue } from './postgres-catalogue.ts'
import { POSTGRES, POSTGRES_BYTES } from './sql.ts'
import type { Shape } from './tables.ts'

export function postgresEngine(dsn: ServerDsn, attempt: Attempt, timeoutMs: number): Engine {
  return new PostgresEngine(dsn, attempt, timeoutMs)
}

const READ_ONLY = 'BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY'

class PostgresEngine implements Engine {
  readonly #dsn: ServerDsn
  readonly #attempt: Attempt
  readonly #timeoutMs: number
  #client: Client | undefined
  #listener: Client | undefined
  #onNotify: (() => void) | undefined

  constructor(dsn: ServerDsn, attempt: Attempt, timeoutMs: number) {
    this.#dsn = dsn
    this.#attempt = attempt
    this.#timeoutMs = timeoutMs
  }

  async read<T>(work: (reader: Reader) => Promise<T>): Promise<T> {
    if (this.#onNotify !== undefined && this.#listener === undefined) await this.#openListener(this.#onNotify)
    return this.#inTransaction(READ_ONLY, async (session) => work(await this.#reader(session)))
  }

  change(changes: readonly RowChange[], shape: Shape): Promise<void> {
    return this.#inTransaction('BEGIN', async (session) => changeRowsIn(await this.#reader(session), changes, shape))
  }

  async listen(onNotify: () => void): Promise<void> {
    this.#onNotify = onNotify
    await this.#openListener(onNotify)
  }

  async close(): Promise<void> {
    this.#onNotify = undefined
    const clients = [this.#client, this.#listener]
    this.#client = undefined
    this.#listener = undefined
    await Promise.all(clients.map(async (client) => client?.end()))
  }

  async #reader(session: Session): Promise<Reader> {
    const [row] = await session.query('SHOW server_encoding')
    const hasNoEncoding = row?.['server_encoding'] === 'SQL_ASCII'
    return {
      query: (sql, values) => session.query(sql, values),
      dialect: hasNoEncoding ? POSTGRES_BYTES : POSTGRES,
      decode: textDecoder(),
      catalogue: () => postgresCatalogue(session, this.#attempt),
    }
  }

  async #inTransaction<T>(begin: string, work: (session: Session) => Promise<T>): Promise<T> {
    this.#client ??= await this.#connect((lost) => {
      if (this.#client === lost) this.#client = undefined
    })
    const client = this.#client
    const session = this.#session(client)
    try {
      await session.query(begin)
      const result = await work(session)
      await session.query('COMMIT')
      return result
    } catch (error) {
      const failure = failureOf(error, this.#attempt)
      // Not kept: nobody knows what state it is in, and the server rolls back when it goes.
      if (this.#client === client) this.#client = undefined
      await client.end()
      throw failure
    }
  }

  #session(client: Client): Session {
    const cut = (): void => {
      void client.end()
    }
    return {
      query: async (sql: string, values: readonly SqlValue[] = []): Promise<readonly SqlRow[]> => {
        const work = client.query<Record<string, unknown>>(sql, [...values])
        const { rows } = await inTime(work, this.#timeoutMs, this.#attempt, cut)
        return rows
      },
    }
  }

  async #openListener(onNotify: () => void): Promise<void> {
    const client = await this.#connect((lost) => {
      if (this.#listener !== lost) return
      this.#listener = undefined
      onNotify()
    })
    client.on('notification', () => onNotify())
    this.#listener = client
    await this.#session(client).query(`LISTEN ${NOTIFY_CHANNEL}`)
  }

  /** The first endpoint that lets us in; else what the last one said. */
  async #connect(onLost: (client: Client) => void): Promise<Client> {
    let last: unknown
    for (const endpoint of this.#dsn.endpoints) {
      try {
        return await this.#connectTo(endpoint, onLost)
      } catch (error) {
        last = error
      }
    }
    throw last
  }

  async #connectTo(endpoint: Endpoint, onLost: (client: Client) => void): Promise<Client> {
    const { mode } = this.#dsn.tls
    const isPlain = mode === 'disable' || endpoint.kind === 'socket'
    try {
      return await this.#tryConnect(endpoint, isPlain ? 'disable' : mode, onLost)
    } catch (error) {
      if (!(error instanceof NoTlsError)) throw error
      if (mode !== 'prefer') throw failed('tls', this.#attempt)
      return this.#tryConnect(endpoint, 'disable', onLost)
    }
  }

  async #tryConnect(endpoint: Endpoint, mode: TlsMode, onLost: (client: Client) => void): Promise<Client> {
    const { user, password, database, options } = this.#dsn
    const { Client } = (await import('pg')).default
    const client = new Client({
      host: endpoint.path,
      port: endpoint.port,
      database,
      ...(user === undefined ? {} : { user }),
      ...(password === undefined ? {} : { password }),
      ...(options === undefined ? {} : { options }),
      application_name: 'plenum',
      keepAlive: true,
      // Cuts the socket; ours, which has a code, is first.
      connectionTimeoutMillis: this.#timeoutMs + 100,
      ssl: this.#tlsOptions(mode, endpoint.path),
    })
    // Without a listener a lost connection would end the process.
    client.on('error', () => onLost(client))
    client.on('end', () => onLost(client))
    try {
      await inTime(client.connect(), this.#timeoutMs, this.#attempt, () => undefined)
      return client
    } catch (error) {
      // Not awaited: a server that never answered does not answer to this either. The driver cuts it.
      void client.end()
      throw this.#connectFailure(error, endpoint)
    }
  }

  #connectFailure(error: unknown, endpoint: Endpoint): Error {
    if (error instanceof Error && codeOf(error) === undefined) {
      // `pg` has no code for these two; test/integration/airflow-db.test.ts holds it to its words.
      if (error.message === 'The server does not support SSL connections') return new NoTlsError()
      if (error.message.startsWith('SASL:')) return failed('login', this.#attempt)
    }
    const label =
      this.#dsn.endpoints.length === 1 ? this.#attempt.label : `${this.#attempt.label} (${nameOf(endpoint)})`
    return failureOf(error, { ...this.#attempt, label })
  }

  #tlsOptions(mode: TlsMode, host: string): false | ConnectionOptions {
    if (mode === 'disable') return false
    const { ca, cert, key } = readTlsFiles(this.#dsn.tls)
    return {
      rejectUnauthorized: mode === 'verify-ca' || mode === 'verify-full',
      // The name of the URL, and not what Node takes for it: for an address it would take "localhost".
      checkServerIdentity: (_, cert) => (mode === 'verify-full' ? checkServerIdentity(host, cert) : undefined),
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    }
  }
}

/** The server answered that it has no TLS. */
class NoTlsError extends Error {
  override readonly name = 'NoTlsError'
}
