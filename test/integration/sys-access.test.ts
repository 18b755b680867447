/** Policies, capabilities and what a user interface asks, over the wire, on the embedded server, OpenBao or Vault alike. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { field, openTarget, type RawAnswer, type Target } from './target.case.ts'

let vault: Target
let mount: string
/** May read and list below `<mount>/data/open`, and is denied `<mount>/data/open/shut`. */
let token: string
let accessor: string
let policy: string

beforeAll(async () => {
  vault = await openTarget()
  mount = vault.unique('access')
  policy = vault.unique('access')
  await post(`sys/mounts/${mount}`, { type: 'kv', options: { version: '2' } })
  await post(`sys/policies/acl/${policy}`, {
    policy: `path "${mount}/data/open/*" { capabilities = ["read", "list"] }
path "${mount}/data/open/shut" { capabilities = ["deny"] }
path "${mount}/+/both" { capabilities = ["update", "create"] }
path "sys/capabilities-accessor" { capabilities = ["update"] }`,
  })
  const made = await post('auth/token/create', { policies: [policy] })
  token = String(field(made, 'auth', 'client_token'))
  accessor = String(field(made, 'auth', 'accessor'))
})
afterAll(async () => {
  await vault.request('DELETE', `sys/policies/acl/${policy}`)
  await vault.request('DELETE', `sys/mounts/${mount}`)
  await vault.close()
})

const post = (path: string, body: unknown, as?: string): Promise<RawAnswer> =>
  vault.request('POST', path, { body, ...(as === undefined ? {} : { token: as }) })
const get = (path: string, as?: string): Promise<RawAnswer> =>
  vault.request('GET', path, as === undefined ? {} : { token: as })

describe('policies', () => {
  it('are listed by both names, by GET and by LIST, the older one also at the top level', async () => {
    const lists = ['sys/policies/acl?list=true', 'sys/policy', 'sys/policy?list=true']
    // OpenBao 2.5.5 answers a GET of it with 405.
    for (const path of vault.embedded ? ['sys/policies/acl', ...lists] : lists) {
      const keys = field(await get(path), 'data', 'keys') as string[]
      expect([path, keys]).toEqual([path, expect.arrayContaining(['default', 'root', policy])])
      expect(keys).not.toContain('response-wrapping')
      expect(keys.toSorted()).toEqual(keys)
    }
    for (const path of ['sys/policy', 'sys/policy?list=true']) {
      const answer = await get(path)
      for (const name of ['keys', 'policies'])
        expect([path, name, field(answer, name)]).toEqual([path, name, field(answer, 'data', 'keys')])
    }
    expect((await get('sys/policies/acl?list=true')).json['keys']).toBeUndefined()
  })

  it('are written, read and deleted by the older name', async () => {
    const name = vault.unique('older')
    const text = 'path "x" { capabilities = ["read"] }'
    expect((await vault.request('PUT', `sys/policy/${name}`, { body: { policy: text } })).status).toBe(204)
    const read = await get(`sys/policy/${name}`)
    expect(field(read, 'data')).toMatchObject({ name, rules: text })
    expect([field(read, 'name'), field(read, 'rules')]).toEqual([name, text])
    const deprecated = await vault.request('PUT', `sys/policy/${name}`, { body: { rules: text } })
    expect(String(field(deprecated, 'warnings'))).toContain("'rules' is deprecated, please use 'policy' instead")
    expect((await vault.request('DELETE', `sys/policy/${name}`)).status).toBe(204)
    expect((await get(`sys/policy/${name}`)).status).toBe(404)
  })

  it('have names in lower case, and fixed ones stay', async () => {
    const name = vault.unique('Upper')
    const made = await vault.request('PUT', `sys/policies/acl/${name}`, {
      body: { policy: 'path "x" { capabilities = ["read"] }' },
    })
    expect([made.status, String(field(made, 'warnings'))]).toEqual([200, expect.stringContaining('converted to')])
    expect(field(await get(`sys/policies/acl/${name}`), 'data', 'name')).toBe(name.toLowerCase())
    await vault.request('DELETE', `sys/policies/acl/${name}`)
    const body = { policy: 'path "x" { capabilities = ["read"] }' }
    for (const fixed of ['root', 'response-wrapping'])
      expect([fixed, (await vault.request('PUT', `sys/policies/acl/${fixed}`, { body })).status]).toEqual([fixed, 400])
    for (const fixed of ['root', 'default'])
      expect([fixed, (await vault.request('DELETE', `sys/policies/acl/${fixed}`)).status]).toEqual([fixed, 400])
    expect(field(await get('sys/policies/acl/root'), 'data')).toMatchObject({ name: 'root', policy: '' })
    const empty = await vault.request('PUT', `sys/policies/acl/${name}`, { body: { policy: '' } })
    expect([empty.status, field(empty, 'errors')]).toEqual([400, ["'policy' parameter not supplied or empty"]])
  })
})

