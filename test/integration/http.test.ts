/** The HTTP front of the embedded server, byte for byte where clients look (vault-api 1; S7, S8, S9, S47, S55, S56). */
import { connect, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { queryObjects } from 'node:v8'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startServer } from '../../src/server/index.ts'
import { startTestServer, type TestServer } from '../../src/testing/index.ts'

let server: TestServer
let port: number
let token: string

beforeAll(async () => {
  server = await startTestServer()
  port = Number(new URL(server.address).port)
  token = server.rootToken.reveal()
  await send('POST', '/v1/secret/data/a/b', { data: { k: 'v' } })
})
afterAll(() => server.close())

async function send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const answer = await fetch(`${server.address}${path}`, {
    method,
    headers: { 'X-Vault-Token': token, ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await answer.text()
  return { status: answer.status, headers: answer.headers, text }
}

/** Sends bytes as they are, in the given pieces, and collects what comes back until `answers` status lines are there or the peer closes. */
function raw(pieces: readonly (string | Buffer)[], answers = 1): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(port, '127.0.0.1')
    let text = ''
    const done = (): void => {
      socket.destroy()
      resolve(text)
    }
    socket.setTimeout(1500, done)
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      const complete = text.split(/HTTP\/1\.1 \d{3} /).length - 1
      if (complete >= answers && endsWhole(text)) done()
    })
    socket.on('close', done)
    socket.on('error', reject)
    void (async () => {
      for (const piece of pieces) {
        socket.write(piece)
        await new Promise((next) => setTimeout(next, 5))
      }
    })()
  })
}

function endsWhole(text: string): boolean {
  const last = text.slice(text.lastIndexOf('HTTP/1.1 '))
  const [head = '', ...rest] = last.split('\r\n\r\n')
  const length = /content-length: (\d+)/i.exec(head)?.[1]
  return rest.length > 0 && (length === undefined || rest.join('\r\n\r\n').length >= Number(length))
}

const statuses = (text: string): string[] => [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status ?? '')
const head = (line: string, more = ''): string =>
  `${line} HTTP/1.1\r\nHost: x\r\nX-Vault-Token: ${token}\r\n${more}\r\n`

describe('answers', () => {
  it('carry exactly application/json and no-store', async () => {
    const found = await send('GET', '/v1/secret/data/a/b')
    expect([found.status, found.headers.get('content-type'), found.headers.get('cache-control')]).toEqual([
      200,
      'application/json',
      'no-store',
    ])
    const absent = await send('GET', '/v1/secret/data/none')
    expect([absent.status, absent.headers.get('content-type'), absent.text]).toEqual([
      404,
      'application/json',
      '{"errors":[]}\n',
    ])
  })

  it('have no body and no content type with 204', async () => {
    const deleted = await send('DELETE', '/v1/secret/data/none')
    expect([deleted.status, deleted.headers.get('content-type'), deleted.text]).toEqual([204, null, ''])
  })

  it('are 404 outside /v1/ and 405 for unknown methods', async () => {
    expect((await send('GET', '/v2/x')).status).toBe(404)
    expect(statuses(await raw([head('OPTIONS /v1/sys/health')]))).toEqual(['405'])
  })

  it('keep the text of numbers', async () => {
    await send('POST', '/v1/secret/data/n', '{"data":{"big":12345678901234567890,"dec":1.10,"exp":1e3}}')
    expect((await send('GET', '/v1/secret/data/n')).text).toContain('{"big":12345678901234567890,"dec":1.10,"exp":1e3}')
  })
})

