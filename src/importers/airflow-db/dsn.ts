/**
 * `sql_alchemy_conn`: the URL by which Airflow reaches its database, read by SQLAlchemy's rules.
 *
 *   postgresql+psycopg2://user:p%40ss@db.example.com:5432/airflow?sslmode=verify-full&sslrootcert=/etc/ca.pem
 *   mysql+pymysql://user:…@db/airflow?unix_socket=/run/mysqld/mysqld.sock
 *   sqlite:////home/airflow/airflow.db
 *
 * Invariant: no error and no label holds user, password or query. A host, a database or a query with "@" in it is refused:
 * there a password that was not percent-encoded has spilled over.
 *
 * The driver decides nothing but the names of a few parameters; parameters that no engine here knows are passed over, as
 * they belong to the Python driver.
 */
import { resolve } from 'node:path'
import { type Sensitive, sensitive } from '../../sensitive/index.ts'
import { ImportError } from '../found.ts'
import { mysqlTls, postgresTls, type TlsWish } from './dsn-tls.ts'

export type DatabaseKind = 'postgres' | 'mysql' | 'sqlite'

export interface DatabaseTarget {
  readonly kind: DatabaseKind
  /** Without the driver's name. */
  readonly dsn: Sensitive<string>
  /** For people, without credentials: `PostgreSQL at db.example.com:5432/airflow`. */
  readonly label: string
  /** `[database] sql_alchemy_schema`. */
  readonly schema: string | undefined
}

export interface Endpoint {
  /** Of a socket: `path` is its folder for PostgreSQL, the socket itself for MySQL. */
  readonly kind: 'tcp' | 'socket'
  readonly path: string
  readonly port: number
}

export interface ServerDsn {
  readonly kind: 'postgres' | 'mysql'
  readonly user: string | undefined
  readonly password: string | undefined
  /** At least one; tried in this order. */
  readonly endpoints: readonly [Endpoint, ...Endpoint[]]
  readonly database: string
  readonly tls: TlsWish
  /** PostgreSQL's `options`: `-csearch_path=airflow`. */
  readonly options: string | undefined
}

export interface SqliteDsn {
  readonly kind: 'sqlite'
  /** Absolute. */
  readonly path: string
}

export type Dsn = ServerDsn | SqliteDsn

/** @throws {ImportError} 'import-dsn' */
export function parseDsn(dsn: Sensitive<string>, { schema }: { readonly schema?: string } = {}): DatabaseTarget {
  const parsed = readDsn(dsn)
  return {
    kind: parsed.kind,
    dsn: dsn.map((text) => text.trim().replace(/^[\w+]+/, SCHEMES[parsed.kind])),
    label: labelOf(parsed),
    schema: schema === '' ? undefined : schema,
  }
}

const SCHEMES: Readonly<Record<DatabaseKind, string>> = { postgres: 'postgresql', mysql: 'mysql', sqlite: 'sqlite' }

const KINDS: ReadonlyMap<string, DatabaseKind> = new Map([
  ['postgresql', 'postgres'],
  ['postgres', 'postgres'],
  ['mysql', 'mysql'],
  ['mariadb', 'mysql'],
  ['sqlite', 'sqlite'],
])

/** SQLAlchemy's own cut, part by part; a password may hold everything but "@". */
const URL_PARTS =
  /^(?<name>[\w+]+):\/\/(?:(?<user>[^:/]*)(?::(?<password>[^@]*))?@)?(?:\[(?<v6>[^/?\]]+)\]|(?<host>[^/:?]*))(?::(?<port>[^/?]*))?(?:\/(?<database>[^?]*))?(?:\?(?<query>.*))?$/su

/** What the URL says, credentials in clear: for whoever connects. @throws {ImportError} 'import-dsn' */
export function readDsn(dsn: Sensitive<string>): Dsn {
  const parts = URL_PARTS.exec(dsn.reveal().trim())?.groups
  if (parts === undefined) throw refused('it is not a URL such as postgresql://user:password@host:5432/airflow')
  const kind = KINDS.get((parts['name'] ?? '').split('+', 1)[0]?.toLowerCase() ?? '')
  if (kind === undefined) throw refused('its scheme is not one of postgresql, mysql and sqlite')
  if (parts['query']?.includes('@') === true) throw spilled('query')
  const query = new URLSearchParams(parts['query'] ?? '')
  if (kind === 'sqlite') return sqliteDsn(parts, query)
  const database = parts['database'] || query.get('dbname') || query.get('database') || ''
  if (database === '') throw refused('it names no database after the host')
  if (/[@\s\p{Cc}]/u.test(database)) throw spilled('database')
  return {
    kind,
    user: credential(parts['user'], query.get('user')),
    password: credential(parts['password'], query.get('password')),
    endpoints: kind === 'postgres' ? postgresEndpoints(parts, query) : [mysqlEndpoint(parts, query)],
    database,
    tls: kind === 'postgres' ? postgresTls(query) : mysqlTls(query),
    options: kind === 'postgres' ? (query.get('options') ?? undefined) : undefined,
  }
}

