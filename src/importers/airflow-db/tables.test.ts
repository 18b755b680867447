import { describe, expect, it } from 'vitest'
import { rawRow, textDecoder } from './cells.ts'
import { codeOf, failed, failureOf } from './failures.ts'
import { MYSQL, POSTGRES, POSTGRES_BYTES, SQLITE, selectForUpdate, selectPage } from './sql.ts'
import { type Catalogue, shapeOf } from './tables.ts'

const ATTEMPT = { label: 'PostgreSQL at db:5432/airflow', access: 'read', schema: undefined } as const
const CONNECTION = [
  'id',
  'conn_id',
  'conn_type',
  'description',
  'host',
  'schema',
  'login',
  'password',
  'port',
  'is_encrypted',
  'is_extra_encrypted',
  'extra',
]
const VARIABLE = ['id', 'key', 'val', 'description', 'is_encrypted']

function catalogue(extra: readonly string[] = [], more: Partial<Catalogue> = {}): Catalogue {
  return {
    schema: 'public',
    connection: [...CONNECTION, ...extra],
    variable: [...VARIABLE, ...extra],
    hasTeams: false,
    revision: undefined,
    ...more,
  }
}

describe('shapeOf', () => {
  it.each<[string, Catalogue, string, readonly string[]]>([
    ['2.7 to 3.0', catalogue(), 'Airflow 2.7 to 3.0', ['2.7', '2.8', '2.9', '2.10', '2.11', '3.0']],
    ['3.1', catalogue(['team_id']), 'Airflow 3.1', ['3.1']],
    ['3.2', catalogue(['team_name']), 'Airflow 3.2 or newer', ['3.2', '3.3']],
    ['a mix', catalogue(['team_name'], { variable: VARIABLE }), 'Airflow of an unknown version', []],
    [
      '1.10',
      catalogue([], { connection: CONNECTION.filter((name) => name !== 'description') }),
      'Airflow older than 2.0',
      [],
    ],
    ['a known revision', catalogue(['team_name'], { revision: 'd2f4e1b3c5a7' }), 'Airflow 3.3', ['3.3']],
    ['a revision of two lines', catalogue([], { revision: '5f2621c13b39' }), 'Airflow 2.10 or 2.11', ['2.10', '2.11']],
    ['an unknown revision', catalogue(['team_name'], { revision: 'x' }), 'Airflow 3.2 or newer', ['3.2', '3.3']],
  ])('names %s', (_, from, text, lines) => {
    expect(shapeOf(from, ATTEMPT).airflow).toMatchObject({ text, lines })
  })

  it('says by what it knows it, and shows no control character of a revision', () => {
    expect(shapeOf(catalogue([], { revision: '22ed7efa9da2' }), ATTEMPT).facts).toEqual([
      'Airflow 2.10 by its revision 22ed7efa9da2',
    ])
    expect(shapeOf(catalogue([], { revision: 'x\u001B[31m' }), ATTEMPT).facts).toEqual([
      'Airflow 2.7 to 3.0 by its columns; its revision "x\\u001b[31m" is not known to Plenum',
    ])
  })

  it('reads the columns that are there, and says which it leaves', () => {
    const shape = shapeOf(catalogue(['x\u001B[31m']), ATTEMPT)
    expect(shape.columns.variable).toEqual(VARIABLE.slice(1))
    expect(shape.facts[1]).toBe('table "connection" has columns that Plenum does not read: "x\\u001b[31m"')
  })

  it('asks for names of teams where ids are', () => {
    expect(shapeOf(catalogue(['team_id'], { hasTeams: true }), ATTEMPT).joinsTeams).toBe(true)
    expect(shapeOf(catalogue(['team_id']), ATTEMPT)).toMatchObject({
      joinsTeams: false,
      facts: ['Airflow 3.1 by its columns', 'table "team" cannot be read: teams of rows are not known by name'],
    })
  })

  it.each([
    ['import-database-tables', catalogue([], { variable: [] })],
    ['import-database-columns', catalogue([], { connection: ['id'] })],
  ])('refuses with %s', (code, from) => {
    expect(() => shapeOf(from, ATTEMPT)).toThrow(expect.objectContaining({ code }))
  })
})

