import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../airflow/index.ts'
import { Fernet } from '../airflow/index.ts'
import { createRowReader, type RawRow, type RowChange } from '../importers/airflow-db/index.ts'
import { ImportError } from '../importers/found.ts'
import { fingerprintKey, type Sensitive, sensitive } from '../sensitive/index.ts'
import { carryBack, type CarryingBack } from './carry-back.ts'
import type { AirflowRow } from './follow.ts'
import { digestOf, type MetadataChanges } from './record.ts'
import type { SyncVault } from './vault-object.ts'

const KEY = fingerprintKey(Buffer.alloc(32, 7))
const KEYS = sensitive(Buffer.alloc(32, 3).toString('base64url').concat('='))
const FERNET = new Fernet(KEYS)
const encrypt = (text: Sensitive<string>): string => FERNET.encrypt(text, { now: 0, iv: Buffer.alloc(16, 9) })

const CONNECTION: RawRow = {
  table: 'connection',
  rowId: 7,
  key: 'warehouse',
  columns: {
    conn_id: 'warehouse',
    conn_type: 'postgres',
    description: null,
    host: 'old.example.com',
    login: 'reader',
    password: encrypt(sensitive('secret one')),
    schema: 'dw',
    port: 5432,
    is_encrypted: true,
    extra: encrypt(sensitive('{"sslmode":"require","api_key":"k-1"}')),
    is_extra_encrypted: true,
  },
}
const IN_ROW: JsonObject = {
  conn_type: 'postgres',
  host: 'old.example.com',
  login: 'reader',
  password: 'secret one',
  schema: 'dw',
  port: 5432,
  extra: { sslmode: 'require', api_key: 'k-1' },
}
const VARIABLE: RawRow = {
  table: 'variable',
  rowId: 3,
  key: 'report_depth',
  columns: { key: 'report_depth', val: encrypt(sensitive('5')), is_encrypted: true, description: null },
}

class Sides {
  readonly changes: RowChange[] = []
  readonly patches: MetadataChanges[] = []
  readonly #value: JsonObject | undefined
  isRowChanged = false

  constructor(value: JsonObject | undefined) {
    this.#value = value
  }

  carrying(isDryRun = false): CarryingBack {
    const unused = (): never => {
      throw new Error('not asked for here')
    }
    const vault: SyncVault = {
      look: unused,
      readValue: () => Promise.resolve(this.#value === undefined ? undefined : sensitive(this.#value)),
      createMetadata: unused,
      patchMetadata: (_, changes) => Promise.resolve(this.patches.push(changes) > 0),
      write: unused,
      deleteVersion: unused,
    }
    return {
      vault,
      key: KEY,
      reader: createRowReader(KEYS),
      encrypt,
      isSecret: (name) => name === 'api_key' || name === 'token_variable',
      changeRow: (change) => {
        if (this.isRowChanged) return Promise.reject(new ImportError('finish-row-changed', 'changed'))
        this.changes.push(change)
        return Promise.resolve()
      },
      isDryRun,
    }
  }
}

function carry(raw: RawRow, data: JsonObject, sides: Sides, isDryRun = false): ReturnType<typeof carryBack> {
  const address = `${raw.table}:${raw.key}`
  const digest = digestOf(address, sensitive(data), KEY)
  const row: AirflowRow = {
    kind: 'present',
    digest,
    metadata: {},
    data: sensitive(data),
    project: 'p',
    owner: undefined,
  }
  const object = { kind: 'absent' } as const
  const subject = { address, path: raw.key, row, object, isDeclaredElsewhere: false }
  return carryBack(subject, 4, { raw: new Map([[address, raw]]) }, sides.carrying(isDryRun))
}

describe('a change in Vault, brought back', () => {
  it('changes the columns that differ, in the row as it was read, and then the record', async () => {
    const sides = new Sides({ ...IN_ROW, host: 'new.example.com', port: 5433, schema: '' })
    expect(await carry(CONNECTION, IN_ROW, sides)).toEqual({
      kind: 'carried-back',
      version: 4,
      fields: ['host', 'schema', 'port'],
    })
    const [change] = sides.changes
    expect(change).toMatchObject({ table: 'connection', rowId: 7, before: CONNECTION.columns })
    expect(change?.after).toEqual({
      ...CONNECTION.columns,
      host: 'new.example.com',
      port: 5433,
      schema: '',
    })
    const now = { ...IN_ROW, host: 'new.example.com', port: 5433 }
    delete (now as Record<string, unknown>)['schema']
    expect(sides.patches).toEqual([
      { 'sync-digest': digestOf('connection:warehouse', sensitive(now), KEY), 'sync-version': '4' },
    ])
  })

  it('encrypts an extra as Airflow does, with what was secret in it untouched', async () => {
    const sides = new Sides({ ...IN_ROW, extra: { sslmode: 'disable', api_key: 'k-1' } })
    expect(await carry(CONNECTION, IN_ROW, sides)).toMatchObject({ kind: 'carried-back', fields: ['extra.sslmode'] })
    const { extra, is_extra_encrypted: flag } = sides.changes[0]?.after ?? {}
    expect(flag).toBe(true)
    expect(JSON.parse(FERNET.decrypt(String(extra)).reveal())).toEqual({ sslmode: 'disable', api_key: 'k-1' })
  })

  it.each([
    ['a password', { ...IN_ROW, password: 'secret two' }],
    ['a key in extra', { ...IN_ROW, extra: { sslmode: 'require', api_key: 'k-2' } }],
    ['a secret beside others', { ...IN_ROW, host: 'x', password: 'secret two' }],
    ['an extra that is one text', { ...IN_ROW, extra: '{"sslmode":"require"}' }],
  ])('%s stays in Vault', async (_, value) => {
    const sides = new Sides(value)
    expect(await carry(CONNECTION, IN_ROW, sides)).toEqual({ kind: 'left', why: 'secret-in-vault' })
    expect([sides.changes, sides.patches]).toEqual([[], []])
  })

  it('a variable, by its name', async () => {
    const sides = new Sides({ value: '8' })
    expect(await carry(VARIABLE, { value: '5' }, sides)).toMatchObject({ kind: 'carried-back', fields: ['value'] })
    expect(FERNET.decrypt(String(sides.changes[0]?.after?.['val'])).reveal()).toBe('8')
    const secret = new Sides({ value: '8' })
    expect(await carry({ ...VARIABLE, key: 'token_variable' }, { value: '5' }, secret)).toMatchObject({ kind: 'left' })
  })

  it('only says so in a dry run', async () => {
    const sides = new Sides({ ...IN_ROW, host: 'new.example.com' })
    expect(await carry(CONNECTION, IN_ROW, sides, true)).toMatchObject({ kind: 'carried-back', fields: ['host'] })
    expect([sides.changes, sides.patches]).toEqual([[], []])
  })

  it('a row that was saved meanwhile is somebody else’s; nothing is recorded', async () => {
    const sides = new Sides({ ...IN_ROW, host: 'new.example.com' })
    sides.isRowChanged = true
    expect(await carry(CONNECTION, IN_ROW, sides)).toEqual({ kind: 'raced' })
    expect(sides.patches).toEqual([])
  })

  it('what Airflow could not read is left in Vault', async () => {
    const sides = new Sides({ ...IN_ROW, port: 'http' })
    expect(await carry(CONNECTION, IN_ROW, sides)).toEqual({ kind: 'left', why: 'vault-ahead' })
    expect(await carry(CONNECTION, IN_ROW, new Sides(undefined))).toEqual({ kind: 'left', why: 'vault-ahead' })
  })
})
