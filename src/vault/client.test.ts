import { inspect } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import { sensitive } from '../sensitive/index.ts'
import { newPace, VaultClient } from './client.ts'
import { VaultUsageError } from './errors.ts'
import {
  ABSENT,
  type Answer,
  type Asked,
  type FakeVault,
  failure,
  refused,
  startFakeVault,
  TOKEN,
} from './fake-vault.case.ts'
import { noToken } from './token-providers.ts'

let vault: FakeVault

afterEach(() => vault.close())

async function fake(answer: (asked: Asked, count: number) => Answer): Promise<FakeVault> {
  vault = await startFakeVault(answer)
  return vault
}

/** The answers in turn; the last one for ever. */
function inTurn(...answers: Answer[]): (asked: Asked, count: number) => Answer {
  return (_, count) => answers[Math.min(count, answers.length) - 1] ?? ABSENT
}

const OK: Answer = { status: 200, json: { data: { a: 1 } } }

describe('a request', () => {
  it('carries token, namespace, X-Vault-Request, query and body', async () => {
    const { asked, connect } = await fake(() => OK)
    const client = connect({ namespace: 'team/a' })
    const answer = await client.request('POST', 'secret/data/a%20b', {
      body: { data: { x: 1 } },
      query: { version: '2 &' },
    })
    expect(answer).toEqual({ status: 200, body: { data: { a: 1 } } })
    expect(asked[0]).toMatchObject({
      method: 'POST',
      url: '/v1/secret/data/a%20b?version=2+%26',
      body: '{"data":{"x":1}}',
    })
    expect(asked[0]?.headers).toMatchObject({
      'x-vault-token': TOKEN,
      'x-vault-namespace': 'team/a',
      'x-vault-request': 'true',
      'content-type': 'application/json',
    })
  })

  it('LIST goes out as GET ?list=true, PATCH as a merge patch, and without a token none is sent', async () => {
    const { asked, connect } = await fake(() => OK)
    const client = connect({ tokens: noToken })
    await client.request('LIST', 'secret/metadata')
    await client.request('PATCH', 'secret/data/a', { body: {} })
    expect(asked[0]).toMatchObject({ method: 'GET', url: '/v1/secret/metadata?list=true' })
    expect(asked[0]?.headers).not.toHaveProperty('x-vault-token')
    expect(asked[1]?.headers['content-type']).toBe('application/merge-patch+json')
  })

  it('keeps the path prefix of the address', async () => {
    const { address, asked, connect } = await fake(() => OK)
    await connect({ address: `${address}/vault/` }).request('GET', 'sys/mounts')
    expect(asked[0]?.url).toBe('/vault/v1/sys/mounts')
  })

  it('answers 204 with null and absence with the 404 itself', async () => {
    const { connect } = await fake(inTurn({ status: 204 }, ABSENT, { status: 404, json: { data: { data: null } } }))
    const client = connect()
    expect(await client.request('DELETE', 'a')).toEqual({ status: 204, body: null })
    expect(await client.request('GET', 'a')).toEqual({ status: 404, body: { errors: [] } })
    expect(await client.request('GET', 'a')).toEqual({ status: 404, body: { data: { data: null } } })
  })

  it('refuses a path that was not encoded, before anything is sent', async () => {
    const { asked, connect } = await fake(() => OK)
    const client = connect()
    for (const path of ['', '/a', 'a/', 'a//b', 'a/../b', 'a/%2E%2e/b', 'a b', 'a?b', 'a#b', 'a\nb', 'a\\b']) {
      await expect(client.request('GET', path), path).rejects.toBeInstanceOf(VaultUsageError)
    }
    expect(asked).toEqual([])
  })
})

describe('the pace', () => {
  it('stays what was asked for, unless one is given: then it grows with a server that is far away', async () => {
    const { connect } = await fake(() => OK)
    // Every look at this clock is 15 ms after the one before.
    const far = { now: ticking(15) }
    const fixed = connect({ ...far, connections: 3 })
    const found = connect({ ...far, pace: newPace() })
    for (let one = 0; one < 32; one += 1) {
      await fixed.request('GET', 'a')
      await found.request('GET', 'a')
    }
    expect(fixed.pace.limit).toBe(3)
    expect(found.pace.limit).toBe(64)
  })

  it('is halved by a 429, for every client that shares it', async () => {
    const { connect } = await fake(inTurn(refused(429, 'quota'), OK))
    const pace = newPace()
    const other = connect({ pace })
    await connect({ pace }).request('GET', 'a')
    expect(other.pace.limit).toBe(16)
  })
})