describe('statements', () => {
  const shape = shapeOf(catalogue(['team_id'], { schema: 'Air"flow', hasTeams: true }), ATTEMPT)

  it('quote names, as schema and key are words of SQL', () => {
    expect(selectPage('variable', shape, POSTGRES)).toBe(
      'SELECT r."id" AS "id", r."key" AS "key", r."val" AS "val", r."description" AS "description", r."is_encrypted" AS "is_encrypted", r."team_id" AS "team_id", t."name" AS "plenum_team" FROM "Air""flow"."variable" r LEFT JOIN "Air""flow"."team" t ON t."id" = r."team_id" WHERE r."id" > $1 ORDER BY r."id" LIMIT 1000',
    )
    expect(selectPage('connection', shape, MYSQL)).toContain('r.`schema` AS `schema`')
  })

  it('read text as bytes where the driver would lose some', () => {
    expect(selectPage('variable', shape, POSTGRES_BYTES)).toContain(`convert_to(r."val"::text, 'SQL_ASCII') AS "val"`)
    expect(selectPage('variable', shape, SQLITE)).toContain('CAST(r."val" AS BLOB) AS "val"')
    expect(selectPage('variable', shape, SQLITE)).toContain('r."is_encrypted" AS')
  })

  it('lock rows that will be changed', () => {
    expect(selectForUpdate('variable', shape, POSTGRES)).toMatch(/WHERE r."id" = \$1 FOR UPDATE$/)
    expect(selectForUpdate('variable', shape, SQLITE)).not.toContain('FOR UPDATE')
  })
})

describe('rawRow', () => {
  const shape = shapeOf(catalogue(['team_name']), ATTEMPT)
  const cells = { id: 3n, key: 'v', val: Buffer.from('ä\0'), description: null, is_encrypted: 1, team_name: 'trading' }

  it('makes one form of what drivers hand out', () => {
    expect(rawRow('variable', cells, shape, textDecoder())).toEqual({
      table: 'variable',
      rowId: 3,
      key: 'v',
      columns: { key: 'v', val: 'ä\0', description: null, is_encrypted: true, team_name: 'trading' },
    })
  })

  it('names bytes that are no text, and tells them apart', () => {
    const of = (hex: string): unknown =>
      rawRow('variable', { ...cells, val: Buffer.from(hex, 'hex') }, shape, textDecoder())
    expect(of('ff')).toMatchObject({ unreadable: ['val'] })
    expect(of('ff')).toEqual(of('ff'))
    expect(of('ff')).not.toEqual(of('fe'))
  })

  it('decodes again after bytes that it could not', () => {
    const decode = textDecoder()
    expect(decode(Buffer.from('c3', 'hex'))).toBeUndefined()
    expect(decode(Buffer.from('a'))).toBe('a')
  })
})

describe('failureOf', () => {
  const thrown = (fields: object): Error => Object.assign(new Error('planted'), fields)

  it.each([
    [{ code: '28P01', detail: 'planted' }, 'import-database-login'],
    [{ code: 'ER_TABLEACCESS_DENIED_ERROR', sql: 'planted' }, 'import-database-permission'],
    [{ code: 'ERR_TLS_CERT_ALTNAME_INVALID' }, 'import-database-tls'],
    [{ code: 'CERT_HAS_EXPIRED' }, 'import-database-tls'],
    [{ code: 'ECONNRESET' }, 'import-database-lost'],
    [{ code: 'XX000' }, 'import-database-failed'],
    [{ code: 'planted with words' }, 'import-database-failed'],
    [{}, 'import-database-failed'],
  ])('of %j hands on the code alone', (fields, code) => {
    const failure = failureOf(thrown(fields), ATTEMPT)
    expect(failure).toMatchObject({ code })
    expect(failure).not.toHaveProperty('cause')
    expect(`${failure.message} ${failure.hint}`).not.toContain('planted')
    expect(failure.message).toContain(ATTEMPT.label)
  })

  it('leaves our own errors as they are', () => {
    const own = failed('busy', ATTEMPT)
    expect(failureOf(own, ATTEMPT)).toBe(own)
  })

  it.each([
    ['PostgreSQL at x', 'read', 'GRANT SELECT ON "af".connection, "af".variable TO'],
    ['PostgreSQL at x', 'write', 'GRANT SELECT, INSERT, UPDATE, DELETE ON "af".connection'],
    ['MySQL at x', 'read', 'GRANT SELECT ON `af`.`connection` TO'],
    ['SQLite file x', 'read', 'as the user of Airflow'],
  ] as const)('says what to grant: %s, %s', (label, access, hint) => {
    expect(failed('permission', { label, access, schema: 'af' }).hint).toContain(hint)
  })

  it('knows codes, and no other text for one', () => {
    expect(codeOf({ code: 7 })).toBeUndefined()
    expect(codeOf({ code: 'a b' })).toBeUndefined()
    expect(codeOf(null)).toBeUndefined()
  })
})
