/**
 * Policies that speak of who asks (vault-api 10.5), by address and token: the embedded server, OpenBao or Vault alike (see
 * target.case.ts).
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { field, openTarget, type Target } from './target.case.ts'

let vault: Target
let people: string
let secrets: string
let policy: string
let accessor: string

beforeAll(async () => {
  vault = await openTarget()
  people = vault.unique('people')
  secrets = vault.unique('kv')
  policy = vault.unique('own-folder')
  await vault.request('POST', `sys/auth/${people}`, { body: { type: 'userpass' } })
  await vault.request('POST', `sys/mounts/${secrets}`, { body: { type: 'kv', options: { version: '1' } } })
  accessor = String(field(await vault.request('GET', 'sys/auth'), 'data', `${people}/`, 'accessor'))
  const text = `
    path "${secrets}/people/{{identity.entity.aliases.${accessor}.name}}/*" { capabilities = ["create", "read", "list"] }
    path "${secrets}/ids/{{identity.entity.id}}" { capabilities = ["create", "read"] }
    path "${secrets}/names/{{identity.entity.name}}" { capabilities = ["create"] }
    path "${secrets}/others/{{identity.entity.aliases.other.name}}" { capabilities = ["create"] }
    path "${secrets}/groups/{{identity.groups.names.ops.id}}" { capabilities = ["create"] }`
  expect((await vault.request('PUT', `sys/policies/acl/${policy}`, { body: { policy: text } })).status).toBe(204)
})
afterAll(async () => {
  await vault.request('DELETE', `sys/auth/${people}`)
  await vault.request('DELETE', `sys/mounts/${secrets}`)
  await vault.request('DELETE', `sys/policies/acl/${policy}`)
  await vault.close()
})

async function login(name: string): Promise<{ token: string; entity: string }> {
  await vault.request('POST', `auth/${people}/users/${name}`, { body: { password: 'pw', token_policies: policy } })
  const answer = await vault.request('POST', `auth/${people}/login/${name}`, { token: '', body: { password: 'pw' } })
  return { token: String(field(answer, 'auth', 'client_token')), entity: String(field(answer, 'auth', 'entity_id')) }
}
const write = async (token: string, path: string): Promise<number> =>
  (await vault.request('POST', `${secrets}/${path}`, { token, body: { value: '1' } })).status

describe('a policy with templates', () => {
  it('gives each of them their own folder, and nobody else’s', async () => {
    const [ann, bob] = [await login('ann'), await login('bob')]
    expect(await write(ann.token, 'people/ann/x')).toBe(204)
    expect(await write(bob.token, 'people/bob/x')).toBe(204)
    for (const [{ token }, path] of [
      [ann, 'people/bob/y'],
      [bob, 'people/ann/y'],
      [ann, 'people/ann'],
      [ann, 'people/{{identity.entity.name}}/y'],
    ] as const)
      expect(await write(token, path)).toBe(403)
    expect((await vault.request('GET', `${secrets}/people/ann/x`, { token: bob.token })).status).toBe(403)
  })

  it('knows entities by id and name, the same in child tokens', async () => {
    const { token, entity } = await login('cid')
    expect(await write(token, `ids/${entity}`)).toBe(204)
    expect(await write(token, `ids/${entity}x`)).toBe(403)
    const child = await vault.request('POST', 'auth/token/create', { body: { policies: [policy] }, token })
    // `default` alone does not allow it.
    expect(child.status).toBe(403)
    // Vault and OpenBao name an entity `entity_` and eight digits of their own; here they are those of its id.
    if (vault.embedded) expect(await write(token, `names/entity_${entity.slice(0, 8)}`)).toBe(204)
    else expect(await write(token, `names/entity_${entity.slice(0, 8)}`)).toBe(403)
  })

  it('drops what it cannot resolve, and keeps the rest', async () => {
    const { token, entity } = await login('dan')
    for (const path of ['others/dan', 'groups/ops', 'others/{{identity.entity.aliases.other.name}}'])
      expect(await write(token, path)).toBe(403)
    expect(await write(token, `ids/${entity}`)).toBe(204)
  })

  it('gives a token without an entity nothing of it', async () => {
    const made = await vault.request('POST', 'auth/token/create', { body: { policies: [policy] } })
    const token = String(field(made, 'auth', 'client_token'))
    for (const path of ['people/x/x', 'ids/undefined', 'people/undefined/x']) expect(await write(token, path)).toBe(403)
  })

  it('shows resolved paths in capabilities', async () => {
    const { token } = await login('eve')
    const asked = [`${secrets}/people/eve/x`, `${secrets}/people/ann/x`]
    const answer = await vault.request('POST', 'sys/capabilities-self', { token, body: { paths: asked } })
    expect(asked.map((path) => field(answer, 'data', path))).toEqual([['create', 'list', 'read'], ['deny']])
    const acl = await vault.request('GET', 'sys/internal/ui/resultant-acl', { token })
    expect(Object.keys(field(acl, 'data', 'glob_paths') as object)).toContain(`${secrets}/people/eve/`)
  })
})
