/** HTTP/2 on a TLS listener: the same API, beside HTTP/1.1 on the same port, with the same limits (vault-api 1.1; S47). */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { type ClientHttp2Session, connect, constants, type OutgoingHttpHeaders } from 'node:http2'
import { request as http1Request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as secureConnect } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { LogicalError } from '../../src/server/logical/index.ts'
import { type EmbeddedServer, startServer, type Listener } from '../../src/server/index.ts'
import { certify, type TestCertificate } from './certificate.case.ts'

const folder = mkdtempSync(join(tmpdir(), 'plenum-http2-'))
let own: TestCertificate
let certificate: Buffer
const running: EmbeddedServer[] = []
const clients: ClientHttp2Session[] = []
beforeAll(() => {
  own = certify(folder, 'own')
  certificate = own.certificate
})
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy()
  await Promise.all(running.splice(0).map((server) => server.close()))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function start(rest: Partial<Extract<Listener, { kind: 'tcp' }>> = {}) {
  const server = await startServer({
    storage: { kind: 'memory' },
    listeners: [{ kind: 'tcp', host: '127.0.0.1', port: 0, tls: own, ...rest }],
    stopWithinMs: 2000,
  })
  running.push(server)
  const { keys, rootToken } = await server.core.initialize({ shares: 1, threshold: 1 })
  for (const unsealKey of keys) await server.core.unsealWithKey(unsealKey)
  return { server, address: server.address, port: Number(new URL(server.address).port), token: rootToken }
}

function open(address: string): ClientHttp2Session {
  const client = connect(address, { ca: certificate })
  client.on('error', () => undefined)
  clients.push(client)
  return client
}

interface Answer {
  readonly headers: OutgoingHttpHeaders
  readonly text: string
}

function ask(client: ClientHttp2Session, headers: OutgoingHttpHeaders, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const stream = client.request(headers, { endStream: body === undefined })
    let text = ''
    let head: OutgoingHttpHeaders = {}
    stream.setEncoding('utf8')
    stream.on('response', (found) => {
      head = found
    })
    stream.on('data', (chunk: string) => (text += chunk))
    stream.on('error', reject)
    stream.on('close', () => resolve({ headers: head, text }))
    if (body !== undefined) stream.end(body)
  })
}

const asking = (method: string, path: string, token: string): OutgoingHttpHeaders => ({
  ':method': method,
  ':path': `/v1/${path}`,
  'x-vault-token': token,
})

// Frames by hand, for what Node's client does not send.
const literal = (name: string, value: string): Buffer =>
  Buffer.concat([Buffer.from([0, ...length(name)]), Buffer.from(name), Buffer.from(length(value)), Buffer.from(value)])
/** HPACK's integer with a prefix of seven bits. */
const length = (text: string): number[] => {
  if (text.length < 127) return [text.length]
  const bytes = [127]
  let rest = text.length - 127
  for (; rest > 127; rest >>= 7) bytes.push((rest & 127) | 128)
  return [...bytes, rest]
}
const frame = (type: number, flags: number, id: number, payload: Buffer): Buffer => {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(id, 5)
  return Buffer.concat([head, payload])
}
const PREFACE = Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(4, 0, 0, Buffer.alloc(0))])