describe('capabilities', () => {
  it('of several paths, sorted, also at the top level', async () => {
    const paths = [`${mount}/data/open/x`, `${mount}/data/open/shut`, `${mount}/data/both`, `${mount}/none`]
    const wanted = {
      [`${mount}/data/open/x`]: ['list', 'read'],
      [`${mount}/data/open/shut`]: ['deny'],
      [`${mount}/data/both`]: ['create', 'update'],
      [`${mount}/none`]: ['deny'],
    }
    for (const answer of [
      await post('sys/capabilities-self', { paths }, token),
      await post('sys/capabilities', { paths, token }),
      await post('sys/capabilities-accessor', { paths, accessor }),
    ]) {
      expect(answer.status).toBe(200)
      expect(field(answer, 'data')).toEqual(wanted)
      expect(answer.json).toMatchObject(wanted)
    }
  })

  it('of one path also by the name capabilities', async () => {
    const answer = await post('sys/capabilities-self', { path: `${mount}/data/open/x` }, token)
    expect(field(answer, 'data', 'capabilities')).toEqual(['list', 'read'])
    expect(field(answer, 'capabilities')).toEqual(['list', 'read'])
    expect(field(await post('sys/capabilities-self', { paths: 'any/thing' }), 'data', 'any/thing')).toEqual(['root'])
  })

  it('S43: of a token that does not exist are refused, and asking needs a policy', async () => {
    const unknown = await post('sys/capabilities', { paths: ['x'], token: 'hvs.AAAAAAAAAAAAAAAAAAAAAAAA' })
    expect(unknown.status).toBe(400)
    expect((await post('sys/capabilities-accessor', { paths: ['x'], accessor: 'none' })).status).toBe(400)
    expect((await post('sys/capabilities', { paths: ['x'], token }, token)).status).toBe(403)
    expect((await post('sys/capabilities-accessor', { paths: ['x'], accessor }, token)).status).toBe(200)
    const without = await post('sys/capabilities-self', {}, token)
    expect([without.status, String(field(without, 'errors'))]).toEqual([
      400,
      expect.stringContaining('paths must be supplied'),
    ])
  })
})

describe('sys/internal/ui', () => {
  it('S42: shows nobody but those who may the mounts that are not open to all', async () => {
    const open = vault.unique('open')
    await post(`sys/mounts/${open}`, { type: 'kv', config: { listing_visibility: 'unauth' }, options: { version: 2 } })
    const nobody = field(await get('sys/internal/ui/mounts', ''), 'data', 'secret') as Record<string, unknown>
    expect(nobody[`${open}/`]).toMatchObject({ type: 'kv', options: { version: '2' } })
    expect(nobody[`${mount}/`]).toBeUndefined()
    const mine = field(await get('sys/internal/ui/mounts', token), 'data', 'secret') as Record<string, unknown>
    expect(mine[`${mount}/`]).toMatchObject({ type: 'kv' })
    const all = field(await get('sys/internal/ui/mounts'), 'data', 'auth') as Record<string, unknown>
    expect(all['token/']).toMatchObject({ type: 'token' })
    await vault.request('DELETE', `sys/mounts/${open}`)
  })

  it('S42: answers "no such mount" and "not yours" alike', async () => {
    const texts = await Promise.all(
      [`sys/internal/ui/mounts/${mount}/data/x`, `sys/internal/ui/mounts/${vault.unique('none')}/data/x`].map(
        async (path) => {
          const made = await post('auth/token/create', { policies: ['default'] })
          const answer = await get(path, String(field(made, 'auth', 'client_token')))
          return [answer.status, String(field(answer, 'errors')).replace(/"[^"]*"/, '')]
        },
      ),
    )
    expect(texts[0]).toEqual(texts[1])
    expect(texts[0]).toEqual([403, expect.stringContaining('preflight capability check returned 403')])
    expect(field(await get(`sys/internal/ui/mounts/${mount}/data/open/x`, token), 'data')).toMatchObject({
      path: `${mount}/`,
      type: 'kv',
      options: { version: '2' },
    })
  })

  it('adds up what the policies say', async () => {
    const answer = await get('sys/internal/ui/resultant-acl', token)
    expect(field(answer, 'data', 'root')).toBe(false)
    expect(field(answer, 'data', 'exact_paths', `${mount}/data/open/shut`)).toEqual({ capabilities: ['deny'] })
    expect(field(answer, 'data', 'exact_paths', 'auth/token/lookup-self')).toEqual({ capabilities: ['read'] })
    expect(field(answer, 'data', 'glob_paths', `${mount}/data/open/`)).toEqual({ capabilities: ['list', 'read'] })
    expect(field(await get('sys/internal/ui/resultant-acl'), 'data')).toMatchObject({ root: true })
    expect((await get('sys/internal/ui/resultant-acl', '')).status).toBe(403)
  })

  it('names no namespace but the root', async () => {
    // OpenBao has namespaces, and names none as 404.
    if (vault.embedded) expect(field(await get('sys/internal/ui/namespaces'), 'data', 'keys')).toEqual([''])
    expect((await get('sys/internal/ui/namespaces', '')).status).toBeGreaterThanOrEqual(400)
  })
})
