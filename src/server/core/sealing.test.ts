import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createMemoryStorage, openLmdbStorage } from '../storage/index.ts'
import { createCore } from './core.ts'
import type { ServerEvent } from './events.ts'
import type { CoreReply } from './request.ts'

const work = mkdtempSync(join(tmpdir(), 'plenum-sealing-'))
afterAll(() => rmSync(work, { recursive: true, force: true }))

/** A core with an audit device whose entries wait until they are let through. */
async function createWorld(storage = createMemoryStorage()) {
  const events: ServerEvent[] = []
  let waiting: (() => void)[] = []
  let isHeld = false
  let onArrival = (): void => undefined
  const core = createCore({
    storage,
    storageType: 'inmem',
    report: (event) => events.push(event),
    auditPlace: {
      stdout: () =>
        isHeld
          ? new Promise((resolve) => {
              waiting.push(resolve)
              onArrival()
            })
          : Promise.resolve(),
    },
  })
  const { keys, rootToken } = await core.initialize({ shares: 1, threshold: 1 })
  const key = keys[0] ?? expect.fail('no key')
  const send = async (method: 'GET' | 'POST', path: string, body?: object, upload?: Buffer[]): Promise<CoreReply> =>
    core.handle({
      ...(upload === undefined ? {} : { upload: pieces(upload) }),
      method,
      path,
      query: undefined,
      body: body === undefined ? undefined : { ...body },
      contentType: 'application/json',
      token: rootToken,
      namespace: '',
      wrapTtl: '',
      remoteAddress: '127.0.0.1',
      remotePort: 1,
      header: () => undefined,
    })
  return {
    core,
    send,
    unseal: () => core.unsealWithKey(Buffer.from(key)),
    kinds: () => events.map(({ kind }) => kind),
    /** Resolves when an entry waits. */
    holdEntries() {
      isHeld = true
      return new Promise<void>((resolve) => {
        onArrival = resolve
      })
    },
    letThrough() {
      isHeld = false
      for (const go of waiting) go()
      waiting = []
    },
  }
}

async function* pieces(chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* chunks
}

describe('sealing and unsealing while others are at work', () => {
  it('two who unseal at once open one session', async () => {
    const { core, unseal, kinds } = await createWorld()
    await Promise.all([unseal(), unseal(), unseal()])
    expect(kinds().filter((kind) => kind === 'unsealed')).toHaveLength(1)
    expect(core.sealed).toBe(false)
  })

  it.each([
    ['sys/mounts/late', { type: 'kv' }],
    ['auth/token/create', {}],
    ['sys/rotate', {}],
  ])('a write to %s that was under way is told that the server is sealed, and is no bug', async (path, body) => {
    const { core, send, unseal, kinds, holdEntries, letThrough } = await createWorld()
    await unseal()
    const device = { type: 'file', options: { file_path: 'stdout' } }
    expect((await send('POST', 'sys/audit/out', device)).status).toBe(204)
    const arrived = holdEntries()
    const answer = send('POST', path, body)
    await arrived
    await core.seal()
    letThrough()
    expect(await answer).toEqual({ status: 503, body: '{"errors":["Vault is sealed"]}\n' })
    expect(kinds()).not.toContain('internal-error')
    await unseal()
    expect((await send('GET', 'sys/internal/ui/mounts/late')).status).toBe(403)
  })

  it.each([
    ['memory', () => createMemoryStorage()],
    ['disk', () => openLmdbStorage({ folder: join(work, 'store') })],
  ])(
    'requests under way during a restore (%s) are done before it or told that the server is sealed',
    async (_, open) => {
      const { core, send, unseal, kinds } = await createWorld(open())
      await unseal()
      await send('POST', 'sys/mounts/kv', { type: 'kv', options: { version: '2' } })
      const snapshot: Buffer[] = []
      const { stream } = await send('GET', 'sys/storage/raft/snapshot')
      for await (const chunk of stream?.chunks ?? []) snapshot.push(Buffer.from(chunk))
      const progress = { restored: false }
      const requests: Promise<CoreReply>[] = []
      const restoring = send('POST', 'sys/storage/raft/snapshot', undefined, snapshot).finally(() => {
        progress.restored = true
      })
      const another = send('POST', 'sys/storage/raft/snapshot-force', undefined, snapshot)
      for (let n = 0; !progress.restored; n += 1) {
        requests.push(
          send('POST', `kv/data/${n}`, { data: { n: String(n) } }),
          send('GET', `kv/data/${n}`),
          send('GET', 'sys/metrics'),
          send('GET', 'sys/seal-status'),
        )
        await new Promise((resolve) => setImmediate(resolve))
      }
      expect([(await restoring).status, (await another).status]).toEqual([204, 400])
      const statuses = new Set((await Promise.all(requests)).map(({ status }) => status))
      expect([...statuses].filter((status) => ![200, 404, 503].includes(status))).toEqual([])
      expect(statuses).toContain(200)
      expect(kinds()).not.toContain('internal-error')
      await unseal()
      expect((await send('GET', 'kv/metadata/', undefined)).status).toBe(404)
      await core.close()
    },
  )
})
