/**
 * What the drivers say when something fails -> an `ImportError` with a code.
 *
 * Invariant: nothing of a driver's error is handed on but its code: its text names users, its details quote whole rows,
 * and MySQL's carry the statement. Hence no `cause` either.
 */
import { ImportError } from '../found.ts'

type Failure =
  | 'refused'
  | 'host'
  | 'timeout'
  | 'login'
  | 'unknown'
  | 'tls'
  | 'permission'
  | 'tables'
  | 'columns'
  | 'busy'
  | 'read-only'
  | 'lost'
  | 'changed'

/** SQLSTATEs of PostgreSQL, names of MySQL's errors, and what the system and TLS say. */
const FAILURES: ReadonlyMap<string, Failure> = new Map([
  ['ECONNREFUSED', 'refused'],
  ['ENOENT', 'refused'],
  ['EHOSTUNREACH', 'refused'],
  ['ENETUNREACH', 'refused'],
  ['EACCES', 'refused'],
  ['ENOTFOUND', 'host'],
  ['EAI_AGAIN', 'host'],
  ['ETIMEDOUT', 'timeout'],
  ['57014', 'timeout'],
  ['PROTOCOL_SEQUENCE_TIMEOUT', 'timeout'],
  ['28P01', 'login'],
  ['28000', 'login'],
  ['ER_ACCESS_DENIED_ERROR', 'login'],
  ['ER_ACCESS_DENIED_NO_PASSWORD_ERROR', 'login'],
  ['ER_HOST_NOT_PRIVILEGED', 'login'],
  ['ER_HOST_IS_BLOCKED', 'login'],
  ['3D000', 'unknown'],
  ['ER_BAD_DB_ERROR', 'unknown'],
  ['HANDSHAKE_NO_SSL_SUPPORT', 'tls'],
  ['HANDSHAKE_SSL_ERROR', 'tls'],
  ['ER_SECURE_TRANSPORT_REQUIRED', 'tls'],
  ['EPROTO', 'tls'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'tls'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls'],
  ['UNABLE_TO_GET_ISSUER_CERT', 'tls'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'tls'],
  ['CERT_HAS_EXPIRED', 'tls'],
  ['42501', 'permission'],
  ['ER_DBACCESS_DENIED_ERROR', 'permission'],
  ['ER_TABLEACCESS_DENIED_ERROR', 'permission'],
  ['ER_COLUMNACCESS_DENIED_ERROR', 'permission'],
  ['42P01', 'tables'],
  ['ER_NO_SUCH_TABLE', 'tables'],
  ['42703', 'columns'],
  ['ER_BAD_FIELD_ERROR', 'columns'],
  ['53300', 'busy'],
  ['57P03', 'busy'],
  ['40001', 'busy'],
  ['40P01', 'busy'],
  ['55P03', 'busy'],
  ['ER_CON_COUNT_ERROR', 'busy'],
  ['ER_LOCK_WAIT_TIMEOUT', 'busy'],
  ['ER_LOCK_DEADLOCK', 'busy'],
  ['25006', 'read-only'],
  ['ER_OPTION_PREVENTS_STATEMENT', 'read-only'],
  ['ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION', 'read-only'],
  ['ECONNRESET', 'lost'],
  ['EPIPE', 'lost'],
  ['57P01', 'lost'],
  ['57P02', 'lost'],
  ['PROTOCOL_CONNECTION_LOST', 'lost'],
  ['ER_SERVER_SHUTDOWN', 'lost'],
  ['23505', 'changed'],
  ['ER_DUP_ENTRY', 'changed'],
])

/** What was tried; `label` is that of the target. */
export interface Attempt {
  readonly label: string
  readonly access: 'read' | 'write'
  /** `public`, or MySQL's database: for the statements of a hint. */
  readonly schema: string | undefined
}

/** An error of our own passes through. */
export function failureOf(error: unknown, attempt: Attempt): ImportError {
  if (error instanceof ImportError) return error
  const code = codeOf(error)
  const failure = failureFor(code)
  if (failure === undefined) {
    const suffix = code === undefined ? '' : ` (${code})`
    return new ImportError(
      'import-database-failed',
      `${attempt.label}: the database refused what Plenum asked${suffix}`,
      {
        hint: 'its own log says more; the tables may be those of an Airflow that Plenum does not know',
      },
    )
  }
  return failed(failure, attempt)
}

/** The failure that another part of this folder recognised itself. */
export function failed(failure: Failure, attempt: Attempt): ImportError {
  const { code, text, hint } = WORDS[failure](attempt)
  return new ImportError(code, `${attempt.label}: ${text}`, { hint })
}

export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' && /^[A-Za-z0-9_]{1,60}$/.test(error.code) ? error.code : undefined
}

