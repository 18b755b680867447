/** A KV mount on its way from version 1 to version 2: both engines under the mount table, on a store that loses power. */
import { describe, expect, it } from 'vitest'
import { createKv1, UnversionedSecrets } from '../engines/kv1/index.ts'
import { createKv2 } from '../engines/kv2/index.ts'
import { INHERIT } from '../engines/system/index.ts'
import { parseJson, stringifyJson } from '../json/index.ts'
import { type JsonObject, LogicalError, type Operation } from '../logical/index.ts'
import { createShelf, type Shelf } from '../token/shelf.case.ts'
import { MountTable } from './mounts.ts'

const UPGRADING = /^400 Upgrading from non-versioned to versioned data\./
const V2 = () => ({ options: { version: '2' } })
const SECRETS: readonly (readonly [string, string])[] = [
  ['a', '{"n":1.10}'],
  ['a/b', '{"n":12345678901234567890}'],
  ['dir/c', '{"data":{"x":null}}'],
  ['dir/d', '{"k":"v"}'],
]

interface World {
  readonly shelf: Shelf
  readonly mounts: MountTable
  version(): string | undefined
  ask(operation: Operation, path: string, data?: string): Promise<string>
}

/** The mounts as they are after a start. */
function start(shelf: Shelf): World {
  const storage = shelf
  const now = (): number => 1_767_225_600_000
  const mounts = new MountTable({
    storage,
    create: ({ options }) =>
      options?.['version'] === '2'
        ? createKv2({ storage, now, unversioned: new UnversionedSecrets(storage) })
        : createKv1({ storage, now }),
    erase: () => Promise.resolve(),
    random: (bytes) => Buffer.alloc(bytes),
    uuid: () => 'uuid',
    report: () => undefined,
  })
  mounts.load()
  return {
    shelf,
    mounts,
    version: () => mounts.get('kv/')?.entry.options?.['version'],
    async ask(operation, path, data = '{}') {
      try {
        const response = await mounts.get('kv/')?.backend.handle({
          id: 'r',
          operation,
          mountPoint: 'kv/',
          path,
          data: parseJson(data) as JsonObject,
          caller: undefined,
          clientToken: '',
          sudo: false,
          remoteAddress: '127.0.0.1',
        })
        if (response?.kind === 'list') return response.keys.join(' ')
        return response?.kind === 'data' ? stringifyJson(response.data) : (response?.kind ?? 'no mount')
      } catch (error) {
        if (error instanceof LogicalError) return `${error.status} ${error.clientText}`
        throw error
      }
    },
  }
}

async function version1(): Promise<World> {
  const world = start(createShelf())
  await world.mounts.enable({
    path: 'kv/',
    class: 'secret',
    type: 'kv',
    description: '',
    options: { version: '1' },
    config: INHERIT,
    local: false,
    sealWrap: false,
    externalEntropyAccess: false,
  })
  for (const [path, text] of SECRETS) expect(await world.ask('update', path, text)).toBe('none')
  return world
}

