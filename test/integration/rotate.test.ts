/** `sys/rotate`, its settings, and `sys/key-status`, on the embedded server or any other (see target.case.ts). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTarget, type RawAnswer, type Target } from './target.case.ts'

let vault: Target
beforeAll(async () => {
  vault = await openTarget()
})
afterAll(() => vault.close())

const dataOf = ({ json }: RawAnswer): Record<string, unknown> => json['data'] as unknown as Record<string, unknown>
const errorsOf = ({ status, json }: RawAnswer): unknown[] => [status, json['errors']]
const config = (body: unknown): Promise<RawAnswer> => vault.request('POST', 'sys/rotate/config', { body })

describe('rotation', () => {
  it.each(['sys/rotate', 'sys/rotate/keyring'])(
    '%s brings a new key and keeps what older ones encrypted',
    async (path) => {
      const policy = `sys/policies/acl/${vault.unique('rotate')}`
      await vault.request('PUT', policy, { body: { policy: '# kept' } })
      const before = dataOf(await vault.request('GET', 'sys/key-status'))
      expect((await vault.request('PUT', path)).status).toBe(204)
      const after = await vault.request('GET', 'sys/key-status')
      expect(dataOf(after)).toEqual({
        term: Number(before['term']) + 1,
        install_time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/),
        encryptions: expect.any(Number),
      })
      // Old clients look for it at the top.
      expect(after.json['term']).toBe(dataOf(after)['term'])
      expect(dataOf(await vault.request('GET', policy))['policy']).toBe('# kept')
      await vault.request('DELETE', policy)
    },
  )

  it('has settings, of which each can be given alone', async () => {
    const usual = { enabled: true, max_operations: 3_865_470_566, interval: 0 }
    expect(dataOf(await vault.request('GET', 'sys/rotate/config'))).toEqual(usual)
    expect((await config({ interval: '48h' })).status).toBe(204)
    expect((await config({ max_operations: 2_000_000, enabled: false })).status).toBe(204)
    for (const path of ['sys/rotate/config', 'sys/rotate/keyring/config'])
      expect(dataOf(await vault.request('GET', path))).toEqual({
        enabled: false,
        max_operations: 2_000_000,
        interval: '48h0m0s',
      })
    expect((await config(usual)).status).toBe(204)
    expect(dataOf(await vault.request('GET', 'sys/rotate/config'))).toEqual(usual)
  })

  it('refuses settings that protect nothing', async () => {
    const range = 'max_operations must be in the range [1000000,3865470566]'
    expect(errorsOf(await config({ max_operations: 999_999 }))).toEqual([400, [range]])
    expect(errorsOf(await config({ max_operations: 3_865_470_567 }))).toEqual([400, [range]])
    expect(errorsOf(await config({ interval: '1h' }))).toEqual([400, ['interval must be greater or equal to 24h0m0s']])
    expect((await config({ enabled: 'perhaps' })).status).toBe(400)
  })

  it('needs sudo', async () => {
    const name = vault.unique('rotator')
    await vault.request('PUT', `sys/policies/acl/${name}`, {
      body: { policy: 'path "sys/rotate*" { capabilities = ["read", "update"] }' },
    })
    const made = await vault.request('POST', 'auth/token/create', { body: { policies: [name], ttl: '5m' } })
    const token = String((made.json['auth'] as unknown as Record<string, unknown>)['client_token'])
    expect((await vault.request('PUT', 'sys/rotate', { token })).status).toBe(403)
    expect((await vault.request('PUT', 'sys/rotate', { token: '' })).status).toBe(403)
    await vault.request('DELETE', `sys/policies/acl/${name}`)
  })
})