describe('HTTP/2', () => {
  it('serves the API by every verb, with the headers that every answer has', async () => {
    const { address, token } = await start()
    const client = open(address)
    const put = await ask(client, asking('PUT', 'sys/policies/acl/p', token), JSON.stringify({ policy: 'path "a" {}' }))
    expect([put.headers[':status'], put.text]).toEqual([204, ''])
    for (const method of ['LIST', 'GET']) {
      const list = await ask(client, asking(method, 'sys/policies/acl', token))
      expect(list.headers).toMatchObject({
        ':status': 200,
        'content-type': 'application/json',
        'cache-control': 'no-store',
        'strict-transport-security': 'max-age=31536000; includeSubDomains',
        'content-length': String(Buffer.byteLength(list.text)),
      })
      expect(list.text).toContain('"p"')
    }
    const help = await ask(client, asking('HELP', 'sys/mounts', token))
    expect([help.headers[':status'], help.text.includes('see_also')]).toEqual([200, true])
    expect((await ask(client, asking('SEARCH', 'sys/policies/acl', token))).headers[':status']).toBe(405)
    const head = await ask(client, asking('HEAD', 'sys/health', token))
    expect([head.headers[':status'], head.text]).toEqual([200, ''])
    expect((await ask(client, asking('HEAD', 'sys/mounts', token))).headers[':status']).toBe(405)
    expect((await ask(client, asking('GET', 'sys/mounts', 'wrong'))).headers[':status']).toBe(403)
    expect((await ask(client, { ':method': 'GET', ':path': '/' })).headers[':status']).toBe(404)
  })

  it('answers many requests of one connection at once', async () => {
    const { address, token } = await start()
    const client = open(address)
    const answers = await Promise.all(
      Array.from({ length: 250 }, () => ask(client, asking('GET', 'auth/token/lookup-self', token))),
    )
    expect(new Set(answers.map(({ headers }) => headers[':status']))).toEqual(new Set([200]))
  })

  it('streams a snapshot out and back in', async () => {
    const { address, token, server } = await start()
    const client = open(address)
    const path = 'sys/storage/raft/snapshot'
    const saved = await new Promise<Buffer>((resolve, reject) => {
      const stream = client.request(asking('GET', path, token))
      const chunks: Buffer[] = []
      stream.on('response', (headers) => {
        expect([headers[':status'], headers['content-type']]).toEqual([200, 'application/gzip'])
      })
      stream.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject)
      stream.on('end', () => resolve(Buffer.concat(chunks)))
    })
    const upload = (body: Buffer): Promise<unknown> =>
      new Promise((resolve, reject) => {
        const stream = client.request(asking('POST', path, token))
        stream.on('response', (headers) => resolve(headers[':status'])).on('error', reject)
        stream.resume().end(body)
      })
    expect(await upload(saved.subarray(0, saved.length - 40))).toBe(400)
    expect(server.core.sealed).toBe(false)
    expect(await upload(saved)).toBe(204)
    expect(server.core.sealed).toBe(true)
  })

  it('leaves HTTP/1.1 as it was, LIST included, on the same port', async () => {
    const { port, token } = await start()
    const status = await new Promise((resolve, reject) => {
      const request = http1Request(
        {
          host: '127.0.0.1',
          port,
          ca: certificate,
          method: 'LIST',
          path: '/v1/sys/policies/acl',
          headers: { 'x-vault-token': token },
        },
        (response) => {
          response.resume()
          resolve([response.statusCode, response.httpVersion])
        },
      )
      request.on('error', reject)
      request.end()
    })
    expect(status).toEqual([200, '1.1'])
  })

  it.runIf(spawnSync('curl', ['--version'], { encoding: 'utf8' }).stdout?.includes('HTTP2'))(
    'curl agrees on it',
    async () => {
      const { address, token } = await start()
      const { execFile } = await import('node:child_process')
      const out = await new Promise<string>((resolve, reject) => {
        const args = ['-s', '--http2', '--cacert', own.certificateFile, '-H', `X-Vault-Token: ${token}`, '-X', 'LIST']
        execFile(
          'curl',
          [...args, '-w', '%{http_version} %{http_code}', '-o', '/dev/null', `${address}/v1/sys/policies/acl`],
          (error, stdout) => {
            if (error === null) resolve(stdout)
            else reject(error)
          },
        )
      })
      expect(out).toBe('2 200')
    },
  )

  it('stopping lets what is under way finish', async () => {
    const { server, address, token } = await start()
    const { handle } = server.core
    let finish: () => void = () => undefined
    const begun = new Promise<void>((resolve) => {
      server.core.handle = async (request) => {
        await new Promise<void>((go) => {
          finish = go
          resolve()
        })
        return handle.call(server.core, request)
      }
    })
    const slow = ask(open(address), asking('GET', 'auth/token/lookup-self', token))
    await begun
    const closing = running.pop()?.close()
    finish()
    expect((await slow).headers[':status']).toBe(200)
    await closing
  })
})

