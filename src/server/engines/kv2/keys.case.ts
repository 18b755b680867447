/** The rows of vault-api 6.2 to 6.4, one test each: versions, keys, settings. Runs on every storage. */
import { afterAll, describe, expect, it } from 'vitest'
import { stringifyJson } from '../../json/index.ts'
import type { Storage } from '../../storage/index.ts'
import { type Driver, openDriver, TIME, version } from './driver.case.ts'

export function keysSuite(name: string, createStorage: () => Storage): void {
  const storages: Storage[] = []
  const open = (): Driver => {
    const storage = createStorage()
    storages.push(storage)
    return openDriver(storage)
  }
  afterAll(async () => {
    await Promise.all(storages.map((storage) => storage.close()))
  })

  describe(`keys and settings on ${name}`, () => {
    describe('delete/, undelete/ and destroy/ (6.2)', () => {
      it('take versions as numbers, texts, one number or a text with commas', async () => {
        for (const versions of [[1, 2], ['1', '2'], '1, 2', [1, '2', 7]]) {
          const kv = open()
          for (const k of [1, 2, 3]) await kv.ask('update', 'data/a', { data: { k } })
          expect(await kv.get('update', 'delete/a', { versions })).toBe('none')
          expect(await kv.get('read', 'data/a', { version: 1 })).toHaveProperty('gone')
          expect(await kv.get('read', 'data/a', { version: 2 })).toHaveProperty('gone')
          expect(await kv.get('read', 'data/a')).toMatchObject({ data: { k: 3 } })
          expect(await kv.get('update', 'undelete/a', { versions: 1 })).toBe('none')
          expect(await kv.get('read', 'data/a', { version: 1 })).toEqual({ data: { k: 1 }, metadata: version(1) })
        }
      })

      it('destroy for good, and keep the metadata', async () => {
        const kv = open()
        for (const k of [1, 2]) await kv.ask('update', 'data/a', { data: { k } })
        expect(await kv.get('update', 'destroy/a', { versions: [2] })).toBe('none')
        const gone = { gone: { data: null, metadata: version(2, { destroyed: true }) } }
        expect(await kv.get('read', 'data/a')).toEqual(gone)
        await kv.ask('update', 'undelete/a', { versions: [2] })
        expect(await kv.restart().get('read', 'data/a')).toEqual(gone)
        expect(kv.storage.list('data/a/')).toEqual(['1'])
      })

      it('refuse a request without versions, each in its own words', async () => {
        const kv = open()
        for (const body of [{}, { versions: [] }, { versions: '' }, { versions: null }]) {
          expect(await kv.refused('update', 'delete/a', body)).toBe('400 No version number provided')
          expect(await kv.refused('update', 'undelete/a', body)).toBe('400 No version number provided')
          expect(await kv.refused('update', 'destroy/a', body)).toBe('400 no version number provided')
        }
        const text = await kv.refused('update', 'delete/a', { versions: ['planted'] })
        expect(text).toMatch(/^400 Field validation failed: error converting input for field "versions"/)
        expect(text).not.toContain('planted')
      })

      it('have nothing against a key that is not there', async () => {
        const kv = open()
        for (const prefix of ['delete', 'undelete', 'destroy']) {
          expect(await kv.get('update', `${prefix}/a`, { versions: [1] })).toBe('none')
        }
        expect(await kv.get('read', 'metadata/a')).toBe('none')
      })
    })

    describe('metadata/ (6.3)', () => {
      it('lists what is directly below, sorted; a key and a folder of one name both', async () => {
        const kv = open()
        for (const path of ['b', 'a/c/d', 'a', 'a-b']) await kv.ask('update', `data/${path}`, { data: {} })
        expect(await kv.get('list', 'metadata/')).toEqual({ keys: ['a', 'a-b', 'a/', 'b'] })
        expect(await kv.get('list', 'metadata/a/')).toEqual({ keys: ['c/'] })
        expect(await kv.get('list', 'metadata/no/')).toEqual({ keys: [] })
        await kv.ask('delete', 'data/b')
        expect(await kv.get('list', 'metadata/')).toMatchObject({ keys: ['a', 'a-b', 'a/', 'b'] })
      })

      it('lists in pieces, and scans the whole tree', async () => {
        const kv = open()
        for (const path of ['b', 'a/c/d', 'a', 'a-b', 'a/e']) await kv.ask('update', `data/${path}`, { data: {} })
        expect(await kv.get('list', 'metadata/', { limit: 2 })).toEqual({ keys: ['a', 'a-b'] })
        expect(await kv.get('list', 'metadata/', { after: 'a-b', limit: '2' })).toEqual({ keys: ['a/', 'b'] })
        expect(await kv.get('list', 'metadata/', { limit: -1 })).toEqual({ keys: ['a', 'a-b', 'a/', 'b'] })
        expect(await kv.get('scan', 'metadata/')).toEqual({ keys: ['a', 'a-b', 'a/c/d', 'a/e', 'b'] })
        expect(await kv.get('scan', 'metadata/a/')).toEqual({ keys: ['c/d', 'e'] })
        expect(await kv.get('scan', 'metadata/', { after: 'a/c/d', limit: 1 })).toEqual({ keys: ['a/e'] })
        expect(await kv.refused('list', 'metadata/', { limit: 'planted' })).not.toContain('planted')
        expect(await kv.refused('scan', 'data/')).toMatch(/^405 /)
      })

      it('lists and scans with the metadata of each key, which folders do not have', async () => {
        const kv = open()
        for (const path of ['a', 'a/c', '__proto__']) await kv.ask('update', `data/${path}`, { data: {} })
        await kv.ask('update', 'metadata/a', { max_versions: 3 })
        const shown = async (path: string): Promise<unknown> => kv.get('read', `metadata/${path}`)
        const keyInfo = async (operation: 'list' | 'scan', path: string, page = {}): Promise<unknown> => {
          const answer = await kv.ask(operation, path, page)
          if (answer.kind !== 'list') throw new Error(answer.kind)
          const info = answer.more === undefined ? {} : JSON.parse(stringifyJson(answer.more))
          return [answer.keys, Object.entries(info['key_info'] ?? {})]
        }
        const [proto, a, c] = [await shown('__proto__'), await shown('a'), await shown('a/c')]
        expect(await keyInfo('list', 'detailed-metadata/')).toEqual([
          ['__proto__', 'a', 'a/'],
          [
            ['__proto__', proto],
            ['a', a],
          ],
        ])
        expect(await keyInfo('list', 'detailed-metadata/a/')).toEqual([['c'], [['c', c]]])
        expect(await keyInfo('scan', 'detailed-metadata/', { after: 'a' })).toEqual([['a/c'], [['a/c', c]]])
        expect(await kv.ask('list', 'detailed-metadata/none/')).toEqual({ kind: 'list', keys: [] })
        expect(await kv.refused('read', 'detailed-metadata/a')).toMatch(/^405 /)
      })

      it('shows a key', async () => {
        const kv = open()
        expect(await kv.get('read', 'metadata/a')).toBe('none')
        await kv.ask('update', 'data/a', { data: {} })
        kv.time += 1000
        await kv.ask('update', 'data/a', { data: {} })
        await kv.ask('update', 'delete/a', { versions: [1] })
        const later = '2026-01-01T00:00:01.000Z'
        expect(await kv.restart().get('read', 'metadata/a')).toEqual({
          versions: {
            1: { created_time: TIME, deletion_time: later, destroyed: false },
            2: { created_time: later, deletion_time: '', destroyed: false },
          },
          current_version: 2,
          oldest_version: 0,
          created_time: TIME,
          updated_time: later,
          max_versions: 0,
          cas_required: false,
          delete_version_after: '0s',
          custom_metadata: null,
        })
      })

      it('changes what is given, and makes the key when there is none', async () => {
        const kv = open()
        const first = {
          max_versions: 3,
          cas_required: true,
          delete_version_after: '1h30m',
          custom_metadata: { a: 'b' },
        }
        expect(await kv.get('update', 'metadata/a', first)).toBe('none')
        expect(await kv.get('read', 'data/a')).toBe('none')
        expect(await kv.get('read', 'metadata/a')).toMatchObject({
          ...first,
          delete_version_after: '1h30m0s',
          current_version: 0,
          versions: {},
        })
        await kv.ask('update', 'metadata/a', { max_versions: '4', custom_metadata: { c: 'd' } })
        expect(await kv.restart().get('read', 'metadata/a')).toMatchObject({
          max_versions: 4,
          cas_required: true,
          custom_metadata: { c: 'd' },
        })
        expect(await kv.get('update', 'data/a', { data: {}, options: { cas: 0 } })).toMatchObject({
          custom_metadata: { c: 'd' },
        })
      })

      it('makes no key for a request that sets nothing', async () => {
        const kv = open()
        expect(await kv.get('update', 'metadata/a', {})).toBe('none')
        expect(await kv.get('list', 'metadata/')).toEqual({ keys: [] })
      })

      it('warns when the mount requires check-and-set anyway', async () => {
        const kv = open()
        await kv.ask('update', 'config', { cas_required: true })
        const answer = await kv.ask('update', 'metadata/a', { cas_required: false })
        expect(answer).toEqual({
          kind: 'none',
          warnings: ['"cas_required" set to false, but is mandated by backend config. This value will be ignored.'],
        })
      })

      it('patches: custom metadata by key, null goes back to the default', async () => {
        const kv = open()
        expect(await kv.get('patch', 'metadata/a', { max_versions: 1 })).toEqual({ gone: null })
        await kv.ask('update', 'metadata/a', {
          max_versions: 3,
          cas_required: true,
          custom_metadata: { a: '1', b: '2' },
        })
        const patch = { max_versions: null, delete_version_after: '5m', custom_metadata: { a: null, c: '3' } }
        expect(await kv.get('patch', 'metadata/a', patch)).toBe('none')
        expect(await kv.restart().get('read', 'metadata/a')).toMatchObject({
          max_versions: 0,
          cas_required: true,
          delete_version_after: '5m0s',
          custom_metadata: { b: '2', c: '3' },
        })
        await kv.ask('patch', 'metadata/a', { custom_metadata: null, cas_required: null })
        expect(await kv.get('read', 'metadata/a')).toMatchObject({ custom_metadata: null, cas_required: false })
        expect(await kv.get('patch', 'metadata/a', {})).toBe('none')
      })

      it('deletes a key with all its versions, for good', async () => {
        const kv = open()
        for (const k of [1, 2]) await kv.ask('update', 'data/a', { data: { k } })
        await kv.ask('update', 'data/a/b', { data: {} })
        expect(await kv.get('delete', 'metadata/a')).toBe('none')
        expect(await kv.get('read', 'metadata/a')).toBe('none')
        expect(await kv.get('read', 'data/a', { version: 1 })).toBe('none')
        expect(kv.storage.list('data/a/')).toEqual(['b/'])
        expect(await kv.get('list', 'metadata/')).toEqual({ keys: ['a/'] })
        expect(await kv.get('delete', 'metadata/a')).toBe('none')
        expect(await kv.get('update', 'data/a', { data: {}, options: { cas: 0 } })).toMatchObject({ version: 1 })
      })
    })

    describe('config and subkeys/ (6.4)', () => {
      it('shows and changes the settings of the mount', async () => {
        const kv = open()
        const initial = { max_versions: 0, cas_required: false, delete_version_after: '0s' }
        expect(await kv.get('read', 'config')).toEqual(initial)
        expect(await kv.get('update', 'config', { max_versions: 5, delete_version_after: '768h' })).toBe('none')
        const changed = { max_versions: 5, cas_required: false, delete_version_after: '768h0m0s' }
        expect(await kv.restart().get('read', 'config')).toEqual(changed)
        await kv.ask('update', 'config', { delete_version_after: '-30s' })
        expect(await kv.get('read', 'config')).toEqual({ ...changed, delete_version_after: '-1s' })
        for (const path of ['config', 'metadata/a']) {
          expect(await kv.refused('update', path, { max_versions: -1 })).toMatch(/^400 max_versions must be between 0/)
          expect(await kv.refused('update', path, { delete_version_after: 'planted' })).not.toContain('planted')
        }
      })

      it('shows the keys of a secret without its values', async () => {
        const kv = open()
        const data = { a: 'planted', b: { c: 'planted', d: { e: 'planted' } }, f: ['planted'], g: {}, h: null, i: 5 }
        await kv.ask('update', 'data/s', { data })
        const flat = { a: null, f: null, g: null, h: null, i: null }
        const subkeys = async (depth?: unknown) => kv.get('read', 'subkeys/s', depth === undefined ? {} : { depth })
        expect(await subkeys()).toEqual({ subkeys: { ...flat, b: { c: null, d: { e: null } } }, metadata: version(1) })
        expect(await subkeys('1')).toMatchObject({ subkeys: { ...flat, b: null } })
        expect(await subkeys('2')).toEqual({ subkeys: { ...flat, b: { c: null, d: null } }, metadata: version(1) })
        expect(await subkeys('0')).toEqual(await subkeys())
        await kv.ask('update', 'data/s', { data: {} })
        expect(await kv.get('read', 'subkeys/s')).toMatchObject({ subkeys: {}, metadata: { version: 2 } })
        expect(await kv.get('read', 'subkeys/s', { version: 1 })).toMatchObject({ subkeys: flat })
        expect(await kv.get('read', 'subkeys/s', { version: 3 })).toBe('none')
        await kv.ask('delete', 'data/s')
        expect(await kv.get('read', 'subkeys/s')).toEqual({
          gone: { subkeys: null, metadata: version(2, { deletion_time: TIME }) },
        })
      })

      it('tells a client that takes it for version 1, in the verb it used', async () => {
        const kv = open()
        const verbs = { read: 'get', update: 'put', create: 'put', delete: 'delete', list: 'list' } as const
        for (const [operation, verb] of Object.entries(verbs)) {
          expect(await kv.ask(operation as keyof typeof verbs, operation === 'list' ? 'foo/' : 'foo')).toEqual({
            kind: 'gone',
            data: null,
            warnings: [
              `Invalid path for a versioned K/V secrets engine. See the API docs for the appropriate API endpoints to use. If using the Vault CLI, use 'vault kv ${verb}' for this operation.`,
            ],
          })
        }
        expect(await kv.ask('read', '')).toEqual({
          kind: 'gone',
          data: null,
          warnings: ['Non-listing operations on the root of a K/V v2 mount are not supported.'],
        })
      })

      it('has no other operations', async () => {
        const kv = open()
        const unsupported = '405 1 error occurred:\n\t* unsupported operation\n\n'
        for (const [operation, path] of [
          ['list', 'data/'],
          ['read', 'delete/a'],
          ['delete', 'destroy/a'],
          ['update', 'subkeys/a'],
          ['delete', 'config'],
          ['patch', 'config'],
          ['patch', 'foo'],
        ] as const) {
          expect(await kv.refused(operation, path, { versions: [1] })).toBe(unsupported)
        }
      })
    })

    it('knows whether a key has metadata, also when all its versions are deleted (1.2)', async () => {
      const kv = open()
      const exists = () => ['data/a', 'metadata/a'].map((path) => kv.backend.exists(path))
      expect(exists()).toEqual([false, false])
      await kv.ask('update', 'data/a', { data: {} })
      await kv.ask('delete', 'data/a')
      expect(exists()).toEqual([true, true])
      await kv.ask('delete', 'metadata/a')
      expect(exists()).toEqual([false, false])
      for (const path of ['config', 'delete/a', 'undelete/a', 'destroy/a', 'foo', '']) {
        expect(kv.backend.exists(path)).toBeUndefined()
      }
    })

    it('S55: takes __proto__, constructor and toString as names of keys, fields and metadata', async () => {
      const kv = open()
      for (const key of ['__proto__', 'constructor', 'toString']) {
        expect(await kv.get('read', `data/${key}`)).toBe('none')
        const custom = `{"custom_metadata":{"${key}":"v"}}`
        await kv.ask('update', `metadata/${key}`, custom)
        await kv.ask('update', `data/${key}`, `{"data":{"${key}":"v"}}`)
        await kv.ask('patch', `data/${key}`, `{"data":{"${key}":{"x":"y"}}}`)
        const found = (await kv.restart().get('read', `data/${key}`)) as {
          data: object
          metadata: { custom_metadata: object }
        }
        expect(Object.entries(found.data)).toEqual([[key, { x: 'y' }]])
        expect(Object.entries(found.metadata.custom_metadata)).toEqual([[key, 'v']])
      }
      expect(await kv.get('list', 'metadata/')).toEqual({ keys: ['__proto__', 'constructor', 'toString'] })
      expect(Object.hasOwn(Object.prototype, 'x')).toBe(false)
    })
  })
}
