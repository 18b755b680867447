/** A row that another stands in the way of, as two ids that differ in case alone do. */
import { describe, expect, it } from 'vitest'
import { fingerprintKey, sensitive } from '../sensitive/index.ts'
import type { AirflowRow } from './follow.ts'
import { Passes } from './pass.ts'
import { digestOf, recordOf } from './record.ts'
import type { AirflowContent } from './tables.ts'

const key = fingerprintKey(Buffer.alloc(32, 1))

/** Rows by id; two of them are in each other's way. */
function follow(rows: ReadonlySet<string>): { readonly passes: Passes; readonly written: readonly string[] } {
  const written: string[] = []
  const custom = new Map<string, Record<string, string>>()
  const rowOf = (id: string): AirflowRow => {
    const data = sensitive({ value: id })
    const present = { kind: 'present', digest: digestOf(id, data, key), metadata: {}, data, project: 'p' } as const
    return rows.size > 1 ? { kind: 'unusable' } : { ...present, owner: undefined }
  }
  const content = (): AirflowContent => ({
    digests: new Map([...rows].map((id) => [id, 'as it lies there'])),
    rows: new Map([...rows].map((id) => [id, rowOf(id)])),
    raw: new Map(),
    findings: [],
  })
  const passes = new Passes({
    following: {
      vault: {
        look: (id) => {
          const found = custom.get(id)
          if (found === undefined) return Promise.resolve({ kind: 'absent' })
          const version = written.filter((one) => one === id).length
          return Promise.resolve({ kind: 'present', version, isDeleted: false, custom: found, record: recordOf(found) })
        },
        readValue: (id) => Promise.resolve(sensitive({ value: id })),
        createMetadata: (id) => Promise.resolve(void custom.set(id, {})),
        patchMetadata: (id, changes) => {
          for (const [name, value] of Object.entries(changes)) {
            if (value !== null) custom.set(id, { ...custom.get(id), [name]: value })
          }
          return Promise.resolve(true)
        },
        write: (id) => Promise.resolve(written.push(id) > 0),
        deleteVersion: () => Promise.resolve(),
      },
      hub: 'hub',
      rule: 'report',
      key,
    },
    sides: {
      readTablesDigest: () => Promise.resolve(JSON.stringify([...content().digests])),
      readRowDigests: () => Promise.resolve({ whole: JSON.stringify([...content().digests]), rows: content().digests }),
      readContent: () => Promise.resolve(content()),
      listVault: () => Promise.resolve([]),
      pathOf: (id) => id,
      isDeclaredElsewhere: () => false,
    },
    isDryRun: false,
    concurrency: 1,
    onOutcome: () => undefined,
    signal: new AbortController().signal,
  })
  return { passes, written }
}

describe('a pass of changes', () => {
  it('follows a row whose hindrance has gone, though nothing changed in the row itself', async () => {
    const rows = new Set(['Orders', 'orders'])
    const { passes, written } = follow(rows)
    await passes.full()
    await passes.changes(false)
    expect(written).toEqual([])
    rows.delete('orders')
    await passes.changes(false)
    expect(written).toEqual(['Orders'])
    await passes.changes(true)
    expect(written).toEqual(['Orders'])
  })
})
