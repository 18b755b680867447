/** The cubbyhole (vault-api 14.8), as clients see it: on the embedded server, Vault and OpenBao alike. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTarget, type RawAnswer, type Target } from './target.case.ts'

let vault: Target
beforeAll(async () => {
  vault = await openTarget()
})
afterAll(() => vault.close())

async function newToken(body: Record<string, unknown> = {}): Promise<string> {
  const made = await vault.request('POST', 'auth/token/create', {
    body: { policies: ['default'], ttl: '10m', ...body },
  })
  return (made.json['auth'] as unknown as { client_token: string }).client_token
}
const ask = (token: string, method: string, path: string, body?: unknown): Promise<RawAnswer> =>
  vault.request(method, `cubbyhole/${path}`, body === undefined ? { token } : { token, body })
const keys = (answer: RawAnswer): unknown => (answer.json['data'] as unknown as { keys: unknown } | null)?.keys

describe('the cubbyhole', () => {
  it('is always mounted, and cannot be unmounted or mounted again', async () => {
    const mounts = await vault.request('GET', 'sys/mounts')
    expect((mounts.json['data'] as unknown as Record<string, unknown>)['cubbyhole/']).toMatchObject({
      type: 'cubbyhole',
      description: 'per-token private secret storage',
      local: true,
      options: null,
    })
    expect((await vault.request('DELETE', 'sys/mounts/cubbyhole')).json['errors']).toEqual([
      'cannot unmount "cubbyhole/"',
    ])
    for (const path of ['cubbyhole', 'cubbyhole/below']) {
      const { status } = await vault.request('POST', `sys/mounts/${path}`, { body: { type: 'kv' } })
      expect([400, 403, 409]).toContain(status)
    }
  })

  it('keeps what a token with the default policy writes', async () => {
    const token = await newToken()
    const text = '{"a":1.10,"n":12345678901234567890}'
    expect((await ask(token, 'POST', 'dir/a', text)).status).toBe(204)
    expect((await ask(token, 'PUT', 'dir/a', text)).status).toBe(204)
    const read = await ask(token, 'GET', 'dir/a')
    expect([read.status, read.json['lease_duration']]).toEqual([200, 0])
    expect(read.text).toContain(`"data":${text}`)
    expect(keys(await ask(token, 'LIST', ''))).toEqual(['dir/'])
    expect(keys(await ask(token, 'GET', 'dir?list=true'))).toEqual(['a'])
    expect((await ask(token, 'DELETE', 'dir/a')).status).toBe(204)
    const absent = await ask(token, 'GET', 'dir/a')
    expect([absent.status, absent.json]).toEqual([404, { errors: [] }])
    expect((await ask(token, 'LIST', '')).status).toBe(404)
  })

  it('is out of reach for every other token, also root’s and the parent’s', async () => {
    const token = await newToken()
    await ask(token, 'POST', 'mine', { k: 'v' })
    for (const other of [vault.token, await newToken()]) {
      expect((await ask(other, 'GET', 'mine')).status).toBe(404)
      // On a server that other suites use at the same time, root's own may hold something.
      expect((await ask(other, 'LIST', '')).text).not.toContain('"mine"')
      expect((await ask(other, 'DELETE', 'mine')).status).toBe(204)
    }
    expect((await ask(token, 'GET', 'mine')).json['data']).toEqual({ k: 'v' })
  })

  it('S40: is gone with its token: one of the same text finds nothing', async () => {
    const id = vault.unique('chosen')
    const first = await newToken({ id })
    await ask(first, 'POST', 'mine', { k: 'v' })
    await vault.request('POST', 'auth/token/revoke', { body: { token: first } })
    expect((await ask(first, 'GET', 'mine')).status).toBe(403)
    const second = await newToken({ id })
    expect((await ask(second, 'GET', 'mine')).status).toBe(404)
    expect((await ask(second, 'LIST', '')).status).toBe(404)
    await vault.request('POST', 'auth/token/revoke', { body: { token: second } })
  })

  it('S38: refuses batch tokens', async () => {
    const token = await newToken({ type: 'batch' })
    for (const [method, body] of [['GET'], ['POST', { k: 'v' }], ['LIST'], ['DELETE']] as const) {
      const { status, text } = await ask(token, method, 'x', body)
      expect([status, text]).toEqual([400, expect.stringContaining('cubbyhole operations are only supported by')])
    }
  })

  it('serves the last use of a token', async () => {
    const token = await newToken({ num_uses: 2 })
    expect((await ask(token, 'POST', 'x', { k: 'v' })).status).toBe(204)
    expect((await ask(token, 'GET', 'x')).json['data']).toEqual({ k: 'v' })
    expect((await ask(token, 'GET', 'x')).status).toBe(403)
    const writer = await newToken({ num_uses: 1 })
    expect((await ask(writer, 'POST', 'x', { k: 'v' })).status).toBe(204)
    expect((await ask(writer, 'GET', 'x')).status).toBe(403)
  })
})
