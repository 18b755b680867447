/** Password policies over the wire, on the embedded server, OpenBao or Vault alike (vault-api 3.3). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTarget, type Target } from './target.case.ts'

let vault: Target
let name: string
beforeAll(async () => {
  vault = await openTarget()
  name = vault.unique('passwords')
})
afterAll(async () => {
  await vault.request('DELETE', `sys/policies/password/${name}`)
  await vault.close()
})

const policy =
  'length = 24\nrule "charset" {\n  charset = "abc"\n}\nrule "charset" {\n  charset = "789"\n  min-chars = 5\n}\n'
const at = (more = ''): string => `sys/policies/password/${name}${more}`

describe('sys/policies/password', () => {
  it('keeps a policy as written, lists it, makes passwords by it, and forgets it', async () => {
    expect((await vault.request('PUT', at(), { body: { policy } })).status).toBe(204)
    expect((await vault.request('GET', at())).json).toMatchObject({ data: { policy } })
    expect((await vault.request('GET', 'sys/policies/password?list=true')).json).toMatchObject({
      data: { keys: expect.arrayContaining([name]) },
    })
    const made = new Set<string>()
    for (let index = 0; index < 10; index += 1) {
      const answer = await vault.request('GET', at('/generate'))
      const { password } = (answer.json as unknown as { data: { password: string } }).data
      expect(password).toMatch(/^[abc789]{24}$/)
      expect(password.replaceAll(/[abc]/g, '').length).toBeGreaterThanOrEqual(5)
      made.add(password)
    }
    expect(made.size).toBe(10)
    expect((await vault.request('DELETE', at())).status).toBe(204)
    for (const path of [at(), at('/generate')]) expect((await vault.request('GET', path)).status).toBe(404)
  })

  it('refuses what makes no passwords', async () => {
    for (const bad of ['', 'length = 2', 'length = 200\nrule "charset" { charset = "a" }', 'length = 10', 'rule {'])
      expect([bad, (await vault.request('PUT', at(), { body: { policy: bad } })).status]).toEqual([bad, 400])
  })

  it('is nobody’s but whose policy allows it', async () => {
    const made = await vault.request('POST', 'auth/token/create', { body: { policies: ['default'] } })
    const token = (made.json as unknown as { auth: { client_token: string } }).auth.client_token
    for (const path of [at(), at('/generate')]) expect((await vault.request('GET', path, { token })).status).toBe(403)
    expect((await vault.request('PUT', at(), { token, body: { policy } })).status).toBe(403)
  })
})
