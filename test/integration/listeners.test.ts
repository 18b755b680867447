/**
 * Where the server listens, on real sockets: TLS with a certificate that no public authority signed, a Unix socket, several
 * at once, who is behind a proxy, what takes too long, and how it stops (vault-api 1.1).
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request as plainRequest } from 'node:http'
import { request as secureRequest } from 'node:https'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { connect as secureConnect } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type EmbeddedServer, type Listener, startServer, type TlsSettings } from '../../src/server/index.ts'
import { certify, type TestCertificate } from './certificate.case.ts'

const folder = mkdtempSync(join(tmpdir(), 'plenum-listeners-'))
const at = (name: string): string => join(folder, name)

let own: TestCertificate
let other: TestCertificate
const running: EmbeddedServer[] = []
beforeAll(() => {
  own = certify(folder, 'own')
  other = certify(folder, 'other')
})
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Started extends EmbeddedServer {
  readonly token: string
}

async function start(listeners: readonly Listener[]): Promise<Started> {
  const server = await startServer({ storage: { kind: 'memory' }, listeners, auditFolders: [folder] })
  running.push(server)
  const { keys, rootToken } = await server.core.initialize({ shares: 1, threshold: 1 })
  for (const key of keys) await server.core.unsealWithKey(key)
  return { ...server, token: rootToken }
}

const tcp = (rest: Partial<Extract<Listener, { kind: 'tcp' }>> = {}): Listener => ({
  kind: 'tcp',
  host: '127.0.0.1',
  port: 0,
  ...rest,
})
const tls = (rest: Partial<TlsSettings> = {}): Listener =>
  tcp({ tls: { certificate: own.certificate, key: own.key, ...rest } })

interface Ask {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string
  /** Of the client's own certificate, versions and so on. */
  readonly tls?: object
}

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

function ask(address: string, path: string, { method = 'GET', headers = {}, body, tls: more = {} }: Ask = {}) {
  return new Promise<Answer>((resolve, reject) => {
    const common = { method, path: `/v1/${path}`, headers, agent: false as const }
    const where = address.startsWith('unix://')
      ? { ...common, socketPath: address.slice('unix://'.length) }
      : { ...common, host: '127.0.0.1', port: Number(new URL(address).port) }
    const request = address.startsWith('https:')
      ? secureRequest({ ...where, ca: own.certificate, ...more })
      : plainRequest(where)
    request.on('error', reject)
    request.on('response', (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (text += chunk))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
    })
    request.end(body)
  })
}

describe('TLS', () => {
  it('serves the API, and tells clients to come back over TLS alone', async () => {
    const { address, token } = await start([tls()])
    expect(address).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/)
    const headers = { 'X-Vault-Token': token }
    const found = await ask(address, 'auth/token/lookup-self', { headers })
    expect(found.status).toBe(200)
    expect(found.headers['strict-transport-security']).toBe('max-age=31536000; includeSubDomains')
    expect(found.headers['content-type']).toBe('application/json')
  })

  it('knows the LIST verb', async () => {
    const { address, token } = await start([tls()])
    const found = await ask(address, 'sys/policies/acl', { method: 'LIST', headers: { 'X-Vault-Token': token } })
    expect([found.status, found.text.includes('"root"')]).toEqual([200, true])
  })

  it('knows the LIST verb twice on one connection', async () => {
    const { address, token } = await start([tls()])
    const socket = secureConnect({ host: '127.0.0.1', port: Number(new URL(address).port), ca: own.certificate })
    const line = `LIST /v1/sys/policies/acl HTTP/1.1\r\nHost: x\r\nX-Vault-Token: ${token}\r\n\r\n`
    expect(statuses(await exchange(socket, line))).toEqual(['200'])
    expect(statuses(await exchange(socket, line))).toEqual(['200'])
    socket.destroy()
  })

  it('asks for a client certificate and takes any, or none', async () => {
    const { address } = await start([tls()])
    const port = Number(new URL(address).port)
    const probe = spawn('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, '-tls1_2'])
    probe.stdin.end()
    const told = await text(probe.stdout)
    expect(told).toContain('Client Certificate Types')
    expect((await ask(address, 'sys/init', { tls: { cert: other.certificate, key: other.key } })).status).toBe(200)
    expect((await ask(address, 'sys/init')).status).toBe(200)
  })

  it('requires one of its authority, where told', async () => {
    const { address } = await start([tls({ clientCertificate: 'require', clientAuthority: other.certificate })])
    expect((await ask(address, 'sys/init', { tls: { cert: other.certificate, key: other.key } })).status).toBe(200)
    await expect(ask(address, 'sys/init')).rejects.toBeInstanceOf(Error)
    await expect(ask(address, 'sys/init', { tls: { cert: own.certificate, key: own.key } })).rejects.toBeInstanceOf(
      Error,
    )
  })

  it('speaks no version older than it is told', async () => {
    const [lenient, strict] = (await start([tls(), tls({ minVersion: 'TLSv1.3' })])).addresses
    const old = { tls: { maxVersion: 'TLSv1.2' } }
    expect((await ask(lenient ?? '', 'sys/init', old)).status).toBe(200)
    await expect(ask(strict ?? '', 'sys/init', old)).rejects.toBeInstanceOf(Error)
    expect((await ask(strict ?? '', 'sys/init')).status).toBe(200)
    const older = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }
    await expect(ask(lenient ?? '', 'sys/init', { tls: older })).rejects.toBeInstanceOf(Error)
  })

  it('closes a connection that speaks plain HTTP, and goes on', async () => {
    const { address } = await start([tls()])
    await expect(ask(address.replace('https:', 'http:'), 'sys/init')).rejects.toBeInstanceOf(Error)
    expect((await ask(address, 'sys/init')).status).toBe(200)
  })

  it('does not start with a key of another certificate, or with none', async () => {
    const wrong = { certificate: own.certificate, key: other.key }
    await expect(start([tcp(), tcp({ tls: wrong })])).rejects.toMatchObject({ code: 'listen-tls' })
    const none = { certificate: own.certificate, key: Buffer.from('no key') }
    await expect(start([tcp({ tls: none })])).rejects.toMatchObject({ code: 'listen-tls' })
  })
})

