/**
 * What a database URL asks of TLS, in the words of the Python drivers, and what Node needs for it.
 *
 * The default is what libpq and libmysqlclient do: TLS where the server has it, clear text where not, and no look at the
 * certificate. A CA file makes it checked.
 */
import { readFileSync } from 'node:fs'
import { ImportError } from '../found.ts'

/** `prefer`: clear text when the server has no TLS. `require`: encrypted, to whomever. `verify-ca`: no look at the name. */
export type TlsMode = 'disable' | 'prefer' | 'require' | 'verify-ca' | 'verify-full'

export interface TlsWish {
  readonly mode: TlsMode
  /** Paths of PEM files. */
  readonly ca: string | undefined
  readonly cert: string | undefined
  readonly key: string | undefined
}

const POSTGRES_MODES: ReadonlyMap<string, TlsMode> = new Map([
  ['disable', 'disable'],
  ['allow', 'prefer'],
  ['prefer', 'prefer'],
  ['require', 'require'],
  ['verify-ca', 'verify-ca'],
  ['verify-full', 'verify-full'],
  // asyncpg and pg8000 take these too.
  ['true', 'require'],
  ['false', 'disable'],
])

/** @throws {ImportError} 'import-dsn' for a mode that is none: it may have been meant to protect. */
export function postgresTls(query: URLSearchParams): TlsWish {
  const name = query.get('sslmode') ?? query.get('ssl') ?? 'prefer'
  const asked = POSTGRES_MODES.get(name.toLowerCase())
  if (asked === undefined) throw unknownMode('sslmode', POSTGRES_MODES)
  const root = query.get('sslrootcert')
  const system = root === 'system'
  const ca = root === null || root === '' || system ? undefined : root
  // libpq: with a root certificate `require` checks the chain, and `system` checks everything.
  const mode = system ? 'verify-full' : asked === 'require' && ca !== undefined ? 'verify-ca' : asked
  return { mode, ca, cert: filled(query.get('sslcert')), key: filled(query.get('sslkey')) }
}

const MYSQL_MODES: ReadonlyMap<string, TlsMode> = new Map([
  ['disabled', 'disable'],
  ['preferred', 'prefer'],
  ['required', 'require'],
  ['verify_ca', 'verify-ca'],
  ['verify_identity', 'verify-full'],
])

export function mysqlTls(query: URLSearchParams): TlsWish {
  const ca = filled(query.get('ssl_ca'))
  return { mode: mysqlMode(query, ca), ca, cert: filled(query.get('ssl_cert')), key: filled(query.get('ssl_key')) }
}

function mysqlMode(query: URLSearchParams, ca: string | undefined): TlsMode {
  const name = query.get('ssl_mode')
  const named = name === null ? undefined : MYSQL_MODES.get(name.toLowerCase())
  if (name !== null && named === undefined) throw unknownMode('ssl_mode', MYSQL_MODES)
  if (named !== undefined) return named
  if (isTrue(query, 'ssl_disabled')) return 'disable'
  if (isTrue(query, 'ssl_verify_identity') || isTrue(query, 'ssl_check_hostname')) return 'verify-full'
  if (ca !== undefined || isTrue(query, 'ssl_verify_cert')) return 'verify-ca'
  return isTrue(query, 'ssl') ? 'require' : 'prefer'
}

function isTrue(query: URLSearchParams, name: string): boolean {
  return /^(?:true|1|yes)$/i.test(query.get(name) ?? '')
}

function filled(text: string | null): string | undefined {
  return text === null || text === '' ? undefined : text
}

function unknownMode(name: string, modes: ReadonlyMap<string, TlsMode>): ImportError {
  return new ImportError(
    'import-dsn',
    `the database URL cannot be used: its ${name} is not one that the driver knows`,
    {
      hint: `it is one of ${[...modes.keys()].join(', ')}`,
    },
  )
}

export interface TlsMaterial {
  readonly ca: string | undefined
  readonly cert: string | undefined
  readonly key: string | undefined
}

/** @throws {ImportError} 'import-database-tls' */
export function readTlsFiles({ ca, cert, key }: TlsWish): TlsMaterial {
  return { ca: readPem('CA', ca), cert: readPem('client certificate', cert), key: readPem('client key', key) }
}

function readPem(what: string, path: string | undefined): string | undefined {
  if (path === undefined) return undefined
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new ImportError('import-database-tls', `the ${what} file of the database URL cannot be read: ${path}`, {
      hint: 'is the path right here, outside of the container that Airflow runs in?',
      cause,
    })
  }
}
