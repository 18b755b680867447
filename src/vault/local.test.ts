import { describe, expect, it } from 'vitest'
import { sensitive } from '../sensitive/index.ts'
import { type LocalServer, staticToken, VaultClient, VaultError } from './index.ts'

const TOKEN = sensitive('s.local')

function clientOf(answer: LocalServer['answer'], options: { readonly maxResponseBytes?: number } = {}): VaultClient {
  return new VaultClient({
    address: 'http://127.0.0.1:1',
    local: { answer },
    tokens: staticToken(TOKEN),
    maxRetries: 0,
    ...options,
  })
}

describe('a client of a server in its own process', () => {
  it('sends what it would send over the wire, and reads the answer the same way', async () => {
    const seen: unknown[] = []
    const client = clientOf(async (request) => {
      seen.push(request)
      return { status: 200, text: '{"data":{"k":"v"}}' }
    })
    const answer = await client.request('POST', 'secret/data/a', { body: { data: { k: 'v' } } })
    expect(answer.body).toEqual({ data: { k: 'v' } })
    expect(seen).toEqual([
      {
        method: 'POST',
        path: '/v1/secret/data/a',
        headers: {
          'x-vault-request': 'true',
          'user-agent': 'plenum',
          'content-type': 'application/json',
          'x-vault-token': 's.local',
        },
        body: '{"data":{"k":"v"}}',
      },
    ])
    await client.close()
  })

  it('tells a refusal as one', async () => {
    const client = clientOf(async () => ({ status: 403, text: '{"errors":["permission denied"]}' }))
    await expect(client.request('GET', 'secret/data/a')).rejects.toMatchObject({ code: 'vault-denied' })
  })

  it('drops an answer that is too large', async () => {
    const client = clientOf(async () => ({ status: 200, text: `"${'x'.repeat(200)}"` }), { maxResponseBytes: 100 })
    await expect(client.request('GET', 'secret/data/a')).rejects.toMatchObject({ code: 'vault-too-large' })
  })

  it('ends with the caller, and says that a write may have been done', async () => {
    const { signal, abort } = aborting()
    const client = clientOf(() => new Promise(() => undefined))
    const request = client.request('POST', 'secret/data/a', { body: {}, signal })
    setImmediate(abort)
    await expect(request).rejects.toThrow('enough')
    await expect(client.request('GET', 'x', { signal })).rejects.toThrow('enough')

    const hurried = new VaultClient({
      address: 'http://127.0.0.1:1',
      local: { answer: () => new Promise(() => undefined) },
      tokens: staticToken(TOKEN),
      timeoutMs: 5,
    })
    const late: unknown = await hurried.request('POST', 'secret/data/a', { body: {} }).catch((error: unknown) => error)
    expect(late).toBeInstanceOf(VaultError)
    expect(late).toMatchObject({ code: 'vault-timeout', effect: 'unknown' })
  })
})

function aborting(): { readonly signal: AbortSignal; readonly abort: () => void } {
  const controller = new AbortController()
  return { signal: controller.signal, abort: () => controller.abort(new Error('enough')) }
}
