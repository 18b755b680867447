/**
 * Snapshots of the embedded server (vault-api 4.4): saved while writes go on, restored whole or not at all. On disk and in
 * memory. Not against another server: a restore replaces everything that is there.
 */
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { forged, pack, unpack } from '../../src/server/snapshot/archive.case.ts'
import { startTestServer, type TestServer } from '../../src/testing/index.ts'

const SNAPSHOT = 'sys/storage/raft/snapshot'
const root = mkdtempSync(join(tmpdir(), 'plenum-snapshot-'))
const running: TestServer[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

let count = 0
async function start(kind: 'memory' | 'disk', auditFolder?: string): Promise<TestServer & { folder: string }> {
  count += 1
  const folder = join(root, `store-${count}`)
  const server = await startTestServer({
    ...(kind === 'disk' ? { folder } : {}),
    ...(auditFolder === undefined ? {} : { auditFolder }),
  })
  running.push(server)
  return Object.assign(server, { folder })
}

interface Asked {
  readonly token?: string
  readonly body?: Uint8Array<ArrayBuffer> | string
  readonly headers?: Readonly<Record<string, string>>
}

async function call(server: TestServer, method: string, path: string, { token, body, headers }: Asked = {}) {
  const answer = await fetch(`${server.address}/v1/${path}`, {
    method,
    headers: { 'X-Vault-Token': token ?? server.rootToken.reveal(), ...headers },
    ...(body === undefined ? {} : { body }),
  })
  const bytes = Buffer.from(await answer.arrayBuffer())
  return { status: answer.status, headers: answer.headers, bytes, text: bytes.toString() }
}

const save = async (server: TestServer): Promise<Buffer<ArrayBuffer>> => {
  const { status, bytes } = await call(server, 'GET', SNAPSHOT)
  expect(status).toBe(200)
  return bytes
}
const restore = (server: TestServer, body: Buffer<ArrayBuffer>, force = false, token?: string) =>
  call(server, 'POST', force ? `${SNAPSHOT}-force` : SNAPSHOT, { body, ...(token === undefined ? {} : { token }) })
const write = async (server: TestServer, name: string, value: string): Promise<void> => {
  const { status } = await call(server, 'POST', `secret/data/${name}`, { body: JSON.stringify({ data: { value } }) })
  if (status !== 200) throw new Error(`the write of ${name} was answered with ${status}`)
}
const valueOf = async (server: TestServer, name: string): Promise<string | undefined> => {
  const { status, text } = await call(server, 'GET', `secret/data/${name}`)
  return status === 200 ? JSON.parse(text).data.data.value : undefined
}
const unseal = (server: TestServer, key: Buffer) =>
  call(server, 'POST', 'sys/unseal', { body: JSON.stringify({ key: key.toString('hex') }) })
const errorOf = ({ text }: { readonly text: string }): string => JSON.parse(text).errors.join()

describe.each(['memory', 'disk'] as const)('a snapshot of a store (%s)', (kind) => {
  it('brings back what was there, seals the server, and is restored with the same unseal key', async () => {
    const server = await start(kind)
    await write(server, 'kept', 'old')
    const other = await call(server, 'POST', 'auth/token/create', { body: '{}' })
    const token = JSON.parse(other.text).auth.client_token
    const archive = await save(server)
    await write(server, 'kept', 'new')
    await write(server, 'later', 'x')
    await call(server, 'POST', 'auth/token/revoke', { body: JSON.stringify({ token }) })
    const { status, text, headers } = await restore(server, archive)
    expect([status, text, headers.get('content-type')]).toEqual([204, '', null])
    expect((await call(server, 'GET', 'secret/data/kept')).status).toBe(503)
    expect(JSON.parse((await call(server, 'GET', 'sys/seal-status')).text)).toMatchObject({
      sealed: true,
      initialized: true,
    })
    expect((await unseal(server, server.unsealKey)).status).toBe(200)
    expect(await valueOf(server, 'kept')).toBe('old')
    expect(await valueOf(server, 'later')).toBeUndefined()
    // What was revoked since is back: the page on backups says so.
    expect((await call(server, 'GET', 'auth/token/lookup-self', { token })).status).toBe(200)
    await write(server, 'kept', 'newest')
    expect(await valueOf(server, 'kept')).toBe('newest')
    // The same archive, again, and one of the restored store.
    const second = await save(server)
    expect((await restore(server, archive)).status).toBe(204)
    await unseal(server, server.unsealKey)
    expect(await valueOf(server, 'kept')).toBe('old')
    expect((await restore(server, second)).status).toBe(204)
    await unseal(server, server.unsealKey)
    expect(await valueOf(server, 'kept')).toBe('newest')
  })

  it('is of one moment while writes go on', async () => {
    const server = await start(kind)
    for (let i = 0; i < 12; i += 1) await write(server, `bulk/${i}`, randomBytes(300_000).toString('base64'))
    let next = 0
    const saving = new AbortController()
    const acknowledged: number[] = []
    const writer = (async () => {
      while (!saving.signal.aborted) {
        await write(server, `seq/${next}`, String(next))
        acknowledged.push(next)
        next += 1
      }
    })()
    while (acknowledged.length < 5) await new Promise((resolve) => setTimeout(resolve, 5))
    const before = acknowledged.length
    const archive = await save(server)
    saving.abort()
    await writer
    expect((await restore(server, archive)).status).toBe(204)
    await unseal(server, server.unsealKey)
    const { text } = await call(server, 'GET', 'secret/metadata/seq?list=true')
    const found = (JSON.parse(text).data.keys as string[]).map(Number).sort((a, b) => a - b)
    // Each was written after the one before it was acknowledged: one moment has no gap.
    expect(found).toEqual(Array.from({ length: found.length }, (_, i) => i))
    expect(found.length).toBeGreaterThanOrEqual(before)
    for (const n of found) expect(await valueOf(server, `seq/${n}`)).toBe(String(n))
  })

  it('S46: altered, cut off, swapped or foreign is 400, and the store as it was', async () => {
    const server = await start(kind)
    await write(server, 'kept', 'there')
    const archive = await save(server)
    await write(server, 'kept', 'since')
    const files = unpack(archive)
    const state = files[1]?.content ?? Buffer.alloc(0)
    const bad: [string, Buffer][] = [
      ['nothing', Buffer.alloc(0)],
      ['a document', Buffer.from('{"key":"value"}')],
      ['cut off', archive.subarray(0, archive.length - 20)],
      ['altered', Buffer.from(archive).fill(0, 200, 210)],
      ['without its last file', pack(files.slice(0, 3))],
      // What only somebody who writes the file, and has no key, would do.
      [
        'an entry altered, the sums right',
        forged(archive, 'state.bin', (content) => flipped(content, content.length - 5)),
      ],
      [
        'an older state',
        pack(
          [files[0], { name: 'state.bin', content: state.subarray(0, 0) }, ...files.slice(2)].flatMap((f) => f ?? []),
        ),
      ],
      ['other sealed sums', forged(archive, 'SHA256SUMS.sealed', (content) => flipped(content, 30))],
    ]
    for (const [what, body] of bad) {
      const answer = await restore(server, Buffer.from(body))
      expect([what, answer.status]).toEqual([what, 400])
      expect(errorOf(answer), what).toMatch(/nothing was changed/)
    }
    expect(await valueOf(server, 'kept')).toBe('since')
    expect(JSON.parse((await call(server, 'GET', 'sys/seal-status')).text).sealed).toBe(false)
    if (kind === 'disk') expect(readdirSync(server.folder)).not.toContain('replacement')
  })

  it('of other unseal keys needs force, and those keys', async () => {
    const [server, other] = await Promise.all([start(kind), start(kind)])
    await write(other, 'kept', 'of the other')
    const archive = await save(other)
    const refused = await restore(server, archive)
    expect(refused.status).toBe(400)
    expect(errorOf(refused)).toMatch(/different set of unseal keys.*snapshot-force/s)
    expect((await restore(server, archive, true)).status).toBe(204)
    expect((await unseal(server, server.unsealKey)).status).toBe(400)
    expect((await unseal(server, other.unsealKey)).status).toBe(200)
    const { text } = await call(server, 'GET', 'secret/data/kept', { token: other.rootToken.reveal() })
    expect(JSON.parse(text).data.data).toEqual({ value: 'of the other' })
    expect((await call(server, 'GET', 'secret/data/kept')).status).toBe(403)
  })

  it('from before a rekey needs force; from before a rotation it does not', async () => {
    const server = await start(kind)
    await write(server, 'kept', 'first')
    const archive = await save(server)
    await call(server, 'POST', 'sys/rotate')
    await write(server, 'kept', 'after the rotation')
    const rotated = await save(server)
    expect((await restore(server, archive)).status).toBe(204)
    await unseal(server, server.unsealKey)
    expect(await valueOf(server, 'kept')).toBe('first')
    // Its keyring is of a later time than the server's.
    expect((await restore(server, rotated)).status).toBe(204)
    await unseal(server, server.unsealKey)
    expect(await valueOf(server, 'kept')).toBe('after the rotation')
    const begun = await call(server, 'POST', 'sys/rekey/init', { body: '{"secret_shares":1,"secret_threshold":1}' })
    const body = JSON.stringify({ key: server.unsealKey.toString('hex'), nonce: JSON.parse(begun.text).nonce })
    const rekeyed = JSON.parse((await call(server, 'POST', 'sys/rekey/update', { body })).text)
    expect((await restore(server, archive)).status).toBe(400)
    expect((await restore(server, archive, true)).status).toBe(204)
    expect((await unseal(server, Buffer.from(rekeyed.keys[0], 'hex'))).status).toBe(400)
    expect((await unseal(server, server.unsealKey)).status).toBe(200)
    expect(await valueOf(server, 'kept')).toBe('first')
  })
})

function flipped(content: Buffer, at: number): Buffer {
  const altered = Buffer.from(content)
  altered[at] = (altered[at] ?? 0) ^ 1
  return altered
}

describe('who may', () => {
  it('needs sudo, and a token at all, before a byte of the body is looked at', async () => {
    const server = await start('disk')
    const archive = await save(server)
    const policy = `path "${SNAPSHOT}*" { capabilities = ["read", "update"] }`
    await call(server, 'POST', 'sys/policies/acl/almost', { body: JSON.stringify({ policy }) })
    const made = await call(server, 'POST', 'auth/token/create', { body: '{"policies":["almost"]}' })
    const token = JSON.parse(made.text).auth.client_token
    for (const [method, path] of [
      ['GET', SNAPSHOT],
      ['POST', SNAPSHOT],
      ['PUT', `${SNAPSHOT}-force`],
    ] as const) {
      const body = method === 'GET' ? {} : { body: archive }
      expect((await call(server, method, path, { token, ...body })).status).toBe(403)
      expect((await call(server, method, path, { token: 'hvs.none', ...body })).status).toBe(403)
    }
    const allowed = `path "${SNAPSHOT}" { capabilities = ["read", "sudo"] }`
    await call(server, 'POST', 'sys/policies/acl/almost', { body: JSON.stringify({ policy: allowed }) })
    expect((await call(server, 'GET', SNAPSHOT, { token })).status).toBe(200)
    expect((await restore(server, archive, false, token)).status).toBe(403)
    await call(server, 'POST', 'sys/seal')
    expect((await call(server, 'GET', SNAPSHOT)).status).toBe(503)
    expect((await restore(server, archive)).status).toBe(503)
  })

  it('may be a token that is spent with it, which seals as well', async () => {
    const server = await start('disk')
    const archive = await save(server)
    for (const [path, body] of [['sys/seal'], [SNAPSHOT, archive]] as const) {
      const made = await call(server, 'POST', 'auth/token/create', { body: '{"num_uses":1}' })
      const token = JSON.parse(made.text).auth.client_token
      const { status } = await call(server, 'POST', path, { token, ...(body === undefined ? {} : { body }) })
      expect([path, status]).toEqual([path, 204])
      expect((await unseal(server, server.unsealKey)).status).toBe(200)
      expect((await call(server, 'GET', 'auth/token/lookup-self', { token })).status).toBe(403)
    }
  })

  it('is told in the audit log, which holds nothing of the archive', async () => {
    const folder = join(root, 'audit')
    mkdirSync(folder)
    const file = join(folder, 'audit.log')
    const server = await start('disk', folder)
    const options = { file_path: file }
    await call(server, 'POST', 'sys/audit/file', { body: JSON.stringify({ type: 'file', options }) })
    const archive = await save(server)
    await restore(server, Buffer.from('rubbish'))
    expect((await restore(server, archive)).status).toBe(204)
    const lines = readFileSync(file, 'utf8').trim().split('\n')
    const about = lines.map((line) => JSON.parse(line)).filter(({ request: { path } }) => path === SNAPSHOT)
    expect(about.map(({ type, request: { operation } }) => `${type} ${operation}`)).toEqual([
      'request read',
      'response read',
      'request update',
      'response update',
      'request update',
      'response update',
    ])
    expect(about[3].error).toMatch(/^the snapshot is damaged/)
    for (const { request: asked, response } of about) {
      expect(asked.data).toBeUndefined()
      expect(response?.data).toBeUndefined()
    }
    expect(lines.join()).not.toMatch(/state\.bin/)
  })
})

describe('on the wire', () => {
  it('is what the clients of Vault take: gzip, not stored, and never wrapped', async () => {
    const server = await start('memory')
    const { headers } = await call(server, 'GET', SNAPSHOT)
    expect(headers.get('content-type')).toBe('application/gzip')
    expect(headers.get('cache-control')).toBe('no-store')
    const wrapped = await call(server, 'GET', SNAPSHOT, { headers: { 'X-Vault-Wrap-TTL': '60' } })
    expect([wrapped.status, errorOf(wrapped)]).toEqual([400, 'this answer is too large to be wrapped'])
    const listed = await call(server, 'GET', 'sys/storage/raft/configuration')
    expect(JSON.parse(listed.text).data.config.servers).toMatchObject([{ leader: true, voter: true }])
  })

  it('holds no value in clear and no key', async () => {
    const server = await start('disk')
    await write(server, 'name-in-the-tree', 'canary-value-91723')
    const plain = gunzipSync(await save(server))
    const secrets = ['canary-value-91723', 'name-in-the-tree', server.rootToken.reveal()].map((text) =>
      Buffer.from(text),
    )
    for (const secret of [...secrets, server.unsealKey]) {
      expect(plain.includes(secret)).toBe(false)
      expect(plain.includes(secret.toString('base64'))).toBe(false)
      expect(plain.includes(secret.toString('hex'))).toBe(false)
    }
  })

  it('S14: takes archives larger than any other body, into files of its own that others cannot read', async () => {
    const server = await start('disk')
    const bulk = randomBytes(750_000).toString('base64')
    await Promise.all(Array.from({ length: 36 }, (_, i) => write(server, `bulk/${i}`, bulk)))
    const archive = await save(server)
    expect(archive.length).toBeGreaterThan(33 * 1024 * 1024)
    await write(server, 'later', 'x')
    // It arrives in two parts, so that the copy can be looked at in between.
    const parts = [archive.subarray(0, 20_000_000), archive.subarray(20_000_000)] as const
    const status = await new Promise<number>((resolve, reject) => {
      const headers = { 'X-Vault-Token': server.rootToken.reveal() }
      const upload = request(`${server.address}/v1/${SNAPSHOT}`, { method: 'PUT', headers }, (answer) => {
        answer.resume().on('end', () => resolve(answer.statusCode ?? 0))
      })
      upload.on('error', reject)
      upload.write(parts[0])
      const copy = join(server.folder, 'replacement')
      const lookAgain = (): void => {
        const { size, mode } = statSync(join(copy, 'data.mdb'), { throwIfNoEntry: false }) ?? { size: 0, mode: 0 }
        if (size < 10_000_000) {
          setTimeout(lookAgain, 5)
          return
        }
        expect([statSync(copy).mode & 0o777, mode & 0o777]).toEqual([0o700, 0o600])
        upload.end(parts[1])
      }
      lookAgain()
    })
    expect(status).toBe(204)
    expect(readdirSync(server.folder).sort()).toEqual(['data.mdb', 'lock.mdb', 'server.lock', 'store.json'])
    expect(statSync(join(server.folder, 'data.mdb')).mode & 0o777).toBe(0o600)
    await unseal(server, server.unsealKey)
    expect(await valueOf(server, 'later')).toBeUndefined()
    expect((await valueOf(server, 'bulk/35')) === bulk).toBe(true)
  }, 60_000)

  it('answers a bad archive on a connection that goes on, and one restore at a time', async () => {
    const server = await start('disk')
    const archive = await save(server)
    const bad = Buffer.concat([Buffer.from('no archive'), randomBytes(20_000_000)])
    expect((await restore(server, bad)).status).toBe(400)
    const headers = { 'X-Vault-Token': server.rootToken.reveal() }
    const slow = request(`${server.address}/v1/${SNAPSHOT}`, { method: 'POST', headers })
    const cut = new Promise((resolve) => slow.on('error', resolve))
    slow.write(archive.subarray(0, 100))
    const until = async (holds: () => boolean): Promise<void> => {
      while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5))
    }
    const isRestoring = (): boolean => existsSync(join(server.folder, 'replacement'))
    await until(isRestoring)
    const second = await restore(server, archive)
    expect([second.status, errorOf(second)]).toEqual([400, expect.stringContaining('another snapshot')])
    // A client that goes away in the middle leaves the way free.
    slow.destroy()
    await cut
    await until(() => !isRestoring())
    let third = await restore(server, archive)
    // The folder goes a moment before the turn does.
    while (third.status === 400 && errorOf(third).includes('another snapshot')) third = await restore(server, archive)
    expect(third.status).toBe(204)
  })

  it('is not given to or taken from a client in the process', async () => {
    const { startServer } = await import('../../src/server/index.ts')
    let made: { rootToken: string } | undefined
    const server = await startServer({
      storage: { kind: 'memory' },
      port: 0,
      beforeListen: async (core) => {
        const { keys, rootToken } = await core.initialize({ shares: 1, threshold: 1 })
        await core.unsealWithKey(keys[0] ?? Buffer.alloc(0))
        made = { rootToken }
      },
    })
    const headers = { 'x-vault-token': made?.rootToken ?? '' }
    for (const method of ['GET', 'POST']) {
      const { status, text } = await server.answer({ method, path: `/v1/${SNAPSHOT}`, headers, body: '{}' })
      expect([status, text]).toEqual([400, expect.stringContaining('over HTTP')])
    }
    await server.close()
  })
})
