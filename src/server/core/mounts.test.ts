import { describe, expect, it } from 'vitest'
import { INHERIT } from '../engines/system/index.ts'
import type { Backend } from '../logical/index.ts'
import { createMemoryStorage, type Storage } from '../storage/index.ts'
import { type MountEntry, MountTable } from './mounts.ts'

const BACKEND: Backend = {
  type: 'kv',
  isUnauthenticated: () => false,
  needsSudo: () => false,
  exists: () => undefined,
  handle: () => ({ kind: 'none' }),
}

function open(storage: Storage, prepare: (table: MountTable) => void = () => undefined): MountTable {
  let count = 0
  const table = new MountTable({
    storage,
    create: () => BACKEND,
    erase: () => Promise.resolve(),
    random: (bytes) => Buffer.alloc(bytes, 7),
    uuid: () => `uuid-${(count += 1)}`,
    report: () => undefined,
  })
  prepare(table)
  table.load()
  return table
}

const mount = (path: string): Omit<MountEntry, 'uuid' | 'accessor'> => ({
  path,
  class: 'secret',
  type: 'kv',
  description: '',
  local: false,
  sealWrap: false,
  externalEntropyAccess: false,
  options: null,
  config: INHERIT,
})

describe('the mount table', () => {
  it('reads a table that was stored before mounts had all their settings', async () => {
    const storage = createMemoryStorage()
    const old = {
      path: 'old/',
      class: 'secret',
      type: 'kv',
      uuid: 'u',
      accessor: 'kv_1',
      description: 'd',
      options: { version: '2' },
      config: { defaultLeaseTtl: 60, maxLeaseTtl: 0, listingVisibility: 'unauth', tokenType: '' },
    }
    const value = Buffer.from(JSON.stringify({ version: 1, mounts: [old] }))
    await storage.commit([{ kind: 'put', key: 'mounts', value }])
    expect(open(storage).get('old/')?.entry).toEqual({
      ...old,
      local: false,
      sealWrap: false,
      externalEntropyAccess: false,
      config: { ...INHERIT, defaultLeaseTtl: 60, listingVisibility: 'unauth' },
    })
  })

  it('keeps a move and a tuning across a restart', async () => {
    const storage = createMemoryStorage()
    const table = open(storage)
    await table.enable(mount('a/'))
    await table.move('a/', 'b/c/')
    await table.change('b/c/', (entry) => ({ config: { ...entry.config, allowedResponseHeaders: ['X-A'] } }))
    expect(table.route('a/x')).toBeUndefined()
    const again = open(storage)
    expect(again.get('a/')).toBeUndefined()
    expect(again.route('b/c/x')).toMatchObject({
      rest: 'x',
      mounted: { entry: { uuid: 'uuid-1', config: { allowedResponseHeaders: ['X-A'] } } },
    })
  })

  it('keeps what is tuned of the system’s own mounts, and nothing else of them', async () => {
    const storage = createMemoryStorage()
    const fixed: MountEntry = { ...mount('auth/token/'), class: 'auth', type: 'token', uuid: 't', accessor: 'a' }
    const start = (entry: MountEntry): MountTable => open(storage, (table) => table.addFixed(entry, BACKEND))
    const table = start(fixed)
    await table.change('auth/token/', (entry) => ({ config: { ...entry.config, maxLeaseTtl: 60 } }))
    await table.enable(mount('a/'))
    const again = start({ ...fixed, accessor: 'b' })
    expect(again.get('auth/token/')?.entry).toMatchObject({ accessor: 'b', config: { maxLeaseTtl: 60 } })
    await again.enable(mount('b/'))
    expect(start(fixed).list('auth')).toEqual([{ ...fixed, config: { ...INHERIT, maxLeaseTtl: 60 } }])
    expect(
      start(fixed)
        .list('secret')
        .map(({ path }) => path),
    ).toEqual(['a/', 'b/'])
  })

  it('serves the old path on when a move cannot be stored', async () => {
    const storage = createMemoryStorage()
    let full = false
    const table = open({
      ...storage,
      get: (key) => storage.get(key),
      commit: (batch) => (full ? Promise.reject(new Error('the disk is full')) : storage.commit(batch)),
    })
    await table.enable(mount('a/'))
    full = true
    await expect(table.move('a/', 'b/')).rejects.toThrow('the disk is full')
    expect(table.get('a/')?.entry.path).toBe('a/')
    expect(table.get('b/')).toBeUndefined()
  })

  it('S40: ends a mount in its table only once what has to end before it has ended', async () => {
    const storage = createMemoryStorage()
    const table = open(storage)
    await table.enable(mount('a/'))
    const power = () => Promise.reject(new Error('power cut'))
    await expect(table.disable('a/', 'no', power)).rejects.toThrow('power cut')
    await expect(table.move('a/', 'b/', power)).rejects.toThrow('power cut')
    expect([table.get('a/')?.entry.path, open(storage).get('a/')?.entry.path]).toEqual(['a/', 'a/'])
    const seen: (string | undefined)[] = []
    const look = (): Promise<void> => {
      seen.push(table.get('a/')?.entry.path, open(storage).get('a/')?.entry.path)
      return Promise.resolve()
    }
    await table.disable('a/', 'no', look)
    // No request reaches it any more, and it is still in the table.
    expect(seen).toEqual([undefined, 'a/'])
    expect(open(storage).get('a/')).toBeUndefined()
  })

  it('may move a mount below or above its own path', async () => {
    const table = open(createMemoryStorage())
    await table.enable(mount('a/'))
    await table.move('a/', 'a/b/')
    await table.move('a/b/', 'a/')
    expect(table.get('a/')?.entry.uuid).toBe('uuid-1')
  })

  it('S41: moves nothing under what belongs to the system', async () => {
    const table = open(createMemoryStorage())
    await table.enable(mount('a/'))
    for (const to of ['sys/', 'sys/a/', 'auth/a/', 'cubbyhole/', 'identity/a/', ' sys/', '//'])
      await expect(table.move('a/', to)).rejects.toThrow(/cannot mount|white space/)
    expect(table.get('a/')).toBeDefined()
  })

  it('shows whoever changes a mount what the change before left', async () => {
    const table = open(createMemoryStorage())
    await table.enable(mount('a/'))
    const add = (text: string): Promise<void> =>
      table.change('a/', ({ description }) => ({ description: description + text }))
    await Promise.all([add('x'), add('y'), add('z')])
    expect(table.get('a/')?.entry.description).toBe('xyz')
  })
})
