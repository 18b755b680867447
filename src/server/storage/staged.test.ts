import { expect, it } from 'vitest'
import { createMemoryStorage } from './memory.ts'
import { stageStorage } from './staged.ts'
import { storageSuite } from './storage.case.ts'
import type { Storage, Write } from './storage.ts'

storageSuite({
  name: 'staged over an empty storage',
  open: () => stageStorage(createMemoryStorage()),
  closes: true,
  runs: 100,
})

/** The first writes of the suite go below, the rest is held back. */
function halfStaged(): Storage {
  const lower = createMemoryStorage()
  const staged = stageStorage(lower)
  let first = true
  return {
    ...staged,
    commit(writes) {
      const target = first ? lower : staged
      first = false
      return target.commit(writes)
    },
    close: async () => {
      await staged.close()
      await lower.close()
    },
  }
}

storageSuite({ name: 'staged over a storage with keys', open: halfStaged, closes: false, runs: 100 })

const put = (key: string): Write => ({ kind: 'put', key, value: Buffer.from(key) })

it('shows nothing below until release, then everything at once', async () => {
  const lower = createMemoryStorage()
  const staged = stageStorage(lower)
  await staged.commit([put('a'), put('b/c')])
  await staged.commit([{ kind: 'delete', key: 'a' }, put('d')])
  expect(lower.list('')).toEqual([])
  expect(staged.list('')).toEqual(['b/', 'd'])
  await staged.release()
  expect(lower.list('')).toEqual(['b/', 'd'])
})
