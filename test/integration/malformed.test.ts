/** What is refused before it is any request of the API reaches no audit device, so the server tells of it (vault-api 1.11). */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect as connectHttp2 } from 'node:http2'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { newsOf } from '../../src/cli/serving/news.ts'
import { type EmbeddedServer, type Listener, type ServerEvent, startServer } from '../../src/server/index.ts'
import { certify, type TestCertificate } from './certificate.case.ts'
import { exchange } from './wire.case.ts'

const execute = promisify(execFile)
const folder = mkdtempSync(join(tmpdir(), 'plenum-malformed-'))
const running: EmbeddedServer[] = []
let own: TestCertificate
beforeAll(() => {
  own = certify(folder, 'own')
})
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

type Malformed = Extract<ServerEvent, { kind: 'request-malformed' }>

async function start(rest: Partial<Extract<Listener, { kind: 'tcp' }>> = {}) {
  const told: Malformed[] = []
  const server = await startServer({
    storage: { kind: 'memory' },
    listeners: [{ kind: 'tcp', host: '127.0.0.1', port: 0, ...rest }],
    report: (event) => {
      if (event.kind === 'request-malformed') told.push(event)
    },
    stopWithinMs: 1000,
  })
  running.push(server)
  await server.core.initialize({ shares: 1, threshold: 1 })
  return { address: server.address, port: Number(new URL(server.address).port), told }
}

const told = (flaw: Malformed['flaw'], status: number, code = ''): Malformed => ({
  kind: 'request-malformed',
  flaw,
  status,
  code,
  address: '127.0.0.1',
  untold: 0,
})
/** In every request, wherever it has room for it. */
const SENT = 'planted-7c1f'

/** As long as a busy machine takes. */
const SOON = { timeout: 20_000 }

describe('S10: what no request is', () => {
  const CASES: Readonly<Record<string, readonly [request: string, event: Malformed]>> = {
    'a line that is no HTTP': [`${SENT} / x\r\n\r\n`, told('framing', 400, 'HPE_INVALID_METHOD')],
    'two lengths': [
      `POST /v1/secret/data/${SENT} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}`,
      told('framing', 400, expect.stringMatching(/^HPE_INVALID_/) as string),
    ],
    'headers without end': [
      `GET /v1/sys/health HTTP/1.1\r\nX-A: ${SENT.repeat(100_000)}\r\n\r\n`,
      told('framing', 431, 'HPE_HEADER_OVERFLOW'),
    ],
    'a method of something else': [`PROPFIND /v1/${SENT} HTTP/1.1\r\nHost: x\r\n\r\n`, told('method', 405)],
    'a path with dots': [`GET /v1/secret/../${SENT} HTTP/1.1\r\nHost: x\r\n\r\n`, told('path', 400)],
    'a path that is no UTF-8': [`GET /v1/${SENT}%ff HTTP/1.1\r\nHost: x\r\n\r\n`, told('path', 400)],
    'a path without end': [`GET /v1/${SENT.repeat(1000)} HTTP/1.1\r\nHost: x\r\n\r\n`, told('path', 414)],
    'a token that cannot be one': [
      `GET /v1/sys/mounts HTTP/1.1\r\nHost: x\r\nX-Vault-Token: ${SENT}\u00e9\r\n\r\n`,
      told('token', 400),
    ],
    'a query that says two things': [
      `GET /v1/${SENT}?list=true&scan=true HTTP/1.1\r\nHost: x\r\n\r\n`,
      told('query', 400),
    ],
    'a body that is no JSON': [
      `POST /v1/sys/unseal HTTP/1.1\r\nHost: x\r\nContent-Length: 13\r\n\r\n{${SENT}`,
      told('body', 400),
    ],
    'a body that is too large': [
      `POST /v1/sys/unseal HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n${SENT}`,
      told('body', 413),
    ],
  }

  it.each(Object.entries(CASES))('%s is told, and nothing of it', async (_, [request, event]) => {
    const { address, told: events } = await start()
    const [answer] = await exchange(address, [request])
    expect(answer?.status).toBe(event.status)
    expect(events).toEqual([event])
    expect(JSON.stringify(events.map(newsOf))).not.toContain(SENT.slice(0, 7))
  })

  it('a header that nobody may send, or that is missing, is told with the address of the socket', async () => {
    const forwardedFor = { trusted: ['10.9.8.7/32'], skipHops: 0, untrusted: 'reject', absent: 'reject' } as const
    const { address, told: events } = await start({ forwardedFor })
    await exchange(address, ['GET /v1/sys/health HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.9\r\n\r\n'])
    await exchange(address, ['GET /v1/sys/health HTTP/1.1\r\nHost: x\r\n\r\n'])
    expect(events).toEqual([told('source', 400), told('source', 400)])
  })

  it('a request that does not arrive is told as late', async () => {
    const { address, told: events } = await start({ requestTimeoutMs: 100 })
    const [answer] = await exchange(address, ['POST /v1/sys/unseal HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{'])
    expect(answer?.status).toBe(408)
    expect(events).toEqual([told('late', 408, 'ERR_HTTP_REQUEST_TIMEOUT')])
    expect(events.map(newsOf)).toMatchObject([{ level: 'debug' }])
  })

  it('a request for what is not there, or that is denied, is none of these', async () => {
    const { address, told: events } = await start()
    for (const path of ['/', '/ui/', '/v1/none', '/v1/sys/mounts', '/v1/sys/health']) {
      await exchange(address, [`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`])
    }
    expect(events).toEqual([])
  })
})

