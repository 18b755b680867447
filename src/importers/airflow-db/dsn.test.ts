import fc from 'fast-check'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { sensitive } from '../../sensitive/index.ts'
import { ImportError } from '../found.ts'
import { parseDsn, readDsn } from './dsn.ts'

const read = (text: string): unknown => readDsn(sensitive(text))
const target = (text: string): ReturnType<typeof parseDsn> => parseDsn(sensitive(text))

describe('readDsn', () => {
  it.each([
    ['postgresql+psycopg2://u:p@db:5433/airflow', { kind: 'postgres', user: 'u', password: 'p', database: 'airflow' }],
    ['postgres://u:p@db/airflow', { kind: 'postgres', endpoints: [{ kind: 'tcp', path: 'db', port: 5432 }] }],
    ['postgresql+asyncpg://u:p@db/airflow?ssl=require', { tls: { mode: 'require' } }],
    ['mysql+mysqldb://u:p@db/airflow', { kind: 'mysql', endpoints: [{ kind: 'tcp', path: 'db', port: 3306 }] }],
    ['mysql+pymysql://u:p@db:3307/airflow', { kind: 'mysql', endpoints: [{ kind: 'tcp', path: 'db', port: 3307 }] }],
    ['mysql+mysqlconnector://u:p@db/airflow?ssl_ca=/ca.pem', { tls: { mode: 'verify-ca', ca: '/ca.pem' } }],
    ['mariadb+pymysql://u:p@db/airflow', { kind: 'mysql' }],
    ['mysql://u@/airflow?unix_socket=/run/my.sock', { endpoints: [{ kind: 'socket', path: '/run/my.sock' }] }],
    ['postgresql:///airflow', { user: undefined, endpoints: [{ kind: 'socket', path: '/var/run/postgresql' }] }],
    [
      'postgresql://u:p@/airflow?host=/run/pg&port=5433',
      { endpoints: [{ kind: 'socket', path: '/run/pg', port: 5433 }] },
    ],
    ['postgresql://u:p@[::1]:5433/airflow', { endpoints: [{ kind: 'tcp', path: '::1', port: 5433 }] }],
    [
      'postgresql://u:p@/airflow?host=a:1&host=b',
      {
        endpoints: [
          { kind: 'tcp', path: 'a', port: 1 },
          { kind: 'tcp', path: 'b', port: 5432 },
        ],
      },
    ],
    [
      'postgresql://u:p@/airflow?host=a,b&port=1,2',
      {
        endpoints: [
          { kind: 'tcp', path: 'a', port: 1 },
          { kind: 'tcp', path: 'b', port: 2 },
        ],
      },
    ],
    ['postgresql://u:p%40s%2Fs%25%C3%A4@db/airflow', { password: 'p@s/s%ä' }],
    ['postgresql://u:a+b%zz/?:#x@db/airflow', { password: 'a+b%zz/?:#x' }],
    ['postgresql://u@azure:p@db/airflow', { user: 'u@azure', password: 'p' }],
    ['postgresql://db/airflow?user=u&password=p%40', { user: 'u', password: 'p@' }],
    ['postgresql://u:p@db/airflow?options=-csearch_path%3Daf', { options: '-csearch_path=af' }],
    ['sqlite:////home/a b/airflow.db', { kind: 'sqlite', path: '/home/a b/airflow.db' }],
    ['sqlite+aiosqlite:////home/airflow.db?timeout=3', { kind: 'sqlite', path: '/home/airflow.db' }],
    ['sqlite:///file:/home/airflow.db?uri=true&mode=ro', { kind: 'sqlite', path: '/home/airflow.db' }],
    [' sqlite:////home/airflow.db\n', { kind: 'sqlite', path: '/home/airflow.db' }],
  ])('reads %s', (text, expected) => {
    expect(read(text)).toMatchObject(expected)
  })

  it('takes a relative SQLite path from the working folder', () => {
    expect(read('sqlite:///airflow.db')).toEqual({ kind: 'sqlite', path: `${process.cwd()}/airflow.db` })
  })

  it.each([
    ['postgres, nothing asked', 'postgresql://h/d', 'prefer'],
    ['postgres, a CA makes require check', 'postgresql://h/d?sslmode=require&sslrootcert=/ca', 'verify-ca'],
    ['postgres, the CAs of the system', 'postgresql://h/d?sslrootcert=system', 'verify-full'],
    ['postgres, everything', 'postgresql://h/d?sslmode=verify-full&sslrootcert=/ca', 'verify-full'],
    ['postgres, allow', 'postgresql://h/d?sslmode=allow', 'prefer'],
    ['mysql, nothing asked', 'mysql://h/d', 'prefer'],
    ['mysql, by mode', 'mysql://h/d?ssl_mode=VERIFY_IDENTITY&ssl_ca=/ca', 'verify-full'],
    ['mysql, pymysql', 'mysql+pymysql://h/d?ssl_ca=/ca&ssl_verify_identity=true', 'verify-full'],
    ['mysql, switched off', 'mysql+pymysql://h/d?ssl_disabled=true', 'disable'],
    ['mysql, asked for', 'mysql://h/d?ssl=true', 'require'],
  ])('knows what is asked of TLS: %s', (_, text, mode) => {
    expect(read(text)).toMatchObject({ tls: { mode } })
  })

  it.each([
    'planted',
    '',
    'mssql://planted:planted@h/d',
    'postgresql://u:planted@h',
    'postgresql://u:planted@h/',
    'postgresql://u:pla@planted@h/d',
    'postgresql://u:pla@planted:x@h/d',
    'postgresql://u:pla@s/planted@h/d',
    'postgresql://u:pla@s/s?planted@h/d',
    'postgresql://u:pla@s/planted?x=planted@h/d',
    'postgresql://planted:1x/d',
    'postgresql://u:p@h:99999/planted',
    'postgresql://u:p@h/d?sslmode=planted',
    'mysql://u:p@h/d?ssl_mode=planted',
    'postgresql://u:p@h/d\nplanted',
    'sqlite://planted/airflow.db',
    'sqlite://',
    'sqlite:///:memory:',
    'sqlite:///',
  ])('refuses %j and shows no piece of it', (text) => {
    const error = attempt(text)
    expect(error).toBeInstanceOf(ImportError)
    expect(error).toMatchObject({ code: 'import-dsn' })
    expect(inspect(error, { depth: 9 }).replace(/\n\s+at .*/g, '')).not.toContain('planted')
  })
})

