/**
 * SQLite files that others write to meanwhile: one committed state is read, and nothing of the source is changed.
 */
import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { blankedColumns, openAirflowDatabase, parseDsn } from '../../src/importers/airflow-db/index.ts'
import { sensitive } from '../../src/sensitive/index.ts'
import {
  connection,
  EXPECTED,
  folder,
  freshName,
  open,
  ordinaryRows,
  plain,
  python,
  read,
  removePlaces,
  rowsOf,
  sqlitePath,
  variable,
  walPlace,
  wasmPlace,
} from './airflow-places.case.ts'
import { createTables, insert } from './airflow-tables.case.ts'

beforeAll(() => {
  // Copies of this process alone are counted.
  process.env['TMPDIR'] = mkdtempSync(join(folder, 'tmp-'))
})

afterAll(removePlaces)

const digestOf = (path: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder)
      .filter((file) => join(folder, file).startsWith(path))
      .map((file) => [
        file,
        createHash('sha256')
          .update(readFileSync(join(folder, file)))
          .digest('hex'),
      ]),
  )

const copies = (): string[] => readdirSync(tmpdir()).filter((file) => file.startsWith('plenum-sqlite-'))

describe('SQLite alone', () => {
  it('leaves the source and its folder as they are, byte for byte, and no copy behind', async () => {
    for (const at of [wasmPlace, walPlace]) {
      const dsn = await at.make(createTables('sqlite', '3.3') + ordinaryRows('sqlite'))
      const before = digestOf(sqlitePath(dsn))
      expect(Object.keys(before)).toHaveLength(at === walPlace ? 3 : 1)
      chmodSync(sqlitePath(dsn), 0o444)
      const others = copies()
      const database = await open(dsn)
      const own = copies().filter((copy) => !others.includes(copy))
      expect(own.flatMap((copy) => readdirSync(join(tmpdir(), copy)))).toEqual([])
      expect(await rowsOf(database)).toHaveLength(6)
      await database.close()
      expect(copies().filter((copy) => own.includes(copy))).toEqual([])
      expect(digestOf(sqlitePath(dsn))).toEqual(before)
    }
  })

  it('sees what others write between two reads', async () => {
    for (const at of [wasmPlace, walPlace]) {
      const dsn = await at.make(createTables('sqlite', '3.3') + ordinaryRows('sqlite'))
      const database = await open(dsn)
      const logins: unknown[] = []
      for (const login of ['first', 'second', 'third']) {
        await at.query(dsn, `UPDATE connection SET login = '${login}'`)
        logins.push((await rowsOf(database))[0]?.columns['login'])
      }
      expect(logins).toEqual(['first', 'second', 'third'])
      await database.close()
    }
  })

  it('shows one committed state while another process writes', async () => {
    for (const mode of ['WAL', 'DELETE', 'PERSIST']) {
      const path = join(folder, `${freshName()}.db`)
      writeFileSync(
        `${path}.sql`,
        createTables('sqlite', '3.3') +
          Array.from({ length: 300 }, (_, id) =>
            insert('sqlite', 'variable', [variable(id + 1, { val: '0', description: 'x'.repeat(900) })]),
          ).join(''),
      )
      const program = `
import sqlite3, sys, time
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("PRAGMA journal_mode=${mode}")
db.execute("PRAGMA cache_size=5")
db.execute("PRAGMA wal_autocheckpoint=50")
db.executescript(open(sys.argv[2]).read())
print("ready", flush=True)
n = 0
while True:
    n += 1
    db.execute("BEGIN IMMEDIATE")
    db.execute("UPDATE variable SET val = ?", (str(n),))
    if n % 3: db.execute("COMMIT")
    else:
        db.execute("UPDATE variable SET val = 'never'")
        db.execute("ROLLBACK")
    time.sleep(0.08)
`
      const child = spawn(python, ['-c', program, path, `${path}.sql`], { stdio: ['ignore', 'pipe', 'inherit'] })
      await new Promise((resolve) => child.stdout.once('data', resolve))
      const gone = new Promise((resolve) => child.once('exit', resolve))
      const database = await open(`sqlite:///${path}`)
      try {
        const states = new Set<string>()
        // On a slow disk the other process needs its time for a third state.
        const giveUpAt = Date.now() + 15_000
        for (let round = 0; round < 12 || (states.size <= 2 && Date.now() < giveUpAt); round += 1) {
          const values = new Set((await rowsOf(database)).map(({ columns }) => columns['val']))
          expect(values.size).toBe(1)
          expect(values).not.toContain('never')
          states.add(String([...values][0]))
          await new Promise((resolve) => setTimeout(resolve, 10))
        }
        expect(states.size).toBeGreaterThan(2)
        // Killed in the middle of a transaction: the copy takes it back, the source is left to its owner.
        child.kill('SIGKILL')
        await gone
        expect(new Set((await rowsOf(database)).map(({ columns }) => columns['val'])).size).toBe(1)
      } finally {
        child.kill('SIGKILL')
        await gone
        await database.close()
      }
    }
  })

  it('takes back what a killed process left in the journal', async () => {
    const path = join(folder, `${freshName()}.db`)
    writeFileSync(
      `${path}.sql`,
      createTables('sqlite', '3.3') +
        Array.from({ length: 300 }, (_, id) =>
          insert('sqlite', 'variable', [variable(id + 1, { val: 'old', description: 'x'.repeat(900) })]),
        ).join(''),
    )
    const program = `
import os, signal, sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.executescript(open(sys.argv[2]).read())
db.execute("PRAGMA cache_size=2")
db.execute("BEGIN IMMEDIATE")
db.execute("UPDATE variable SET val = 'half'")
db.execute("INSERT INTO variable (id, key, val) VALUES (1000, 'more', '${'y'.repeat(9000)}')")
os.kill(os.getpid(), signal.SIGKILL)
`
    expect(() => execFileSync(python, ['-c', program, path, `${path}.sql`], { stdio: 'ignore' })).toThrow(
      'Command failed',
    )
    expect(readdirSync(folder)).toContain(`${path.slice(folder.length + 1)}-journal`)
    expect(readFileSync(path).includes('half')).toBe(true)
    const before = digestOf(path)
    const database = await open(`sqlite:///${path}`)
    const rows = await rowsOf(database)
    await database.close()
    expect(rows).toHaveLength(300)
    expect(new Set(rows.map(({ columns }) => columns['val']))).toEqual(new Set(['old']))
    expect(digestOf(path)).toEqual(before)
  })

  it('reports invalid UTF-8 and keeps NUL characters', async () => {
    const dsn = await wasmPlace.make(
      createTables('sqlite', '3.3') +
        insert('sqlite', 'connection', [connection(1), connection(2)]) +
        insert('sqlite', 'variable', [variable(1), variable(2)]) +
        "UPDATE connection SET host = CAST(X'636166E9' AS TEXT), login = X'FFFE' WHERE id = 1; UPDATE variable SET val = CAST(X'610062' AS TEXT) WHERE id = 2; UPDATE connection SET port = '5432' WHERE id = 2;",
    )
    const { found, findings } = await read(dsn)
    expect(findings).toMatchObject([
      { code: 'import-row-bytes', id: 'conn_1', text: 'its host, login hold bytes that are no text' },
    ])
    expect(found.map(({ id, data }) => [id, data.reveal()])).toEqual([
      ['conn_2', { conn_type: 'postgres', port: 5432 }],
      ['var_1', { value: 'value 1' }],
      ['var_2', { value: 'a\0b' }],
    ])
  })

  it('reads a database in UTF-16', async () => {
    const dsn = await wasmPlace.make(
      `PRAGMA encoding = 'UTF-16le'; ${createTables('sqlite', '3.3')}${ordinaryRows('sqlite')}`,
    )
    expect(plain(await read(dsn))).toEqual(EXPECTED)
  })

  it('says that there is no file, that it is none, or that it may not be read', async () => {
    await expect(read(`sqlite:///${folder}/none.db`)).rejects.toMatchObject({ code: 'import-database-file' })
    const text = join(folder, 'text.db')
    writeFileSync(text, 'planted: no database')
    await expect(read(`sqlite:///${text}`)).rejects.toMatchObject({ code: 'import-database-file' })
    const torn = await wasmPlace.make(createTables('sqlite', '3.3') + ordinaryRows('sqlite'))
    writeFileSync(sqlitePath(torn), readFileSync(sqlitePath(torn)).subarray(0, 5000))
    await expect(read(torn)).rejects.toMatchObject({ code: 'import-database-failed' })
    expect(copies()).toEqual([])
  })

  it('waits for a lock of Airflow, and then says that it is busy', async () => {
    for (const at of [wasmPlace, walPlace]) {
      const dsn = await at.make(createTables('sqlite', '3.3') + ordinaryRows('sqlite'))
      const program = `
import sqlite3, sys, time
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
time.sleep(float(sys.argv[2]))
db.execute("ROLLBACK")
`
      const target = parseDsn(sensitive(dsn))
      for (const [holdS, expected] of [
        ['60', 'import-database-busy'],
        ['0.4', undefined],
      ] as const) {
        const child = spawn(python, ['-c', program, sqlitePath(dsn), holdS], {
          stdio: ['ignore', 'pipe', 'inherit'],
        })
        await new Promise((resolve) => child.stdout.once('data', resolve))
        const database = await openAirflowDatabase({
          target,
          access: 'write',
          timeoutMs: expected === undefined ? 10_000 : 300,
        })
        const [row] = await rowsOf(database)
        if (row === undefined) throw new Error('no rows')
        const change = database.changeRows([
          { table: row.table, rowId: row.rowId, before: row.columns, after: blankedColumns(row) },
        ])
        if (expected === undefined) await change
        else await expect(change).rejects.toMatchObject({ code: expected })
        child.kill('SIGKILL')
        await database.close()
      }
    }
  })
})