function ticking(ms: number): () => number {
  let now = 0
  return () => (now += ms)
}

describe('retries', () => {
  it.each([500, 502, 503, 429, 412])('%d: three attempts, 1-1.5 s and then twice that', async (status) => {
    const { asked, slept, connect } = await fake(() => refused(status, 'try later'))
    const error = await failure(connect().request('GET', 'a'))
    expect(error.status).toBe(status)
    expect(asked).toHaveLength(3)
    expect(slept).toEqual([1250, 2500])
  })

  it.each([400, 403, 404, 405, 501])('%d is final', async (status) => {
    const { asked, connect } = await fake(() => refused(status, 'no'))
    await failure(connect().request('GET', 'a'))
    expect(asked).toHaveLength(1)
  })

  it('honours Retry-After of 429 and 503, and gives up at once when it is beyond the time limit', async () => {
    const busy: Answer = { status: 429, json: { errors: ['quota'] }, headers: { 'retry-after': '7' } }
    const { asked, slept, connect } = await fake(inTurn(busy, OK, busy))
    expect((await connect().request('GET', 'a')).status).toBe(200)
    expect(slept).toEqual([7000])
    const error = await failure(connect({ timeoutMs: 5000 }).request('GET', 'a'))
    expect(error.code).toBe('vault-rate-limited')
    expect(asked).toHaveLength(3)
  })

  it('a write with retry: false is not sent again after a 500, and says that its effect is unknown', async () => {
    const { asked, connect } = await fake(() => refused(500, 'internal error'))
    const error = await failure(connect().request('POST', 'a', { body: {}, retry: false }))
    expect(error).toMatchObject({ code: 'vault-server', effect: 'unknown' })
    expect(asked).toHaveLength(1)
  })

  it('a write with retry: false is sent again after an answer that proves it had no effect', async () => {
    const { asked, connect } = await fake(
      inTurn(refused(503, 'Vault is sealed'), refused(429, 'quota'), { status: 204 }),
    )
    expect((await connect().request('POST', 'a', { body: {}, retry: false })).status).toBe(204)
    expect(asked).toHaveLength(3)
  })

  it('an effect that became unknown on the way stays unknown', async () => {
    const { connect } = await fake(inTurn(refused(500, 'internal error'), refused(400, 'cannot')))
    expect(await failure(connect().request('POST', 'a', { body: {} }))).toMatchObject({
      status: 400,
      effect: 'unknown',
    })
  })

  it('a broken connection is tried again for a read and not for a write', async () => {
    const { asked, connect } = await fake(() => (response) => response.destroy())
    const read = await failure(connect().request('GET', 'a'))
    expect(read).toMatchObject({ code: 'vault-unreachable', effect: 'none' })
    expect(asked).toHaveLength(3)
    const write = await failure(connect().request('POST', 'a', { body: {} }))
    expect(write).toMatchObject({ code: 'vault-unreachable', effect: 'unknown' })
    expect(asked).toHaveLength(4)
  })

  it('a refused connection is tried again for any request, and names address, cause and remedy', async () => {
    const gone = await startFakeVault(() => OK)
    await gone.close()
    const { slept, connect } = await fake(() => OK)
    const error = await failure(connect({ address: gone.address }).request('POST', 'a', { body: {}, retry: false }))
    expect(error).toMatchObject({ code: 'vault-unreachable', effect: 'none', address: gone.address })
    expect(error.message).toContain(gone.address)
    expect(error.message).toMatch(/nothing listens there.*VAULT_ADDR.*ECONNREFUSED/)
    expect(slept).toHaveLength(2)
  })
})

