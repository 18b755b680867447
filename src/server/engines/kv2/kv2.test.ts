import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { createMemoryStorage, openLmdbStorage, type Storage } from '../../storage/index.ts'
import { keysSuite } from './keys.case.ts'
import { secretsSuite } from './secrets.case.ts'

function kv2Suite(name: string, createStorage: () => Storage): void {
  secretsSuite(name, createStorage)
  keysSuite(name, createStorage)
}

kv2Suite('memory', createMemoryStorage)

/** As a disk does it: a commit takes time, is visible first and promised later. */
function slowStorage(): Storage {
  const storage = createMemoryStorage()
  const turn = () => new Promise<void>((resolve) => void setImmediate(resolve))
  return {
    ...storage,
    async commit(writes) {
      await turn()
      await storage.commit(writes)
      await turn()
    },
  }
}
kv2Suite('a slow storage', slowStorage)

const folder = mkdtempSync(join(tmpdir(), 'plenum-kv2-'))
let count = 0
kv2Suite('LMDB', () => {
  count += 1
  return openLmdbStorage({ folder: join(folder, String(count)) })
})
afterAll(() => rmSync(folder, { recursive: true }))
