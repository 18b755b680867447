/**
 * Response wrapping on the wire (vault-api 4.1), asked of the embedded server, OpenBao or Vault alike (target.case.ts).
 * What only the embedded server can be asked (its audit log, its clock) starts one of its own.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer } from '../../src/testing/index.ts'
import { field, openTarget, type RawAnswer, type Target } from './target.case.ts'

let vault: Target
let mount: string
let approle: string
let policy: string

beforeAll(async () => {
  vault = await openTarget()
  mount = vault.unique('kv')
  approle = vault.unique('approle')
  policy = vault.unique('wrapped')
  await vault.request('POST', `sys/mounts/${mount}`, { body: { type: 'kv', options: { version: '2' } } })
  await vault.request('POST', `sys/auth/${approle}`, { body: { type: 'approle' } })
  await vault.request('POST', `auth/${approle}/role/r`, { body: { token_policies: 'default', token_ttl: '1h' } })
  await vault.request('POST', `${mount}/data/a`, { body: { data: { password: 'planted', n: 1 } } })
})
afterAll(async () => {
  await vault.request('DELETE', `sys/mounts/${mount}`)
  await vault.request('DELETE', `sys/auth/${approle}`)
  await vault.request('DELETE', `sys/policies/acl/${policy}`)
  await vault.close()
})

const BAD = ['wrapping token is not valid or does not exist']

const wrapping = (method: string, path: string, body?: unknown, ttl = '60'): Promise<RawAnswer> =>
  vault.request(method, path, { headers: { 'X-Vault-Wrap-TTL': ttl }, ...(body === undefined ? {} : { body }) })
const tokenOf = (answer: RawAnswer): string => String(field(answer, 'wrap_info', 'token'))
const unwrap = (token: string): Promise<RawAnswer> => vault.request('POST', 'sys/wrapping/unwrap', { token })
const unwrapFor = (token: string): Promise<RawAnswer> =>
  vault.request('POST', 'sys/wrapping/unwrap', { body: { token } })
const lookup = (token: string): Promise<RawAnswer> =>
  vault.request('POST', 'sys/wrapping/lookup', { token: '', body: { token } })

async function childToken(policies: string, more: object = {}): Promise<string> {
  const made = await vault.request('POST', 'auth/token/create', { body: { policies, ttl: '1h', ...more } })
  return String(field(made, 'auth', 'client_token'))
}

describe('a wrapped answer', () => {
  it('is made for nobody who has no token, but for a login', async ({ skip }) => {
    if (!vault.embedded) return skip('Vault and OpenBao wrap for everybody')
    const headers = { 'X-Vault-Wrap-TTL': '3600' }
    const counted = async () => field(await vault.request('GET', 'sys/internal/counters/tokens'), 'data')
    const before = await counted()
    for (const path of ['sys/internal/ui/mounts', 'sys/internal/specs/openapi', 'sys/replication/status']) {
      const answer = await vault.request('GET', path, { token: '', headers })
      expect([answer.status, String(field(answer, 'errors'))]).toEqual([400, expect.stringContaining('is not wrapped')])
    }
    expect(await counted()).toEqual(before)
    const secret = await vault.request('POST', `auth/${approle}/role/r/secret-id`)
    const role = await vault.request('GET', `auth/${approle}/role/r/role-id`)
    const body = { role_id: field(role, 'data', 'role_id'), secret_id: field(secret, 'data', 'secret_id') }
    const login = await vault.request('POST', `auth/${approle}/login`, { token: '', headers, body })
    expect([login.status, tokenOf(login)]).toEqual([200, expect.stringMatching(/^hvs\./)])
  })

  it('is a token and nothing of what it holds', async () => {
    const answer = await wrapping('GET', `${mount}/data/a`)
    expect(answer.status).toBe(200)
    expect(answer.text).not.toContain('planted')
    expect(answer.json).toMatchObject({
      request_id: '',
      lease_id: '',
      renewable: false,
      lease_duration: 0,
      data: null,
      warnings: null,
      auth: null,
    })
    expect(field(answer, 'wrap_info')).toEqual({
      token: expect.stringMatching(/^(?:hvs|s)\.\w+$/),
      accessor: expect.stringMatching(/^\w{24}$/),
      ttl: 60,
      creation_time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      creation_path: `${mount}/data/a`,
    })
  })

  it('comes out as it would have gone out, to the token itself or to another that names it', async () => {
    for (const open of [unwrap, unwrapFor]) {
      const answer = await open(tokenOf(await wrapping('GET', `${mount}/data/a`)))
      expect(answer.status).toBe(200)
      expect(field(answer, 'request_id')).toMatch(/^[\da-f-]{36}$/)
      expect(field(answer, 'wrap_info')).toBeNull()
      expect(field(answer, 'data', 'data')).toEqual({ password: 'planted', n: 1 })
    }
  })

  it('keeps its status', async () => {
    await vault.request('POST', `${mount}/data/gone`, { body: { data: { v: 1 } } })
    await vault.request('DELETE', `${mount}/data/gone`)
    const answer = await wrapping('GET', `${mount}/data/gone`)
    expect(answer.status).toBe(200)
    const inside = await unwrap(tokenOf(answer))
    expect([inside.status, field(inside, 'data', 'data')]).toEqual([404, null])
  })

  it('is not made of an error, of nothing, or of an empty list', async () => {
    const missing = await wrapping('GET', `${mount}/data/never`)
    expect([missing.status, missing.json]).toEqual([404, { errors: [] }])
    const empty = await wrapping('LIST', `${mount}/metadata/never/`)
    expect(empty.status).toBe(404)
    const nothing = await wrapping('DELETE', `${mount}/metadata/never`)
    expect([nothing.status, nothing.text]).toEqual([204, ''])
    const refused = await wrapping('POST', 'auth/token/create', { policies: 'response-wrapping' })
    expect([refused.status, field(refused, 'wrap_info')]).toEqual([400, undefined])
  })

  it('holds a secret-id or a token, tells its accessor, and does not keep it alive', async () => {
    const roleId = field(await vault.request('GET', `auth/${approle}/role/r/role-id`), 'data', 'role_id')
    const wrappedId = await wrapping('POST', `auth/${approle}/role/r/secret-id`)
    expect(field(wrappedId, 'wrap_info', 'creation_path')).toBe(`auth/${approle}/role/r/secret-id`)
    const openedId = await unwrap(tokenOf(wrappedId))
    expect(field(wrappedId, 'wrap_info', 'wrapped_accessor')).toBe(field(openedId, 'data', 'secret_id_accessor'))
    const secretId = field(openedId, 'data', 'secret_id')
    const login = await vault.request('POST', `auth/${approle}/login`, {
      token: '',
      headers: { 'X-Vault-Wrap-TTL': '60' },
      body: { role_id: roleId, secret_id: secretId },
    })
    const accessor = String(field(login, 'wrap_info', 'wrapped_accessor'))
    expect(accessor).toMatch(/^\w{24}$/)
    expect((await vault.request('POST', 'auth/token/revoke-accessor', { body: { accessor } })).status).toBe(204)
    const inside = await unwrap(tokenOf(login))
    expect([inside.status, field(inside, 'auth', 'accessor')]).toEqual([200, accessor])
    const dead = await vault.request('GET', 'auth/token/lookup-self', {
      token: String(field(inside, 'auth', 'client_token')),
    })
    expect(dead.status).toBe(403)
  })

  it('outlives the token that had it wrapped', async () => {
    const token = await childToken('default')
    const answer = await vault.request('POST', 'sys/wrapping/wrap', {
      token,
      headers: { 'X-Vault-Wrap-TTL': '60' },
      body: { a: 'b' },
    })
    await vault.request('POST', 'auth/token/revoke-self', { token })
    expect(field(await unwrap(tokenOf(answer)), 'data')).toEqual({ a: 'b' })
  })
})

describe('the header', () => {
  it.each(['abc', '5x', '-5', '-1m'])('%s is refused before anything happens', async (ttl) => {
    const answer = await wrapping('POST', `${mount}/data/refused`, { data: { v: 1 } }, ttl)
    expect([answer.status, String(field(answer, 'errors'))]).toEqual([
      400,
      expect.stringMatching(/^error parsing X-Vault-Wrap-TTL header: /),
    ])
    expect((await vault.request('GET', `${mount}/data/refused`)).status).toBe(404)
  })

  it('of 0 asks for nothing, and takes every form of a duration', async () => {
    expect(field(await wrapping('GET', `${mount}/data/a`, undefined, '0'), 'data', 'data', 'n')).toBe(1)
    expect(field(await wrapping('GET', `${mount}/data/a`, undefined, '1h30m'), 'wrap_info', 'ttl')).toBe(5400)
    expect(field(await wrapping('GET', `${mount}/data/a`, undefined, '1d'), 'wrap_info', 'ttl')).toBe(86_400)
  })
})

describe('sys/wrapping', () => {
  it('wrap wraps whatever it is given, and only with the header', async () => {
    const data = { a: 1, nested: { list: [true, null, 'x'] } }
    const refused = await vault.request('POST', 'sys/wrapping/wrap', { body: data })
    expect([refused.status, field(refused, 'errors')]).toEqual([
      400,
      ['endpoint requires response wrapping to be used'],
    ])
    expect(field(await unwrap(tokenOf(await wrapping('POST', 'sys/wrapping/wrap', data))), 'data')).toEqual(data)
    const empty = await unwrap(tokenOf(await wrapping('POST', 'sys/wrapping/wrap', {})))
    expect([empty.status, field(empty, 'data')]).toEqual([200, {}])
  })

  it('S29: lookup needs no token of its own and spends nothing; used and unknown are answered alike', async () => {
    const token = tokenOf(await wrapping('POST', 'sys/wrapping/wrap', { a: 1 }, '120'))
    for (const _ of [1, 2]) {
      expect(field(await lookup(token), 'data')).toEqual({
        creation_ttl: 120,
        creation_time: expect.any(String),
        creation_path: 'sys/wrapping/wrap',
      })
    }
    expect((await vault.request('POST', 'sys/wrapping/lookup', { token })).status).toBe(200)
    expect((await vault.request('GET', 'sys/wrapping/lookup', { token })).status).toBe(200)
    expect((await unwrap(token)).status).toBe(200)
    for (const bad of [token, 'hvs.never', vault.token]) {
      const answer = await lookup(bad)
      expect([answer.status, field(answer, 'errors')]).toEqual([400, BAD])
    }
    // OpenBao: 403.
    const without = await vault.request('POST', 'sys/wrapping/lookup', { token: '' })
    expect(without.status).toBe(vault.embedded ? 400 : 403)
  })

  it('rewrap gives a new token for the same answer, with the old path and time, and ends the old one', async () => {
    const old = tokenOf(await wrapping('GET', `${mount}/data/a`, undefined, '90'))
    const rewrapped = await vault.request('POST', 'sys/wrapping/rewrap', { body: { token: old } })
    expect(rewrapped.status).toBe(200)
    expect(field(rewrapped, 'wrap_info')).toMatchObject({ ttl: 90, creation_path: `${mount}/data/a` })
    expect(tokenOf(rewrapped)).not.toBe(old)
    expect((await unwrapFor(old)).status).toBe(400)
    const shorter = await vault.request('POST', 'sys/wrapping/rewrap', {
      body: { token: tokenOf(rewrapped) },
      headers: { 'X-Vault-Wrap-TTL': '30' },
    })
    expect(field(shorter, 'wrap_info', 'ttl')).toBe(30)
    expect(field(await unwrap(tokenOf(shorter)), 'data', 'data', 'n')).toBe(1)
  })
})

describe('S28', () => {
  it('S28: an answer is unwrapped once, whoever asks the second time', async () => {
    const token = tokenOf(await wrapping('POST', 'sys/wrapping/wrap', { a: 1 }))
    expect((await unwrap(token)).status).toBe(200)
    for (const again of [await unwrap(token), await unwrapFor(token)]) {
      expect([again.status, field(again, 'errors')]).toEqual([400, BAD])
    }
  })

  it('S28: a caller who may not unwrap does not spend it, and the token may name itself', async () => {
    const token = tokenOf(await wrapping('POST', 'sys/wrapping/wrap', { a: 1 }))
    const weak = await childToken(policy, { no_default_policy: true })
    for (const path of ['sys/wrapping/unwrap', 'sys/wrapping/rewrap']) {
      expect((await vault.request('POST', path, { token: weak, body: { token } })).status).toBe(403)
    }
    const itself = await vault.request('POST', 'sys/wrapping/unwrap', { token, body: { token } })
    // OpenBao spends it twice: 500.
    expect([itself.status, field(itself, 'data')]).toEqual(vault.embedded ? [200, { a: 1 }] : [500, undefined])
  })

  it.each([
    ['with the wrapping token', unwrap],
    ['with another token', unwrapFor],
  ])('S28, S37: of many who unwrap at once %s exactly one succeeds', async (_, open) => {
    const token = tokenOf(await wrapping('POST', 'sys/wrapping/wrap', { a: 1 }))
    const answers = await Promise.all(Array.from({ length: 20 }, () => open(token)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ text }) => text.includes('"a":1'))).toHaveLength(1)
  })

  it('S28: another token is not unwrapped, not rewrapped and not spent', async () => {
    const token = await childToken('default', { num_uses: 2 })
    for (const path of ['sys/wrapping/unwrap', 'sys/wrapping/rewrap']) {
      const answer = await vault.request('POST', path, { body: { token } })
      expect([answer.status, field(answer, 'errors')]).toEqual([400, BAD])
    }
    const looked = await vault.request('POST', 'auth/token/lookup', { body: { token } })
    expect(field(looked, 'data', 'num_uses')).toBe(2)
  })

  it.each([
    ['GET', '{mount}/data/a'],
    ['GET', 'auth/token/lookup-self'],
    ['POST', 'auth/token/create'],
    ['POST', 'sys/wrapping/wrap'],
    ['POST', 'sys/capabilities-self'],
  ] as const)('S28: a wrapping token is refused elsewhere, and dead for having tried (%s)', async (method, path) => {
    const token = tokenOf(await wrapping('POST', 'sys/wrapping/wrap', { a: 1 }))
    const headers = { 'X-Vault-Wrap-TTL': '60' }
    const answer = await vault.request(method, path.replace('{mount}', mount), {
      token,
      headers,
      ...(method === 'POST' ? { body: {} } : {}),
    })
    expect([answer.status, answer.text.includes('permission denied')]).toEqual([403, true])
    expect((await unwrap(token)).status).toBe(400)
  })

  it('S39: nobody can give a token the policy of wrapping tokens', async () => {
    const answer = await vault.request('POST', 'auth/token/create', { body: { policies: ['response-wrapping'] } })
    expect(answer.status).toBe(400)
  })
})

it('a policy can ask for wrapping, and bound its time', async () => {
  await vault.request('POST', `sys/policies/acl/${policy}`, {
    body: {
      policy: `path "${mount}/data/a" { capabilities = ["read"] min_wrapping_ttl = "1m" max_wrapping_ttl = "2m" }`,
    },
  })
  const token = await childToken(policy)
  const read = (ttl: string): Promise<RawAnswer> =>
    vault.request('GET', `${mount}/data/a`, { token, headers: ttl === '' ? {} : { 'X-Vault-Wrap-TTL': ttl } })
  const statuses = await Promise.all(['', '0', '59', '60', '2m', '121'].map((ttl) => read(ttl)))
  expect(statuses.map(({ status }) => status)).toEqual([403, 403, 403, 200, 200, 403])
})

describe('on the embedded server', () => {
  it('S29: an expired wrapping token is answered as an unknown one', async () => {
    let now = Date.now()
    await using server = await startTestServer({ now: () => now })
    const call = async (path: string, token: string, ttl = ''): Promise<Response> =>
      fetch(`${server.address}/v1/${path}`, {
        method: 'POST',
        headers: { 'X-Vault-Token': token, ...(ttl === '' ? {} : { 'X-Vault-Wrap-TTL': ttl }) },
        body: '{"a":1}',
      })
    const wrapped = await call('sys/wrapping/wrap', server.rootToken.reveal(), '60')
    const { token } = ((await wrapped.json()) as { wrap_info: { token: string } }).wrap_info
    now += 60_000
    for (const path of ['sys/wrapping/lookup', 'sys/wrapping/unwrap']) {
      const [expired, unknown] = [await call(path, token), await call(path, 'hvs.never')]
      expect(expired.status).toBe(400)
      expect(await expired.text()).toBe(await unknown.text())
    }
  })

  it('keeps what is wrapped encrypted', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'plenum-wrapping-'))
    try {
      const server = await startTestServer({ folder })
      const answer = await fetch(`${server.address}/v1/sys/wrapping/wrap`, {
        method: 'POST',
        headers: { 'X-Vault-Token': server.rootToken.reveal(), 'X-Vault-Wrap-TTL': '60' },
        body: '{"password":"planted-at-rest"}',
      })
      expect(answer.status).toBe(200)
      await server.close()
      const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
      expect(files.length).toBeGreaterThan(0)
      for (const { parentPath, name } of files)
        expect(readFileSync(join(parentPath, name)).includes('planted-at-rest')).toBe(false)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('S11, S12: the audit log holds neither what was wrapped nor the token, also when it is unwrapped', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'plenum-wrapping-'))
    try {
      await using server = await startTestServer({ auditFolder: folder })
      const root = server.rootToken.reveal()
      const file = join(folder, 'audit.log')
      const call = async (method: string, path: string, body: unknown, token = root, ttl = ''): Promise<unknown> => {
        const answer = await fetch(`${server.address}/v1/${path}`, {
          method,
          headers: { 'X-Vault-Token': token, ...(ttl === '' ? {} : { 'X-Vault-Wrap-TTL': ttl }) },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        })
        const text = await answer.text()
        return text === '' ? undefined : JSON.parse(text)
      }
      const wrapped = async (method: string, path: string, body?: unknown): Promise<string> =>
        ((await call(method, path, body, root, '60')) as { wrap_info: { token: string } }).wrap_info.token
      await call('PUT', 'sys/audit/file', { type: 'file', options: { file_path: file } })
      await call('POST', 'secret/data/a', { data: { password: 'planted-value' } })
      const secret = await wrapped('GET', 'secret/data/a')
      const login = await wrapped('POST', 'auth/token/create', { policies: ['default'] })
      const opened = JSON.stringify(await call('POST', 'sys/wrapping/unwrap', undefined, secret))
      expect(opened).toContain('planted-value')
      const inside = (await call('POST', 'sys/wrapping/unwrap', { token: login })) as {
        auth: { client_token: string; accessor: string }
      }
      const log = readFileSync(file, 'utf8')
      for (const clear of ['planted-value', secret, login, inside.auth.client_token, inside.auth.accessor])
        expect(log.includes(clear)).toBe(false)
      const lines = log
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { type: string; request: Record<string, unknown>; response?: object })
      const read = lines.filter(({ request }) => request['wrap_ttl'] === 60 && request['path'] === 'secret/data/a')
      expect(read.map(({ type }) => type)).toEqual(['request', 'response'])
      expect(read[1]?.response).toMatchObject({ wrap_info: { ttl: 60, creation_path: 'secret/data/a' } })
      expect(Object.keys(read[1]?.response ?? {})).not.toContain('data')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
