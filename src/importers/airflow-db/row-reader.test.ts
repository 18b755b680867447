import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { Fernet } from '../../airflow/index.ts'
import { sensitive } from '../../sensitive/index.ts'
import { BLANKED_DESCRIPTION, blankedColumns, isBlanked } from './blanked.ts'
import type { Columns, RawRow } from './database.ts'
import { createRowReader } from './row-reader.ts'

const KEY = 'cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4='
/** `hello` under KEY (airflow 3.2). */
const HELLO = 'gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA=='
const OTHER = Buffer.alloc(32, 7).toString('base64url').padEnd(44, '=')
const under = (key: string, text: string): string =>
  new Fernet(sensitive(key)).encrypt(sensitive(text), { now: 0, iv: Buffer.alloc(16, 1) })

function connection(columns: Columns, more: Partial<RawRow> = {}): RawRow {
  const empty = {
    conn_id: 'c',
    conn_type: 'http',
    description: null,
    host: null,
    schema: null,
    login: null,
    password: null,
    port: null,
    is_encrypted: false,
    is_extra_encrypted: false,
    extra: null,
  }
  return { table: 'connection', rowId: 7, key: 'c', columns: { ...empty, ...columns }, ...more }
}

function variable(columns: Columns, more: Partial<RawRow> = {}): RawRow {
  const empty = { key: 'v', val: 'x', description: null, is_encrypted: false }
  return { table: 'variable', rowId: 8, key: 'v', columns: { ...empty, ...columns }, ...more }
}

function read(row: RawRow, keys: string | undefined = KEY): unknown {
  const reading = createRowReader(keys === undefined ? undefined : sensitive(keys)).read(row)
  if (reading.kind !== 'found') return reading
  const { data, ...found } = reading.found
  return { ...found, data: data.reveal() }
}

describe('a connection', () => {
  it('becomes the stored form, empty fields left out', () => {
    const row = connection({
      conn_type: 'postgresql',
      description: 'd',
      host: 'h',
      login: '',
      password: HELLO,
      port: 0,
      is_encrypted: true,
      extra: under(KEY, '{"a":1}'),
      is_extra_encrypted: true,
    })
    expect(read(row)).toEqual({
      kind: 'connection',
      id: 'c',
      data: { conn_type: 'postgres', description: 'd', host: 'h', password: 'hello', port: 0, extra: { a: 1 } },
      description: 'd',
      team: undefined,
      origin: {
        source: 'airflow-db',
        where: 'connection row 7',
        place: { kind: 'row', table: 'connection', rowId: 7 },
      },
      notes: [
        {
          kind: 'normalised',
          text: 'its type is "postgresql" in the database and is stored as "postgres", which Airflow makes of it',
        },
      ],
    })
  })

  it('is opened with any of several keys', () => {
    const row = connection({
      password: under(OTHER, 'other'),
      is_encrypted: true,
      extra: under(KEY, '{"a":1}'),
      is_extra_encrypted: true,
    })
    expect(read(row, `${KEY}, ${OTHER}`)).toMatchObject({ data: { password: 'other', extra: { a: 1 } } })
  })

  it('is encrypted when its flag says so, and not when it looks so', () => {
    expect(read(connection({ password: HELLO }))).toMatchObject({ data: { password: HELLO } })
    expect(read(connection({ password: HELLO, is_encrypted: null }))).toMatchObject({ data: { password: HELLO } })
    expect(read(connection({ password: '', is_encrypted: true }))).toMatchObject({ data: { conn_type: 'http' } })
  })

  it.each<[string, RawRow, string | undefined, string, string]>([
    [
      'another key',
      connection({ password: HELLO, is_encrypted: true }),
      OTHER,
      'import-row-key-lost',
      'the Fernet key does not open its password',
    ],
    [
      'no key of two',
      connection({ extra: HELLO, is_extra_encrypted: true }),
      `${OTHER},${OTHER}`,
      'import-row-key-lost',
      'none of the 2 Fernet keys opens its extra',
    ],
    ['garbage', connection({ password: 'planted', is_encrypted: true }), KEY, 'import-row-key-lost', 'altered'],
    [
      'keys not known',
      connection({ password: HELLO, is_encrypted: true }),
      undefined,
      'import-row-encrypted',
      'there is no Fernet key',
    ],
    [
      'no keys in Airflow',
      variable({ val: HELLO, is_encrypted: true }),
      '',
      'import-row-encrypted',
      'its val is encrypted',
    ],
    ['an encrypted nothing', variable({ val: '', is_encrypted: true }), KEY, 'import-row-key-lost', 'its val'],
    ['extra that is no JSON', connection({ extra: 'planted' }), KEY, 'import-row-extra', 'not JSON'],
    ['extra that is no object', connection({ extra: '["planted"]' }), KEY, 'import-row-extra', 'no object'],
    ['a port that is text', connection({ port: 'planted' }), KEY, 'import-row-port', 'not a whole number'],
    ['a port with a point', connection({ port: 54.32 }), KEY, 'import-row-port', 'not a whole number'],
    [
      'bytes',
      connection({ host: 'planted' }, { unreadable: ['host'] }),
      KEY,
      'import-row-bytes',
      'its host holds bytes',
    ],
    ['no id', connection({ conn_id: null }, { key: '' }), KEY, 'import-row-id', 'no id'],
    ['no value', variable({ val: null }), KEY, 'import-row-empty', 'no value'],
  ])('or a variable is a finding: %s', (_, row, keys, code, text) => {
    const reading = createRowReader(keys === undefined ? undefined : sensitive(keys)).read(row)
    expect(reading).toMatchObject({ kind: 'finding', finding: { code, text: expect.stringContaining(text) as string } })
    expect(inspect(reading, { depth: 9 })).not.toContain('planted')
  })

  it.each<[Columns, string, string, Columns]>([
    [
      { conn_type: 'google-cloud-platform' },
      'normalised',
      '"google-cloud-platform"',
      { conn_type: 'google_cloud_platform' },
    ],
    [{ conn_type: '' }, 'dialect', 'no type', {}],
    [{ conn_type: 'a b' }, 'dialect', 'characters', { conn_type: 'a b' }],
    [{ port: 70_000 }, 'dialect', '70000', { conn_type: 'http', port: 70_000 }],
    [{ port: -1 }, 'dialect', '-1', { conn_type: 'http', port: -1 }],
    [{ port: '5432' }, 'normalised', 'as a number', { conn_type: 'http', port: 5432 }],
  ])('says what is odd about %j', (columns, kind, text, data) => {
    expect(read(connection(columns))).toMatchObject({
      data,
      notes: [{ kind, text: expect.stringContaining(text) as string }],
    })
  })
})

