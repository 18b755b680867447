/** The rows of vault-api 5, one test each, on every storage. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createMemoryStorage, MarkedEntryError, openLmdbStorage, type Storage } from '../../storage/index.ts'
import { openDriver } from './driver.case.ts'

const folder = mkdtempSync(join(tmpdir(), 'plenum-kv1-'))
afterAll(() => rmSync(folder, { recursive: true }))
let count = 0
const STORAGES: readonly (readonly [string, () => Storage])[] = [
  ['memory', createMemoryStorage],
  [
    'LMDB',
    () => {
      count += 1
      return openLmdbStorage({ folder: join(folder, String(count)) })
    },
  ],
]

describe.each(STORAGES)('KV version 1 on %s', (_, createStorage) => {
  const storages: Storage[] = []
  const create = (): Storage => {
    const storage = createStorage()
    storages.push(storage)
    return storage
  }
  afterAll(async () => {
    await Promise.all(storages.map((storage) => storage.close()))
  })

  it('gives back what was written, number by number, also after a restart', async () => {
    const storage = create()
    const kv = openDriver(storage)
    const written = '{"a":1.10,"n":12345678901234567890,"deep":{"x":[null,true,"é"]},"data":{"k":"v"}}'
    expect(await kv.get('read', 'a')).toBe('none')
    expect(await kv.get('update', 'a', written)).toBe('none')
    for (const driver of [kv, kv, openDriver(storage)]) expect(await driver.get('read', 'a')).toBe(written)
  })

  it('replaces the whole secret, and deletes it', async () => {
    const kv = openDriver(create())
    await kv.ask('update', 'a', '{"x":1,"y":2}')
    expect(await kv.get('read', 'a')).toBe('{"x":1,"y":2}')
    await kv.ask('update', 'a', '{"y":3}')
    expect(await kv.get('read', 'a')).toBe('{"y":3}')
    expect(await kv.get('delete', 'a')).toBe('none')
    expect(await kv.get('read', 'a')).toBe('none')
    expect(await kv.get('delete', 'a')).toBe('none')
    expect(await kv.get('delete', '')).toBe('none')
  })

  it('lists what is directly below, sorted; a key and a folder of one name both', async () => {
    const kv = openDriver(create())
    for (const path of ['b', 'a/c/d', 'a', 'a-b', 'Z']) await kv.ask('update', path, '{"k":1}')
    expect(await kv.get('list', '')).toEqual(['Z', 'a', 'a-b', 'a/', 'b'])
    expect(await kv.get('list', 'a/')).toEqual(['c/'])
    expect(await kv.get('list', 'none/')).toEqual([])
    await kv.ask('delete', 'a/c/d')
    expect(await kv.get('list', '')).toEqual(['Z', 'a', 'a-b', 'b'])
  })

  it('lists in pieces, and scans the whole tree', async () => {
    const kv = openDriver(create())
    for (const path of ['b', 'a/c/d', 'a', 'a-b', 'a/e']) await kv.ask('update', path, '{"k":1}')
    expect(await kv.get('list', '', '{"limit":2}')).toEqual(['a', 'a-b'])
    expect(await kv.get('list', '', '{"after":"a-b","limit":"2"}')).toEqual(['a/', 'b'])
    expect(await kv.get('scan', '')).toEqual(['a', 'a-b', 'a/c/d', 'a/e', 'b'])
    expect(await kv.get('scan', 'a/')).toEqual(['c/d', 'e'])
    expect(await kv.get('scan', '', '{"after":"a/c/d","limit":1}')).toEqual(['a/e'])
    expect(await kv.get('scan', 'none/')).toEqual([])
  })

  it('refuses a write without fields, without a path, and to a folder', async () => {
    const kv = openDriver(create())
    expect(await kv.refused('update', 'a', '{}')).toBe('400 missing data fields')
    expect(await kv.refused('update', '', '{"k":1}')).toBe('400 missing path')
    expect(await kv.refused('update', 'a/', '{"k":1}')).toBe("400 cannot write to a path ending in '/'")
    expect(await kv.refused('patch', 'a', '{"k":1}')).toBe('405 1 error occurred:\n\t* unsupported operation\n\n')
    expect(await kv.get('read', 'a/')).toBe('none')
    expect(await kv.get('read', '')).toBe('none')
    expect(await kv.get('list', '')).toEqual([])
  })

  it('takes the lease duration from ttl, else from lease, else from the mount', async () => {
    const kv = openDriver(create())
    for (const [fields, expected] of [
      ['"ttl":"1h"', 3600],
      ['"lease":30', 30],
      ['"ttl":"2h","lease":"3h"', 7200],
      ['"ttl":"0"', 0],
      ['"ttl":-5', -5],
      ['"k":"v"', 'default'],
      ['"ttl":"planted"', 'default'],
      ['"ttl":"planted","lease":30', 'default'],
      ['"ttl":[1]', 'default'],
      ['"ttl":1.5', 'default'],
      ['"ttl":true', 'default'],
    ] as const) {
      await kv.ask('update', 'a', `{${fields}}`)
      expect([fields, await kv.ask('read', 'a')]).toMatchObject([fields, { kind: 'data', leaseDuration: expected }])
    }
  })

  it('knows whether a secret is there (1.2)', async () => {
    const kv = openDriver(create())
    expect(kv.backend.exists('a')).toBe(false)
    await kv.ask('update', 'a', '{"k":1}')
    expect(kv.backend.exists('a')).toBe(true)
    await kv.ask('delete', 'a')
    expect(kv.backend.exists('a')).toBe(false)
    for (const path of ['', 'a/', 'a//b', 'x'.repeat(3000)]) expect(kv.backend.exists(path)).toBeUndefined()
  })

  it('of writers at once keeps one write whole', async () => {
    const storage = create()
    const kv = openDriver(storage)
    const writes = Array.from({ length: 20 }, (__, k) => `{"a":${k},"b":${k}}`)
    await Promise.all(writes.map((text) => kv.ask('update', 'a', text)))
    const read = await kv.get('read', 'a')
    expect(writes).toContain(read)
    expect(await openDriver(storage).get('read', 'a')).toBe(read)
  })

  it('S55: takes __proto__, constructor and toString as names of secrets and fields', async () => {
    const storage = create()
    const kv = openDriver(storage)
    for (const key of ['__proto__', 'constructor', 'toString']) {
      expect(await kv.get('read', key)).toBe('none')
      await kv.ask('update', key, `{"${key}":{"x":"y"}}`)
      expect(await openDriver(storage).get('read', key)).toBe(`{"${key}":{"x":"y"}}`)
    }
    expect(await kv.get('list', '')).toEqual(['__proto__', 'constructor', 'toString'])
    expect(Object.hasOwn(Object.prototype, 'x')).toBe(false)
  })

  it('S46: refuses a secret of which one entry was rolled back; a write or a deletion mends it', async () => {
    const storage = create()
    const kv = openDriver(storage)
    await kv.ask('update', 'a', '{"k":"old"}')
    const old = storage.get('v1/secret/a') ?? new Uint8Array()
    await kv.ask('update', 'a', '{"k":"new"}')
    await storage.commit([{ kind: 'put', key: 'v1/secret/a', value: old }])
    await expect(openDriver(storage).ask('read', 'a')).rejects.toThrow(MarkedEntryError)
    await openDriver(storage).ask('update', 'a', '{"k":"newer"}')
    expect(await openDriver(storage).get('read', 'a')).toBe('{"k":"newer"}')
  })
})
