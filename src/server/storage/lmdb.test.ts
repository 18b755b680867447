import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open, type RootDatabase } from 'lmdb'
import { afterAll, describe, expect, it } from 'vitest'
import { openLmdbStorage, type Storage, StoreError, type StoreErrorCode, type Write } from './index.ts'
import { storageSuite } from './storage.case.ts'

const root = mkdtempSync(join(tmpdir(), 'plenum-store-'))
let count = 0
function newFolder(): string {
  count += 1
  return join(root, String(count))
}
afterAll(() => rmSync(root, { recursive: true, force: true }))

storageSuite({ name: 'LMDB', open: () => openLmdbStorage({ folder: newFolder() }), closes: true, runs: 8 })
const put = (key: string, value: Uint8Array = Buffer.from(key)): Write => ({ kind: 'put', key, value })

/** A closed store with enough in it to have a tree of some depth, values on pages of their own, and free pages. */
async function makeStore(): Promise<string> {
  const folder = newFolder()
  const storage = openLmdbStorage({ folder })
  for (let round = 0; round < 3; round += 1) {
    await storage.commit(
      Array.from({ length: 400 }, (_, i) =>
        put(`data/${i}/entry`, Buffer.alloc(i % 50 === 0 ? 20_000 : 200, round + 1)),
      ),
    )
  }
  await storage.commit(Array.from({ length: 100 }, (_, i): Write => ({ kind: 'delete', key: `data/${i}/entry` })))
  await storage.close()
  return folder
}

function refusal(folder: string): { code: StoreErrorCode; text: string } {
  try {
    void openLmdbStorage({ folder }).close()
  } catch (error) {
    if (error instanceof StoreError) return { code: error.code, text: error.message }
    throw error
  }
  throw new Error('the store opened')
}

const namesOrRefusal = (folder: string, prefix: string) => readOrRefusal(folder, (storage) => storage.list(prefix))
const valueOrRefusal = (folder: string, key: string) =>
  readOrRefusal(folder, (storage) => Buffer.from(storage.get(key) ?? []))

async function readOrRefusal<T>(folder: string, read: (storage: Storage) => T): Promise<T | StoreErrorCode> {
  try {
    const storage = openLmdbStorage({ folder })
    const result = read(storage)
    await storage.close()
    return result
  } catch (error) {
    if (error instanceof StoreError) return error.code
    throw error
  }
}

describe('a store on disk', () => {
  it('holds its entries when it is opened again', async () => {
    const folder = await makeStore()
    const again = openLmdbStorage({ folder })
    expect(again.list('data/')).toHaveLength(300)
    expect(again.get('data/150/entry')).toHaveLength(20_000)
    await again.close()
  })

  it('takes values of 20 MB and batches of ten thousand writes', async () => {
    const storage = openLmdbStorage({ folder: newFolder() })
    const large = Buffer.alloc(20_000_000, 'x')
    await storage.commit([put('large', large)])
    expect(large.equals(storage.get('large') ?? Buffer.alloc(0))).toBe(true)
    await storage.commit(Array.from({ length: 10_000 }, (_, i) => put(`many/${i}`)))
    expect(storage.list('many/')).toHaveLength(10_000)
    await storage.close()
  })

  it('does not read the keys below a folder to list its name', async () => {
    const storage = openLmdbStorage({ folder: newFolder() })
    await storage.commit(Array.from({ length: 30_000 }, (_, i) => put(`deep/${i}`, Buffer.alloc(1))))
    await storage.commit([put('deep0'), put('leaf')])
    const millisecondsOf = (work: () => void): number => {
      const started = performance.now()
      work()
      return performance.now() - started
    }
    const above = millisecondsOf(() => {
      for (let i = 0; i < 100; i += 1) expect(storage.list('')).toEqual(['deep/', 'deep0', 'leaf'])
    })
    // Would it read them, it were ten times as much, on any machine.
    const below = millisecondsOf(() => {
      for (let i = 0; i < 10; i += 1) storage.list('deep/')
    })
    expect(above).toBeLessThan(below)
    await storage.close()
  })

  it('leaves no reader behind, however often it is listed', async () => {
    const storage = openLmdbStorage({ folder: newFolder() })
    await storage.commit([put('a/b'), put('c')])
    for (let i = 0; i < 2000; i += 1) expect(storage.list('')).toEqual(['a/', 'c'])
    await storage.commit([put('d')])
    expect(storage.list('')).toEqual(['a/', 'c', 'd'])
    await storage.close()
  })

  it('S14: keeps its files and its folder from others, also those it found open', async () => {
    const folder = newFolder()
    mkdirSync(folder, { mode: 0o777 })
    const storage = openLmdbStorage({ folder })
    await storage.commit([put('a')])
    const modes = readdirSync(folder).map((name) => statSync(join(folder, name)).mode & 0o777)
    expect(modes).toEqual([0o600, 0o600, 0o600, 0o600])
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    await storage.close()
  })
})

