import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type EmbeddedServer, startServer } from './index.ts'

let server: EmbeddedServer
let token: string

beforeAll(async () => {
  server = await startServer({ storage: { kind: 'memory' }, port: 0 })
  const { keys, rootToken } = await server.core.initialize({ shares: 1, threshold: 1 })
  await server.core.unsealWithKey(keys[0] ?? Buffer.alloc(0))
  token = rootToken
  const body = JSON.stringify({ type: 'kv', options: { version: '2' } })
  await server.answer({ method: 'POST', path: '/v1/sys/mounts/secret', headers: { 'x-vault-token': token }, body })
})
afterAll(() => server.close())

interface Asked {
  readonly method: string
  readonly path: string
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
}

const FORM = 'application/x-www-form-urlencoded'

/** What differs from one request to the next, whichever way it comes. */
function steady(text: string): string {
  return text.replace(/"request_id":"[^"]*"/, '').replaceAll(/"(?:created|updated)_time":"[^"]*"/g, '')
}

/** Over the wire and directly. */
async function both({
  method,
  path,
  body,
  headers = { 'x-vault-token': token },
}: Asked): Promise<readonly { readonly status: number; readonly text: string }[]> {
  const answer = await fetch(`${server.address}${path}`, { method, headers, ...(body === undefined ? {} : { body }) })
  const wire = { status: answer.status, text: steady(await answer.text()) }
  const { status, text } = await server.answer({ method, path, headers, body })
  return [wire, { status, text: steady(text) }]
}

describe('a request that comes directly', () => {
  it.each<Asked>([
    { method: 'GET', path: '/v1/secret/data/absent' },
    { method: 'GET', path: '/v1/secret/metadata/?list=true' },
    { method: 'GET', path: '/v1/secret/config?x=%zz' },
    { method: 'GET', path: '/v1/secret/data/a%01b' },
    { method: 'GET', path: '/elsewhere' },
    { method: 'SEARCH', path: '/v1/secret/metadata/' },
    { method: 'POST', path: '/v1/secret/data/bad', body: '{"data":' },
    { method: 'POST', path: '/v1/secret/data/none', body: '' },
    { method: 'POST', path: '/v1/secret/data/form', body: 'a=1&b=2', headers: { 'content-type': FORM } },
    { method: 'GET', path: '/v1/secret/data/absent', headers: { 'x-vault-token': 'wrong' } },
    { method: 'GET', path: '/v1/secret/data/absent', headers: {} },
    { method: 'GET', path: '/v1/secret/data/absent', headers: { authorization: 'Bearer wrong' } },
    { method: 'GET', path: '/v1/sys/seal-status' },
  ])('$method $path is answered as over the wire', async (asked) => {
    const [wire, direct] = await both(asked)
    expect(direct).toEqual(wire)
  })

  it('writes what a request over the wire reads, and the other way round', async () => {
    const body = JSON.stringify({ data: { k: 'v' }, options: { cas: 0 } })
    const headers = { 'x-vault-token': token }
    const written = await server.answer({ method: 'POST', path: '/v1/secret/data/a', headers, body })
    expect(written.status).toBe(200)
    const [wire, direct] = await both({ method: 'GET', path: '/v1/secret/data/a' })
    expect(wire?.text).toContain('"data":{"k":"v"}')
    expect(direct).toEqual(wire)
    const again = await both({ method: 'POST', path: '/v1/secret/data/a', body })
    expect(again.map(({ status }) => status)).toEqual([400, 400])
  })

  it('is refused with a body beyond the limit', async () => {
    const body = JSON.stringify({ data: { k: 'v'.repeat(33 * 1024 * 1024) } })
    const headers = { 'x-vault-token': token }
    const { status } = await server.answer({ method: 'POST', path: '/v1/secret/data/large', headers, body })
    expect(status).toBe(413)
  })
})
