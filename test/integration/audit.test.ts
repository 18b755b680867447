/**
 * Audit devices over the wire, on any server. Another server must let devices be made over the API (OpenBao:
 * `unsafe_allow_api_audit_creation = true`) and see this machine's files and ports.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openTarget, type Target } from './target.case.ts'

const folder = mkdtempSync(join(tmpdir(), 'plenum-audit-wire-'))
let target: Target
let mount = ''
const devices = new Set<string>()

beforeAll(async () => {
  target = await openTarget({ auditFolder: folder })
  mount = target.unique('audited')
  await target.request('POST', `sys/mounts/${mount}`, { body: { type: 'kv', options: { version: '2' } } })
})
afterEach(async () => {
  for (const name of devices) await target.request('DELETE', `sys/audit/${name}`)
  devices.clear()
})
afterAll(async () => {
  await target.request('DELETE', `sys/mounts/${mount}`)
  await target.close()
  rmSync(folder, { recursive: true, force: true })
})

async function enable(name: string, body: object) {
  devices.add(name)
  return target.request('PUT', `sys/audit/${name}`, { body })
}
const file = (options: object = {}) => {
  const path = join(folder, `${target.unique('log')}-${devices.size}.log`)
  return { path, body: { type: 'file', options: { file_path: path, ...options } } }
}
const write = (name: string, value: string) =>
  target.request('POST', `${mount}/data/${name}`, { body: { data: { password: value } } })

interface Entry {
  readonly type: string
  readonly request: {
    readonly path: string
    readonly operation: string
    readonly data?: { data: { password: string } }
  }
  readonly response?: { readonly data?: Record<string, unknown> }
}
const entriesOf = (text: string): Entry[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Entry)
const kinds = (text: string, path: string) =>
  entriesOf(text)
    .filter(({ request }) => request.path === path)
    .map(({ type }) => type)

interface Collector {
  readonly port: number
  text(): string
  close(): Promise<void>
}

async function collector(port = 0): Promise<Collector> {
  let text = ''
  const connections = new Set<Socket>()
  const server = createServer((socket) => {
    connections.add(socket)
    socket.on('error', () => undefined)
    socket.setEncoding('utf8').on('data', (piece: string) => {
      text += piece
    })
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    text: () => text,
    close() {
      for (const connection of connections) connection.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

describe('sys/audit', () => {
  it('enables, lists and disables a device, and hashes as it does', async () => {
    const name = target.unique('file')
    const { path, body } = file()
    expect((await enable(name, { ...body, description: 'first' })).status).toBe(204)
    const { json } = await target.request('GET', 'sys/audit')
    const shown = { type: 'file', description: 'first', options: { file_path: path }, path: `${name}/`, local: false }
    expect(json['data']).toHaveProperty([`${name}/`], shown)
    expect(json).toHaveProperty([`${name}/`], shown)

    await write('a', 'planted-1')
    const log = readFileSync(path, 'utf8')
    expect(log).not.toContain('planted-1')
    const { json: hashed } = await target.request('PUT', `sys/audit-hash/${name}`, { body: { input: 'planted-1' } })
    const [entry] = entriesOf(log).filter(({ request }) => request.path === `${mount}/data/a`)
    expect(entry?.request.data?.data.password).toBe(hashed['hash'])

    expect((await target.request('DELETE', `sys/audit/${name}`)).status).toBe(204)
    expect((await target.request('DELETE', `sys/audit/${name}`)).status).toBe(204)
    const { length } = readFileSync(path)
    await write('a', 'planted-2')
    expect(readFileSync(path)).toHaveLength(length)
  })

  it.each<[object, RegExp]>([
    [{ type: 'kafka' }, /^unknown backend type: "kafka"$/],
    [{ type: 'file' }, /^file_path is required$/],
    [{ type: 'socket' }, /^address is required$/],
    [{ type: 'syslog', options: { facility: 'NOPE' } }, /facility/],
    [{ type: 'file', options: { file_path: join(folder, 'x.log'), format: 'jsonx' } }, /json/],
    [{ type: 'file', options: { file_path: join(folder, 'x.log'), hmac_accessor: 'maybe' } }, /./],
    // A port that nobody listens on.
    [{ type: 'socket', options: { address: '127.0.0.1:1' } }, /refused/i],
    [{ type: 'file', options: { file_path: join(folder, 'no/such/folder\0/x.log') } }, /./],
  ])('refuses %j', async (body, text) => {
    const name = target.unique('refused')
    const { status, json } = await enable(name, body)
    expect([status, String(json['errors'])]).toEqual([400, expect.stringMatching(text)])
    expect((await target.request('GET', 'sys/audit')).text).not.toContain(`${name}/`)
  })

  it('refuses a path that is in use, and hashes only for what is there', async () => {
    const name = target.unique('twice')
    await enable(name, file().body)
    const again = await enable(name, file().body)
    expect([again.status, again.json]).toEqual([400, { errors: ['path already in use'] }])
    const missing = await target.request('PUT', `sys/audit-hash/none`, { body: { input: 'x' } })
    expect([missing.status, missing.json]).toEqual([400, { errors: ['unknown audit backend "none/"'] }])
    const empty = await target.request('PUT', `sys/audit-hash/${name}`, { body: { input: '' } })
    expect([empty.status, empty.json]).toEqual([400, { errors: ['the "input" parameter is empty'] }])
  })

  it('needs sudo, but for the hash', async () => {
    const name = target.unique('sudo')
    await enable(name, file().body)
    const policy = target.unique('audit-plain')
    const rules = 'path "sys/audit*" { capabilities = ["create", "read", "update", "delete"] }'
    await target.request('PUT', `sys/policies/acl/${policy}`, { body: { policy: rules } })
    const created = await target.request('POST', 'auth/token/create', { body: { policies: [policy] } })
    const { client_token: token } = created.json['auth'] as unknown as { client_token: string }
    const status = async (method: string, path: string, body?: object) =>
      (await target.request(method, path, { token, ...(body === undefined ? {} : { body }) })).status
    expect(await status('GET', 'sys/audit')).toBe(403)
    expect(await status('PUT', `sys/audit/${name}x`, file().body)).toBe(403)
    expect(await status('DELETE', `sys/audit/${name}`)).toBe(403)
    expect(await status('PUT', `sys/audit-hash/${name}`, { input: 'x' })).toBe(200)
    await target.request('DELETE', `sys/policies/acl/${policy}`)
  })

  it('says of a list only how long it is, and shows accessors, when told to', async () => {
    const { path, body } = file({ elide_list_responses: true, hmac_accessor: false })
    await enable(target.unique('elided'), body)
    await write('listed', 'x')
    await target.request('LIST', `${mount}/metadata`)
    const entries = entriesOf(readFileSync(path, 'utf8'))
    const list = entries.find(({ type, request }) => type === 'response' && request.operation === 'list')
    expect(list?.response?.data?.['keys']).toEqual(expect.any(Number))
    const self = await target.request('GET', 'auth/token/lookup-self')
    const { accessor } = self.json['data'] as unknown as { accessor: string }
    const log = readFileSync(path, 'utf8')
    expect([log.includes(accessor), log.includes(target.token)]).toEqual([true, false])
  })

  it('writes in clear with log_raw', async () => {
    const { path, body } = file({ log_raw: true })
    const { status } = await enable(target.unique('raw'), body)
    expect([200, 204]).toContain(status)
    await write('raw', 'planted-in-clear')
    expect(readFileSync(path, 'utf8')).toContain('planted-in-clear')
  })

  it('takes everything and keeps nothing as discard', async () => {
    expect((await enable(target.unique('discard'), { type: 'file', options: { file_path: 'discard' } })).status).toBe(
      204,
    )
    expect((await write('discarded', 'x')).status).toBe(200)
  })
})

describe('several devices', () => {
  it('get every entry each, hashed with salts of their own', async () => {
    const there = await collector()
    const { path, body } = file()
    await enable(target.unique('one'), body)
    await enable(target.unique('two'), { type: 'socket', options: { address: `127.0.0.1:${there.port}` } })
    await write('both', 'planted')
    const at = `${mount}/data/both`
    await expect.poll(() => kinds(there.text(), at)).toEqual(['request', 'response'])
    expect(kinds(readFileSync(path, 'utf8'), at)).toEqual(['request', 'response'])
    const password = (text: string) =>
      entriesOf(text).find(({ request }) => request.path === at)?.request.data?.data.password
    expect(password(there.text())).toMatch(/^hmac-sha256:/)
    expect(password(there.text())).not.toBe(password(readFileSync(path, 'utf8')))
    for (const name of devices) await target.request('DELETE', `sys/audit/${name}`)
    await there.close()
  })

  it('S44: one that fails is tolerated while another one writes; when all fail nothing is done', async () => {
    const there = await collector()
    const [kept, lost] = [target.unique('kept'), target.unique('lost')]
    const { path, body } = file()
    await enable(kept, body)
    await enable(lost, {
      type: 'socket',
      options: { address: `127.0.0.1:${there.port}`, write_timeout: '1s' },
    })
    await there.close()
    // A first write may still go into a connection whose end is not known yet.
    expect((await write('tolerated', 'x')).status).toBe(200)
    expect((await write('tolerated', 'x')).status).toBe(200)
    expect(kinds(readFileSync(path, 'utf8'), `${mount}/data/tolerated`)).toHaveLength(4)

    expect((await target.request('DELETE', `sys/audit/${kept}`)).status).toBeOneOf([204, 500])
    const refused = await write('refused', 'x')
    expect([refused.status, String(refused.json['errors'])]).toEqual([500, expect.stringContaining('internal error')])
    expect((await target.request('GET', `${mount}/data/tolerated`)).status).toBe(500)

    const back = await collector(there.port)
    expect((await target.request('GET', `${mount}/data/refused`)).status).toBe(404)
    await target.request('DELETE', `sys/audit/${lost}`)
    await back.close()
  })

  it('S44: an answer whose entry nobody takes stays inside, also when what was asked for is done', async () => {
    // Takes the entry of the request, and is gone before that of the answer.
    const sockets = new Set<Socket>()
    const collecting = createServer((socket) => {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('data', (chunk) => {
        if (!chunk.includes('"path":"auth/token/create"')) return
        collecting.close()
        for (const one of sockets) one.resetAndDestroy()
      })
    })
    await new Promise<void>((listening) => collecting.listen(0, '127.0.0.1', listening))
    const name = target.unique('gone')
    const { port } = collecting.address() as AddressInfo
    await enable(name, { type: 'socket', options: { address: `127.0.0.1:${port}`, write_timeout: '1s' } })
    const asked = Array.from({ length: 5 }, () =>
      target.request('POST', 'auth/token/create', { body: { policies: ['default'], ttl: '1m' } }),
    )
    const answers = await Promise.all(asked)
    expect(answers.some(({ status }) => status === 500)).toBe(true)
    for (const { status, text } of answers) expect(status === 200 || !text.includes('client_token')).toBe(true)
    const last = await target.request('POST', 'auth/token/create', { body: { policies: ['default'], ttl: '1m' } })
    expect([last.status, last.text.includes('client_token')]).toEqual([500, false])

    const back = await collector(port)
    await target.request('DELETE', `sys/audit/${name}`)
    await back.close()
  })
})