describe('LIST, SCAN and HELP', () => {
  const lists = /"keys":\["a\/"/

  it('works, also twice on one connection and between other requests', async () => {
    const text = await raw(
      [
        head('GET /v1/secret/data/a/b'),
        head('LIST /v1/secret/metadata'),
        head('LIST /v1/secret/metadata'),
        head('GET /v1/secret/data/a/b'),
      ].flatMap((request) => [request, '']),
      4,
    )
    expect(statuses(text)).toEqual(['200', '200', '200', '200'])
    expect(text.match(lists)).not.toBeNull()
  })

  it('works with the head in two packets after the verb', async () => {
    const request = head('LIST /v1/secret/metadata')
    expect(await raw([request.slice(0, 9), request.slice(9)])).toMatch(lists)
  })

  it('S47: pipelined behind requests that are still being answered, it waits for its turn', async () => {
    const get = head('GET /v1/secret/data/a/b')
    const list = head('LIST /v1/secret/metadata')
    const post = `${head('POST /v1/secret/data/p', 'Content-Length: 18\r\n')}{"data":{"p":"1"}}`
    const text = await raw([get + get + list + post + list + list + get], 7)
    expect(statuses(text)).toEqual(['200', '200', '200', '200', '200', '200', '200'])
    const kinds = [...text.matchAll(/"keys":|"k":"v"|"data":\{"created_time"/g)].map(([found]) => found.slice(0, 6))
    expect(kinds).toEqual(
      ['"k":"v', '"k":"v', '"keys"', '"data"', '"keys"', '"keys"', '"k":"v'].map((k) => k.slice(0, 6)),
    )
  })

  it('S47: behind a request that closes the connection, it is not answered', async () => {
    const text = await raw(
      [head('GET /v1/secret/data/a/b', 'Connection: close\r\n') + head('LIST /v1/secret/metadata')],
      2,
    )
    expect(statuses(text)[0]).toBe('200')
    expect(text).not.toMatch(lists)
  })

  it('S47: a body that ends in letters of the verb does not make one', async () => {
    const body = '{"data":{"x":"LIS'
    const text = await raw(
      [
        `${head('POST /v1/secret/data/x', `Content-Length: ${body.length}\r\n`)}${body}T /v1/secret/metadata HTTP/1.1\r\n\r\n`,
      ],
      2,
    )
    expect(statuses(text)).toEqual(['400', '400'])
    expect(text).not.toMatch(lists)
    expect(statuses(await raw([head('LLIST /v1/secret/metadata')]))).toEqual(['400'])
    expect(
      statuses(await raw([`${head('GET /v1/secret/data/a/b', 'X-A: LIST \r\n')}LOX / HTTP/1.1\r\n\r\n`], 2)),
    ).not.toContain('404')
  })

  it('S47: both length headers are refused', async () => {
    const both = 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n'
    const text = await raw([`${head('LIST /v1/secret/metadata', both)}0\r\n\r\n${head('GET /v1/secret/data/a/b')}`], 2)
    expect(statuses(text)).toEqual(['400'])
  })

  it('S47: a chunked body and one that is waited for stay its own', async () => {
    const inside = head('GET /v1/secret/data/a/b')
    const chunked = `${head('LIST /v1/secret/metadata', 'Transfer-Encoding: chunked\r\n')}${inside.length.toString(16)}\r\n${inside}\r\n0\r\n\r\n`
    const text = await raw([chunked + head('DELETE /v1/secret/data/none')], 2)
    expect(statuses(text)).toEqual(['200', '204'])
    const waited = head('LIST /v1/secret/metadata', `Expect: 100-continue\r\nContent-Length: ${inside.length}\r\n`)
    expect(statuses(await raw([waited, '', inside, head('DELETE /v1/secret/data/none')], 3))).toEqual([
      '100',
      '200',
      '204',
    ])
  })

  it('S47: its letters in two packets are refused, or arrive as one', async () => {
    const request = head('LIST /v1/secret/metadata')
    for (const cut of [1, 2, 3, 4]) {
      const seen = statuses(await raw([request.slice(0, cut), request.slice(cut)]))
      // What was sent as two packets is one where the machine is slow.
      expect(['200', '400']).toContain(seen.join())
    }
  })

  it('the stand-in verb is no way in', async () => {
    for (const verb of ['SEARCH', 'SOURCE', 'REPORT'])
      expect(statuses(await raw([head(`${verb} /v1/secret/metadata`)]))).toEqual(['405'])
    // Nor on a connection that was taken over: only its first request is the foreign verb.
    const text = await raw([head('LIST /v1/secret/metadata') + head('SEARCH /v1/secret/metadata')], 2)
    expect(statuses(text)).toEqual(['200', '405'])
  })

  it('SCAN and HELP are verbs alike, in any order on one connection', async () => {
    const text = await raw(
      [
        head('SCAN /v1/secret/metadata') +
          head('HELP /v1/secret/config') +
          head('LIST /v1/secret/metadata') +
          head('HELP /v1/sys/mounts'),
      ],
      4,
    )
    expect(statuses(text)).toEqual(['200', '200', '200', '200'])
    expect(text).toContain('"keys":["a/b"')
    expect(text).toMatch(lists)
    expect(text.match(/"see_also":null/g)).toHaveLength(2)
    // S50: with the verb as with the parameter.
    expect(statuses(await raw(['HELP /v1/sys/mounts HTTP/1.1\r\nHost: x\r\n\r\n']))).toEqual(['403'])
    expect(statuses(await raw(['SCAN /v1/secret/metadata HTTP/1.1\r\nHost: x\r\n\r\n']))).toEqual(['403'])
  })
})

describe('framing', () => {
  it('S47: both length headers are refused and the connection ends', async () => {
    const text = await raw([
      `${head('POST /v1/secret/data/x', 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n')}0\r\n\r\nGET /v1/secret/data/a/b HTTP/1.1\r\nHost: x\r\n\r\n`,
    ])
    expect(statuses(text)).toEqual(['400'])
  })

  it('S47: requests of a pipelining client are carried out one after the other, and answered in that order', async () => {
    const body = (value: number): string => `{"data":{"v":"of ${value}"}}`
    const write = (value: number): string =>
      `${head('POST /v1/secret/data/turns', `Content-Length: ${body(value).length}\r\n`)}${body(value)}`
    const read = head('GET /v1/secret/data/turns')
    const text = await raw([write(1) + read + write(2) + read], 4)
    expect([...text.matchAll(/"v":"(of \d)"/g)].map(([, value]) => value)).toEqual(['of 1', 'of 2'])
  })

  it('S47: a refusal comes after the answers to what was whole before it', async () => {
    const text = await raw([`${head('GET /v1/secret/data/a/b')}NONSENSE\r\n\r\n${head('GET /v1/secret/data/a/b')}`], 3)
    expect(statuses(text)).toEqual(['200', '400'])
    const broken = head('POST /v1/secret/data/x', 'Transfer-Encoding: chunked\r\n')
    expect(statuses(await raw([`${head('GET /v1/secret/data/a/b')}${broken}zz\r\n`], 3))).toEqual(['200', '400'])
  })

  it('S34: a client that goes away in the middle is no error of the server', async () => {
    const bugs: unknown[] = []
    const own = await startServer({
      storage: { kind: 'memory' },
      port: 0,
      report: (event) => {
        if (event.kind === 'internal-error') bugs.push(event.error)
      },
    })
    const gone = connect(Number(new URL(own.address).port), '127.0.0.1')
    await new Promise((sent) => gone.write(head('POST /v1/sys/unseal', 'Content-Length: 100\r\n'), sent))
    gone.resetAndDestroy()
    await new Promise((later) => setTimeout(later, 50))
    expect((await fetch(`${own.address}/v1/sys/health`)).status).toBe(501)
    await own.close()
    expect(bugs).toEqual([])
  })

  it('LIST after LIST on one connection leaves nothing of the ones before in memory', async () => {
    const socket = connect(port, '127.0.0.1')
    const ask = (): Promise<unknown> =>
      new Promise((resolve) => {
        socket.once('data', resolve)
        socket.write(head('LIST /v1/secret/metadata'))
      })
    const streams = (): number => queryObjects(Duplex, { format: 'count' })
    await ask()
    const before = streams()
    for (let count = 0; count < 200; count += 1) await ask()
    // Those of other tests may go meanwhile.
    expect(streams()).toBeLessThan(before + 20)
    socket.destroy()
  })

  it('S47: a body behind LIST stays that request’s body', async () => {
    const smuggled = head('GET /v1/secret/data/a/b')
    const text = await raw(
      [`${head('LIST /v1/secret/metadata', `Content-Length: ${smuggled.length}\r\n`)}${smuggled}`],
      2,
    )
    expect(statuses(text)).toEqual(['200'])
  })

  it('chunked bodies are read', async () => {
    const body = '{"data":{"c":"1"}}'
    const text = await raw([
      `${head('POST /v1/secret/data/chunked', 'Transfer-Encoding: chunked\r\n')}${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
    ])
    expect(statuses(text)).toEqual(['200'])
  })

  it('garbage is 400 with JSON', async () => {
    const text = await raw(['NONSENSE\r\n\r\n'])
    expect(statuses(text)).toEqual(['400'])
    expect(text).toContain('{"errors":[]}')
  })
})

describe('paths', () => {
  it.each([
    '/v1/secret/../sys/mounts',
    '/v1/secret/%2e%2e/sys/mounts',
    '/v1/secret/.%2e/sys/mounts',
    '/v1/secret/..%2fsys/mounts',
    '/v1/secret/data/a/./b',
  ])('S7: %s is refused', async (path) => {
    const text = await raw([head(`GET ${path}`)])
    expect(statuses(text)).toEqual(['400'])
    expect(text).toContain('relative paths not supported')
  })

  it('S8: doubled slashes and %2F are one path with the plain one', async () => {
    for (const path of [
      '/v1/secret//data/a/b',
      '/v1//secret/data/a//b',
      '/v1/secret/data/a%2Fb',
      '/v1/secret%2Fdata/a/b',
    ]) {
      expect(await raw([head(`GET ${path}`)])).toContain('"k":"v"')
    }
  })

  it('S8: a NUL, a control character and a broken escape are refused', async () => {
    for (const path of ['/v1/secret/data/a%00', '/v1/secret/data/a%07', '/v1/secret/data/a%zz'])
      expect(statuses(await raw([head(`GET ${path}`)]))).toEqual(['400'])
  })

  it('S8: case and a trailing slash make another path', async () => {
    expect((await send('GET', '/v1/secret/data/A/b')).status).toBe(404)
    expect((await send('GET', '/v1/secret/data/a/b/')).status).toBe(404)
  })

  it('letters of every script are ordinary', async () => {
    const path = `/v1/secret/data/${encodeURIComponent('日本/é😀')}`
    expect((await send('POST', path, { data: { x: '1' } })).status).toBe(200)
    expect((await send('GET', path)).status).toBe(200)
  })

  it('reads a long path with odd dots in one pass', async () => {
    // With a pattern that backtracks these would take longer than the universe has had.
    for (const tail of ['..', '...', './', '..x', '%20']) {
      const { status } = await send('GET', `/v1/secret/data/${'a'.repeat(1500)}${tail}`)
      expect([200, 400, 404]).toContain(status)
    }
    expect((await send('POST', `/v1/secret/data/${'ab.'.repeat(60)}.x`, { data: { dotted: '1' } })).status).toBe(200)
  })

  it('refuses a path that is too long', async () => {
    expect((await send('GET', `/v1/secret/data/${'x'.repeat(3000)}`)).status).toBe(414)
  })
})

describe('bodies and headers', () => {
  it('S9: depth, members and size are refused', async () => {
    expect((await send('POST', '/v1/secret/data/x', `{"data":${'['.repeat(400)}${']'.repeat(400)}}`)).status).toBe(400)
    const many = `{"data":{${Array.from({ length: 20_000 }, (_, index) => `"k${index}":1`).join(',')}}}`
    expect((await send('POST', '/v1/secret/data/x', many)).status).toBe(400)
    expect(statuses(await raw([head('POST /v1/secret/data/x', `Content-Length: ${33 * 1024 * 1024}\r\n`)]))).toEqual([
      '413',
    ])
  })

  it.each(['[1]', '"x"', '1', '{', '{"a":}', '\u0000'])('a body that is no object is 400: %j', async (body) => {
    expect((await send('POST', '/v1/secret/data/x', body)).status).toBe(400)
  })

  it('S55: __proto__ is a key like any other', async () => {
    await send('POST', '/v1/secret/data/proto', '{"data":{"__proto__":{"polluted":true},"constructor":"c"}}')
    const { text } = await send('GET', '/v1/secret/data/proto')
    expect(text).toContain('"__proto__":{"polluted":true}')
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  it('S56: an oversized token is 400', async () => {
    expect((await send('GET', '/v1/secret/data/a/b', undefined, { 'X-Vault-Token': 'x'.repeat(40_000) })).status).toBe(
      400,
    )
  })

  it('takes a bearer token', async () => {
    const text = await raw([`GET /v1/secret/data/a/b HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`])
    expect(statuses(text)).toEqual(['200'])
  })

  it('a namespace that does not exist is 404 and is not the root', async () => {
    expect((await send('GET', '/v1/secret/data/a/b', undefined, { 'X-Vault-Namespace': 'team' })).status).toBe(404)
    expect((await send('GET', '/v1/secret/data/a/b', undefined, { 'X-Vault-Namespace': '' })).status).toBe(200)
  })
})