type Parts = Readonly<Record<string, string | undefined>>

const POSTGRES_PORT = 5432
const MYSQL_PORT = 3306
/** Where Debian, Red Hat and the official images put it; libpq looks there when no host is given. */
const POSTGRES_SOCKETS = '/var/run/postgresql'

/** `?host=` may come several times or hold a list, with `?port=` beside it. */
function postgresEndpoints(parts: Parts, query: URLSearchParams): [Endpoint, ...Endpoint[]] {
  const ports = query.getAll('port').flatMap((text) => text.split(','))
  const own = parts['v6'] ?? parts['host'] ?? ''
  const listed = query.getAll('host').flatMap((text) => text.split(','))
  const portAt = (index: number): number => portOf(parts['port'] ?? ports[index] ?? ports[0], POSTGRES_PORT)
  if (listed.length === 0) return [endpoint(own === '' ? POSTGRES_SOCKETS : own, portAt(0))]
  const [first, ...rest] = listed.map((text, index) => {
    const { host, port } = /^(?<host>[^:]+):(?<port>\d+)$/.exec(text)?.groups ?? { host: text, port: undefined }
    return endpoint(host ?? text, port === undefined ? portAt(index) : portOf(port, POSTGRES_PORT))
  })
  return first === undefined ? [endpoint(own, portAt(0))] : [first, ...rest]
}

function mysqlEndpoint(parts: Parts, query: URLSearchParams): Endpoint {
  const port = portOf(parts['port'] ?? query.get('port') ?? undefined, MYSQL_PORT)
  const socket = query.get('unix_socket')
  if (socket !== null && socket !== '') return endpoint(socket, port)
  return endpoint(parts['v6'] ?? (parts['host'] || query.get('host') || 'localhost'), port)
}

function endpoint(host: string, port: number): Endpoint {
  if (host.startsWith('/')) {
    if (/[@\p{Cc}]/u.test(host)) throw spilled('host')
    return { kind: 'socket', path: host, port }
  }
  if (!/^[\p{L}\p{N}._:%-]+$/u.test(host)) throw spilled('host')
  return { kind: 'tcp', path: host, port }
}

function portOf(text: string | undefined, fallback: number): number {
  if (text === undefined || text === '') return fallback
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port < 1 || port > 65_535) {
    throw refused('what follows the host and ":" is no port; is a ":", "/" or "@" in the password not percent-encoded?')
  }
  return port
}

function credential(text: string | undefined, otherwise: string | null): string | undefined {
  return text === undefined ? (otherwise ?? undefined) : unquote(text)
}

function sqliteDsn(parts: Parts, query: URLSearchParams): SqliteDsn {
  const { user, host, v6, port, database = '' } = parts
  if (user !== undefined || (host ?? '') !== '' || v6 !== undefined || port !== undefined) {
    throw refused('a SQLite URL has three slashes before the path, four when the path is absolute')
  }
  const path = query.get('uri') === 'true' ? database.replace(/^file:/, '') : database
  if (path === '' || path === ':memory:') throw refused('it is a database in memory, which no other process can read')
  return { kind: 'sqlite', path: resolve(path) }
}

function labelOf(dsn: Dsn): string {
  if (dsn.kind === 'sqlite') return `SQLite file ${dsn.path}`
  const product = dsn.kind === 'postgres' ? 'PostgreSQL' : 'MySQL'
  const [first] = dsn.endpoints
  const where = dsn.endpoints.map(nameOf).join(', ')
  return first.kind === 'socket'
    ? `${product} at ${where}, database ${dsn.database}`
    : `${product} at ${where}/${dsn.database}`
}

/** `db.example.com:5432`, `[::1]:5432`, `socket /run/postgresql`. */
export function nameOf({ kind, path, port }: Endpoint): string {
  if (kind === 'socket') return `socket ${path}`
  return path.includes(':') ? `[${path}]:${port}` : `${path}:${port}`
}

/** Python's `unquote`: what is no escape stays as it is. */
function unquote(text: string): string {
  return text.replaceAll(/(?:%[0-9a-f]{2})+/gi, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'))
}

function spilled(part: string): ImportError {
  return refused(
    `its ${part} holds characters that no ${part} has; is a special character in the password not percent-encoded?`,
  )
}

function refused(what: string): ImportError {
  return new ImportError('import-dsn', `the database URL cannot be used: ${what}`, {
    hint: 'write "@" in a password as %40, "/" as %2F, ":" as %3A and "%" as %25',
  })
}

/** For Airflow's default. */
export function sqliteUrl(path: string): Sensitive<string> {
  return sensitive(`sqlite:///${path}`)
}
