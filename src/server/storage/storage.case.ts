/**
 * The suite of every `Storage`. An implementation's test calls it with a way to open an empty one.
 */
import * as fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { compareKeys, type Storage, StorageKeyError, type Write } from './index.ts'

export interface StorageCase {
  readonly name: string
  readonly open: () => Storage | Promise<Storage>
  /** A barrier view lives as long as the barrier, not until `close`. */
  readonly closes: boolean
  /** Runs of the property tests; fewer where every commit waits for the disk. */
  readonly runs: number
}

const put = (key: string, text = key): Write => ({ kind: 'put', key, value: Buffer.from(text) })
const remove = (key: string): Write => ({ kind: 'delete', key })
const textAt = (storage: Storage, key: string): string | undefined => {
  const bytes = storage.get(key)
  return bytes === undefined ? undefined : Buffer.from(bytes).toString()
}

const BAD_KEYS = ['', '/', '/a', 'a/', 'a//b', '.', '..', 'a/../b', 'a/.', './a', 'a\0b', 'a\ud800', 'x'.repeat(3000)]

export function storageSuite({ name, open, closes, runs }: StorageCase): void {
  describe(`${name} is a storage`, () => {
    const opened: Storage[] = []
    const empty = async (): Promise<Storage> => {
      const storage = await open()
      opened.push(storage)
      return storage
    }
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((storage) => storage.close()))
    })

    it('gives back the bytes of a key, and undefined where there is none', async () => {
      const storage = await empty()
      await storage.commit([put('a/b'), { kind: 'put', key: 'empty', value: new Uint8Array(0) }])
      expect(textAt(storage, 'a/b')).toBe('a/b')
      expect(storage.get('empty')).toHaveLength(0)
      expect(storage.get('a')).toBeUndefined()
      expect(storage.get('a/b/c')).toBeUndefined()
    })

    it('overwrites and deletes; deleting an absent key is no error', async () => {
      const storage = await empty()
      await storage.commit([put('a', 'one'), put('b')])
      await storage.commit([put('a', 'two'), remove('b'), remove('nothing/here')])
      expect(textAt(storage, 'a')).toBe('two')
      expect(storage.get('b')).toBeUndefined()
      expect(storage.list('')).toEqual(['a'])
    })

    it('takes the last of two writes of one key in a batch', async () => {
      const storage = await empty()
      await storage.commit([put('a', 'one'), put('a', 'two'), put('b'), remove('b')])
      expect(textAt(storage, 'a')).toBe('two')
      expect(storage.get('b')).toBeUndefined()
    })

    it('takes an empty batch', async () => {
      await expect((await empty()).commit([])).resolves.toBeUndefined()
    })

    it('keeps values of a megabyte', async () => {
      const storage = await empty()
      const value = Buffer.alloc(1_000_000, 'abcdefg')
      await storage.commit([{ kind: 'put', key: 'large', value }])
      expect(value.equals(storage.get('large') ?? Buffer.alloc(0))).toBe(true)
    })

    it('copies bytes in and out', async () => {
      const storage = await empty()
      const value = Buffer.from('value')
      const done = storage.commit([{ kind: 'put', key: 'a', value }])
      value.fill(0)
      await done
      storage.get('a')?.fill(0)
      expect(textAt(storage, 'a')).toBe('value')
    })

    it('lists the names directly below a prefix, a leaf that is also a folder twice', async () => {
      const storage = await empty()
      await storage.commit(['a', 'a/x', 'a/y/z', 'a-b', 'ab/c', 'b/c/d/e', 'é', '日/本', 'Z'].map((key) => put(key)))
      expect(storage.list('')).toEqual(['Z', 'a', 'a-b', 'a/', 'ab/', 'b/', 'é', '日/'])
      expect(storage.list('a/')).toEqual(['x', 'y/'])
      expect(storage.list('a/y/')).toEqual(['z'])
      expect(storage.list('b/')).toEqual(['c/'])
      expect(storage.list('a/x/')).toEqual([])
      expect(storage.list('nothing/')).toEqual([])
    })

    it('gives the same names in pieces', async () => {
      const storage = await empty()
      const names = Array.from({ length: 23 }, (_, n) => `f/${n % 5 === 0 ? `${n}/x` : n}`)
      await storage.commit([...names, 'f/10', 'g', 'f0', 'e/x'].map((key) => put(key)))
      for (const most of [1, 2, 7, 24, 25, 1000]) {
        const pieces = [...storage.pieces('f/', most)]
        expect(pieces.every(({ length }) => length > 0 && length <= most)).toBe(true)
        expect(pieces.flat().sort(compareKeys)).toEqual(storage.list('f/'))
      }
      expect([...storage.pieces('', 2)].flat().sort(compareKeys)).toEqual(['e/', 'f/', 'f0', 'g'])
      expect([...storage.pieces('nothing/', 2)].flat()).toEqual([])
      expect(() => [...storage.pieces('../', 2)]).toThrow(StorageKeyError)
    })

    it('gives every name that stays once, whatever comes and goes between two pieces', async () => {
      const storage = await empty()
      const names = Array.from({ length: 40 }, (_, n) => `n${n}`)
      await storage.commit(names.map((name) => put(`f/${name}`)))
      const seen: string[] = []
      let round = 0
      for (const piece of storage.pieces('f/', 3)) {
        seen.push(...piece)
        const leaves = piece.filter((name) => !name.endsWith('/'))
        await storage.commit([...leaves.map((name) => remove(`f/${name}`)), put(`f/new${round}/x`)])
        round += 1
        // New names may be given too, and bring new ones.
        if (round === 100) break
      }
      const old = seen.filter((name) => !name.startsWith('new'))
      expect(old.sort(compareKeys)).toEqual(names.sort(compareKeys))
    })

    it('orders names by bytes, not by UTF-16', async () => {
      const storage = await empty()
      const names = ['\u0001', '!', 'a', 'z', 'ÿ', '\ue000', '\uffee', '😀']
      await storage.commit(names.map((key) => put(`f/${key}`)))
      expect(storage.list('f/')).toEqual(names)
    })

    it('forgets a folder with its last key', async () => {
      const storage = await empty()
      await storage.commit([put('a/b/c'), put('a/d')])
      await storage.commit([remove('a/b/c')])
      expect(storage.list('a/')).toEqual(['d'])
      await storage.commit([remove('a/d')])
      expect(storage.list('')).toEqual([])
    })

    it('S7: refuses keys with empty or relative segments, and whatever no storage can hold', async () => {
      const storage = await empty()
      for (const key of BAD_KEYS) {
        expect(() => storage.get(key)).toThrow(StorageKeyError)
        await expect(storage.commit([put(key, 'x')])).rejects.toBeInstanceOf(StorageKeyError)
      }
      for (const prefix of ['a', '/', '../', 'a/../', 'a//']) {
        expect(() => storage.list(prefix)).toThrow(StorageKeyError)
        expect(() => storage.count(prefix)).toThrow(StorageKeyError)
      }
    })

    it('writes nothing of a batch that it refuses', async () => {
      const storage = await empty()
      await expect(storage.commit([put('a'), put('b'), put('../c', 'x'), put('d')])).rejects.toThrow(StorageKeyError)
      expect(storage.list('')).toEqual([])
    })

    it('shows a batch whole or not at all while it is being written', async () => {
      const storage = await empty()
      await storage.commit([put('x', '0'), put('y', '0')])
      const progress = { done: false }
      const writer = (async () => {
        for (let i = 1; i <= 20; i += 1) {
          await storage.commit([put('x', String(i)), put('y', String(i)), put(`list/${i}/x`), put(`list/${i}/y`)])
          expect([textAt(storage, 'x'), textAt(storage, 'y')]).toEqual([String(i), String(i)])
        }
        progress.done = true
      })()
      while (!progress.done) {
        // Warms a cache, if there is one, with one key of the batch and not the other.
        storage.get('x')
        await new Promise((resolve) => setImmediate(resolve))
        expect(textAt(storage, 'y')).toBe(textAt(storage, 'x'))
        const newest = storage.list('list/').length
        expect(newest).toBe(Number(textAt(storage, 'x')))
      }
      await writer
    })

    it('does as a sorted map does', async () => {
      const segment = fc.constantFrom('a', 'b', 'a-', 'ab', 'é', '😀')
      const key = fc.array(segment, { minLength: 1, maxLength: 3 }).map((segments) => segments.join('/'))
      const write = fc.oneof(
        {
          weight: 3,
          arbitrary: fc
            .record({ key, value: fc.uint8Array({ maxLength: 20 }) })
            .map(({ key, value }): Write => ({ kind: 'put', key, value })),
        },
        { weight: 1, arbitrary: key.map(remove) },
      )
      await fc.assert(
        fc.asyncProperty(fc.array(fc.array(write, { maxLength: 6 }), { maxLength: 6 }), async (batches) => {
          const storage = await empty()
          const model = new Map<string, Uint8Array>()
          for (const batch of batches) {
            await storage.commit(batch)
            for (const one of batch) {
              if (one.kind === 'put') model.set(one.key, one.value)
              else model.delete(one.key)
            }
          }
          for (const prefix of ['', 'a/', 'a/b/', 'é/', 'ab/']) {
            expect(storage.list(prefix)).toEqual(namesIn(model, prefix))
            expect(storage.count(prefix)).toBe([...model.keys()].filter((key) => key.startsWith(prefix)).length)
          }
          for (const [at, value] of model) expect(Buffer.from(storage.get(at) ?? []).equals(value)).toBe(true)
          expect(everything(storage)).toEqual([...model.keys()].sort(compareKeys))
          await storage.close()
        }),
        { numRuns: runs },
      )
    })

    it.runIf(closes)('throws whatever is asked of it after close', async () => {
      const storage = await empty()
      const writing = storage.commit([put('a')])
      await storage.close()
      await writing
      expect(() => storage.get('a')).toThrow('the storage is closed')
      expect(() => storage.list('')).toThrow('the storage is closed')
      expect(() => storage.count('')).toThrow('the storage is closed')
      expect(() => [...storage.pieces('', 1)]).toThrow('the storage is closed')
      await expect(storage.commit([put('b')])).rejects.toThrow('the storage is closed')
    })
  })
}

function namesIn(model: ReadonlyMap<string, unknown>, prefix: string): string[] {
  const names = new Set<string>()
  for (const key of model.keys()) {
    if (!key.startsWith(prefix)) continue
    const slash = key.indexOf('/', prefix.length)
    names.add(key.slice(prefix.length, slash === -1 ? undefined : slash + 1))
  }
  return [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
}

/** Every key, by walking the folders. */
function everything(storage: Storage): string[] {
  const below = (prefix: string): string[] =>
    storage.list(prefix).flatMap((name) => (name.endsWith('/') ? below(prefix + name) : [prefix + name]))
  return below('').sort(compareKeys)
}