describe('a folder that is not a store', () => {
  it('is refused and left alone', () => {
    const folder = newFolder()
    mkdirSync(folder)
    writeFileSync(join(folder, 'notes.txt'), 'mine')
    expect(refusal(folder)).toMatchObject({
      code: 'store-foreign',
      text: expect.stringContaining('choose an empty or new folder'),
    })
    expect(readdirSync(folder)).toEqual(['notes.txt'])
  })

  it('is refused when it is a file', () => {
    const file = newFolder()
    writeFileSync(file, '')
    expect(refusal(file).code).toBe('store-unreadable')
  })
})

describe('the format file', () => {
  it('of a later version is refused with what to do', async () => {
    const folder = await makeStore()
    const text = '{"format":"plenum-store","version":4,"data":"present"}'
    writeFileSync(join(folder, 'store.json'), text)
    expect(refusal(folder)).toMatchObject({
      code: 'store-version',
      text: expect.stringContaining('is of version 4, this Plenum knows versions 1 to 3: use the Plenum that wrote it'),
    })
    expect(readFileSync(join(folder, 'store.json'), 'utf8')).toBe(text)
  })

  it.each([1, 2])('of version %i opens with all that it holds, and is of version 3 from then on', async (version) => {
    const folder = await makeStore()
    // As it was before there was a sum over the content: an older Plenum would have left it as it is.
    await withLmdb(folder, (database) => database.remove(Buffer.from([0])))
    writeFileSync(join(folder, 'store.json'), `{"format":"plenum-store","version":${version},"data":"present"}`)
    const storage = openLmdbStorage({ folder })
    expect(storage.list('data/')).toHaveLength(300)
    await storage.commit([put('more')])
    await storage.close()
    await openLmdbStorage({ folder }).close()
    expect(JSON.parse(readFileSync(join(folder, 'store.json'), 'utf8'))).toEqual({
      format: 'plenum-store',
      version: 3,
      data: 'present',
    })
  })

  it.each([
    '',
    '{',
    '[]',
    '{"format":"other","version":1}',
    '{"format":"plenum-store","version":0}',
    '{"format":"plenum-store","version":1.5}',
  ])('that reads %j is damaged', async (text) => {
    const folder = await makeStore()
    writeFileSync(join(folder, 'store.json'), text)
    expect(refusal(folder).code).toBe('store-corrupt')
  })

  it('comes first: a crash before there was data leaves a folder that opens', async () => {
    const folder = newFolder()
    mkdirSync(folder)
    writeFileSync(join(folder, 'store.json'), '{"format":"plenum-store","version":1,"data":"new"}')
    const storage = openLmdbStorage({ folder })
    await storage.commit([put('a')])
    await storage.close()
    expect(JSON.parse(readFileSync(join(folder, 'store.json'), 'utf8'))).toEqual({
      format: 'plenum-store',
      version: 3,
      data: 'present',
    })
  })
})