describe('several listeners', () => {
  it('serve one store', async () => {
    const { addresses, token } = await start([tcp(), tls(), { kind: 'unix', path: at('several.sock') }])
    const headers = { 'X-Vault-Token': token }
    expect(addresses.map((address) => address.replace(/:\d+$/, ''))).toEqual([
      'http://127.0.0.1',
      'https://127.0.0.1',
      `unix://${at('several.sock')}`,
    ])
    const [first = '', ...others] = addresses
    const body = JSON.stringify({ policy: 'path "a" { capabilities = ["read"] }' })
    expect((await ask(first, 'sys/policies/acl/p', { method: 'PUT', headers, body })).status).toBe(204)
    for (const address of others) {
      const found = await ask(address, 'sys/policies/acl/p', { headers })
      expect([found.status, found.text.includes('capabilities')]).toEqual([200, true])
    }
  })

  it('are closed again when one of them cannot be opened', async () => {
    const taken = createServer()
    const port = await new Promise<number>((resolve) => {
      taken.listen(0, '127.0.0.1', () => resolve((taken.address() as { port: number }).port))
    })
    const path = at('again.sock')
    await expect(start([{ kind: 'unix', path }, tcp({ port })])).rejects.toMatchObject({ code: 'listen-port-taken' })
    expect(existsSync(path)).toBe(false)
    taken.close()
  })
})

