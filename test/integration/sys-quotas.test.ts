/** Rate-limit quotas over the wire, on the embedded server, OpenBao or Vault alike. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { field, openTarget, type RawAnswer, type Target } from './target.case.ts'

let vault: Target
let mount: string
beforeAll(async () => {
  vault = await openTarget()
  mount = vault.unique('limited')
  await vault.request('POST', `sys/mounts/${mount}`, { body: { type: 'kv', options: { version: '2' } } })
})
afterAll(async () => {
  await vault.request('DELETE', `sys/mounts/${mount}`)
  await vault.close()
})

const post = (path: string, body: unknown): Promise<RawAnswer> => vault.request('POST', path, { body })
const get = (path: string): Promise<RawAnswer> => vault.request('GET', path)

describe('sys/quotas/rate-limit', () => {
  it('reads back what was written', async () => {
    const name = vault.unique('quota')
    const written = await post(`sys/quotas/rate-limit/${name}`, {
      rate: 1000.5,
      interval: '2s',
      block_interval: '1m',
      path: `${mount}/`,
    })
    expect(written.status).toBe(204)
    const wanted = {
      type: 'rate-limit',
      name,
      path: `${mount}/`,
      rate: 1000.5,
      interval: 2,
      block_interval: 60,
      role: '',
    }
    const read = field(await get(`sys/quotas/rate-limit/${name}`), 'data')
    if (vault.embedded) expect(read).toEqual(wanted)
    else expect(read).toMatchObject(wanted)
    expect(field(await get('sys/quotas/rate-limit?list=true'), 'data', 'keys')).toContain(name)
    expect((await vault.request('DELETE', `sys/quotas/rate-limit/${name}`)).status).toBe(204)
    expect((await get(`sys/quotas/rate-limit/${name}`)).status).toBe(404)
  })

  it('refuses what cannot be counted', async () => {
    const name = vault.unique('bad')
    const refused = async (body: unknown): Promise<unknown> => {
      const answer = await post(`sys/quotas/rate-limit/${name}`, body)
      expect(answer.status).toBe(400)
      return String(field(answer, 'errors'))
    }
    expect(await refused({ rate: 0 })).toContain("'rate' is invalid")
    expect(await refused({ rate: -1 })).toContain("'rate' is invalid")
    const none = vault.unique('none')
    expect(await refused({ rate: 1, path: `${none}/` })).toContain(`invalid mount path "${none}/"`)
  })

  it('S30: counts however a path is written, lists included, and answers 429', async () => {
    const name = vault.unique('tight')
    await post(`${mount}/data/x`, { data: { v: 1 } })
    const body = { rate: 3, interval: '1h', path: mount }
    expect((await post(`sys/quotas/rate-limit/${name}`, body)).status).toBe(204)
    const paths = [`${mount}/data/x`, `${mount}/data%2Fx`, `${mount}/metadata?list=true`, `${mount}/metadata/?list=1`]
    const answers: RawAnswer[] = []
    for (const path of paths) answers.push(await get(path))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429])
    const [, , , last] = answers
    expect(String(last === undefined ? '' : field(last, 'errors'))).toContain('rate limit quota exceeded')
    // A bad token does not get past it either, nor is it told apart.
    expect((await vault.request('GET', `${mount}/data/x`, { token: 'wrong' })).status).toBe(429)
    const forged = await vault.request('GET', `${mount}/data/x`, { headers: { 'X-Forwarded-For': '10.1.2.3' } })
    expect(forged.status).toBe(429)
    expect((await get('sys/mounts')).status).toBe(200)
    expect((await vault.request('DELETE', `sys/quotas/rate-limit/${name}`)).status).toBe(204)
    expect((await get(`${mount}/data/x`)).status).toBe(200)
  })

  it('goes with its mount', async () => {
    const from = vault.unique('quota-from')
    const name = vault.unique('goes')
    await post(`sys/mounts/${from}`, { type: 'kv', options: { version: '2' } })
    await post(`sys/quotas/rate-limit/${name}`, { rate: 1000, path: `${from}/` })
    await vault.request('DELETE', `sys/mounts/${from}`)
    expect((await get(`sys/quotas/rate-limit/${name}`)).status).toBe(404)
  })
})

describe('sys/quotas/config', () => {
  it('exempts paths, and says in headers how much is left', async () => {
    const before = field(await get('sys/quotas/config'), 'data') as Record<string, unknown>
    expect(before).toMatchObject({
      enable_rate_limit_audit_logging: false,
      enable_rate_limit_response_headers: false,
    })
    const name = vault.unique('headers')
    await post(`sys/quotas/rate-limit/${name}`, { rate: 50, interval: '1h', path: `${mount}/` })
    expect((await get(`${mount}/data/none`)).headers.get('X-Ratelimit-Limit')).toBeNull()
    const exempt = [`${mount}/data/free`]
    const set = await post('sys/quotas/config', {
      enable_rate_limit_response_headers: true,
      rate_limit_exempt_paths: exempt,
    })
    expect(set.status).toBe(204)
    expect(field(await get('sys/quotas/config'), 'data', 'rate_limit_exempt_paths')).toEqual(exempt)
    const told = await get(`${mount}/data/none`)
    expect(told.headers.get('X-Ratelimit-Limit')).toBe('50')
    expect(Number(told.headers.get('X-Ratelimit-Remaining'))).toBeGreaterThan(40)
    expect(told.headers.get('X-Ratelimit-Reset')).not.toBeNull()
    expect((await get(`${mount}/data/free`)).headers.get('X-Ratelimit-Limit')).toBeNull()
    await post(`sys/quotas/rate-limit/${name}`, { rate: 1, interval: '1h', path: `${mount}/` })
    await get(`${mount}/data/none`)
    const over = await get(`${mount}/data/none`)
    expect([over.status, Number(over.headers.get('Retry-After')) > 0]).toEqual([429, true])
    await post('sys/quotas/config', {
      enable_rate_limit_response_headers: false,
      rate_limit_exempt_paths: before['rate_limit_exempt_paths'] ?? [],
    })
    await vault.request('DELETE', `sys/quotas/rate-limit/${name}`)
  })
})