describe('S46: a damaged data file is an error, never an empty store and never a crash', () => {
  const pageSize = 4096
  const damages: readonly (readonly [string, (data: Buffer) => Buffer])[] = [
    ['emptied', () => Buffer.alloc(0)],
    ['cut within its header', (data) => data.subarray(0, 100)],
    ['cut after its first page', (data) => data.subarray(0, pageSize)],
    ['cut in half', (data) => data.subarray(0, data.length / 2)],
    ['cut in the middle of a page', (data) => data.subarray(0, data.length * 0.75 + 17)],
    ['overwritten', (data) => data.fill(0xa7)],
    ['zeroed', (data) => data.fill(0)],
    ['overwritten behind its header', (data) => data.fill(0xa7, 2 * pageSize)],
    ['zeroed behind its header', (data) => data.fill(0, 2 * pageSize)],
    ['without its first header', (data) => data.fill(0, 0, pageSize)],
    ['without its second header', (data) => data.fill(0, pageSize, 2 * pageSize)],
    ['with the newer of its headers as it was long before', (data) => olderHeader(data, 4n)],

    ['of another data version', (data) => withUint32(data, 28, 7)],
    ['with another page size', (data) => withUint32(data, 48, 3000)],
    ['with a page whose length is impossible', (data) => data.fill(2, rootAt(data) + 20, rootAt(data) + 24)],
    ['with a leaf where a branch should be', (data) => withUint16(data, rootAt(data) + 18, 2)],
    ['with two keys in the wrong order', (data) => swapUint16(data, rootAt(data) + 26, rootAt(data) + 28)],
    ['with a tree of another depth', (data) => withUint16(withUint16(data, 102, 7), pageSize + 102, 7)],
    ['with the flags of a database in it', (data) => withUint16(data, firstLeafEntry(data) + 4, 2)],
  ]

  it.each(damages)('%s', async (_, damage) => {
    const folder = await makeStore()
    const path = join(folder, 'data.mdb')
    writeFileSync(path, damage(readFileSync(path)))
    const { code, text } = refusal(folder)
    expect(code).toBe('store-corrupt')
    expect(text).toContain('restore the folder from a backup')
  })

  it('missing', async () => {
    const folder = await makeStore()
    rmSync(join(folder, 'data.mdb'))
    expect(refusal(folder).code).toBe('store-corrupt')
  })

  it('without one of its entries, or with one under another name', async () => {
    const folder = await makeStore()
    await withLmdb(folder, (database) => database.remove(Buffer.from('data/150/entry')))
    expect(refusal(folder)).toMatchObject({
      code: 'store-corrupt',
      text: expect.stringContaining('it holds 299 entries and 300 were written'),
    })
    await withLmdb(folder, (database) => database.put(Buffer.from('data/150/entrx'), Buffer.from('x')))
    expect(refusal(folder).code).toBe('store-corrupt')
    await withLmdb(folder, async (database) => {
      await database.remove(Buffer.from('data/150/entrx'))
      await database.put(Buffer.from('data/150/entry'), Buffer.alloc(20_000, 3))
    })
    expect(await namesOrRefusal(folder, 'data/')).toHaveLength(300)
    await withLmdb(folder, (database) => database.remove(Buffer.from([0])))
    expect(refusal(folder).text).toContain('what it holds is not what was written')
  })

  it('with one entry as it was before: refused, until somebody accepts it', async () => {
    const folder = newFolder()
    const storage = openLmdbStorage({ folder })
    await storage.commit([put('a', Buffer.from('old')), put('b')])
    await storage.commit([put('a', Buffer.from('new'))])
    await storage.close()
    await withLmdb(folder, (database) => database.put(Buffer.from('a'), Buffer.from('old')))
    expect(refusal(folder).text).toMatch(
      /data\.mdb is damaged: what it holds is not what was written; restore the folder from a backup, or, .* replace "present" by "damaged" in .*store\.json$/,
    )
    writeFileSync(join(folder, 'store.json'), '{"format":"plenum-store","version":3,"data":"damaged"}')
    expect(await valueOrRefusal(folder, 'a')).toEqual(Buffer.from('old'))
    // Said once, it counts once.
    expect(await valueOrRefusal(folder, 'a')).toEqual(Buffer.from('old'))
    await withLmdb(folder, (database) => database.remove(Buffer.from('b')))
    expect(refusal(folder).code).toBe('store-corrupt')
  })

  it('with one bit of any key changed: refused, never without that entry', async () => {
    const folder = newFolder()
    const storage = openLmdbStorage({ folder })
    await storage.commit(Array.from({ length: 20 }, (_, n) => put(`key-of-an-entry-${n}`, Buffer.alloc(10))))
    await storage.close()
    const path = join(folder, 'data.mdb')
    const data = readFileSync(path)
    let bits = 0
    for (let at = data.indexOf('key-of-'); at !== -1; at = data.indexOf('key-of-', at + 1)) {
      // Pages that are free again hold keys as well.
      if (Math.floor(at / pageSize) * pageSize !== rootAt(data)) continue
      for (let bit = 0; bit < 16 * 8; bit += 5) {
        const changed = Buffer.from(data)
        changed[at + (bit >> 3)] = (changed[at + (bit >> 3)] ?? 0) ^ (1 << (bit & 7))
        writeFileSync(path, changed)
        expect(refusal(folder).code).toBe('store-corrupt')
        bits += 1
      }
    }
    expect(bits).toBeGreaterThan(400)
  })

  it('with any used page zeroed: refused, or no entry is lost', async () => {
    const folder = await makeStore()
    const path = join(folder, 'data.mdb')
    const data = readFileSync(path)
    for (let page = 2; page < data.length / pageSize; page += 7) {
      const copy = `${folder}-${page}`
      cpSync(folder, copy, { recursive: true })
      writeFileSync(join(copy, 'data.mdb'), Buffer.from(data).fill(0, page * pageSize, (page + 1) * pageSize))
      expect(await namesOrRefusal(copy, 'data/')).toSatisfy(
        (got) => got === 'store-corrupt' || (Array.isArray(got) && got.length === 300),
      )
    }
  })

  it('whose free pages at the end were cut off opens', async () => {
    const folder = newFolder()
    const storage = openLmdbStorage({ folder })
    await storage.commit(Array.from({ length: 50 }, (_, i) => put(`data/${i}`, Buffer.alloc(20_000))))
    await storage.commit(Array.from({ length: 50 }, (_, i): Write => ({ kind: 'delete', key: `data/${i}` })))
    await storage.commit([put('kept')])
    await storage.close()
    const path = join(folder, 'data.mdb')
    const before = readFileSync(path)
    for (let bytes = before.length - pageSize; bytes > before.length / 2; bytes -= pageSize) truncateSync(path, bytes)
    // Whether the cut hit a page in use depends on where LMDB put it; either way there is an answer.
    expect([['kept'], 'store-corrupt']).toContainEqual(await namesOrRefusal(folder, ''))
  })

  it('with a large value cut off: refused, or the value is whole', async () => {
    const folder = newFolder()
    const storage = openLmdbStorage({ folder })
    const value = Buffer.alloc(300_000, 'large')
    await storage.commit([put('large', value)])
    await storage.close()
    const data = readFileSync(join(folder, 'data.mdb'))
    const found: string[] = []
    for (let bytes = data.length - pageSize; bytes > 4 * pageSize; bytes -= 11 * pageSize) {
      writeFileSync(join(folder, 'data.mdb'), data.subarray(0, bytes))
      const got = await valueOrRefusal(folder, 'large')
      found.push(Buffer.isBuffer(got) ? String(value.equals(got)) : got)
    }
    expect(found).toContain('store-corrupt')
    expect(found.filter((one) => one !== 'store-corrupt' && one !== 'true')).toEqual([])
  })

  it('stays sound to the check through every kind of change', async () => {
    const folder = newFolder()
    for (let round = 0; round < 12; round += 1) {
      const storage = openLmdbStorage({ folder })
      const writes = Array.from({ length: 60 }, (_, i): Write => {
        const key = `k/${(i * 31 + round * 7) % 90}`
        return (i + round) % 3 === 0
          ? { kind: 'delete', key }
          : put(key, Buffer.alloc(((i * 997 + round * 131) % 9000) + 1))
      })
      await Promise.all([storage.commit(writes), storage.commit([put(`round/${round}`)])])
      await storage.close()
    }
    const storage = openLmdbStorage({ folder })
    expect(storage.list('round/')).toHaveLength(12)
    await storage.close()
  })
})

