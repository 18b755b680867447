/**
 * Airflow's database, read and changed on real engines: PostgreSQL, MariaDB where the machine has it, and SQLite, made by
 * another SQLite than the one that reads it.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { blankedColumns, isBlanked, type RowChange } from '../../src/importers/airflow-db/index.ts'
import {
  connection,
  EXPECTED,
  EXTRA,
  LOST,
  NEW,
  open,
  ordinaryRows,
  type Place,
  plain,
  read,
  removePlaces,
  rowsOf,
  serverPlace,
  variable,
  walPlace,
  wasmPlace,
} from './airflow-places.case.ts'
import {
  AIRFLOW_VERSIONS,
  type AirflowVersion,
  type Cells,
  createTables,
  encrypt,
  insert,
  teamId,
} from './airflow-tables.case.ts'
import { startMariadb } from './mariadb.case.ts'
import { type RunningDatabase, startPostgres } from './postgres.case.ts'

const places = new Map<string, Place>([
  ['SQLite', wasmPlace],
  ['SQLite with a live WAL', walPlace],
])
let postgres: RunningDatabase
let mariadb: RunningDatabase | undefined

beforeAll(async () => {
  ;[postgres, mariadb] = await Promise.all([startPostgres(), startMariadb()])
  places.set('PostgreSQL', serverPlace('postgres', postgres))
  if (mariadb !== undefined) places.set('MariaDB', serverPlace('mysql', mariadb))
})

afterAll(async () => {
  await Promise.all([postgres.stop(), mariadb?.stop()])
  removePlaces()
})

describe.each(['PostgreSQL', 'MariaDB', 'SQLite', 'SQLite with a live WAL'])('%s', (name) => {
  const place = (skip: (note?: string) => never): Place => places.get(name) ?? skip(`no ${name} on this machine`)

  it.for(Object.keys(AIRFLOW_VERSIONS) as AirflowVersion[])(
    'reads the tables of Airflow %s',
    async (version, { skip }) => {
      const at = place(skip)
      const dsn = await at.make(createTables(at.engine, version) + ordinaryRows(at.engine))
      const reading = await read(dsn)
      expect(plain(reading)).toEqual(EXPECTED)
      expect(reading.findings).toEqual([])
      // From 2.10.3 to 2.11 nothing changed.
      const lines = version === '2.11' ? ['2.10', '2.11'] : [version]
      expect(reading.airflowLines).toEqual(lines)
      expect(reading.facts).toEqual([
        `Airflow ${lines.join(' or ')} by its revision ${AIRFLOW_VERSIONS[version]}`,
        '2 Fernet keys',
      ])
      expect(reading.found[0]?.notes).toEqual([
        {
          kind: 'normalised',
          text: 'its type is "postgresql" in the database and is stored as "postgres", which Airflow makes of it',
        },
      ])
      expect(reading.label).not.toContain(postgres.password)
    },
  )

  it.for(['3.1', '3.3'] as const)('gives teams of Airflow %s by their names', async (version, { skip }) => {
    const at = place(skip)
    const team: Cells = version === '3.1' ? { team_id: teamId(at.engine) } : { team_name: 'trading' }
    const dsn = await at.make(
      createTables(at.engine, version) +
        insert(at.engine, 'connection', [connection(1, team), connection(2)]) +
        insert(at.engine, 'variable', [variable(1, team)]),
    )
    const { found } = await read(dsn)
    expect(found.map(({ id, team: named }) => [id, named])).toEqual([
      ['conn_1', 'trading'],
      ['conn_2', undefined],
      ['var_1', 'trading'],
    ])
  })

  it('reports rows that cannot be read, one by one, and reads the rest', async ({ skip }) => {
    const at = place(skip)
    const dsn = await at.make(
      createTables(at.engine, '3.3') +
        insert(at.engine, 'connection', [
          connection(1, { password: encrypt(LOST, 'planted-lost'), is_encrypted: true }),
          connection(2, { extra: 'planted-no-json' }),
          connection(3, { extra: '["planted"]' }),
          connection(4, { password: 'gAAAAA-planted-garbage', is_encrypted: true }),
          connection(5),
          connection(6, { port: 99_999 }),
        ]) +
        insert(at.engine, 'variable', [
          variable(1, { val: encrypt(LOST, 'planted-lost'), is_encrypted: true }),
          variable(2),
          variable(3, { val: null }),
        ]),
    )
    const { found, findings } = await read(dsn)
    expect(found.map(({ id }) => id)).toEqual(['conn_5', 'conn_6', 'var_2'])
    expect(found[1]?.notes).toMatchObject([{ kind: 'dialect' }])
    expect(findings.map(({ severity, code, where, id }) => [severity, code, where, id])).toEqual([
      ['error', 'import-row-key-lost', 'connection row 1', 'conn_1'],
      ['error', 'import-row-extra', 'connection row 2', 'conn_2'],
      ['error', 'import-row-extra', 'connection row 3', 'conn_3'],
      ['error', 'import-row-key-lost', 'connection row 4', 'conn_4'],
      ['error', 'import-row-key-lost', 'variable row 1', 'var_1'],
      ['warning', 'import-row-empty', 'variable row 3', 'var_3'],
    ])
    expect(JSON.stringify({ found, findings })).not.toContain('planted')
    const half = await read(dsn, '')
    expect(half.findings.map(({ code }) => code)).toContain('import-row-encrypted')
  })

  it('says that a revision is unknown and goes on by the columns', async ({ skip }) => {
    const at = place(skip)
    const dsn = await at.make(
      createTables(at.engine, '3.3').replace(AIRFLOW_VERSIONS['3.3'], 'ffffffffffff') +
        'ALTER TABLE connection ADD COLUMN novelty INTEGER;' +
        ordinaryRows(at.engine),
    )
    const reading = await read(dsn)
    expect(plain(reading)).toEqual(EXPECTED)
    expect(reading.airflowLines).toEqual(['3.2', '3.3'])
    expect(reading.facts).toEqual([
      'Airflow 3.2 or newer by its columns; its revision "ffffffffffff" is not known to Plenum',
      'table "connection" has columns that Plenum does not read: "novelty"',
      '2 Fernet keys',
    ])
  })

  it('says that the tables are missing, or are not those of Airflow', async ({ skip }) => {
    const at = place(skip)
    const empty = await at.make('CREATE TABLE other (id INTEGER);')
    await expect(read(empty)).rejects.toMatchObject({ name: 'ImportError', code: 'import-database-tables' })
    const foreign = await at.make('CREATE TABLE connection (id INTEGER); CREATE TABLE variable (id INTEGER);')
    await expect(read(foreign)).rejects.toMatchObject({ name: 'ImportError', code: 'import-database-columns' })
  })

  it('changes rows and puts them back, all or none', async ({ skip }) => {
    const at = place(skip)
    const dsn = await at.make(createTables(at.engine, '3.3') + ordinaryRows(at.engine))
    const database = await open(dsn, 'write')
    try {
      const before = await rowsOf(database)
      const blank: RowChange[] = before.map((row) => ({
        table: row.table,
        rowId: row.rowId,
        before: row.columns,
        after: blankedColumns(row),
      }))
      const back: RowChange[] = blank.map(({ before: was, after, ...row }) => ({ ...row, before: after, after: was }))
      await database.changeRows(blank)
      const blanked = await rowsOf(database)
      expect(blanked.every(isBlanked)).toBe(true)
      expect(blanked.map(({ key }) => key)).toEqual(before.map(({ key }) => key))
      await database.changeRows(back)
      expect(await rowsOf(database)).toEqual(before)

      // One row is edited meanwhile: nothing happens to any.
      const edited = at.engine === 'mysql' ? 'LOGIN' : 'Login'
      await at.query(dsn, `UPDATE connection SET login = '${edited}' WHERE id = 4`)
      const now = await rowsOf(database)
      await expect(database.changeRows(blank)).rejects.toMatchObject({
        code: 'finish-row-changed',
        message: 'connection "conn_4" (row 4) is no longer as it was read; nothing was changed',
      })
      expect(await rowsOf(database)).toEqual(now)

      // Deleted and inserted again, with their ids.
      const removal: RowChange[] = now.map(({ table, rowId, columns }) => ({
        table,
        rowId,
        before: columns,
        after: undefined,
      }))
      await database.changeRows(removal)
      expect(await rowsOf(database)).toEqual([])
      await expect(database.changeRows(removal)).rejects.toMatchObject({ code: 'finish-row-changed' })
      const restore: RowChange[] = removal.map(({ before: was, ...row }) => ({ ...row, before: undefined, after: was }))
      await database.changeRows(restore)
      expect(await rowsOf(database)).toEqual(now)
      await expect(database.changeRows(restore)).rejects.toMatchObject({ code: 'finish-row-changed' })

      // Another row has taken the name.
      const first = restore[0]
      if (first === undefined) throw new Error('no rows')
      await expect(database.changeRows([{ ...first, rowId: 77 }])).rejects.toMatchObject({ code: 'finish-row-changed' })
      expect(await rowsOf(database)).toEqual(now)
    } finally {
      await database.close()
    }
  })

  it('changes nothing when it was opened for reading', async ({ skip }) => {
    const at = place(skip)
    const dsn = await at.make(createTables(at.engine, '3.3') + ordinaryRows(at.engine))
    const database = await open(dsn)
    const [row] = await rowsOf(database)
    if (row === undefined) throw new Error('no rows')
    const change = { table: row.table, rowId: row.rowId, before: row.columns, after: undefined }
    await expect(database.changeRows([change])).rejects.toMatchObject({ code: 'import-database-read-only' })
    await database.close()
  })

  it('tells case and blanks apart where the database does not', async ({ skip }) => {
    const at = place(skip)
    const dsn = await at.make(
      createTables(at.engine, '3.3') + insert(at.engine, 'variable', [variable(1, { val: 'secret' })]),
    )
    const database = await open(dsn, 'write')
    try {
      const [row] = await rowsOf(database)
      if (row === undefined) throw new Error('no rows')
      for (const val of ['SECRET', 'secret ']) {
        const change: RowChange = { table: 'variable', rowId: 1, before: { ...row.columns, val }, after: undefined }
        await expect(database.changeRows([change])).rejects.toMatchObject({ code: 'finish-row-changed' })
      }
    } finally {
      await database.close()
    }
  })

  it('reads 20,000 rows in well under a second, in pages, and stops when it is told to', async ({ skip }) => {
    const at = place(skip)
    const rows = Array.from({ length: 10_000 }, (_, index) => index + 1)
    const password = encrypt(NEW, 'a password of some length')
    const extra = encrypt(NEW, EXTRA)
    const dsn = await at.make(
      createTables(at.engine, '3.3') +
        insert(
          at.engine,
          'connection',
          rows.map((id) =>
            connection(id, { host: 'db.example.com', password, extra, is_encrypted: true, is_extra_encrypted: true }),
          ),
        ) +
        insert(
          at.engine,
          'variable',
          rows.map((id) => variable(id, { val: password, is_encrypted: true })),
        ),
    )
    const database = await open(dsn)
    try {
      const seen: number[] = []
      const started = performance.now()
      await database.readRows((page) => seen.push(page.length))
      const took = performance.now() - started
      expect(seen).toEqual(Array.from({ length: 20 }, () => 1000))
      expect(took).toBeLessThan(2500)
      process.stderr.write(`${name}: 20,000 rows in ${took.toFixed(0)} ms\n`)

      const stop = new AbortController()
      let pages = 0
      const reading = database.readRows(() => {
        pages += 1
        stop.abort(new Error('enough'))
      }, stop.signal)
      await expect(reading).rejects.toThrow('enough')
      expect(pages).toBe(1)
      await expect(
        database.readRows(() => {
          throw new RangeError('of the caller')
        }),
      ).rejects.toThrow(RangeError)
      await database.readRows((page) => seen.push(page.length))
      expect(seen).toHaveLength(40)
    } finally {
      await database.close()
    }
  })
})