/** What a crash in the middle of it has left is taken up by the first request. */
async function untilUpgraded(world: World): Promise<void> {
  for (let tries = 0; UPGRADING.test(await world.ask('list', 'metadata/')); tries += 1) {
    expect(tries).toBeLessThan(200)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

async function expectVersion2(world: World): Promise<void> {
  for (const [path, text] of SECRETS) {
    expect(await world.ask('read', `data/${path}`)).toContain(`{"data":${text},"metadata":`)
    expect(await world.ask('read', `metadata/${path}`)).toContain('"current_version":1,')
  }
  expect(await world.ask('list', 'metadata/')).toBe('a a/ dir/')
  expect(world.shelf.list('v1/')).toEqual([])
}

describe('a KV mount that becomes version 2', () => {
  it('has every secret as version 1 of a key, and nothing of version 1 is left', async () => {
    const world = await version1()
    await world.mounts.change('kv/', V2)
    await expectVersion2(world)
    await expectVersion2(start(world.shelf))
    expect(await world.ask('update', 'data/a', '{"data":{"n":2}}')).toContain('"version":2')
  })

  it('is whole after a crash at any moment', async () => {
    const seen = new Set<string | undefined>()
    for (let commits = 0; ; commits += 1) {
      const world = await version1()
      world.shelf.cutPowerAfter(commits)
      const [upgrade] = await Promise.allSettled([world.mounts.change('kv/', V2)])
      world.shelf.restorePower()
      const again = start(world.shelf)
      seen.add(again.version())
      if (again.version() === '1') {
        for (const [path, text] of SECRETS) expect(await again.ask('read', path)).toBe(text)
        await again.mounts.change('kv/', V2)
      }
      await untilUpgraded(again)
      await expectVersion2(again)
      if (upgrade.status === 'fulfilled') break
    }
    expect([...seen]).toEqual(['1', '2'])
  })

  it('serves on as version 1 when the change of the table was not stored', async () => {
    const world = await version1()
    world.shelf.cutPowerAfter(0)
    await expect(world.mounts.change('kv/', V2)).rejects.toThrow('power cut')
    world.shelf.restorePower()
    expect([world.version(), await world.ask('read', 'a')]).toEqual(['1', '{"n":1.10}'])
    expect(await world.ask('update', 'a', '{"n":2}')).toBe('none')
  })

  it('takes along the write that was under way, and refuses those that come too late', async () => {
    const world = await version1()
    const early = world.ask('update', 'a', '{"n":"early"}')
    const upgrade = world.mounts.change('kv/', V2)
    await Promise.resolve()
    const late = world.ask('update', 'a', '{"n":"late"}')
    await upgrade
    expect([await early, await late]).toEqual(['none', expect.stringMatching(UPGRADING)])
    expect(await world.ask('read', 'data/a')).toContain('{"n":"early"}')
    expect(world.shelf.list('v1/')).toEqual([])
  })

  it('answers nothing, not even "absent", until all is moved', async () => {
    const world = await version1()
    world.shelf.cutPowerAfter(1)
    await expect(world.mounts.change('kv/', V2)).rejects.toThrow('power cut')
    const again = start(world.shelf)
    expect(again.version()).toBe('2')
    expect(again.mounts.get('kv/')?.backend.exists('data/none')).toBeUndefined()
    for (const path of ['data/none', 'metadata/a']) {
      expect(await again.ask('read', path)).toMatch(UPGRADING)
    }
    // An attempt that fails is no secret either.
    await new Promise((resolve) => setTimeout(resolve, 5))
    await expect(again.ask('read', 'data/a')).rejects.toThrow('power cut')
    world.shelf.restorePower()
    await untilUpgraded(again)
    await expectVersion2(again)
  })

  it('S46: stays version 1 while a secret cannot be read, and says how many', async () => {
    const world = await version1()
    await world.shelf.commit([{ kind: 'delete', key: 'v1/mark/dir/c' }])
    await expect(world.mounts.change('kv/', V2)).rejects.toThrow('cannot upgrade: 1 of 4 secrets cannot be read')
    expect([world.version(), await world.ask('read', 'a')]).toEqual(['1', '{"n":1.10}'])
    await world.ask('update', 'dir/c', '{"data":{"x":null}}')
    await world.mounts.change('kv/', V2)
    await expectVersion2(world)
  })

  it('goes through more secrets than are moved at once', async () => {
    const world = await version1()
    const more = Array.from({ length: 600 }, (_, k) => `many/${k}`)
    await Promise.all(more.map((path) => world.ask('update', path, '{"k":"v"}')))
    await world.mounts.change('kv/', V2)
    for (const path of more) expect(await world.ask('read', `data/${path}`)).toContain('{"k":"v"}')
    expect(world.shelf.list('v1/')).toEqual([])
  })
})
