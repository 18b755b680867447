import { describe, expect, it } from 'vitest'
import { RawJson } from '../../json/index.ts'
import type { LogicalResponse } from '../../logical/index.ts'
import { createMemoryStorage, type Storage } from '../../storage/index.ts'
import { KvStorageError } from './codec.ts'
import { openDriver } from './driver.case.ts'

/** Every entry of the key `a`, to put single ones back later. */
const KEYS = ['meta/a', 'mark/a', 'data/a/1', 'data/a/2'] as const

async function put(storage: Storage, key: string, value: Uint8Array | undefined): Promise<void> {
  await storage.commit([value === undefined ? { kind: 'delete', key } : { kind: 'put', key, value }])
}

describe('the store of one key', () => {
  it.each([
    ['a write', 'update', 'data/a', { data: { k: 'new' } }],
    ['a deletion', 'delete', 'data/a', {}],
    ['an undeletion', 'update', 'undelete/a', { versions: [1] }],
    ['a destruction', 'update', 'destroy/a', { versions: [1] }],
    ['a change of settings', 'update', 'metadata/a', { cas_required: true }],
    ['its end', 'delete', 'metadata/a', {}],
  ] as const)('S46: finds any single entry rolled back to before %s', async (_, operation, path, data) => {
    const kv = openDriver()
    await kv.ask('update', 'data/a', { data: { k: 'old' } })
    await kv.ask('update', 'delete/a', { versions: operation === 'update' && path === 'undelete/a' ? [1] : [9] })
    const before = new Map(KEYS.map((key) => [key, kv.storage.get(key)]))
    kv.time += 1
    await kv.ask(operation, path, data)
    for (const key of ['meta/a', 'mark/a'] as const) {
      const current = kv.storage.get(key)
      await put(kv.storage, key, before.get(key))
      await expect(kv.restart().ask('read', 'data/a')).rejects.toThrow(KvStorageError)
      await expect(kv.restart().ask('read', 'metadata/a')).rejects.toThrow('contradict each other')
      await put(kv.storage, key, current)
    }
    await kv.restart().ask('read', 'data/a')
  })

  it('S46: finds a value that was lost, or comes from another version or an earlier life of the key', async () => {
    const kv = openDriver()
    await kv.ask('update', 'data/a', { data: { k: 'first life' } })
    const earlier = kv.storage.get('data/a/1')
    await kv.ask('delete', 'metadata/a')
    kv.time += 1
    for (const k of [1, 2]) await kv.ask('update', 'data/a', { data: { k } })
    const other = kv.storage.get('data/a/2')
    for (const value of [undefined, earlier, other]) {
      await put(kv.storage, 'data/a/1', value)
      await expect(kv.restart().ask('read', 'data/a', { version: 1 })).rejects.toThrow(KvStorageError)
      await expect(kv.restart().ask('read', 'subkeys/a', { version: 1 })).rejects.toThrow(KvStorageError)
    }
    expect(await kv.restart().get('read', 'data/a')).toMatchObject({ data: { k: 2 } })
  })

  it('S46: does not guess at a format it does not know', async () => {
    const kv = openDriver()
    await kv.ask('update', 'data/a', { data: {} })
    await kv.ask('update', 'config', { max_versions: 1 })
    const format2 = Buffer.from('{"format":2}')
    const broken: [string, Uint8Array][] = [
      ['meta/a', format2],
      ['mark/a', Buffer.from([2, 0, 0, 0, 0, 0, 0, 0, 0])],
      ['mark/a', Buffer.from([1, 0])],
      ['data/a/1', Buffer.alloc(20)],
    ]
    for (const [key, bytes] of broken) {
      const current = kv.storage.get(key)
      await put(kv.storage, key, bytes)
      await expect(kv.restart().ask('read', 'data/a')).rejects.toThrow('is not of format 1')
      await put(kv.storage, key, current)
    }
    await put(kv.storage, 'config', format2)
    await expect(kv.restart().ask('read', 'config')).rejects.toThrow(KvStorageError)
  })

  it('writes nothing when the commit fails, and goes on with the next', async () => {
    const storage = createMemoryStorage()
    let full = false
    const kv = openDriver({
      ...storage,
      commit: (writes) => (full ? Promise.reject(new Error('ENOSPC')) : storage.commit(writes)),
    })
    await kv.ask('update', 'data/a', { data: { k: 1 } })
    full = true
    const writes = [1, 2].map(() => kv.ask('update', 'data/a', { data: { k: 2 } }))
    expect((await Promise.allSettled(writes)).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    await expect(kv.ask('delete', 'metadata/a')).rejects.toThrow('ENOSPC')
    await expect(kv.ask('update', 'config', { max_versions: 1 })).rejects.toThrow('ENOSPC')
    expect(await kv.get('read', 'data/a')).toMatchObject({ data: { k: 1 } })
    full = false
    expect(await kv.get('update', 'data/a', { data: { k: 3 }, options: { cas: 1 } })).toMatchObject({ version: 2 })
    expect(await kv.get('read', 'config')).toMatchObject({ max_versions: 0 })
  })
})

describe('a reader beside a writer', () => {
  /** A commit is visible at once and promised when the test says so. */
  function heldStorage() {
    const storage = createMemoryStorage()
    const held: (() => void)[] = []
    let hold = false
    const commit: Storage['commit'] = async (writes) => {
      await storage.commit(writes)
      if (hold) await new Promise<void>((resolve) => held.push(resolve))
    }
    const setHold = (on: boolean) => {
      hold = on
      for (const resolve of held.splice(0)) resolve()
    }
    return { storage: { ...storage, commit }, setHold }
  }

  it('gets an answer of before or after, also for a version that is being pruned', async () => {
    const { storage, setHold } = heldStorage()
    const writer = openDriver(storage)
    await writer.ask('update', 'metadata/a', { max_versions: 1 })
    await writer.ask('update', 'data/a', { data: { k: 1 } })
    const kv = writer.restart()
    await kv.ask('read', 'metadata/a')
    setHold(true)
    const write = kv.ask('update', 'data/a', { data: { k: 2 } })
    // The engine still has the old metadata; the value of version 1 is gone.
    expect(storage.get('data/a/1')).toBeUndefined()
    expect(await kv.get('read', 'data/a', { version: 1 })).toBe('none')
    expect(await kv.get('read', 'data/a')).toMatchObject({ data: { k: 2 } })
    setHold(false)
    await write
    expect(await kv.get('read', 'data/a')).toMatchObject({ data: { k: 2 }, metadata: { version: 2 } })
  })

  it('gets nothing for a key that is being removed', async () => {
    const { storage, setHold } = heldStorage()
    const writer = openDriver(storage)
    await writer.ask('update', 'data/a', { data: { k: 1 } })
    const kv = writer.restart()
    await kv.ask('read', 'metadata/a')
    setHold(true)
    const removal = kv.ask('delete', 'metadata/a')
    expect(await kv.get('read', 'data/a')).toBe('none')
    setHold(false)
    await removal
    expect(await kv.get('read', 'metadata/a')).toBe('none')
  })

  it('reads once more when a commit lands between metadata and mark', async () => {
    const storage = createMemoryStorage()
    const kv = openDriver(storage)
    await kv.ask('update', 'data/a', { data: { k: 1 } })
    const old = { meta: storage.get('meta/a'), mark: storage.get('mark/a') }
    kv.time += 1
    await kv.ask('update', 'data/a', { data: { k: 2 } })
    let reads = 0
    const torn = openDriver({
      ...storage,
      get: (key) => {
        reads += 1
        return reads === 1 ? old.meta : storage.get(key)
      },
    })
    expect(await torn.get('read', 'data/a')).toMatchObject({ data: { k: 2 } })
  })
})

describe('a warm read', () => {
  const documentOf = (answer: LogicalResponse) => (answer.kind === 'data' ? answer.data['data'] : undefined)

  it('touches no storage and hands out the same answer', async () => {
    const storage = createMemoryStorage()
    let reads = 0
    const get: Storage['get'] = (key) => {
      reads += 1
      return storage.get(key)
    }
    const kv = openDriver({ ...storage, get })
    await kv.ask('update', 'data/a', { data: { k: 'v' } })
    const fresh = kv.restart()
    const first = await fresh.ask('read', 'data/a')
    const cold = reads
    expect(await fresh.ask('read', 'data/a')).toBe(first)
    expect(reads).toBe(cold)
    expect(Object.isFrozen(first)).toBe(true)
    expect(documentOf(first)).toBeInstanceOf(RawJson)
  })

  it('keeps the document when only metadata changes, and not the answer', async () => {
    const kv = openDriver()
    await kv.ask('update', 'data/a', { data: { k: 'v' } })
    const first = await kv.ask('read', 'data/a')
    await kv.ask('update', 'metadata/a', { custom_metadata: { a: 'b' } })
    const second = await kv.ask('read', 'data/a')
    expect(documentOf(second)).toBe(documentOf(first))
    expect(await kv.get('read', 'data/a')).toMatchObject({ metadata: { custom_metadata: { a: 'b' } } })
  })

  it('never changes a document that it has handed out', async () => {
    const kv = openDriver()
    await kv.ask('update', 'data/a', { data: { k: { x: 1 } } })
    const first = documentOf(await kv.ask('read', 'data/a')) as RawJson
    const before = JSON.stringify(first.value())
    await kv.ask('patch', 'data/a', { data: { k: { x: null, y: 2 } } })
    await kv.ask('read', 'subkeys/a', { version: 1 })
    expect(JSON.stringify(first.value())).toBe(before)
  })
})

describe('a path', () => {
  it('S7: that no storage takes is refused as the client’s fault', async () => {
    const kv = openDriver()
    for (const path of ['x'.repeat(3000), 'a/../b', 'a//b', '..', 'a\0b']) {
      expect(await kv.refused('update', `data/${path}`, { data: {} })).toMatch(/^400 no secret can lie at this path: /)
      expect(await kv.refused('read', `data/${path}`)).toMatch(/^400 /)
      expect(kv.backend.exists(`data/${path}`)).toBeUndefined()
    }
    expect(await kv.refused('list', 'metadata/a/../')).toMatch(/^400 /)
  })
})