function failureFor(code: string | undefined): Failure | undefined {
  if (code === undefined) return undefined
  return FAILURES.get(code) ?? (/^(?:ERR_TLS_|ERR_SSL_|ERR_OSSL_)/.test(code) ? 'tls' : undefined)
}

interface Words {
  readonly code: string
  readonly text: string
  readonly hint: string
}

const WORDS: Readonly<Record<Failure, (attempt: Attempt) => Words>> = {
  refused: () => ({
    code: 'import-database-refused',
    text: 'nothing answers there',
    hint: 'is the database running, and can it be reached from this machine? in Compose its port must be published',
  }),
  host: () => ({
    code: 'import-database-host',
    text: 'the host is not known',
    hint: 'a name of a Compose service or a Kubernetes one works only inside; use the address it has from here',
  }),
  timeout: () => ({
    code: 'import-database-timeout',
    text: 'no answer in time',
    hint: 'a firewall may drop what is sent, or a lock may hold the tables',
  }),
  login: () => ({
    code: 'import-database-login',
    text: 'the database does not let this user in',
    hint: 'check user and password in the URL (percent-encoded?), and whether the server takes this user from this machine',
  }),
  unknown: () => ({
    code: 'import-database-unknown',
    text: 'the server has no database of this name',
    hint: 'check what follows the last "/" of the URL',
  }),
  tls: () => ({
    code: 'import-database-tls',
    text: 'the server and the URL do not agree about TLS',
    hint: 'sslmode and sslrootcert (PostgreSQL) or ssl_mode and ssl_ca (MySQL) in the URL decide about it',
  }),
  permission: (attempt) => ({
    code: 'import-database-permission',
    text: `this user may not ${attempt.access === 'read' ? 'read' : 'change'} Airflow's tables`,
    hint: grants(attempt),
  }),
  tables: (attempt) => ({
    code: 'import-database-tables',
    text: 'there are no tables "connection" and "variable"',
    hint:
      attempt.schema === undefined
        ? 'is this the database of Airflow? has `airflow db migrate` run? for another schema than the default give --schema'
        : 'is this the database and the schema of Airflow? has `airflow db migrate` run?',
  }),
  columns: () => ({
    code: 'import-database-columns',
    text: 'the tables have lost or lack columns that every Airflow has',
    hint: 'is a migration of Airflow running? otherwise these are not its tables',
  }),
  busy: () => ({
    code: 'import-database-busy',
    text: 'the database is busy: no connection is free, or a lock is held',
    hint: 'try again in a moment',
  }),
  'read-only': () => ({
    code: 'import-database-read-only',
    text: 'the database takes no changes',
    hint: 'it is a replica, or set to read-only; name the primary one',
  }),
  lost: () => ({
    code: 'import-database-lost',
    text: 'the connection was lost',
    hint: 'the database was restarted, or something between closed the connection; try again',
  }),
  changed: () => ({
    code: 'finish-row-changed',
    text: 'another row has the id or the name of one that should be restored; nothing was changed',
    hint: 'rename or delete the new one in Airflow first',
  }),
}

const READ_GRANTS = 'SELECT'
const WRITE_GRANTS = 'SELECT, INSERT, UPDATE, DELETE'

/** The two tables are needed; the others tell a team's name and the version. */
function grants({ access, schema, label }: Attempt): string {
  const rights = access === 'read' ? READ_GRANTS : WRITE_GRANTS
  if (label.startsWith('SQLite')) return 'read as the user of Airflow, or give this one rights on the file'
  if (label.startsWith('MySQL')) {
    const tables = ['connection', 'variable'].map(
      (table) => `GRANT ${rights} ON \`${schema ?? 'airflow'}\`.\`${table}\` TO …`,
    )
    return `its owner grants it: ${tables.join('; ')}`
  }
  const place = schema ?? 'public'
  return `its owner grants it: GRANT USAGE ON SCHEMA "${place}" TO …; GRANT ${rights} ON "${place}".connection, "${place}".variable TO …`
}

/** Rejects with 'import-database-timeout', after `onTimeout` has cut the connection. */
export async function inTime<T>(work: Promise<T>, ms: number, attempt: Attempt, onTimeout: () => void): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      onTimeout()
      reject(failed('timeout', attempt))
    }, ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
