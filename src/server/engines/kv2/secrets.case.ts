/** The rows of vault-api 6.1, one test each: secrets and their versions. Runs on every storage. */
import { afterAll, describe, expect, it } from 'vitest'
import type { Storage } from '../../storage/index.ts'
import { type Driver, openDriver, START, TIME, version } from './driver.case.ts'

export function secretsSuite(name: string, createStorage: () => Storage): void {
  const storages: Storage[] = []
  const open = (): Driver => {
    const storage = createStorage()
    storages.push(storage)
    return openDriver(storage)
  }
  afterAll(async () => {
    await Promise.all(storages.map((storage) => storage.close()))
  })

  describe(`secrets on ${name}`, () => {
    describe('data/ (6.1)', () => {
      it('writes a version and reads it, also after a restart', async () => {
        const kv = open()
        expect(await kv.get('update', 'data/a/b', { data: { k: 'v' } })).toEqual(version(1))
        const read = { data: { k: 'v' }, metadata: version(1) }
        expect(await kv.get('read', 'data/a/b')).toEqual(read)
        expect(await kv.restart().get('read', 'data/a/b')).toEqual(read)
      })

      it('reads an older version by number or text, and the newest for 0 and below', async () => {
        const kv = open()
        for (const k of ['one', 'two']) await kv.ask('update', 'data/a', { data: { k } })
        expect(await kv.get('read', 'data/a', { version: '1' })).toMatchObject({ data: { k: 'one' } })
        expect(await kv.get('read', 'data/a', { version: 2 })).toMatchObject({ data: { k: 'two' } })
        for (const wanted of ['0', '-1', 0]) {
          expect(await kv.get('read', 'data/a', { version: wanted })).toMatchObject({ metadata: { version: 2 } })
        }
        expect(await kv.get('read', 'data/a', { version: '3' })).toBe('none')
      })

      it('has nothing for a key that is not there, a folder, and the root', async () => {
        const kv = open()
        await kv.ask('update', 'data/a/b', { data: {} })
        for (const path of ['data/x', 'data/a', 'data/a/', 'data/']) expect(await kv.get('read', path)).toBe('none')
      })

      it('keeps a key apart from the folder of the same name, and from a key named like a version', async () => {
        const kv = open()
        for (const path of ['a', 'a/1', 'a/1/1']) await kv.ask('update', `data/${path}`, { data: { path } })
        for (const path of ['a', 'a/1', 'a/1/1']) {
          expect(await kv.restart().get('read', `data/${path}`)).toMatchObject({ data: { path } })
        }
      })

      it('keeps the exact text of numbers, and any key', async () => {
        const kv = open()
        const text =
          '{"data":{"n":[12345678901234567890,1.10,1e400,-0.0],"__proto__":{"constructor":1},"ключ":"é\\u0000"}}'
        await kv.ask('update', 'data/a', text)
        for (const one of [kv, kv.restart()]) {
          const answer = await one.ask('read', 'data/a')
          const data = answer.kind === 'data' ? (answer.data['data'] as { readonly text: string }) : undefined
          expect(data?.text).toBe(
            '{"n":[12345678901234567890,1.10,1e400,-0.0],"__proto__":{"constructor":1},"ключ":"é\\u0000"}',
          )
        }
      })

      it('refuses a write without data, and takes one with empty data', async () => {
        const kv = open()
        for (const body of [{}, { data: null }, { k: 'v' }]) {
          expect(await kv.refused('update', 'data/a', body)).toBe('400 no data provided')
        }
        expect(await kv.get('update', 'data/a', { data: {} })).toEqual(version(1))
        expect(await kv.get('read', 'data/a')).toEqual({ data: {}, metadata: version(1) })
      })

      it('S10: names the field and not the value when data is no object', async () => {
        const kv = open()
        for (const data of ['planted', ['planted'], 5]) {
          const text = await kv.refused('update', 'data/a', { data })
          expect(text).toContain('Field validation failed: error converting input for field "data"')
          expect(text).not.toContain('planted')
        }
        expect(await kv.refused('update', 'data/a', { data: {}, options: 'planted' })).not.toContain('planted')
        expect(await kv.refused('read', 'data/a', { version: 'planted' })).not.toContain('planted')
      })

      it('checks and sets', async () => {
        const kv = open()
        const write = (cas: unknown) => ({ data: {}, options: { cas } })
        const mismatch = '400 check-and-set parameter did not match the current version'
        expect(await kv.refused('update', 'data/a', write(1))).toBe(mismatch)
        expect(await kv.get('update', 'data/a', write(0))).toMatchObject({ version: 1 })
        expect(await kv.refused('update', 'data/a', write(0))).toBe(mismatch)
        expect(await kv.get('update', 'data/a', write('1'))).toMatchObject({ version: 2 })
        for (const cas of ['x', null, 1.5, [], {}, true]) {
          expect(await kv.refused('update', 'data/a', write(cas))).toBe('400 error parsing check-and-set parameter')
        }
        expect(await kv.get('update', 'data/a', { data: {}, options: { other: 1 } })).toMatchObject({ version: 3 })
      })

      it('counts a deleted latest version in check-and-set', async () => {
        const kv = open()
        await kv.ask('update', 'data/a', { data: {} })
        await kv.ask('delete', 'data/a')
        expect(await kv.refused('update', 'data/a', { data: {}, options: { cas: 0 } })).toContain('did not match')
        expect(await kv.get('update', 'data/a', { data: {}, options: { cas: 1 } })).toMatchObject({ version: 2 })
      })

      it('requires check-and-set when the mount or the key does', async () => {
        const kv = open()
        const required = '400 check-and-set parameter required for this call'
        await kv.ask('update', 'metadata/a', { cas_required: true })
        expect(await kv.refused('update', 'data/a', { data: {} })).toBe(required)
        expect(await kv.get('update', 'data/b', { data: {} })).toMatchObject({ version: 1 })
        await kv.ask('update', 'config', { cas_required: true })
        expect(await kv.refused('update', 'data/b', { data: {}, options: {} })).toBe(required)
        expect(await kv.restart().get('update', 'data/b', { data: {}, options: { cas: 1 } })).toMatchObject({
          version: 2,
        })
      })

      it('deletes the latest version softly, and only once', async () => {
        const kv = open()
        for (const k of [1, 2]) await kv.ask('update', 'data/a', { data: { k } })
        expect(await kv.get('delete', 'data/a')).toBe('none')
        const gone = { gone: { data: null, metadata: version(2, { deletion_time: TIME }) } }
        expect(await kv.get('read', 'data/a')).toEqual(gone)
        kv.time += 1000
        expect(await kv.get('delete', 'data/a')).toBe('none')
        expect(await kv.restart().get('read', 'data/a')).toEqual(gone)
        expect(await kv.get('read', 'data/a', { version: 1 })).toMatchObject({ data: { k: 1 } })
        expect(await kv.get('delete', 'data/no-such')).toBe('none')
      })

      it('patches: null removes, objects merge, all else replaces', async () => {
        const kv = open()
        await kv.ask('update', 'data/a', '{"data":{"keep":1.10,"gone":1,"nest":{"x":1,"y":[1]},"list":[1,2]}}')
        const patch =
          '{"data":{"gone":null,"nest":{"x":null,"z":{"deep":null,"k":"v"}},"list":{"now":"object"},"no":null}}'
        expect(await kv.get('patch', 'data/a', patch)).toEqual(version(2))
        const answer = await kv.restart().ask('read', 'data/a')
        const data = answer.kind === 'data' ? (answer.data['data'] as { readonly text: string }) : undefined
        expect(data?.text).toBe('{"keep":1.10,"nest":{"y":[1],"z":{"k":"v"}},"list":{"now":"object"}}')
        expect(await kv.get('read', 'data/a', { version: 1 })).toMatchObject({ data: { gone: 1, list: [1, 2] } })
      })

      it('does not patch what is not there, is deleted, destroyed, or has another version', async () => {
        const kv = open()
        const patch = { data: { k: 'v' } }
        expect(await kv.refused('patch', 'data/a', {})).toBe('400 no data provided')
        expect(await kv.get('patch', 'data/a', patch)).toEqual({ gone: null })
        await kv.ask('update', 'metadata/a', { max_versions: 5 })
        expect(await kv.get('patch', 'data/a', patch)).toEqual({ gone: null })
        await kv.ask('update', 'data/a', { data: {} })
        expect(await kv.refused('patch', 'data/a', { ...patch, options: { cas: 2 } })).toContain('did not match')
        await kv.ask('delete', 'data/a')
        expect(await kv.refused('patch', 'data/a', { ...patch, options: { cas: 2 } })).toContain('did not match')
        expect(await kv.get('patch', 'data/a', patch)).toEqual({ gone: version(1, { deletion_time: TIME }) })
        await kv.ask('update', 'destroy/a', { versions: [1] })
        expect(await kv.get('patch', 'data/a', patch)).toMatchObject({ gone: { destroyed: true } })
        await kv.ask('update', 'config', { cas_required: true })
        expect(await kv.refused('patch', 'data/a', patch)).toContain('check-and-set parameter required')
      })

      it('refuses to write to a folder', async () => {
        const kv = open()
        const text = "400 cannot write to a path ending in '/'"
        for (const path of ['data/a/', 'data/', 'metadata/a/']) {
          expect(await kv.refused('update', path, { data: {}, max_versions: 1 })).toBe(text)
        }
        expect(await kv.refused('patch', 'data/a/', { data: {} })).toBe(text)
        expect(await kv.refused('update', 'delete/a/', { versions: [1] })).toBe(text)
        expect(await kv.get('delete', 'data/a/')).toBe('none')
      })

      it('says which body fields it did not use', async () => {
        const kv = open()
        const answer = await kv.ask('update', 'data/a', { data: {}, z: 1, b: 2, path: 'x' })
        expect(answer.kind === 'data' && answer.warnings).toEqual([
          'Endpoint ignored these unrecognized parameters: [b z]',
          "Endpoint replaced the value of these parameters with the values captured from the endpoint's path: [path]",
        ])
        const read = await kv.ask('read', 'data/a', { version: '1' })
        expect(read.kind === 'data' && (read.warnings ?? [])).toEqual([])
      })
    })

    describe('versions kept and their time (6.1)', () => {
      it('prunes what the larger of the two limits does not keep, from storage too', async () => {
        const kv = open()
        await kv.ask('update', 'config', { max_versions: 2 })
        await kv.ask('update', 'metadata/a', { max_versions: 1 })
        for (const k of [1, 2, 3]) await kv.ask('update', 'data/a', { data: { k } })
        expect(await kv.get('read', 'data/a', { version: 1 })).toBe('none')
        expect(await kv.get('read', 'data/a', { version: 2 })).toMatchObject({ data: { k: 2 } })
        expect(kv.storage.list('data/a/')).toEqual(['2', '3'])
        expect(await kv.get('read', 'metadata/a')).toMatchObject({ oldest_version: 2, current_version: 3 })
      })

      it('keeps ten when nobody says how many', async () => {
        const kv = open()
        for (let k = 1; k <= 12; k += 1) await kv.ask('update', 'data/a', { data: { k } })
        expect(kv.storage.list('data/a/')).toHaveLength(10)
        expect(await kv.get('read', 'data/a', { version: 3 })).toMatchObject({ data: { k: 3 } })
        expect(await kv.get('read', 'data/a', { version: 2 })).toBe('none')
      })

      it('deletes a version when its time comes, also one that was read just before', async () => {
        const kv = open()
        await kv.ask('update', 'metadata/a', { delete_version_after: '10s' })
        const later = '2026-01-01T00:00:10.000Z'
        expect(await kv.get('update', 'data/a', { data: {} })).toEqual(version(1, { deletion_time: later }))
        kv.time = START + 9999
        expect(await kv.get('read', 'data/a')).toEqual({ data: {}, metadata: version(1, { deletion_time: later }) })
        expect(await kv.get('read', 'data/a')).toMatchObject({ data: {} })
        kv.time = START + 10_000
        expect(await kv.get('read', 'data/a')).toEqual({
          gone: { data: null, metadata: version(1, { deletion_time: later }) },
        })
      })
    })

    it('lets exactly one of many writers with the same check-and-set number win', async () => {
      const kv = open()
      for (const round of [0, 1, 2]) {
        const writes = Array.from({ length: 20 }, (_, k) =>
          kv.refused('update', 'data/a', { data: { k }, options: { cas: round } }),
        )
        const results = await Promise.all(writes)
        expect(results.filter((text) => text === 'not refused: data')).toHaveLength(1)
        expect(new Set(results).size).toBe(2)
        const winner = results.indexOf('not refused: data')
        expect(await kv.get('read', 'data/a')).toMatchObject({ data: { k: winner }, metadata: { version: round + 1 } })
      }
    })

    it('counts every one of many writers without check-and-set', async () => {
      const kv = open()
      await kv.ask('update', 'config', { max_versions: 50 })
      const writes = Array.from({ length: 30 }, (_, k) => kv.get('update', 'data/a', { data: { k } }))
      const numbers = (await Promise.all(writes)).map((answer) => (answer as { version: number }).version)
      expect(numbers).toEqual(Array.from({ length: 30 }, (_, index) => index + 1))
      expect(await kv.restart().get('read', 'data/a', { version: 17 })).toMatchObject({ data: { k: 16 } })
    })
  })
}
