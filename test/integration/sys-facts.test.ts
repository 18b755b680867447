/** What the server tells of itself, over the wire: metrics, versions, plugins, counters and their neighbours (vault-api 4.4). */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTarget, type RawAnswer, type Target } from './target.case.ts'

const folder = mkdtempSync(join(tmpdir(), 'plenum-facts-'))
let vault: Target
/** Has the policy `default` alone. */
let poor: string
/** Reads what is below `sys/`, without sudo. */
let reader: string
let policy: string
beforeAll(async () => {
  vault = await openTarget({ auditFolder: folder })
  policy = vault.unique('facts')
  await vault.request('PUT', `sys/policies/acl/${policy}`, {
    body: { policy: 'path "sys/*" { capabilities = ["read", "list", "update", "delete"] }' },
  })
  const make = async (policies: string[]): Promise<string> => {
    const made = await vault.request('POST', 'auth/token/create', { body: { policies } })
    return (made.json as unknown as { auth: { client_token: string } }).auth.client_token
  }
  poor = await make(['default'])
  reader = await make([policy])
})
afterAll(async () => {
  await vault.request('DELETE', `sys/policies/acl/${policy}`)
  await vault.close()
  rmSync(folder, { recursive: true, force: true })
})

const get = (path: string, token?: string): Promise<RawAnswer> =>
  vault.request('GET', path, token === undefined ? {} : { token })
const dataOf = (answer: RawAnswer): Record<string, unknown> =>
  (answer.json as unknown as { data: Record<string, unknown> }).data
const embedded = process.env['PLENUM_TEST_VAULT_ADDR'] === undefined

describe('access', () => {
  it('all but the state of replication needs a token and a policy', async () => {
    const paths = ['version-history?list=true', 'host-info', 'internal/counters/tokens', 'plugins/catalog']
    // OpenBao's -dev opens sys/metrics to everybody.
    if (embedded) paths.push('metrics')
    for (const path of [...paths, 'config/state/sanitized', 'config/ui/headers?list=true'])
      for (const token of ['', poor]) {
        const { status } = await get(`sys/${path}`, token)
        expect([path, token === '', status]).toEqual([path, token === '', 403])
      }
    for (const path of paths) expect([path, (await get(`sys/${path}`, reader)).status]).toEqual([path, 200])
  })

  it('what tells of others, or would change something, needs sudo', async () => {
    const alike = ['config/ui/headers/x', 'plugins/catalog/auth/approle']
    // OpenBao 2.5.5 asks for no sudo here.
    for (const path of [...alike, ...(embedded ? ['config/state/sanitized', 'in-flight-req'] : [])])
      expect([path, (await get(`sys/${path}`, reader)).status]).toEqual([path, 403])
  })
})

describe('sys', () => {
  it('version-history has the version that runs', async () => {
    const { version } = (await get('sys/seal-status')).json as unknown as { version: string }
    const { keys, key_info: info } = dataOf(await get('sys/version-history?list=true'))
    if (embedded) expect(keys).toEqual([version])
    expect(Object.values(info as object)[0]).toMatchObject({
      build_date: expect.any(String),
      previous_version: null,
      timestamp_installed: expect.stringMatching(/^20\d\d-/),
    })
  })

  it('plugins/catalog has what can be enabled, and takes nothing', async () => {
    expect(dataOf(await get('sys/plugins/catalog'))).toMatchObject({
      auth: expect.arrayContaining(['approle', 'userpass']),
      secret: expect.arrayContaining(['kv']),
      detailed: expect.arrayContaining([expect.objectContaining({ name: 'approle', type: 'auth', builtin: true })]),
    })
    expect(dataOf(await vault.request('GET', 'sys/plugins/catalog/auth?list=true'))['keys']).toContain('userpass')
    if (embedded) {
      expect(dataOf(await get('sys/plugins/catalog/auth'))['keys']).toContain('userpass')
      expect((await vault.request('DELETE', 'sys/plugins/catalog/auth/approle')).status).toBe(400)
    }
    expect(dataOf(await get('sys/plugins/catalog/auth/approle'))).toMatchObject({
      name: 'approle',
      builtin: true,
      sha256: '',
    })
    expect((await get('sys/plugins/catalog/auth/none')).status).toBe(404)
    const body = { sha256: '00', command: 'x' }
    const { status } = await vault.request('PUT', 'sys/plugins/catalog/auth/mine', { body })
    // OpenBao 2.5.5 says 500: it has no folder for plugins.
    expect(status).toBe(embedded ? 400 : 500)
  })

  it('in-flight-req shows the request that asks', async () => {
    const [found] = Object.values((await get('sys/in-flight-req')).json)
    expect(found).toMatchObject({ request_path: '/v1/sys/in-flight-req', request_method: 'GET' })
  })

  it('host-info, counters and replication', async () => {
    expect(dataOf(await get('sys/host-info'))).toMatchObject({
      memory: { total: expect.any(Number) },
      cpu: expect.any(Array),
    })
    const { counters } = dataOf(await get('sys/internal/counters/tokens'))
    expect((counters as { service_tokens: { total: number } }).service_tokens.total).toBeGreaterThanOrEqual(3)
    expect(dataOf(await get('sys/internal/counters/entities'))).toMatchObject({ counters: { entities: {} } })
    expect((await get('sys/internal/counters/requests')).status).toBe(404)
    if (embedded) expect(dataOf(await get('sys/replication/status', ''))).toEqual({ mode: 'disabled' })
    if (embedded) expect(dataOf(await get('sys/experiments'))).toEqual({ available: [], enabled: [] })
    expect((await get('sys/license/status')).status).toBe(404)
    expect((await get('sys/config/state/sanitized')).status).toBe(200)
  })

  it.runIf(embedded)('no header for a user interface is kept', async () => {
    expect((await vault.request('PUT', 'sys/config/ui/headers/X-A', { body: { values: 'b' } })).status).toBe(400)
    expect((await get('sys/config/ui/headers/X-A')).status).toBe(404)
    expect((await vault.request('DELETE', 'sys/config/ui/headers/X-A')).status).toBe(204)
    expect((await get('sys/config/ui/headers?list=true')).status).toBe(404)
  })
})

