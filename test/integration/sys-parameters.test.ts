/** What answers say of parameters that an endpoint does not take, on the embedded server, OpenBao or Vault alike. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTarget, type Target } from './target.case.ts'

const folder = mkdtempSync(join(tmpdir(), 'plenum-parameters-'))
let vault: Target
let approle: string
let userpass: string
beforeAll(async () => {
  vault = await openTarget({ auditFolder: folder })
  approle = vault.unique('told')
  userpass = vault.unique('told-people')
  await vault.request('POST', `sys/auth/${approle}`, { body: { type: 'approle' } })
  await vault.request('POST', `sys/auth/${userpass}`, { body: { type: 'userpass' } })
  await vault.request('POST', `auth/${approle}/role/r`, { body: { bind_secret_id: true } })
})
afterAll(async () => {
  await vault.request('DELETE', `sys/auth/${approle}`)
  await vault.request('DELETE', `sys/auth/${userpass}`)
  await vault.close()
  rmSync(folder, { recursive: true })
})

const VALUE = 'planted-7f1c'
const ignored = (names: string): string => `Endpoint ignored these unrecognized parameters: [${names}]`

describe('parameters that an endpoint does not take', () => {
  it('are named in the warnings of an answer with a body', async () => {
    for (const [method, path, body] of [
      ['POST', 'auth/token/create', { zz: VALUE, aa: VALUE, policies: ['default'] }],
      ['POST', 'sys/tools/random', { zz: VALUE, aa: VALUE }],
      ['POST', 'sys/capabilities-self', { zz: VALUE, aa: VALUE, paths: ['sys/mounts'] }],
      ['POST', `auth/${approle}/role/r/secret-id`, { zz: VALUE, aa: VALUE }],
    ] as const) {
      const answer = await vault.request(method, path, { body })
      expect([path, answer.status, answer.json['warnings']]).toEqual([path, 200, [ignored('aa zz')]])
      expect(answer.text).not.toContain(VALUE)
    }
    const read = await vault.request('GET', `sys/policies/acl/default?zz=${VALUE}`)
    expect(read.json['warnings']).toEqual([ignored('zz')])
  })

  it('are named in the answer to a login', async () => {
    await vault.request('POST', `auth/${userpass}/users/u`, { body: { password: VALUE } })
    const answer = await vault.request('POST', `auth/${userpass}/login/u`, { body: { password: VALUE, otp: VALUE } })
    expect([answer.status, answer.json['warnings']]).toEqual([200, [ignored('otp')]])
  })

  it('are told apart from those that the path has set', async () => {
    const body = { role_name: 'other' }
    const answer = await vault.request('POST', `auth/${approle}/role/r/secret-id`, { body })
    expect(answer.json['warnings']).toEqual([
      "Endpoint replaced the value of these parameters with the values captured from the endpoint's path: [role_name]",
    ])
  })

  it('leave an answer without a body as it is', async () => {
    const policy = vault.unique('told')
    for (const [path, body] of [
      [`sys/policies/acl/${policy}`, { policy: 'path "a" {}', zz: VALUE }],
      [`auth/${approle}/role/r`, { token_ttl: '1h', zz: VALUE }],
      [`auth/${userpass}/users/u`, { password: VALUE, zz: VALUE }],
      ['cubbyhole/told', { zz: VALUE }],
    ] as const) {
      const { status, text } = await vault.request('POST', path, { body })
      expect([path, status, text]).toEqual([path, 204, ''])
    }
    await vault.request('DELETE', `sys/policies/acl/${policy}`)
    expect((await vault.request('GET', `auth/${approle}/role/absent?zz=1`)).json).toEqual({ errors: [] })
  })

  it('are none where any name is taken', async () => {
    await vault.request('POST', 'cubbyhole/told', { body: { any: VALUE } })
    const answer = await vault.request('GET', 'cubbyhole/told')
    expect([answer.json['data'], answer.json['warnings']]).toEqual([{ any: VALUE }, null])
    const headers = { 'X-Vault-Wrap-TTL': '60' }
    const wrapped = await vault.request('POST', 'sys/wrapping/wrap', { body: { any: VALUE }, headers })
    expect(wrapped.json['warnings']).toBeNull()
  })

  it.runIf(process.env['PLENUM_TEST_VAULT_ADDR'] === undefined)(
    'S11: stand in the audit log by their names, never by their values',
    async () => {
      const file = join(folder, 'parameters.log')
      const device = vault.unique('told')
      await vault.request('PUT', `sys/audit/${device}`, { body: { type: 'file', options: { file_path: file } } })
      const body = { told_name: VALUE, list: [VALUE], map: { k: VALUE } }
      await vault.request('POST', 'sys/tools/random', { body })
      await vault.request('GET', `sys/policies/acl/default?told_name=${VALUE}`)
      await vault.request('DELETE', `sys/audit/${device}`)
      const log = readFileSync(file, 'utf8')
      expect(log).toContain(ignored('list map told_name'))
      expect(log).not.toContain(VALUE)
    },
  )
})