function attempt(text: string): unknown {
  try {
    return read(text)
  } catch (error) {
    return error
  }
}

describe('parseDsn', () => {
  it.each([
    [
      'postgresql+psycopg2://reader:planted@db.example.com:5433/airflow?password=planted',
      'PostgreSQL at db.example.com:5433/airflow',
    ],
    ['postgresql://reader:planted@[::1]/airflow', 'PostgreSQL at [::1]:5432/airflow'],
    ['postgresql:///airflow?host=/run/pg', 'PostgreSQL at socket /run/pg, database airflow'],
    ['postgresql://reader:planted@/airflow?host=a&host=b', 'PostgreSQL at a:5432, b:5432/airflow'],
    ['mysql+mysqldb://reader:planted@db/airflow', 'MySQL at db:3306/airflow'],
    ['sqlite:////home/airflow.db', 'SQLite file /home/airflow.db'],
  ])('names %s without credentials', (text, label) => {
    const found = target(text)
    expect(found.label).toBe(label)
    expect(inspect(found, { depth: 9, showHidden: true })).not.toMatch(/planted|reader/)
  })

  it('leaves the driver out, and nothing else', () => {
    expect(target('postgres+psycopg2://u:p%40@h/d?sslmode=require').dsn.reveal()).toBe(
      'postgresql://u:p%40@h/d?sslmode=require',
    )
    expect(target('mariadb+pymysql://u:p@h/d').dsn.reveal()).toBe('mysql://u:p@h/d')
  })

  it('keeps the schema, and an empty one for none', () => {
    expect(parseDsn(sensitive('postgresql://h/d'), { schema: 'airflow' }).schema).toBe('airflow')
    expect(parseDsn(sensitive('postgresql://h/d'), { schema: '' }).schema).toBeUndefined()
  })

  it('gives back whatever SQLAlchemy writes', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
    const host = fc.stringMatching(/^[a-z][a-z0-9.-]{0,20}$/)
    const port = fc.integer({ min: 1, max: 65_535 })
    fc.assert(
      fc.property(
        text,
        text,
        host,
        port,
        fc.stringMatching(/^[\w-]{1,20}$/),
        (user, password, name, number, database) => {
          const url = `postgresql+psycopg2://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${name}:${number}/${database}`
          const parsed = parseDsn(sensitive(url))
          expect(readDsn(parsed.dsn)).toMatchObject({
            user,
            password,
            endpoints: [{ kind: 'tcp', path: name, port: number }],
            database,
          })
          expect(parsed.label).toBe(`PostgreSQL at ${name}:${number}/${database}`)
        },
      ),
    )
  })

  it('shows nothing of a password that was not encoded, whatever it is', () => {
    const password = fc.string({ unit: 'grapheme-ascii', maxLength: 12 })
    fc.assert(
      fc.property(password, password, (left, right) => {
        const url = `postgresql://u:${left}\u00a7${right}@db/airflow`
        const error = ((): unknown => {
          try {
            return parseDsn(sensitive(url))
          } catch (refused) {
            return refused
          }
        })()
        if (!(error instanceof ImportError))
          expect(error).not.toMatchObject({ label: expect.stringContaining('\u00a7') as string })
        else expect(`${error.message} ${error.hint}`).not.toContain('\u00a7')
      }),
      { numRuns: 1000 },
    )
  })
})
