/** What takes the place of a store's content on disk: see `prepareReplacement`. */
import { cpSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openLmdbStorage, type Write } from './index.ts'
import { physicalSuite } from './physical.case.ts'

const root = mkdtempSync(join(tmpdir(), 'plenum-replacement-'))
let count = 0
function newFolder(): string {
  count += 1
  return join(root, String(count))
}
afterAll(() => rmSync(root, { recursive: true, force: true }))

const put = (key: string): Write => ({ kind: 'put', key, value: Buffer.from(key) })

physicalSuite('LMDB', () => openLmdbStorage({ folder: newFolder() }))

describe('another content', () => {
  it('S14: that a crash left half ready goes when the store is opened, and was never open to others', async () => {
    const folder = newFolder()
    const storage = openLmdbStorage({ folder })
    await storage.commit([put('old')])
    await storage.prepareReplacement().add([{ key: 'new', value: Buffer.from('new') }])
    const place = join(folder, 'replacement')
    expect(statSync(place).mode & 0o777).toBe(0o700)
    expect(statSync(join(place, 'data.mdb')).mode & 0o777).toBe(0o600)
    const copy = newFolder()
    cpSync(folder, copy, { recursive: true })
    rmSync(join(copy, 'server.lock'))
    const again = openLmdbStorage({ folder: copy })
    expect(again.list('')).toEqual(['old'])
    expect(readdirSync(copy)).not.toContain('replacement')
    await again.close()
    await storage.close()
  })

  it('is the whole store when it is opened again, and agrees with its sum', async () => {
    const folder = newFolder()
    const storage = openLmdbStorage({ folder })
    await storage.commit([put('old')])
    const next = storage.prepareReplacement()
    await next.add([{ key: 'a', value: Buffer.from('a') }])
    await next.add([{ key: 'b', value: Buffer.from('b') }])
    await next.install()
    await storage.commit([put('c'), { kind: 'delete', key: 'a' }])
    await storage.close()
    const again = openLmdbStorage({ folder })
    expect(again.list('')).toEqual(['b', 'c'])
    await again.close()
  })

  it('is over with the store: it goes into none that is closed, and leaves the next one alone', async () => {
    const folder = newFolder()
    const storage = openLmdbStorage({ folder })
    const next = storage.prepareReplacement()
    await next.add([{ key: 'new', value: Buffer.from('new') }])
    const adding = next.add([{ key: 'newer', value: Buffer.alloc(1_000_000) }])
    await storage.close()
    await adding
    expect(readdirSync(folder)).not.toContain('replacement')
    const again = openLmdbStorage({ folder })
    const other = again.prepareReplacement()
    await other.add([{ key: 'other', value: Buffer.from('other') }])
    await expect(next.add([])).rejects.toMatchObject({ code: 'store-replaced' })
    await expect(next.install()).rejects.toMatchObject({ code: 'store-replaced' })
    await next.discard()
    await other.install()
    expect(again.list('')).toEqual(['other'])
    await again.close()
  })

  it('is there as a whole or not at all when the store is closed meanwhile', async () => {
    const folder = newFolder()
    const storage = openLmdbStorage({ folder })
    await storage.commit([put('old')])
    const next = storage.prepareReplacement()
    await next.add([{ key: 'new', value: Buffer.from('new') }])
    const [installed] = await Promise.allSettled([next.install(), storage.close()])
    expect(readdirSync(folder)).not.toContain('replacement')
    const again = openLmdbStorage({ folder })
    expect(again.list('')).toEqual([installed.status === 'fulfilled' ? 'new' : 'old'])
    await again.close()
  })
})