describe('over TLS', () => {
  it('a handshake that fails is told with the code of OpenSSL, once, and a port scan is not', async () => {
    const { port, told: events } = await start({ tls: own })
    await closed(
      connect(port, '127.0.0.1', function hello(this: Socket) {
        this.end('GET /v1/sys/health HTTP/1.1\r\n\r\n')
      }),
    )
    await closed(
      connect(port, '127.0.0.1', function leave(this: Socket) {
        this.end()
      }),
    )
    await vi.waitFor(() => expect(events).toHaveLength(1), SOON)
    expect(events[0]).toMatchObject({ flaw: 'tls', status: 0, code: 'ERR_SSL_HTTP_REQUEST' })
    // A client that trusts somebody else: what people ask about first.
    await expect(
      execute('openssl', ['s_client', '-verify_return_error', '-connect', `127.0.0.1:${port}`]),
    ).rejects.toThrow(/verify error|Command failed/)
    await vi.waitFor(() => expect(events).toHaveLength(2), SOON)
    expect(events[1]).toMatchObject({ flaw: 'tls', status: 0, address: '127.0.0.1' })
    expect(events[1]?.code).toMatch(/^ERR_SSL_.*ALERT_UNKNOWN_CA$/)
  })

  it('the same flaws are told over HTTP/2, and frames that are none', async () => {
    const { address, port, told: events } = await start({ tls: own })
    const client = connectHttp2(address, { ca: own.certificate })
    const stream = client.request({ ':path': `/v1/secret/../${SENT}` })
    const status = await new Promise((resolve) => stream.on('response', (head) => resolve(head[':status'])))
    expect(status).toBe(400)
    client.destroy()
    expect(events).toEqual([told('path', 400)])
    const socket = connectTls({ port, host: '127.0.0.1', ca: own.certificate, ALPNProtocols: ['h2'] }, () =>
      socket.write(`${SENT} is no preface of HTTP/2`),
    )
    await closed(socket)
    await vi.waitFor(() => expect(events).toHaveLength(2), SOON)
    expect(events[1]).toMatchObject({ flaw: 'framing', status: 0, code: 'ERR_HTTP2_ERROR' })
    expect(JSON.stringify(events)).not.toContain(SENT)
  })
})

function closed(socket: Socket): Promise<void> {
  socket.on('error', () => undefined)
  socket.resume()
  return new Promise((resolve) => socket.once('close', () => resolve()))
}
