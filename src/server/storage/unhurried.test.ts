import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createMemoryStorage } from './memory.ts'
import { compareKeys, sortKeys, type Storage, type Write } from './storage.ts'
import { unhurriedList, unhurriedSort } from './unhurried.ts'
import { turnsDuring } from '../turns.case.ts'

const put = (key: string): Write => ({ kind: 'put', key, value: new Uint8Array() })

async function filled(names: readonly string[]): Promise<Storage> {
  const storage = createMemoryStorage()
  await storage.commit(names.map((name) => put(`f/${name}`)))
  return storage
}

describe('a list without hurry', () => {
  it('is the list', async () => {
    const name = fc.stringMatching(/^[a-c\-0é\u{10000}\uff00]{1,3}$/u)
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            name,
            fc.tuple(name, name).map((both) => both.join('/')),
          ),
        ),
        async (names) => {
          const storage = await filled(names)
          expect(await unhurriedList(storage, 'f/')).toEqual(storage.list('f/'))
        },
      ),
    )
    expect(await unhurriedList(createMemoryStorage(), 'none/')).toEqual([])
  })

  it('lets others have their turn, the more the longer it is, and none for a short one', async () => {
    const names = Array.from({ length: 5000 }, (_, n) => `n${n}`)
    const storage = await filled(names)
    expect(await turnsDuring(() => unhurriedList(storage, 'f/'))).toBeGreaterThanOrEqual(5000 / 250 - 1)
    const short = await filled(names.slice(0, 20))
    expect(await turnsDuring(() => unhurriedList(short, 'f/'))).toBe(0)
  })

  it('has each name once, also one that goes and comes again meanwhile', async () => {
    const storage = await filled(Array.from({ length: 1000 }, (_, n) => `n${n}`))
    const list = unhurriedList(storage, 'f/')
    await storage.commit([{ kind: 'delete', key: 'f/n0' }])
    await storage.commit([put('f/n0')])
    const names = await list
    expect(new Set(names).size).toBe(names.length)
    expect(names).toContain('n999')
  })
})

it('keys are sorted by their bytes, with surrogates or without', () => {
  const text = fc.oneof(fc.string(), fc.stringMatching(/^[a\ue000\uffee\u{1f600}]{0,4}$/u))
  fc.assert(
    fc.property(fc.array(text), (keys) => {
      expect(sortKeys([...keys])).toEqual([...keys].sort(compareKeys))
    }),
  )
})

describe('long lists are sorted in the same way', () => {
  it('whatever is in them', async () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^[a\ue000\uffee\u{1f600}]{0,4}$/u))
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 50 }), fc.nat(9000), async (few, length) => {
        const keys = Array.from({ length }, (_, n) => `${few[n % few.length] ?? ''}${(n * 7919) % 1000}`)
        expect(await unhurriedSort([...keys])).toEqual([...keys].sort(compareKeys))
      }),
      { numRuns: 30 },
    )
  })

  it('with turns for others', async () => {
    const keys = Array.from({ length: 20_000 }, (_, n) => `${(n * 7919) % 20_000}`)
    expect(await turnsDuring(() => unhurriedSort(keys))).toBeGreaterThanOrEqual(10 + 4 * 10 - 5)
  })
})