describe('a Unix socket', () => {
  it('is private, and gone when the server is', async () => {
    const path = at('private.sock')
    const { address, token } = await start([{ kind: 'unix', path }])
    expect(statSync(path).mode & 0o777).toBe(0o600)
    const headers = { 'X-Vault-Token': token }
    expect((await ask(address, 'auth/token/lookup-self', { headers })).status).toBe(200)
    expect((await ask(address, 'sys/policies/acl', { method: 'LIST', headers })).status).toBe(200)
    await running.pop()?.close()
    expect(existsSync(path)).toBe(false)
  })

  it('has the mode that it is given', async () => {
    const path = at('open.sock')
    await start([{ kind: 'unix', path, mode: 0o660 }])
    expect(statSync(path).mode & 0o777).toBe(0o660)
  })

  it('takes the place of one that a dead server left, and of nothing else', async () => {
    const path = at('left.sock')
    const leave = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`
    expect(spawnSync(process.execPath, ['-e', leave]).signal).toBe('SIGKILL')
    expect(existsSync(path)).toBe(true)
    const { address } = await start([{ kind: 'unix', path }])
    expect((await ask(address, 'sys/init')).status).toBe(200)

    await expect(start([{ kind: 'unix', path }])).rejects.toMatchObject({ code: 'listen-port-taken' })
    expect((await ask(address, 'sys/init')).status).toBe(200)

    writeFileSync(at('notes.txt'), 'mine')
    await expect(start([{ kind: 'unix', path: at('notes.txt') }])).rejects.toMatchObject({ code: 'listen-port-taken' })
    expect(readFileSync(at('notes.txt'), 'utf8')).toBe('mine')
    await expect(start([{ kind: 'unix', path: at('none/x.sock') }])).rejects.toMatchObject({ code: 'listen-refused' })
  })
})

describe('behind a proxy', () => {
  const forwardedFor = (trusted: string, untrusted: 'reject' | 'ignore'): Listener =>
    tcp({ forwardedFor: { trusted: [trusted], skipHops: 0, untrusted, absent: 'ignore' } })

  it('S30: only a trusted proxy says whose request it is, and the audit log shows whose', async () => {
    const { addresses, token } = await start([
      forwardedFor('127.0.0.1', 'reject'),
      forwardedFor('10.0.0.0/8', 'reject'),
      forwardedFor('10.0.0.0/8', 'ignore'),
      tcp(),
    ])
    const [trusted = '', rejects = '', ignores = '', plain = ''] = addresses
    const audit = JSON.stringify({ type: 'file', options: { file_path: at('audit.log') } })
    const root = { 'X-Vault-Token': token }
    expect((await ask(trusted, 'sys/audit/f', { method: 'PUT', headers: root, body: audit })).status).toBe(204)
    const headers = { ...root, 'X-Forwarded-For': '192.0.2.7' }
    const lookup = (address: string): Promise<Answer> => ask(address, 'auth/token/lookup-self', { headers })
    expect((await lookup(trusted)).status).toBe(200)
    expect(await lookup(rejects)).toMatchObject({
      status: 400,
      text: '{"errors":["client address not authorized for x-forwarded-for and configured to reject connection"]}\n',
    })
    expect((await lookup(ignores)).status).toBe(200)
    expect((await lookup(plain)).status).toBe(200)
    const entries = readFileSync(at('audit.log'), 'utf8').trim().split('\n')
    const seen = entries
      .map((line) => JSON.parse(line) as { type: string; request: { path: string; remote_address: string } })
      .filter(({ type, request }) => type === 'response' && request.path === 'auth/token/lookup-self')
    expect(seen.map(({ request }) => request.remote_address)).toEqual(['192.0.2.7', '127.0.0.1', '127.0.0.1'])
  })

  it('S30: a login that is bound to a network is judged by that address', async () => {
    const { addresses, token } = await start([forwardedFor('127.0.0.1', 'reject'), tcp()])
    const [trusted = '', plain = ''] = addresses
    const write = async (path: string, data: object): Promise<void> => {
      const headers = { 'X-Vault-Token': token }
      expect((await ask(plain, path, { method: 'POST', headers, body: JSON.stringify(data) })).status).toBe(204)
    }
    await write('sys/auth/approle', { type: 'approle' })
    await write('auth/approle/role/bound', { bind_secret_id: false, token_bound_cidrs: ['192.0.2.0/24'] })
    await write('auth/approle/role/bound/role-id', { role_id: 'bound' })
    const login = async (address: string, header?: string): Promise<number> => {
      const headers: Record<string, string> = header === undefined ? {} : { 'X-Forwarded-For': header }
      const body = JSON.stringify({ role_id: 'bound' })
      return (await ask(address, 'auth/approle/login', { method: 'POST', headers, body })).status
    }
    expect(await login(trusted, '192.0.2.7')).toBe(200)
    expect(await login(trusted, '192.0.2.7, 198.51.100.1')).not.toBe(200)
    expect(await login(trusted)).not.toBe(200)
    expect(await login(plain, '192.0.2.7')).not.toBe(200)
  })
})

describe('limits of a listener', () => {
  it('a body larger than it takes is 413', async () => {
    const { address, token } = await start([tcp({ maxBodyBytes: 200 })])
    const put = (policy: string): Promise<Answer> =>
      ask(address, 'sys/policies/acl/p', {
        method: 'PUT',
        headers: { 'X-Vault-Token': token },
        body: JSON.stringify({ policy }),
      })
    expect((await put('path "a" {}')).status).toBe(204)
    expect((await put(`path "${'a'.repeat(300)}" {}`)).status).toBe(413)
  })

  it('a request that does not arrive in time is 408, and its connection ends', async () => {
    const { address } = await start([tcp({ requestTimeoutMs: 200 })])
    const socket = connect(Number(new URL(address).port), '127.0.0.1')
    const text = await exchange(socket, 'POST /v1/sys/init HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{')
    expect(statuses(text)).toEqual(['408'])
  })

  it('a connection that has sent LIST is under the same limits, counted from each request on', async () => {
    const { addresses, token } = await start([tcp({ requestTimeoutMs: 1000 }), tcp({ idleTimeoutMs: 200 })])
    const [address = '', impatient = ''] = addresses
    const socket = connect(Number(new URL(address).port), '127.0.0.1')
    const line = (verb: string, more = ''): string =>
      `${verb} /v1/sys/policies/acl HTTP/1.1\r\nHost: x\r\nX-Vault-Token: ${token}\r\n${more}\r\n`
    expect(statuses(await exchange(socket, line('LIST')))).toEqual(['200'])
    // Longer than a request may take: the parser that met the LIST must have no say any more.
    await new Promise((later) => setTimeout(later, 1500))
    expect(statuses(await exchange(socket, line('GET')))).toEqual(['200'])
    expect(statuses(await exchange(socket, line('LIST', 'Content-Length: 9\r\n')))).toEqual(['200'])
    expect(statuses(await exchange(socket, ''))).toEqual(['408'])
    const idle = connect(Number(new URL(impatient).port), '127.0.0.1')
    expect(statuses(await exchange(idle, line('LIST')))).toEqual(['200'])
    await new Promise((ended) => idle.once('close', ended))
  })

  it('a request that is not answered in time is 504', async () => {
    const server = await start([tcp({ requestTimeoutMs: 150 })])
    server.core.handle = () => new Promise(() => undefined)
    expect(await ask(server.address, 'sys/host-info')).toMatchObject({ status: 504 })
  })
})

describe('metrics', () => {
  it('need no token where the listener says so, and nothing else goes with that', async () => {
    const { addresses, token } = await start([tcp({ openMetrics: true }), tcp()])
    const [open = '', closed = ''] = addresses
    for (const path of ['sys/metrics', 'sys/metrics?format=prometheus']) {
      expect((await ask(open, path)).status).toBe(200)
      expect((await ask(closed, path)).status).toBe(403)
      expect((await ask(closed, path, { headers: { 'X-Vault-Token': token } })).status).toBe(200)
    }
    for (const path of ['sys/metrics/', 'sys/metrics?help=1', 'sys/mounts'])
      expect([path, (await ask(open, path)).status]).toEqual([path, 403])
    expect((await ask(open, 'sys/metrics', { method: 'POST' })).status).toBe(403)
  })
})

describe('stopping', () => {
  it('answers what is under way, closes what is idle, accepts nothing more', async () => {
    const server = await start([tcp()])
    const { handle } = server.core
    let finish: () => void = () => undefined
    const arrived = new Promise<void>((begun) => {
      server.core.handle = async (request) => {
        await new Promise<void>((resolve) => {
          finish = resolve
          begun()
        })
        return handle.call(server.core, request)
      }
    })
    const headers = { Connection: 'keep-alive' }
    const slow = ask(server.address, 'sys/init', { headers })
    await arrived
    const closing = running.pop()?.close()
    await expect(ask(server.address, 'sys/init')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    finish()
    const answer = await slow
    expect([answer.status, answer.headers['connection']]).toEqual([200, 'close'])
    await closing
  })

  it('does not wait for ever for a connection that never ends its request', async () => {
    const server = await startServer({
      storage: { kind: 'memory' },
      listeners: [tcp()],
      stopWithinMs: 100,
    })
    const socket = connect(Number(new URL(server.address).port), '127.0.0.1')
    const cut = new Promise<string>((resolve) => {
      socket.on('error', () => undefined)
      socket.on('close', () => resolve('cut'))
    })
    socket.write('POST /v1/sys/init HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{')
    await ask(server.address, 'sys/init')
    await server.close()
    expect(await cut).toBe('cut')
  })
})

const statuses = (text: string): string[] => [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status ?? '')

/** Sends bytes as they are; what comes back until it is whole or the peer closes. */
function exchange(socket: Socket, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const done = (): void => {
      socket.off('data', onData)
      resolve(text)
    }
    const onData = (chunk: Buffer): void => {
      text += chunk.toString('latin1')
      const [head = '', body = ''] = text.split('\r\n\r\n')
      const length = /content-length: (\d+)/i.exec(head)?.[1]
      if (length !== undefined && body.length >= Number(length)) done()
    }
    socket.on('data', onData)
    socket.once('close', done)
    socket.once('error', reject)
    socket.write(bytes)
  })
}
