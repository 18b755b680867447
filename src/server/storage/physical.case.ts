/**
 * The suite of every `PhysicalStorage`, beside that of `Storage`.
 */
import { afterEach, describe, expect, it } from 'vitest'
import type { FrozenStore, PhysicalStorage, StoredEntry, Write } from './index.ts'

const put = (key: string, text = key): Write => ({ kind: 'put', key, value: Buffer.from(text) })
const entry = (key: string, text = key): StoredEntry => ({ key, value: Buffer.from(text) })
const contentOf = (frozen: FrozenStore): Record<string, string> =>
  Object.fromEntries([...frozen.batches()].flat().map(({ key, value }) => [key, Buffer.from(value).toString()]))
const contentOfStore = (storage: PhysicalStorage): Record<string, string> => {
  const frozen = storage.freeze()
  const content = contentOf(frozen)
  frozen.close()
  return content
}

export function physicalSuite(name: string, open: () => PhysicalStorage): void {
  describe(`${name} can be copied and replaced`, () => {
    const opened: PhysicalStorage[] = []
    const empty = (): PhysicalStorage => {
      const storage = open()
      opened.push(storage)
      return storage
    }
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((storage) => storage.close()))
    })

    it('stands still for a copy while writes go on', async () => {
      const storage = empty()
      await storage.commit([put('a', 'old'), put('b/c'), put('gone')])
      const frozen = storage.freeze()
      await storage.commit([put('a', 'new'), put('d'), { kind: 'delete', key: 'gone' }])
      expect(contentOf(frozen)).toEqual({ a: 'old', 'b/c': 'b/c', gone: 'gone' })
      // A second look at it, later, is the same.
      await storage.commit([put('a', 'newer')])
      expect(contentOf(frozen)).toEqual({ a: 'old', 'b/c': 'b/c', gone: 'gone' })
      frozen.close()
      frozen.close()
      expect(contentOfStore(storage)).toEqual({ a: 'newer', 'b/c': 'b/c', d: 'd' })
    })

    it('gives its entries in pieces, in the order of their bytes, also between writes', async () => {
      const storage = empty()
      const keys = Array.from({ length: 60 }, (_, i) => `k/${String(i).padStart(3, '0')}`)
      await storage.commit(keys.map((key) => put(key, key.repeat(10_000))))
      await storage.commit([put('k/\u{1F600}'), put('k/\uFFFD')])
      const frozen = storage.freeze()
      const seen: string[] = []
      let pieces = 0
      for (const batch of frozen.batches()) {
        pieces += 1
        for (const { key, value } of batch) {
          seen.push(key)
          if (key < 'k/9') expect(Buffer.from(value).toString() === key.repeat(10_000)).toBe(true)
        }
        await storage.commit(keys.map((key) => put(key, `changed in piece ${pieces}`)))
      }
      frozen.close()
      expect(seen).toEqual([...keys, 'k/\uFFFD', 'k/\u{1F600}'])
      expect(pieces).toBeGreaterThan(2)
    })

    it('takes another content whole', async () => {
      const storage = empty()
      await storage.commit([put('old/a'), put('both', 'old')])
      const next = storage.prepareReplacement()
      await next.add([entry('both', 'new'), entry('new/a')])
      await next.add([entry('new/b')])
      expect(Buffer.from(next.get('both') ?? []).toString()).toBe('new')
      expect(next.get('old/a')).toBeUndefined()
      // Nothing of it is seen before, and what is written meanwhile goes with the old content.
      expect(storage.get('new/a')).toBeUndefined()
      await storage.commit([put('meanwhile')])
      await next.install()
      expect(contentOfStore(storage)).toEqual({ both: 'new', 'new/a': 'new/a', 'new/b': 'new/b' })
      expect(storage.list('')).toEqual(['both', 'new/'])
      await storage.commit([put('after')])
      expect(contentOfStore(storage)).toHaveProperty('after', 'after')
    })

    it('is as it was when the other content is dropped, and takes the next one', async () => {
      const storage = empty()
      await storage.commit([put('old')])
      const dropped = storage.prepareReplacement()
      await dropped.add([entry('dropped')])
      await dropped.discard()
      expect(contentOfStore(storage)).toEqual({ old: 'old' })
      const next = storage.prepareReplacement()
      await next.add([entry('new')])
      await next.install()
      expect(contentOfStore(storage)).toEqual({ new: 'new' })
    })

    it('ends the copies of what was replaced or closed', async () => {
      const storage = empty()
      await storage.commit([put('a', 'x'.repeat(1_100_000)), put('b')])
      const frozen = storage.freeze()
      const batches = frozen.batches()[Symbol.iterator]()
      batches.next()
      const next = storage.prepareReplacement()
      await next.add([entry('c')])
      await next.install()
      expect(() => batches.next()).toThrow(expect.objectContaining({ code: 'store-replaced' }))
      frozen.close()
      const other = storage.freeze()
      await storage.close()
      expect(() => [...other.batches()]).toThrow(expect.objectContaining({ code: 'store-replaced' }))
      other.close()
    })

    it('finishes what was being written before it is replaced, and refuses what comes meanwhile', async () => {
      const storage = empty()
      await storage.commit([put('old')])
      const next = storage.prepareReplacement()
      await next.add([entry('new')])
      const before = storage.commit([put('before')])
      const installed = next.install()
      await Promise.all([before, installed])
      expect(contentOfStore(storage)).toEqual({ new: 'new' })
    })
  })
}