describe('limits', () => {
  it('a body larger than the listener takes is 413, declared or not', async () => {
    const { address, token } = await start({ maxBodyBytes: 200 })
    const client = open(address)
    const body = JSON.stringify({ policy: 'x'.repeat(300) })
    const headers = asking('PUT', 'sys/policies/acl/p', token)
    expect((await ask(client, headers, body)).headers[':status']).toBe(413)
    expect((await ask(client, { ...headers, 'content-length': body.length }, body)).headers[':status']).toBe(413)
    expect((await ask(client, asking('GET', 'sys/mounts', token))).headers[':status']).toBe(200)
  })

  it('a request that does not arrive in time is 408, one that is not answered 504', async () => {
    const { server, address, token } = await start({ requestTimeoutMs: 150 })
    const client = open(address)
    const stream = client.request(asking('POST', 'sys/init', token), { endStream: false })
    stream.write('{')
    const status = await new Promise((resolve) => stream.on('response', (found) => resolve(found[':status'])))
    expect(status).toBe(408)
    server.core.handle = () => new Promise(() => undefined)
    expect((await ask(client, asking('GET', 'sys/mounts', token))).headers[':status']).toBe(504)
  })

  it('a stream that is refused before its first byte is answered as any refusal, over HTTP/1.1 too', async () => {
    const { server, address, token } = await start()
    const chunks = {
      [Symbol.asyncIterator]: () => ({
        next: () => Promise.reject(new LogicalError('sealed', 'Vault is sealed', 'bare')),
      }),
    }
    server.core.handle = () => ({ status: 200, body: undefined, stream: { contentType: 'application/gzip', chunks } })
    const over2 = await ask(open(address), asking('GET', 'sys/storage/raft/snapshot', token))
    expect([over2.headers[':status'], over2.text]).toEqual([503, '{"errors":["Vault is sealed"]}\n'])
    const over1 = await new Promise((resolve, reject) => {
      http1Request(`${address}/v1/sys/storage/raft/snapshot`, { ca: certificate }, (answer) => {
        answer.resume()
        resolve(answer.statusCode)
      })
        .on('error', reject)
        .end()
    })
    expect(over1).toBe(503)
  })

  it('a streamed answer that is made and never taken is cut off', async () => {
    const { address, token } = await start({ requestTimeoutMs: 300 })
    // It allows no byte of any answer.
    const client = connect(address, { ca: certificate, settings: { initialWindowSize: 0 } })
    client.on('error', () => undefined)
    clients.push(client)
    const stream = client.request(asking('GET', 'sys/storage/raft/snapshot', token))
    stream.on('error', () => undefined)
    await new Promise((closed) => stream.once('close', closed))
    expect(stream.rstCode).toBe(constants.NGHTTP2_CANCEL)
  })

  it('S56: more headers than fit never reach a backend', async () => {
    const { server, address, token } = await start()
    let reached = 0
    server.core.handle = () => {
      reached += 1
      return { status: 204, body: undefined }
    }
    const client = open(address)
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`x-${index}`, 'v'.repeat(2000)]))
    await ask(client, { ...asking('GET', 'sys/mounts', token), ...many }).catch(() => undefined)
    expect(reached).toBe(0)
    const long = await ask(open(address), asking('GET', 'sys/mounts', 'x'.repeat(40_000)))
    expect([long.headers[':status'], reached]).toEqual([400, 0])
  })

  it('an idle connection is closed', async () => {
    const { address, token } = await start({ idleTimeoutMs: 100 })
    const client = open(address)
    await ask(client, asking('GET', 'sys/mounts', token))
    await new Promise((closed) => client.once('close', closed))
    expect(client.closed).toBe(true)
  })

  it('S9: a connection that resets what it asked for again and again is ended, and works the server no more than others', async () => {
    const { server, address, port, token } = await start()
    const { handle } = server.core
    let atWork = 0
    let most = 0
    server.core.handle = async (request) => {
      atWork += 1
      most = Math.max(most, atWork)
      await new Promise((later) => setTimeout(later, 20))
      atWork -= 1
      return handle.call(server.core, request)
    }
    const headers = Buffer.concat(
      Object.entries({ ...asking('GET', 'sys/mounts', token), ':scheme': 'https', ':authority': 'x' }).map(
        ([name, value]) => literal(name, String(value)),
      ),
    )
    const cancel = Buffer.from([0, 0, 0, constants.NGHTTP2_CANCEL])
    const socket = secureConnect({ host: '127.0.0.1', port, ca: certificate, ALPNProtocols: ['h2'] })
    socket.on('error', () => undefined)
    socket.resume()
    const ended = new Promise((closed) => socket.once('close', closed))
    socket.write(PREFACE)
    // Fewer than what nghttp2 itself takes for too many.
    for (let id = 1; id < 1600; id += 2)
      socket.write(Buffer.concat([frame(1, 5, id, headers), frame(3, 0, id, cancel)]))
    await ended
    expect(most).toBeLessThanOrEqual(100)
    server.core.handle = handle
    expect((await ask(open(address), asking('GET', 'sys/mounts', token))).headers[':status']).toBe(200)
  })
})

