import { describe, expect, it } from 'vitest'
import { MarkedEntries, MarkedEntryError } from './marked.ts'
import { createMemoryStorage } from './memory.ts'
import type { Storage } from './storage.ts'

const open = (storage: Storage, now = 1000): MarkedEntries =>
  new MarkedEntries({ storage, values: 'v/', marks: 'm/', now: () => now })
const put = (storage: Storage, key: string, value: Uint8Array | undefined): Promise<void> =>
  storage.commit([value === undefined ? { kind: 'delete', key } : { kind: 'put', key, value }])
const text = (entries: MarkedEntries, path: string): string | undefined => entries.get(path)?.toString('utf8')

describe('marked entries', () => {
  it('give back what was written, list it, and lose it whole', async () => {
    const storage = createMemoryStorage()
    const entries = open(storage)
    expect([entries.has('a/b'), entries.get('a/b')]).toEqual([false, undefined])
    await entries.put('a/b', Buffer.from('one'))
    await entries.put('a/b', Buffer.from('two'))
    await entries.put('c', Buffer.alloc(0))
    expect([text(open(storage), 'a/b'), text(entries, 'c'), entries.has('c')]).toEqual(['two', '', true])
    expect([await entries.list(''), await entries.list('a/')]).toEqual([['a/', 'c'], ['b']])
    expect(entries.isEmpty()).toBe(false)
    await storage.commit(entries.removal('a/b'))
    expect([entries.get('a/b'), storage.list('v/'), storage.list('m/')]).toEqual([undefined, ['c'], ['c']])
  })

  it('S46: find a value or a mark that was rolled back or lost, also when the clock stood still or went back', async () => {
    for (const later of [1000, 1, 2000]) {
      const storage = createMemoryStorage()
      await open(storage).put('a', Buffer.from('old'))
      const before = new Map(['v/a', 'm/a'].map((key) => [key, storage.get(key)]))
      await open(storage, later).put('a', Buffer.from('new'))
      for (const key of ['v/a', 'm/a']) {
        const current = storage.get(key)
        for (const wrong of [before.get(key), undefined]) {
          await put(storage, key, wrong)
          expect(() => open(storage).get('a')).toThrow(MarkedEntryError)
          expect(open(storage).has('a')).toBe(true)
        }
        await put(storage, key, current)
      }
      expect(text(open(storage), 'a')).toBe('new')
    }
  })

  it('can be written again, and removed, when damaged', async () => {
    const storage = createMemoryStorage()
    await open(storage).put('a', Buffer.from('old'))
    await put(storage, 'm/a', undefined)
    await open(storage).put('a', Buffer.from('new'))
    expect(text(open(storage), 'a')).toBe('new')
    await put(storage, 'v/a', undefined)
    await storage.commit(open(storage).removal('a'))
    expect(open(storage).has('a')).toBe(false)
  })

  it('read a pair again whose second half became visible in between', async () => {
    const storage = createMemoryStorage()
    await open(storage).put('a', Buffer.from('old'))
    const old = storage.get('v/a')
    await open(storage).put('a', Buffer.from('new'))
    let first = true
    const between: Storage = {
      ...storage,
      get(key) {
        if (key !== 'v/a' || !first) return storage.get(key)
        first = false
        return old
      },
    }
    expect(text(open(between), 'a')).toBe('new')
  })

  it('do not guess at a format they do not know', async () => {
    const storage = createMemoryStorage()
    await put(storage, 'v/a', Buffer.from('\u0002 of another format'))
    await put(storage, 'm/a', Buffer.from('\u0002 of another format'))
    expect(() => open(storage).get('a')).toThrow('not of format 1')
  })
})
