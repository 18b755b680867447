import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createMemoryStorage } from './memory.ts'
import { keysBelow, pageOf, scanPage } from './page.ts'
import { compareKeys } from './storage.ts'

const ALL = { after: '', limit: 0 }

async function filled(keys: readonly string[]): Promise<(folder: string) => string[]> {
  const storage = createMemoryStorage()
  await storage.commit(keys.map((key) => ({ kind: 'put', key: `x/${key}`, value: new Uint8Array() })))
  return (folder) => storage.list(`x/${folder}`)
}

const unhurried = (list: (folder: string) => string[]) => (folder: string) => Promise.resolve(list(folder))

describe('a page of names', () => {
  it('is what lies behind a name, and no more than asked for', () => {
    const names = ['Z', 'a', 'a-b', 'a/', 'b']
    expect(pageOf(names, ALL)).toEqual(names)
    expect(pageOf(names, { after: 'a', limit: 2 })).toEqual(['a-b', 'a/'])
    expect(pageOf(names, { after: 'a/', limit: 2 })).toEqual(['b'])
    expect(pageOf(names, { after: 'aa', limit: 1 })).toEqual(['b'])
    expect(pageOf(names, { after: 'b', limit: 0 })).toEqual([])
  })
})

describe('a scan', () => {
  it('gives all keys of a tree in the order of their bytes', async () => {
    const list = await filled(['b', 'a', 'a/x/y', 'a-b', 'a0', 'a/b'])
    expect([...keysBelow(list)]).toEqual(['a', 'a-b', 'a/b', 'a/x/y', 'a0', 'b'])
    expect(await scanPage(unhurried(list), 'a/', ALL)).toEqual(['b', 'x/y'])
    expect(await scanPage(unhurried(list), 'none/', ALL)).toEqual([])
  })

  it('lists no folder that lies before the page, and none behind it', async () => {
    const list = await filled(['a/1', 'a/2', 'b/1', 'b/2', 'c/1'])
    const listed: string[] = []
    const spy = (folder: string): Promise<string[]> => {
      listed.push(folder)
      return Promise.resolve(list(folder))
    }
    expect(await scanPage(spy, '', { after: 'b/1', limit: 1 })).toEqual(['b/2'])
    expect(listed).toEqual(['', 'b/'])
  })

  it('page by page gives each key once, for any keys and any size of pages', async () => {
    const segment = fc.stringMatching(/^[a-c\-0é\u{10000}\uff00]{1,2}$/u)
    const paths = fc.array(fc.array(segment, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/')))
    await fc.assert(
      fc.asyncProperty(paths, fc.integer({ min: 1, max: 4 }), async (keys, limit) => {
        const list = await filled(keys)
        const expected = [...new Set(keys)].sort(compareKeys)
        expect([...keysBelow(list)]).toEqual(expected)
        const seen: string[] = []
        for (let page = await scanPage(unhurried(list), '', { after: '', limit }); page.length > 0; ) {
          expect(page.length).toBeLessThanOrEqual(limit)
          seen.push(...page)
          page = await scanPage(unhurried(list), '', { after: page.at(-1) ?? '', limit })
        }
        expect(seen).toEqual(expected)
      }),
      { numRuns: 200 },
    )
  })
})