describe('a variable', () => {
  it('keeps its text as it is', () => {
    expect(read(variable({ val: ' 1e3\n', description: 'd' }))).toMatchObject({
      data: { value: ' 1e3\n' },
      description: 'd',
    })
    expect(read(variable({ val: HELLO, is_encrypted: true }))).toMatchObject({ data: { value: 'hello' } })
    expect(read(variable({ val: '' }))).toMatchObject({ kind: 'variable', data: { value: '' } })
  })
})

describe('a team', () => {
  it.each<[string, RawRow, string | undefined]>([
    ['of 3.1, by the join', variable({ team_id: '0192' }, { team: 'trading' }), 'trading'],
    ['of 3.1, when its table cannot be read', variable({ team_id: '0192' }), '0192'],
    ['of 3.2', variable({ team_name: 'trading' }), 'trading'],
    ['none', variable({ team_name: null }), undefined],
  ])('%s', (_, row, team) => {
    expect(read(row)).toMatchObject({ team })
  })
})

describe('createRowReader', () => {
  it.each([
    ['planted', 'the Fernet key is not'],
    [`${KEY},planted`, 'Fernet key 2 of 2 is not'],
    [`${KEY},`, 'Fernet key 2 of 2 is not'],
    [KEY.slice(0, 22), 'the Fernet key is not'],
  ])('refuses %j, says which it is and does not show it', (keys, text) => {
    expect(() => createRowReader(sensitive(keys))).toThrow(
      expect.objectContaining({
        name: 'ImportError',
        code: 'import-fernet-key',
        message: expect.stringContaining(text) as string,
      }),
    )
    expect(() => createRowReader(sensitive(keys))).not.toThrow('planted')
  })

  it.each([
    [undefined, 'no Fernet key given'],
    ['', 'Airflow has no Fernet key'],
    [KEY, '1 Fernet key'],
    [`${KEY},${OTHER}`, '2 Fernet keys'],
  ])('counts keys', (keys, fact) => {
    expect(createRowReader(keys === undefined ? undefined : sensitive(keys)).fact).toBe(fact)
  })
})

describe('a blanked row', () => {
  const rows = [
    connection({ password: HELLO, is_encrypted: true, description: 'd', port: 1, extra: '{}', team_name: 'trading' }),
    variable({ val: HELLO, is_encrypted: true, team_id: '0192' }),
  ]

  it.each(rows)('is known as such, until one field is edited', (row) => {
    const blanked = { ...row, columns: blankedColumns(row) }
    expect(isBlanked(row)).toBe(false)
    expect(isBlanked(blanked)).toBe(true)
    expect(read(blanked)).toEqual({ kind: 'blanked' })
    for (const name of Object.keys(row.columns).filter(
      (column) => !['conn_id', 'key', 'conn_type', 'team_id', 'team_name'].includes(column),
    )) {
      expect(isBlanked({ ...blanked, columns: { ...blanked.columns, [name]: 'edited' } })).toBe(false)
    }
  })

  it('keeps what names it, and nothing else', () => {
    expect(rows.map(blankedColumns)).toEqual([
      {
        conn_id: 'c',
        conn_type: 'http',
        description: BLANKED_DESCRIPTION,
        host: null,
        schema: null,
        login: null,
        password: null,
        port: null,
        is_encrypted: false,
        is_extra_encrypted: false,
        extra: null,
        team_name: 'trading',
      },
      { key: 'v', val: '', description: BLANKED_DESCRIPTION, is_encrypted: false, team_id: '0192' },
    ])
  })
})
