/** CORS and the headers of the audit log over the wire, on the embedded server, OpenBao or Vault alike. */
import { readFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer } from '../../src/testing/index.ts'
import { field, openTarget, type Target } from './target.case.ts'

let vault: Target
beforeAll(async () => {
  vault = await openTarget()
})
afterAll(() => vault.close())

const ORIGIN = 'https://ui.example.com'

describe('sys/config/cors', () => {
  afterAll(() => vault.request('DELETE', 'sys/config/cors'))

  it('S49: is off at first', async () => {
    const answer = await vault.request('GET', 'sys/config/cors')
    expect(field(answer, 'data', 'enabled')).toBe(false)
    expect(field(answer, 'enabled')).toBe(false)
    const asked = await vault.request('GET', 'sys/mounts', { headers: { Origin: ORIGIN } })
    expect([asked.status, asked.headers.get('Access-Control-Allow-Origin')]).toEqual([200, null])
    expect((await vault.request('OPTIONS', 'sys/mounts', { headers: { Origin: ORIGIN } })).status).toBe(405)
  })

  it('lets the pages that it names ask, and no others', async () => {
    const body = { allowed_origins: `${ORIGIN},http://localhost:3000`, allowed_headers: ['X-Mine'] }
    expect((await vault.request('POST', 'sys/config/cors', { body })).status).toBe(204)
    const config = field(await vault.request('GET', 'sys/config/cors'), 'data')
    expect(config).toMatchObject({
      enabled: true,
      allowed_origins: [ORIGIN, 'http://localhost:3000'],
      allowed_headers: expect.arrayContaining(['X-Vault-Token', 'Content-Type', 'X-Mine']),
    })
    const asked = await vault.request('GET', 'sys/mounts', { headers: { Origin: ORIGIN } })
    expect([asked.status, asked.headers.get('Access-Control-Allow-Origin'), asked.headers.get('Vary')]).toEqual([
      200,
      ORIGIN,
      'Origin',
    ])
    expect(asked.headers.get('Access-Control-Allow-Credentials')).toBeNull()
    for (const origin of ['https://other.example.com', 'null']) {
      const refused = await vault.request('GET', 'sys/mounts', { headers: { Origin: origin } })
      expect([refused.status, field(refused, 'errors')]).toEqual([403, ['origin not allowed']])
    }
    const refusedByPolicy = await vault.request('GET', 'sys/mounts', { token: '', headers: { Origin: ORIGIN } })
    expect([refusedByPolicy.status, refusedByPolicy.headers.get('Access-Control-Allow-Origin')]).toEqual([403, ORIGIN])
    const preflight = await vault.request('OPTIONS', 'sys/mounts', {
      token: '',
      headers: { Origin: ORIGIN, 'Access-Control-Request-Method': 'LIST' },
    })
    // OpenBao 2.5.5 answers 200 without a body.
    expect(vault.embedded ? [204] : [200, 204]).toContain(preflight.status)
    expect(preflight.headers.get('Access-Control-Allow-Methods')).toContain('LIST')
    expect(preflight.headers.get('Access-Control-Allow-Headers')).toContain('X-Mine')
    expect(preflight.headers.get('Access-Control-Max-Age')).toBe('300')
    const verb = await vault.request('OPTIONS', 'sys/mounts', {
      headers: { Origin: ORIGIN, 'Access-Control-Request-Method': 'TRACE' },
    })
    expect(verb.status).toBe(405)
    expect((await vault.request('DELETE', 'sys/config/cors')).status).toBe(204)
    expect(field(await vault.request('GET', 'sys/config/cors'), 'data', 'enabled')).toBe(false)
  })

  it('refuses none, and all beside some', async () => {
    for (const origins of ['', ['*', ORIGIN]]) {
      const refused = await vault.request('POST', 'sys/config/cors', { body: { allowed_origins: origins } })
      expect(refused.status).toBeGreaterThanOrEqual(400)
    }
  })
})