describe('time and cancellation', () => {
  const silence: Answer = () => undefined

  it('a timeout of a write is of unknown effect, of a read of none', async () => {
    const { connect } = await fake(() => silence)
    const client = connect({ timeoutMs: 40 })
    expect(await failure(client.request('GET', 'a'))).toMatchObject({ code: 'vault-timeout', effect: 'none' })
    const write = await failure(client.request('POST', 'a', { body: {} }))
    expect(write).toMatchObject({ code: 'vault-timeout', effect: 'unknown' })
  })

  it('an answer that never ends runs into the timeout', async () => {
    const { connect } = await fake(() => (response) => void response.writeHead(200).write('{'))
    expect((await failure(connect({ timeoutMs: 40 }).request('GET', 'a'))).code).toBe('vault-timeout')
  })

  it('the caller gets its own reason back: under way, before, and while waiting for a retry', async () => {
    const { asked, connect } = await fake((one) => (one.url.endsWith('retry') ? refused(500, 'x') : silence))
    const reason = new Error('the user pressed Ctrl-C')
    const controller = new AbortController()
    const running = connect().request('GET', 'a', { signal: controller.signal })
    setTimeout(() => controller.abort(reason), 20)
    await expect(running).rejects.toBe(reason)
    await expect(connect().request('GET', 'a', { signal: controller.signal })).rejects.toBe(reason)
    expect(asked).toHaveLength(1)
    const second = new AbortController()
    const { sleep, ...rest } = { sleep: undefined, signal: second.signal }
    const waiting = connect({ sleep }).request('GET', 'retry', rest)
    setTimeout(() => second.abort(reason), 20)
    await expect(waiting).rejects.toBe(reason)
  })
})

describe('answers', () => {
  it.each([
    ['declared', { 'content-length': '2000' }],
    ['streamed', {}],
  ])('beyond the size limit are dropped (%s)', async (_, headers) => {
    const { connect } = await fake(() => (response) => {
      response.writeHead(200, headers)
      response.write('"'.padEnd(1000, 'x'))
      response.end('"'.padStart(1000, 'x'))
    })
    const error = await failure(connect({ maxResponseBytes: 1999 }).request('GET', 'a'))
    expect(error.code).toBe('vault-too-large')
    const fits = await connect({ maxResponseBytes: 2000 }).request('GET', 'a')
    expect(String(fits.body)).toHaveLength(1998)
  })

  it.each([
    ['a web page', { status: 200, text: '<html>' }, 'vault-malformed-answer'],
    ['a page that is not found', { status: 404, text: '<html>' }, 'vault-malformed-answer'],
    ['an empty 404', { status: 404 }, 'vault-malformed-answer'],
    ["another service's 404", { status: 404, json: { message: 'not found' } }, 'vault-malformed-answer'],
    ['a proxy without its Vault', { status: 502, text: '<html>Bad Gateway' }, 'vault-server'],
    ['TLS behind plain HTTP', { status: 400, text: 'Client sent an HTTP request to an HTTPS server.\n' }, 'vault-tls'],
    ['sealed', refused(503, 'Vault is sealed'), 'vault-sealed'],
    ['uninitialised', { status: 501, json: { initialized: false } }, 'vault-uninitialized'],
    ['denied', refused(403, '1 error occurred:\n\t* permission denied\n\n'), 'vault-denied'],
    ['no mount', refused(404, 'no handler for route "x/y". route entry not found.'), 'vault-not-found'],
    ['a lost race', refused(400, 'check-and-set parameter did not match the current version'), 'vault-cas-mismatch'],
    ['another refusal', refused(400, 'no data provided'), 'vault-bad-request'],
    ['an unknown operation', refused(405, 'unsupported operation'), 'vault-unsupported'],
    ['a body too large', refused(413, 'http: request body too large'), 'vault-too-large'],
    ['a redirect to nowhere', { status: 302 }, 'vault-malformed-answer'],
  ] as const)('%s', async (_, answer, code) => {
    const { connect } = await fake(() => answer)
    expect((await failure(connect().request('GET', 'a'))).code).toBe(code)
  })

  it("put Go's list of errors on one line of the message and keep the text itself", async () => {
    const { connect } = await fake(() =>
      refused(403, '2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n'),
    )
    const error = await failure(connect().request('GET', 'secret/data/x'))
    expect(error.message).toContain('GET secret/data/x: 403 permission denied, invalid token; ')
    expect(error.errors).toEqual(['2 errors occurred:\n\t* permission denied\n\t* invalid token'])
  })
})

