/**
 * What can be wrong between Plenum and a database server, the rights it needs there, and what PostgreSQL alone has.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NOTIFY_SQL, openAirflowDatabase, parseDsn } from '../../src/importers/airflow-db/index.ts'
import { sensitive } from '../../src/sensitive/index.ts'
import {
  EXPECTED,
  freshName,
  NEW,
  OLD,
  open,
  ordinaryRows,
  type Place,
  plain,
  read,
  removePlaces,
  rowsOf,
  serverPlace,
} from './airflow-places.case.ts'
import { createTables, type EngineName } from './airflow-tables.case.ts'
import { startMariadb } from './mariadb.case.ts'
import { type RunningDatabase, startPostgres } from './postgres.case.ts'

let postgres: RunningDatabase
let mariadb: RunningDatabase | undefined

beforeAll(async () => {
  ;[postgres, mariadb] = await Promise.all([startPostgres(), startMariadb()])
})

afterAll(async () => {
  await Promise.all([postgres.stop(), mariadb?.stop()])
  removePlaces()
})

describe('a server', () => {
  const servers = (): [EngineName, Place, RunningDatabase][] => [
    ['postgres', serverPlace('postgres', postgres), postgres],
    ...(mariadb === undefined
      ? []
      : [['mysql', serverPlace('mysql', mariadb), mariadb] as [EngineName, Place, RunningDatabase]]),
  ]

  it.each([
    ['wrong password', (dsn: string) => dsn.replace(/:[0-9a-f]+@/, ':planted-wrong@'), 'import-database-login'],
    ['no password', (dsn: string) => dsn.replace(/:[0-9a-f]+@/, '@'), 'import-database-login'],
    ['unknown user', (dsn: string) => dsn.replace('plenum_admin', 'planted'), 'import-database-login'],
    ['unknown database', (dsn: string) => dsn.replace(/airflow_\d+$/, 'planted'), 'import-database-unknown'],
    ['nobody there', (dsn: string) => dsn.replace(/:\d+\//, ':1/'), 'import-database-refused'],
    ['no such host', (dsn: string) => dsn.replace('127.0.0.1', 'db.invalid'), 'import-database-host'],
    ['no TLS', (dsn: string) => `${dsn}?sslmode=require&ssl_mode=REQUIRED`, 'import-database-tls'],
  ])('says what is wrong: %s', async (_, spoil, code) => {
    for (const [engine, at, server] of servers()) {
      const dsn = spoil(await at.make(createTables(engine, '3.3')))
      const error: unknown = await read(dsn).catch((reason: unknown) => reason)
      expect(error).toMatchObject({ name: 'ImportError', code })
      const { label } = parseDsn(sensitive(dsn))
      const { message, hint, cause } = error as { message: string; hint: string; cause: unknown }
      expect(message).toContain(label)
      expect(cause).toBeUndefined()
      expect(`${message} ${hint}`).not.toMatch(new RegExp(`planted-wrong|plenum_admin|${server.password}`))
    }
  })

  it('gives up when nobody answers', async () => {
    const { createServer } = await import('node:net')
    const silent = createServer(() => undefined)
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', () => resolve()))
    const address = silent.address()
    const port = address !== null && typeof address === 'object' ? address.port : 0
    for (const scheme of ['postgresql', 'mysql']) {
      const target = parseDsn(sensitive(`${scheme}://u:p@127.0.0.1:${port}/airflow`))
      await expect(openAirflowDatabase({ target, access: 'read', timeoutMs: 300 })).rejects.toMatchObject({
        code: 'import-database-timeout',
      })
    }
    silent.close()
  })

  it('gives up when a lock holds the tables, and reads when it is gone', async () => {
    for (const [engine, at] of servers()) {
      const dsn = await at.make(createTables(engine, '3.3') + ordinaryRows(engine))
      const target = parseDsn(sensitive(dsn))
      const database = await openAirflowDatabase({ target, access: 'read', timeoutMs: 400 })
      const lock =
        engine === 'postgres'
          ? 'BEGIN; LOCK TABLE connection IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(1.5)'
          : 'LOCK TABLES connection WRITE; SELECT SLEEP(1.5)'
      const held = at.query(dsn, lock)
      await new Promise((resolve) => setTimeout(resolve, 200))
      await expect(rowsOf(database)).rejects.toMatchObject({ code: 'import-database-timeout' })
      await held
      expect(await rowsOf(database)).toHaveLength(6)
      await database.close()
    }
  })

  it('needs no more than the right to read two tables, and says which right is missing', async () => {
    for (const [engine, at, server] of servers()) {
      const dsn = await at.make(createTables(engine, '3.3') + ordinaryRows(engine))
      const database = dsn.slice(dsn.lastIndexOf('/') + 1)
      const role = `reader_${database}`
      const sql =
        engine === 'postgres'
          ? `CREATE ROLE ${role} LOGIN PASSWORD 'reader-pw'`
          : `CREATE USER ${role} IDENTIFIED BY 'reader-pw'; GRANT USAGE ON *.* TO ${role}`
      await server.query(database, sql)
      const readerDsn = dsn.replace(/\/\/.*@/, `//${role}:reader-pw@`)
      if (engine === 'mysql') {
        await expect(read(readerDsn)).rejects.toMatchObject({ code: 'import-database-permission' })
        await server.query(database, `GRANT SELECT ON ${database}.variable TO ${role}`)
      }
      await expect(read(readerDsn)).rejects.toMatchObject({
        code: 'import-database-permission',
        hint: expect.stringContaining('GRANT SELECT ON') as string,
      })
      const tables = engine === 'postgres' ? 'connection, variable' : `${database}.connection`
      await server.query(database, `GRANT SELECT ON ${tables} TO ${role}`)
      const reading = await read(readerDsn)
      expect(plain(reading)).toEqual(EXPECTED)
      // Without a right on alembic_version the columns speak.
      expect(reading.facts[0]).toBe('Airflow 3.2 or newer by its columns')

      const writer = await open(readerDsn, 'write')
      const [row] = await rowsOf(writer)
      if (row === undefined) throw new Error('no rows')
      await expect(
        writer.changeRows([{ table: row.table, rowId: row.rowId, before: row.columns, after: undefined }]),
      ).rejects.toMatchObject({ code: 'import-database-permission', hint: expect.stringContaining('UPDATE') as string })
      await writer.close()
    }
  })

  it('comes back after the connection was cut', async () => {
    for (const [engine, at, server] of servers()) {
      const dsn = await at.make(createTables(engine, '3.3') + ordinaryRows(engine))
      const name = dsn.slice(dsn.lastIndexOf('/') + 1)
      const database = await open(dsn)
      const kill =
        engine === 'postgres'
          ? `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}' AND pid <> pg_backend_pid()`
          : `SELECT CONCAT('KILL ', id) AS k FROM information_schema.processlist WHERE db = '${name}' AND id <> CONNECTION_ID()`
      const kills = await server.query(engine === 'postgres' ? 'postgres' : name, kill)
      if (engine === 'mysql') for (const { k } of kills as { k: string }[]) await server.query(name, k)
      await new Promise((resolve) => setTimeout(resolve, 50))
      const first = await rowsOf(database).catch((error: unknown) => error)
      if (!Array.isArray(first)) expect(first).toMatchObject({ code: 'import-database-lost' })
      expect(await rowsOf(database)).toHaveLength(6)
      await database.close()
    }
  })
})

describe('PostgreSQL alone', () => {
  it('finds the tables in another schema, and says where they are when it is not named', async () => {
    const at = serverPlace('postgres', postgres)
    const sql = `CREATE SCHEMA "Air flow"; SET search_path TO "Air flow"; ${createTables('postgres', '3.1')}${ordinaryRows('postgres')}`
    const dsn = await at.make(sql)
    expect(plain(await read(dsn, `${NEW},${OLD}`, 'Air flow'))).toEqual(EXPECTED)
    expect(plain(await read(`${dsn}?options=-csearch_path%3D%22Air%5C%20flow%22`))).toEqual(EXPECTED)
    await expect(read(dsn)).rejects.toMatchObject({
      code: 'import-database-tables',
      hint: expect.stringContaining('"Air flow"') as string,
    })
    await expect(read(dsn, '', 'nowhere')).rejects.toMatchObject({ code: 'import-database-tables' })
  })

  it('cannot write in the transaction in which it reads', async () => {
    const at = serverPlace('postgres', postgres)
    const dsn = await at.make(createTables('postgres', '3.3') + ordinaryRows('postgres'))
    await at.query(
      dsn,
      "CREATE TABLE seen (mode text); CREATE FUNCTION spy() RETURNS text LANGUAGE sql AS $$ SELECT current_setting('transaction_read_only') $$; ALTER TABLE connection RENAME TO real_connection; CREATE VIEW connection AS SELECT id, conn_id, conn_type, spy() AS description, host, schema, login, password, port, is_encrypted, is_extra_encrypted, extra, team_name FROM real_connection",
    )
    const { found } = await read(dsn)
    expect(found[0]?.data.reveal()).toMatchObject({ description: 'on' })
  })

  it('reports bytes that are no text in a database without an encoding', async () => {
    const name = freshName()
    await postgres.query(
      'postgres',
      `CREATE DATABASE ${name} ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'`,
    )
    await postgres.query(name, createTables('postgres', '3.3') + ordinaryRows('postgres'))
    await postgres.query(
      name,
      `SET client_encoding TO 'SQL_ASCII'; UPDATE connection SET host = E'caf\\xe9' WHERE id = 4`,
    )
    const { user, password, host, port } = postgres
    const reading = await read(`postgresql://${user}:${password}@${host}:${port}/${name}`)
    expect(plain(reading)).toEqual(EXPECTED.filter(({ id }) => id !== 'conn_4'))
    expect(reading.findings).toMatchObject([
      { code: 'import-row-bytes', id: 'conn_4', text: 'its host holds bytes that are no text' },
    ])
  })

  it('tells when the tables change, also after the channel was lost', async () => {
    const at = serverPlace('postgres', postgres)
    const dsn = await at.make(createTables('postgres', '3.3') + ordinaryRows('postgres') + NOTIFY_SQL + NOTIFY_SQL)
    const database = await open(dsn)
    let told = 0
    await database.listen?.(() => {
      told += 1
    })
    const isTold = async (count: number): Promise<void> => {
      await expect.poll(() => told, { timeout: 5000 }).toBe(count)
    }
    await at.query(dsn, "UPDATE connection SET login = 'x'")
    await isTold(1)
    await at.query(dsn, 'DELETE FROM variable WHERE id = 2')
    await isTold(2)
    const name = dsn.slice(dsn.lastIndexOf('/') + 1)
    await postgres.query(
      'postgres',
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}' AND query LIKE 'LISTEN%'`,
    )
    await expect.poll(() => told, { timeout: 5000 }).toBeGreaterThan(2)
    await rowsOf(database)
    const before = told
    await at.query(dsn, "UPDATE variable SET val = 'y'")
    await isTold(before + 1)
    await database.close()
  })

  it('tries the next of several hosts', async () => {
    const at = serverPlace('postgres', postgres)
    const dsn = await at.make(createTables('postgres', '3.3') + ordinaryRows('postgres'))
    const { user, password, port } = postgres
    const name = dsn.slice(dsn.lastIndexOf('/') + 1)
    const several = `postgresql://${user}:${password}@/${name}?host=127.0.0.1:1&host=127.0.0.1:${port}`
    expect(plain(await read(several))).toEqual(EXPECTED)
  })
})
