/**
 * The whole server on a store that somebody changed: entries swapped, cut, turned over bit by bit, put back to what they
 * were, or moved to another term. Whatever it is, a secret is answered as it was written, or refused as an error.
 */
import * as fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { createMemoryStorage, keysBelow, type PhysicalStorage, type Storage } from '../storage/index.ts'
import { type Core, createCore } from './core.ts'
import type { CoreMethod, CoreReply } from './request.ts'

/** A store as it lies on disk. */
type Bytes = ReadonlyMap<string, Uint8Array>

const SECRETS: readonly (readonly [path: string, value: string])[] = [
  ['two/data/a', 'of two/a'],
  ['two/data/b', 'of two/b'],
  ['two/data/deep/er', 'of two/deep/er'],
  ['one/a', 'of one/a'],
  ['one/b', 'of one/b'],
  ['cubbyhole/a', 'of cubbyhole/a'],
]

let key: Buffer
let token = ''
/** Before the secrets were written a second time, and after. */
let earlier: Bytes
let stored: Bytes
let names: readonly string[]

function open(storage: PhysicalStorage): Core {
  return createCore({ storage, storageType: 'inmem', sweepEveryMs: 1_000_000 })
}

async function ask(core: Core, method: CoreMethod, path: string, body?: Record<string, never>): Promise<CoreReply> {
  const nothing = { query: undefined, contentType: '', namespace: '', wrapTtl: '', header: () => undefined }
  return core.handle({ ...nothing, method, path, body, token, remoteAddress: '127.0.0.1', remotePort: 1 })
}

function bytesOf(storage: Storage): Bytes {
  const keys = [...keysBelow((folder) => storage.list(folder))]
  return new Map(keys.map((name) => [name, storage.get(name) ?? new Uint8Array()]))
}

async function storageOf(bytes: Bytes): Promise<PhysicalStorage> {
  const storage = createMemoryStorage()
  await storage.commit(Array.from(bytes, ([name, value]) => ({ kind: 'put', key: name, value })))
  return storage
}

async function writeAll(core: Core, suffix: string): Promise<void> {
  for (const [path, value] of SECRETS) {
    const fields = { value: `${value}${suffix}` }
    const body = (path.startsWith('two/') ? { data: fields } : fields) as unknown as Record<string, never>
    expect([200, 204]).toContain((await ask(core, 'POST', path, body)).status)
  }
}

beforeAll(async () => {
  const storage = createMemoryStorage()
  const core = open(storage)
  const made = await core.initialize({ shares: 1, threshold: 1 })
  key = Buffer.from(made.keys[0] ?? [])
  token = made.rootToken
  await core.unsealWithKey(Buffer.from(key))
  for (const [path, version] of [
    ['two', '2'],
    ['one', '1'],
  ]) {
    const body = { type: 'kv', options: { version } } as unknown as Record<string, never>
    expect((await ask(core, 'POST', `sys/mounts/${path}`, body)).status).toBe(204)
  }
  await writeAll(core, ' before')
  earlier = bytesOf(storage)
  await writeAll(core, '')
  stored = bytesOf(storage)
  names = [...stored.keys()]
  await core.close()
})

type Change =
  | { readonly kind: 'swap'; readonly first: number; readonly second: number }
  | { readonly kind: 'flip' | 'cut' | 'term' | 'empty'; readonly first: number; readonly at: number }
  | { readonly kind: 'older'; readonly first: number }

const index = fc.nat(10_000)
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ kind: fc.constant('swap' as const), first: index, second: index }),
  fc.record({
    kind: fc.constantFrom('flip' as const, 'cut' as const, 'term' as const, 'empty' as const),
    first: index,
    at: index,
  }),
  fc.record({ kind: fc.constant('older' as const), first: index }),
)

/** One entry put back is noticed. All that belong to a secret, put back together, are that secret as it was. */
const changes = fc
  .array(change, { minLength: 1, maxLength: 2 })
  .filter((all) => all.filter(({ kind }) => kind === 'older').length < 2)

function changed(all: readonly Change[]): Bytes {
  const bytes = new Map(stored)
  for (const one of all) {
    const name = names[one.first % names.length] ?? ''
    const value = Uint8Array.from(bytes.get(name) ?? [])
    if (one.kind === 'swap') {
      const other = names[one.second % names.length] ?? ''
      bytes.set(name, bytes.get(other) ?? value)
      bytes.set(other, value)
    } else if (one.kind === 'older') bytes.set(name, earlier.get(name) ?? value)
    else if (one.kind === 'cut') bytes.set(name, value.subarray(0, one.at % value.length))
    else if (one.kind === 'empty') bytes.set(name, new Uint8Array())
    else {
      const at = one.kind === 'term' ? one.at % 4 : one.at % value.length
      value[at] = (value[at] ?? 0) ^ (1 << (one.at % 8))
      bytes.set(name, value)
    }
  }
  return bytes
}

describe('S46: a store that was changed', () => {
  it('gives a secret as it was written, or an error: never another one, never an older one, never "absent"', async () => {
    let refused = 0
    await fc.assert(
      fc.asyncProperty(changes, async (all) => {
        const core = open(await storageOf(changed(all)))
        try {
          await core.unsealWithKey(Buffer.from(key))
        } catch {
          // It says so before anything is served.
          refused += 1
          expect(core.sealed).toBe(true)
          return
        }
        for (const [path, value] of SECRETS) {
          const { status, body = '' } = await ask(core, 'GET', path)
          refused += status === 200 ? 0 : 1
          expect([path, status === 200 ? body.includes(`"value":"${value}"`) : status]).toEqual([
            path,
            status === 200 || 500,
          ])
        }
        await core.close()
      }),
      { numRuns: Number(process.env['PLENUM_FUZZ_RUNS'] ?? 150) },
    )
    expect(refused).toBeGreaterThan(20)
  })
})