describe('sys/config/auditing/request-headers', () => {
  it('holds headers by their names in lower case', async () => {
    const name = vault.unique('X-Of-A-Test')
    const path = `sys/config/auditing/request-headers/${name}`
    expect((await vault.request('PUT', path, { body: { hmac: true } })).status).toBe(204)
    expect(field(await vault.request('GET', path), 'data')).toEqual({ [name]: { hmac: true } })
    const all = await vault.request('GET', 'sys/config/auditing/request-headers')
    expect(field(all, 'data', 'headers', name.toLowerCase())).toEqual({ hmac: true })
    expect(field(all, 'headers')).toEqual(field(all, 'data', 'headers'))
    expect((await vault.request('DELETE', path)).status).toBe(204)
    expect((await vault.request('GET', path)).status).toBe(400)
  })

  it('needs sudo', async () => {
    const policy = vault.unique('headers')
    await vault.request('POST', `sys/policies/acl/${policy}`, {
      body: { policy: 'path "sys/config/*" { capabilities = ["create", "read", "update", "delete"] }' },
    })
    const made = await vault.request('POST', 'auth/token/create', { body: { policies: [policy] } })
    const token = String(field(made, 'auth', 'client_token'))
    for (const path of ['sys/config/cors', 'sys/config/auditing/request-headers'])
      expect([path, (await vault.request('GET', path, { token })).status]).toEqual([path, 403])
    await vault.request('DELETE', `sys/policies/acl/${policy}`)
  })
})

describe('the audit log', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'plenum-headers-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it('S36: has the headers asked for on every request, logins and refusals too, and never a token', async () => {
    await using server = await startTestServer({ auditFolder: folder })
    const root = server.rootToken.reveal()
    const send = (method: string, path: string, body?: unknown, token = root): Promise<Response> =>
      fetch(`${server.address}/v1/${path}`, {
        method,
        headers: { 'X-Vault-Token': token, 'X-Trace': 'trace-1', 'X-Secret-Thing': 'planted-header' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
    await send('PUT', 'sys/config/auditing/request-headers/X-Trace', { hmac: false })
    await send('PUT', 'sys/config/auditing/request-headers/x-secret-thing', { hmac: true })
    for (const name of ['Authorization', 'X-Vault-Token', 'Cookie'])
      expect((await send('PUT', `sys/config/auditing/request-headers/${name}`, { hmac: true })).status).toBe(400)
    await send('PUT', 'sys/audit/file', { type: 'file', options: { file_path: 'audit.log' } })
    await send('POST', 'sys/auth/approle', { type: 'approle' })
    await send('POST', 'auth/approle/login', { role_id: 'x', secret_id: 'y' }, '')
    await send('GET', 'secret/data/none', undefined, 'wrong')
    await send('GET', 'secret/data/none')
    const text = readFileSync(join(folder, 'audit.log'), 'utf8')
    const entries = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { request: { path: string; headers?: Record<string, string[]> } })
      .filter(({ request }) => request.path !== 'sys/audit/test' && request.path !== 'sys/audit/file')
    expect(new Set(entries.map(({ request }) => request.path))).toEqual(
      new Set(['sys/auth/approle', 'auth/approle/login', 'secret/data/none']),
    )
    for (const { request } of entries) {
      expect(request.headers).toEqual({
        'x-trace': ['trace-1'],
        'x-secret-thing': [expect.stringMatching(/^hmac-sha256:[0-9a-f]{64}$/)],
      })
    }
    expect(text).not.toContain('planted-header')
    expect(text).not.toContain(root)
  })

  it('leaves in clear what a mount says may be read, and nothing below or beside it', async () => {
    await using server = await startTestServer({ auditFolder: folder })
    const send = (method: string, path: string, body: unknown): Promise<Response> =>
      fetch(`${server.address}/v1/${path}`, {
        method,
        headers: { 'X-Vault-Token': server.rootToken.reveal() },
        body: JSON.stringify(body),
      })
    await send('POST', 'sys/mounts/secret/tune', { audit_non_hmac_request_keys: ['options', 'note'] })
    await send('PUT', 'sys/audit/file', { type: 'file', options: { file_path: 'clear.log' } })
    await send('POST', 'secret/data/a', { data: { note: 'planted-below' }, options: { cas: 0 }, note: 'shown-note' })
    const text = readFileSync(join(folder, 'clear.log'), 'utf8')
    expect(text).toContain('"note":"shown-note"')
    expect(text).toContain('"options":{"cas":0}')
    expect(text).not.toContain('planted-below')
  })
})