describe('one process at a time', () => {
  it('refuses a store that is open, and says who has it', async () => {
    const folder = newFolder()
    const storage = openLmdbStorage({ folder })
    expect(refusal(folder)).toMatchObject({
      code: 'store-locked',
      text: expect.stringContaining(`process ${process.pid}`),
    })
    await storage.close()
    await openLmdbStorage({ folder }).close()
    expect(readdirSync(folder).filter((name) => name.startsWith('server.lock'))).toEqual([])
  })

  it.each([
    ['a process that is gone', JSON.stringify({ pid: 4_194_303, started: 'boot:1' })],
    ['a process whose number another one has now', JSON.stringify({ pid: process.pid, started: 'boot:1' })],
  ])('takes over the lock of %s', async (_, left) => {
    const folder = await makeStore()
    writeFileSync(join(folder, 'server.lock'), left)
    const storage = openLmdbStorage({ folder })
    expect(JSON.parse(readFileSync(join(folder, 'server.lock'), 'utf8'))).toMatchObject({ pid: process.pid })
    expect(refusal(folder).code).toBe('store-locked')
    await storage.close()
    expect(existsSync(join(folder, 'server.lock'))).toBe(false)
  })

  it('takes over from a process that died while it took over', async () => {
    const folder = newFolder()
    const dead = JSON.stringify({ pid: 4_194_302, started: 'boot:2' })
    const storage = openLmdbStorage({ folder })
    await storage.close()
    writeFileSync(join(folder, 'server.lock'), JSON.stringify({ pid: 4_194_303, started: 'boot:1' }))
    const { createHash } = await import('node:crypto')
    const right = createHash('sha256')
      .update(readFileSync(join(folder, 'server.lock')))
      .digest('hex')
      .slice(0, 16)
    writeFileSync(join(folder, `server.lock.${right}`), dead)
    await openLmdbStorage({ folder }).close()
    expect(readdirSync(folder).filter((name) => name.startsWith('server.lock'))).toEqual([])
  })

  it('does not touch a lock file that it does not understand', async () => {
    const folder = await makeStore()
    writeFileSync(join(folder, 'server.lock'), 'something else')
    expect(refusal(folder)).toMatchObject({ code: 'store-locked', text: expect.stringContaining('remove it') })
    expect(readFileSync(join(folder, 'server.lock'), 'utf8')).toBe('something else')
  })

  it('unlocks a store that it refuses to open', async () => {
    const folder = await makeStore()
    truncateSync(join(folder, 'data.mdb'), 100)
    expect(refusal(folder).code).toBe('store-corrupt')
    expect(existsSync(join(folder, 'server.lock'))).toBe(false)
  })
})

