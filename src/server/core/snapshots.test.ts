import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { createBarrier } from '../barrier/index.ts'
import { createSeal } from '../seal/index.ts'
import { createMemoryStorage } from '../storage/index.ts'
import { createSnapshots } from './snapshots.ts'

async function createWorld() {
  const storage = createMemoryStorage()
  const [random, now] = [randomBytes, () => 0]
  const barrier = createBarrier({ lower: storage, random, now })
  const seal = createSeal({ lower: storage, barrier, random })
  const { rootKey } = await seal.init({ shares: 1, threshold: 1 })
  barrier.unseal(rootKey)
  // Far more than one piece, so that a snapshot is not over with its first.
  await storage.commit(
    Array.from({ length: 8 }, (_, n) => ({ kind: 'put', key: `bulk/${n}`, value: randomBytes(1_000_000) })),
  )
  const snapshots = createSnapshots({ storage, barrier, seal, now, sealServer: () => Promise.resolve() })
  return { barrier, snapshots }
}

it('few snapshots are saved at once, and whoever stops reading makes room', async () => {
  const { snapshots } = await createWorld()
  const asked = Array.from({ length: 6 }, () => snapshots.save()[Symbol.asyncIterator]())
  const begun = await Promise.allSettled(asked.map((save) => save.next()))
  expect(begun.filter(({ status }) => status === 'fulfilled')).toHaveLength(4)
  const crowded = expect.objectContaining({ code: 'too-many-requests', status: 429 })
  for (const one of begun) if (one.status === 'rejected') expect(one.reason).toEqual(crowded)
  expect(() => snapshots.save()).toThrow(crowded)
  await asked.find((_, at) => begun[at]?.status === 'fulfilled')?.return?.()
  const next = snapshots.save()[Symbol.asyncIterator]()
  expect((await next.next()).done).toBe(false)
  for (const save of [...asked, next]) await save.return?.()
})

it('a snapshot that is being saved when the server is sealed is cut off, and tells why', async () => {
  const { barrier, snapshots } = await createWorld()
  const save = snapshots.save()[Symbol.asyncIterator]()
  expect((await save.next()).done).toBe(false)
  barrier.seal()
  const rest = (async () => {
    while ((await save.next()).done !== true);
  })()
  await expect(rest).rejects.toMatchObject({ code: 'sealed', status: 503 })
})