describe('framing', () => {
  /** Sends frames as they are: a request with these headers and body; then one that is as it should be. */
  async function send(extra: readonly (readonly [string, string])[], body: string, path = '/v1/sys/policies/acl/p') {
    const { server, port, token } = await start()
    const { handle } = server.core
    const reached: string[] = []
    server.core.handle = (request) => {
      const injected = request.header('x-a') ?? request.wrapTtl
      reached.push(`${request.method} ${request.path} ${JSON.stringify(request.body ?? {})}${injected}`)
      return handle.call(server.core, request)
    }
    const usual = [
      [':method', 'PUT'],
      [':scheme', 'https'],
      [':path', path],
      [':authority', 'x'],
      ['x-vault-token', token],
    ] as const
    const headers = Buffer.concat([...usual, ...extra].map(([name, value]) => literal(name, value)))
    const socket = secureConnect({ host: '127.0.0.1', port, ca: certificate, ALPNProtocols: ['h2'] })
    socket.on('error', () => undefined)
    socket.write(Buffer.concat([PREFACE, frame(1, 4, 1, headers), frame(0, 1, 1, Buffer.from(body))]))
    const after = Buffer.concat(
      [
        [':method', 'GET'],
        [':scheme', 'https'],
        [':path', '/v1/sys/health'],
        [':authority', 'x'],
      ].map(([name = '', value = '']) => literal(name, value)),
    )
    socket.write(frame(1, 5, 3, after))
    // Until the second request is answered, or the connection is over.
    await new Promise<void>((resolve) => {
      socket.on('close', resolve)
      let seen = Buffer.alloc(0)
      socket.on('data', (chunk: Buffer) => {
        seen = Buffer.concat([seen, chunk])
        for (let from = 0; from + 9 <= seen.length; from += 9 + seen.readUIntBE(from, 3))
          if (
            (seen[from + 3] === 0 || seen[from + 3] === 7) &&
            (seen.readUInt32BE(from + 5) === 3 || seen[from + 3] === 7)
          )
            resolve()
      })
    })
    socket.destroy()
    return reached.filter((line) => !line.includes('sys/health'))
  }
  const policy = JSON.stringify({ policy: '' })

  it('S47: what is as it should be reaches the core once', async () => {
    expect(await send([['content-length', String(policy.length)]], policy)).toEqual([
      `PUT sys/policies/acl/p ${policy}`,
    ])
  })

  it.each([
    ['a length that is too short', [['content-length', '3']], '/v1/sys/policies/acl/p'],
    ['a length that is too long', [['content-length', '300']], '/v1/sys/policies/acl/p'],
    [
      'two lengths',
      [
        ['content-length', '13'],
        ['content-length', '14'],
      ],
      '/v1/sys/policies/acl/p',
    ],
    ['a transfer encoding', [['transfer-encoding', 'chunked']], '/v1/sys/policies/acl/p'],
    ['a connection header', [['connection', 'x-vault-token']], '/v1/sys/policies/acl/p'],
    ['a name in capitals', [['X-Vault-Wrap-TTL', '1']], '/v1/sys/policies/acl/p'],
    ['a second path', [[':path', '/v1/sys/seal']], '/v1/sys/policies/acl/p'],
    ['a path with a line break', [], '/v1/sys/policies/acl/p HTTP/1.1\r\nx: y'],
  ] as const)('S47: %s reaches nothing', async (_, headers, path) => {
    expect(await send(headers, policy, path)).toEqual([])
  })

  it.each([
    ['a line break in a value', [['x-a', 'b\r\nx-vault-wrap-ttl: 9']]],
    ['a line break in a name', [['x-vault-wrap-ttl\r\nx-a', 'c']]],
  ] as const)('S47: a header with %s is no header', async (_, headers) => {
    // The bytes behind it are not one either: the core sees the request without.
    expect(await send(headers, policy)).toEqual([`PUT sys/policies/acl/p ${policy}`])
  })
})