describe('secrets', () => {
  it('S10: neither token nor request values reach an error, however it is printed', async () => {
    const echo = (one: Asked): Answer => refused(400, `bad ${one.headers['x-vault-token']} in ${one.body}`)
    const { connect } = await fake(echo)
    const body = sensitive({ data: { password: 'planted "pass" word' } })
    const error = await failure(connect().request('POST', 'a', { body, query: { q: 'planted-query' } }))
    const printed = `${inspect(error, { depth: 9, showHidden: true })}${JSON.stringify(error)}${error.stack}`
    expect(printed).toContain('[sensitive]')
    expect(printed).not.toContain('planted')
  })

  it.each<[string, (one: Asked) => Answer]>([
    ['behind a long text', (one) => refused(400, `${'.'.repeat(960)}${one.body}`)],
    ['cut by the server', (one) => refused(500, one.body.slice(0, 50))],
    ['escaped twice', (one) => refused(400, JSON.stringify(one.body))],
    ['as the place to go to', (one) => ({ status: 302, headers: { location: `/x?${encodeURIComponent(one.body)}` } })],
  ])('S10: request values that come back %s are not shown in part either', async (_, echo) => {
    const { connect } = await fake(echo)
    const body = sensitive({ data: { password: 'planted "pass" word and planted end' } })
    const error = await failure(connect({ maxRetries: 0 }).request('POST', 'a', { body }))
    expect(`${inspect(error, { depth: 9, showHidden: true })}${error.stack}`).not.toContain('planted')
  })

  it('S10: a connection error of the library shows neither, and the client itself hides its token', async () => {
    const { connect } = await fake(() => (response) => response.destroy())
    const client = connect()
    const body = sensitive({ x: 'planted-body' })
    const error = await failure(client.request('POST', 'a', { body, query: { q: 'planted-query' } }))
    expect(inspect([error, client], { depth: 9, showHidden: true })).not.toContain('planted')
  })
})

describe('redirects', () => {
  it('follows one, with method, body and token, as a standby sends it', async () => {
    const active = await startFakeVault(() => ({ status: 204 }))
    const { connect } = await fake((one) => ({ status: 307, headers: { location: `${active.address}${one.url}` } }))
    await connect().request('PUT', 'sys/policies/acl/x', { body: { policy: '' } })
    expect(active.asked[0]).toMatchObject({ method: 'PUT', url: '/v1/sys/policies/acl/x', body: '{"policy":""}' })
    expect(active.asked[0]?.headers['x-vault-token']).toBe(TOKEN)
    await active.close()
  })

  it('does not follow a second one or one to another protocol', async () => {
    const { asked, connect } = await fake((one) => ({ status: 307, headers: { location: one.url } }))
    expect((await failure(connect().request('GET', 'a'))).message).toContain('redirects to')
    expect(asked).toHaveLength(2)
    await vault.close()
    const files = await fake(() => ({ status: 307, headers: { location: 'file:///etc/passwd' } }))
    expect((await failure(files.connect().request('GET', 'a'))).code).toBe('vault-malformed-answer')
    expect(files.asked).toHaveLength(1)
  })
})

describe('settings', () => {
  it.each([
    ['address', { address: 'vault:8200x/' }],
    ['address', { address: 'ftp://vault' }],
    ['address', { address: 'http://user:planted@vault:8200' }],
    ['clientCert', { clientCert: 'x' }],
    ['timeoutMs', { timeoutMs: Number.NaN }],
    ['maxRetries', { maxRetries: -1 }],
    ['connections', { connections: 0 }],
  ])('a bad %s is refused without showing it', async (subject, options) => {
    await fake(() => OK)
    const make = (): VaultClient => new VaultClient({ address: 'http://x', tokens: noToken, ...options })
    expect(make).toThrow(VaultUsageError)
    expect(make).toThrow(expect.objectContaining({ subject, message: expect.not.stringContaining('planted') }))
  })
})