describe.runIf(embedded)('sys/metrics', () => {
  it('counts requests, logins, tokens and audit entries, in both forms', async () => {
    const device = vault.unique('metered')
    const options = { file_path: join(folder, 'metered.log') }
    await vault.request('PUT', `sys/audit/${device}`, { body: { type: 'file', options } })
    await get('sys/mounts')
    const text = (await get('sys/metrics?format=prometheus')).text
    const value = (line: RegExp): number => Number(line.exec(text)?.[1])
    expect(value(/^vault_core_unsealed (\d+)$/m)).toBe(1)
    expect(value(/^vault_core_answers\{operation="read",status="4xx"\} (\d+)$/m)).toBeGreaterThan(5)
    expect(value(/^vault_token_count (\d+)$/m)).toBeGreaterThanOrEqual(3)
    expect(value(new RegExp(`^vault_audit_log_entries\\{device="${device}/"\\} (\\d+)$`, 'm'))).toBeGreaterThan(0)
    expect(value(new RegExp(`^vault_audit_log_failures\\{device="${device}/"\\} (\\d+)$`, 'm'))).toBe(0)
    const answer = await get('sys/metrics')
    expect(answer.headers.get('content-type')).toBe('application/json')
    expect(answer.json).toMatchObject({
      Timestamp: expect.any(String),
      Samples: expect.any(Array),
      Counters: expect.any(Array),
    })
    expect((await get('sys/metrics?format=xml')).status).toBe(400)
    await vault.request('DELETE', `sys/audit/${device}`)
    expect(readFileSync(options.file_path, 'utf8')).toContain('sys/metrics')
  })

  it('is text where Prometheus asks', async () => {
    const { headers, text } = await get('sys/metrics?format=prometheus')
    expect(headers.get('content-type')).toBe('text/plain; version=0.0.4')
    for (const line of text.trimEnd().split('\n'))
      expect(line).toMatch(/^(?:# (?:HELP|TYPE) .+|[a-z_]+(?:\{[^{}]*\})? (?:\d+(?:\.\d+)?(?:e-?\d+)?|NaN))$/)
  })

  it('tells how long requests, logins and audit entries take', async () => {
    const device = vault.unique('timed')
    await vault.request('PUT', `sys/audit/${device}`, {
      body: { type: 'file', options: { file_path: join(folder, 'timed.log') } },
    })
    const logins = vault.unique('timed-logins')
    await vault.request('POST', `sys/auth/${logins}`, { body: { type: 'approle' } })
    const times = async (): Promise<Map<string, number>> => {
      const { text } = await get('sys/metrics?format=prometheus')
      return new Map(
        [...text.matchAll(/^([a-z_]+(?:\{quantile="[\d.]+"\})?) (\S+)$/gm)].map(([, name, found]) => [
          name ?? '',
          Number(found),
        ]),
      )
    }
    const before = await times()
    for (let n = 0; n < 20; n += 1) await get('sys/mounts')
    for (let n = 0; n < 3; n += 1)
      await vault.request('POST', `auth/${logins}/login`, { body: { role_id: 'none', secret_id: 'none' } })
    const after = await times()
    const grown = (name: string): number => (after.get(name) ?? Number.NaN) - (before.get(name) ?? Number.NaN)
    // Its own is counted once it is answered.
    expect(grown('vault_core_handle_request_count')).toBeGreaterThanOrEqual(21)
    expect(grown('vault_core_handle_login_request_count')).toBeGreaterThanOrEqual(3)
    for (const name of [
      'core_handle_request',
      'core_handle_login_request',
      'audit_log_request',
      'audit_log_response',
    ]) {
      expect(grown(`vault_${name}_sum`), name).toBeGreaterThan(0)
      const quantiles = ['0.5', '0.9', '0.99'].map(
        (share) => after.get(`vault_${name}{quantile="${share}"}`) ?? Number.NaN,
      )
      expect(quantiles[0], name).toBeGreaterThan(0)
      expect(quantiles, name).toEqual([...quantiles].sort((a, b) => a - b))
    }
    const { json } = await get('sys/metrics')
    const samples = json['Samples'] as unknown as readonly { Name: string; Count: number; Mean: number; Max: number }[]
    const sample = samples.find(({ Name }) => Name === 'vault.core.handle_request')
    expect(sample?.Count).toBeGreaterThanOrEqual(20)
    expect(sample?.Max).toBeGreaterThanOrEqual(sample?.Mean ?? Number.NaN)
    await vault.request('DELETE', `sys/audit/${device}`)
    await vault.request('DELETE', `sys/auth/${logins}`)
  })
})
