import { describe, expect, it } from 'vitest'
import { Fernet } from '../airflow/index.ts'
import { type AirflowDatabase, blankedColumns, createRowReader, type RawRow } from '../importers/airflow-db/index.ts'
import { selectObjects } from '../importers/select.ts'
import { fingerprintKey, sensitive } from '../sensitive/index.ts'
import { digestOf } from './record.ts'
import { type AirflowContent, readContent, readRowDigests, readTablesDigest } from './tables.ts'

const KEY = fingerprintKey(Buffer.alloc(32, 1))
const SIGNAL = new AbortController().signal
const [OLD, NEW, LOST] = [1, 2, 3].map((byte) => Buffer.alloc(32, byte).toString('base64url').padEnd(44, '=')) as [
  string,
  string,
  string,
]
const under = (key: string, text: string, iv = 1): string =>
  new Fernet(sensitive(key)).encrypt(sensitive(text), { now: 0, iv: Buffer.alloc(16, iv) })

function variable(rowId: number, key: string, val: string | null, more: Partial<RawRow> = {}): RawRow {
  const columns = { key, val, description: null, is_encrypted: val?.startsWith('gAAAA') === true }
  return { table: 'variable', rowId, key, columns, ...more }
}

function connection(rowId: number, key: string, password: string): RawRow {
  const columns = { conn_id: key, conn_type: 'http', password, is_encrypted: false, is_extra_encrypted: false }
  return { table: 'connection', rowId, key, columns }
}

/** Page by page, as a large table comes. */
function databaseOf(rows: readonly RawRow[]): AirflowDatabase {
  return {
    target: { label: 'SQLite at airflow.db' } as AirflowDatabase['target'],
    describe: () => Promise.reject(new Error('not asked')),
    readRows: (onRows) => {
      for (let at = 0; at < rows.length; at += 2) onRows(rows.slice(at, at + 2))
      return Promise.resolve()
    },
    changeRows: () => Promise.reject(new Error('sync reads')),
    close: () => Promise.resolve(),
  }
}

async function digestsOf(rows: readonly RawRow[], key = KEY): Promise<ReadonlyMap<string, string>> {
  const digests = await readRowDigests(databaseOf(rows), key, SIGNAL)
  expect(await readTablesDigest(databaseOf(rows), key, SIGNAL)).toBe(digests.whole)
  return digests.rows
}

function contentOf(rows: readonly RawRow[], except: readonly string[] = [], keepRaw = false): Promise<AirflowContent> {
  const options = {
    reader: createRowReader(sensitive(`${NEW},${OLD}`)),
    key: KEY,
    select: (reading: Parameters<typeof selectObjects>[0][number]) =>
      selectObjects([reading], {
        only: [],
        except,
        withDefaults: false,
        rules: { rules: [], map: [], projects: ['trading'], mentions: new Map(), holding: 'imported' },
        names: 'none',
        classes: [],
        prefer: undefined,
        key: KEY,
        declared: new Map(),
      }),
    ownerOf: (project: string) => (project === 'trading' ? 'trading@example.com' : undefined),
    keepRaw,
  }
  return readContent(databaseOf(rows), options, SIGNAL)
}

describe('digests of rows', () => {
  it('are one for each address, and the same when nothing changed', async () => {
    const rows = [variable(1, 'x', '1'), connection(1, 'x', 'p'), variable(2, 'y', '1')]
    const digests = await digestsOf(rows)
    expect([...digests.keys()]).toEqual(['variable:x', 'connection:x', 'variable:y'])
    expect(new Set(digests.values()).size).toBe(3)
    expect(await digestsOf(rows)).toEqual(digests)
  })

  it.each<[string, RawRow]>([
    ['a column', variable(1, 'x', '2')],
    ['an empty column', variable(1, 'x', null)],
    ['the team', variable(1, 'x', '1', { team: 'a' })],
    ['what cannot be read', variable(1, 'x', '1', { unreadable: ['val'] })],
  ])('change with %s', async (_, row) => {
    const before = await digestsOf([variable(1, 'x', '1')])
    expect((await digestsOf([row])).get('variable:x')).not.toBe(before.get('variable:x'))
  })

  it('say nothing to whoever has no key', async () => {
    const rows = [variable(1, 'x', 'planted')]
    const other = await digestsOf(rows, fingerprintKey(Buffer.alloc(32, 2)))
    expect(other).not.toEqual(await digestsOf(rows))
    expect(JSON.stringify([...other])).not.toContain('planted')
  })

  it('change when either of two rows with one id does', async () => {
    const two = (a: string, b: string): Promise<string | undefined> =>
      digestsOf([variable(1, 'x', a), variable(2, 'x', b)]).then((digests) => digests.get('variable:x'))
    const all = await Promise.all([two('1', '2'), two('1', '3'), two('3', '2'), two('2', '1')])
    expect(new Set(all).size).toBe(4)
  })

  it('are the same in both readings', async () => {
    const rows = [variable(1, 'x', '1'), variable(2, 'x', '2'), connection(1, 'c', 'p')]
    expect((await contentOf(rows)).digests).toEqual(await digestsOf(rows))
  })
})