/** What LMDB itself can do to a store. */
async function withLmdb(folder: string, change: (database: RootDatabase<Buffer, Buffer>) => unknown): Promise<void> {
  const database = open<Buffer, Buffer>({ path: folder, noSubdir: false, encoding: 'binary', keyEncoding: 'binary' })
  await change(database)
  await database.close()
}

/** Of the tree of all entries, by the newer of the two headers. */
function rootAt(data: Buffer): number {
  const newer = data.readBigUInt64LE(152) > data.readBigUInt64LE(4096 + 152) ? 0 : 4096
  return Number(data.readBigUInt64LE(newer + 136)) * 4096
}

function olderHeader(data: Buffer, by: bigint): Buffer {
  const at = (data.readBigUInt64LE(152) > data.readBigUInt64LE(4096 + 152) ? 0 : 4096) + 152
  data.writeBigUInt64LE(data.readBigUInt64LE(at) - by, at)
  return data
}

function firstLeafEntry(data: Buffer): number {
  let page = rootAt(data)
  const entry = (): number => page + 24 + data.readUInt16LE(page + 24)
  while (data.readUInt16LE(page + 18) === 1) page = data.readUInt32LE(entry()) * 4096
  return entry()
}

function withUint16(data: Buffer, at: number, value: number): Buffer {
  data.writeUInt16LE(value, at)
  return data
}

function swapUint16(data: Buffer, one: number, other: number): Buffer {
  const kept = data.readUInt16LE(one)
  data.writeUInt16LE(data.readUInt16LE(other), one)
  return withUint16(data, other, kept)
}

function withUint32(data: Buffer, at: number, value: number): Buffer {
  data.writeUInt32LE(value, at)
  return data
}