describe('content', () => {
  it('is the object as it would lie in Vault, with its project, its owner and its digest', async () => {
    const { rows, findings } = await contentOf([variable(1, 'trading_x', under(NEW, 'one')), connection(1, 'c', 'p')])
    const data = sensitive({ value: 'one' })
    const expected = {
      kind: 'present',
      digest: digestOf('variable:trading_x', data, KEY),
      metadata: {},
      project: 'trading',
    }
    expect(rows.get('variable:trading_x')).toMatchObject({ ...expected, owner: 'trading@example.com' })
    const row = rows.get('variable:trading_x')
    expect(row?.kind === 'present' && row.data.reveal()).toEqual({ value: 'one' })
    expect(rows.get('connection:c')).toMatchObject({ kind: 'present', project: 'imported', owner: undefined })
    expect(findings).toEqual([])
  })

  it('is the same when a row is encrypted anew, with the same key or another, or not at all', async () => {
    const forms = [under(NEW, 'one', 1), under(NEW, 'one', 2), under(OLD, 'one'), 'one']
    const all = await Promise.all(forms.map((val) => contentOf([variable(1, 'x', val)])))
    expect(new Set(all.map(({ digests }) => digests.get('variable:x'))).size).toBe(4)
    const contents = all.map(({ rows }) => rows.get('variable:x'))
    expect(new Set(contents.map((row) => row?.kind === 'present' && row.digest)).size).toBe(1)
  })

  it.each<[string, RawRow, string | undefined]>([
    [
      'emptied by --finish',
      (() => {
        const row = variable(1, 'x', '1')
        return { ...row, columns: blankedColumns(row) }
      })(),
      undefined,
    ],
    ['under a lost key', variable(1, 'x', under(LOST, 'one')), 'import-row-key-lost'],
    ['of bytes that are no text', variable(1, 'x', '1', { unreadable: ['val'] }), 'import-row-bytes'],
    ['without a value', variable(1, 'x', null), 'import-row-empty'],
    ['too large for Vault', variable(1, 'x', 'x'.repeat(2 * 1024 * 1024)), 'import-too-large'],
  ])('of a row %s is unusable, and the rest goes on', async (_, row, code) => {
    const { rows, findings } = await contentOf([row, variable(2, 'y', 'two')])
    expect(rows.get('variable:x')).toEqual({ kind: 'unusable' })
    expect(rows.get('variable:y')).toMatchObject({ kind: 'present' })
    expect(findings.map((finding) => finding.code)).toEqual(code === undefined ? [] : [code])
  })

  it('of an id that nobody asked for is unusable, without a finding', async () => {
    const { rows, findings } = await contentOf([variable(1, 'x', '1'), variable(2, 'other', '2')], ['other'])
    expect(rows.get('variable:other')).toEqual({ kind: 'unusable' })
    expect(rows.get('variable:x')).toMatchObject({ kind: 'present' })
    expect(findings).toEqual([])
  })

  it('of ids that are in each other’s way is unusable', async () => {
    const { rows, findings } = await contentOf([variable(1, 'x', '1'), variable(2, 'X', '2')])
    expect([rows.get('variable:x'), rows.get('variable:X')]).toEqual([{ kind: 'unusable' }, { kind: 'unusable' }])
    expect(findings.map(({ code }) => code)).toEqual(['import-case-twins', 'import-case-twins'])
  })

  it('of an id with two values is unusable, with one value twice it is one', async () => {
    const different = await contentOf([variable(1, 'x', '1'), variable(2, 'x', '2')])
    expect(different.rows.get('variable:x')).toEqual({ kind: 'unusable' })
    expect(different.findings.map(({ code }) => code)).toEqual(['import-collision'])
    const same = await contentOf([variable(1, 'x', '1'), variable(2, 'x', '1')])
    expect(same.rows.get('variable:x')).toMatchObject({ kind: 'present' })
  })

  it('keeps the rows themselves only for whoever wants them', async () => {
    const row = variable(1, 'x', '1')
    expect((await contentOf([row])).raw).toEqual(new Map())
    expect((await contentOf([row], [], true)).raw).toEqual(new Map([['variable:x', row]]))
  })
})
