/** KV version 1 (vault-api 5), as clients see it: on the embedded server, Vault and OpenBao alike. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTarget, type RawAnswer, type Target } from './target.case.ts'

let vault: Target
let mount: string

beforeAll(async () => {
  vault = await openTarget()
  mount = vault.unique('kv1')
  // hvac sends the version as a number.
  expect((await enable(mount, { type: 'kv', options: { version: 1 } })).status).toBe(204)
})
afterAll(async () => {
  await vault.request('DELETE', `sys/mounts/${mount}`)
  await vault.close()
})

const enable = (path: string, body: unknown): Promise<RawAnswer> =>
  vault.request('POST', `sys/mounts/${path}`, { body })
const put = (path: string, body: unknown): Promise<RawAnswer> => vault.request('POST', `${mount}/${path}`, { body })
const get = (path: string): Promise<RawAnswer> => vault.request('GET', `${mount}/${path}`)
const keys = (answer: RawAnswer): unknown => (answer.json['data'] as unknown as { keys: unknown } | null)?.keys

async function tokenWith(policy: string): Promise<string> {
  const name = vault.unique(`kv1-${Math.random().toString(36).slice(2)}`)
  await vault.request('POST', `sys/policies/acl/${name}`, { body: { policy } })
  const made = await vault.request('POST', 'auth/token/create', { body: { policies: [name], ttl: '10m' } })
  return (made.json['auth'] as unknown as { client_token: string }).client_token
}

describe('KV version 1', () => {
  it('is a mount of type kv with version 1, by each of its names', async () => {
    for (const body of [{ type: 'kv' }, { type: 'kv', options: { version: '1' } }]) {
      const path = vault.unique('named')
      expect((await enable(path, body)).status).toBe(204)
      const shown = await vault.request('GET', `sys/mounts/${path}`)
      expect(shown.json['data']).toMatchObject({ type: 'kv' })
      expect((await vault.request('POST', `${path}/a`, { body: { k: 'v' } })).status).toBe(204)
      expect((await vault.request('GET', `${path}/a`)).json['data']).toEqual({ k: 'v' })
      expect((await vault.request('DELETE', `sys/mounts/${path}`)).status).toBe(204)
    }
    expect((await enable(vault.unique('named'), { type: 'kv', options: { version: '3' } })).status).toBe(400)
  })

  it('returns what was written, exactly', async () => {
    const text = '{"a":1.10,"data":{"k":"v"},"n":12345678901234567890,"x":null}'
    expect((await put('dir/exact', text)).status).toBe(204)
    const answer = await get('dir/exact')
    expect(answer.status).toBe(200)
    expect(answer.text).toContain(`"data":${text}`)
    expect(answer.json).toMatchObject({ lease_id: '', renewable: false, lease_duration: 2764800, warnings: null })
    expect((await put('dir/exact', { b: 2 })).status).toBe(204)
    expect((await get('dir/exact')).json['data']).toEqual({ b: 2 })
  })

  it('says how long the secret wants to be used for', async () => {
    for (const [secret, seconds] of [
      [{ ttl: '1h' }, 3600],
      [{ lease: 30 }, 30],
      [{ ttl: 'junk' }, 2764800],
    ] as const) {
      await put('lease', secret)
      expect((await get('lease')).json).toMatchObject({ data: secret, lease_duration: seconds })
    }
    await put('lease', { k: 'v' })
    await vault.request('POST', `sys/mounts/${mount}/tune`, { body: { default_lease_ttl: '5m' } })
    expect((await get('lease')).json['lease_duration']).toBe(300)
    await vault.request('POST', `sys/mounts/${mount}/tune`, { body: { default_lease_ttl: 'system' } })
  })

  it('lists, deletes and has no answer for what is not there', async () => {
    for (const path of ['list/b', 'list/a', 'list/a/c']) await put(path, { k: 'v' })
    expect(keys(await vault.request('LIST', `${mount}/list`))).toEqual(['a', 'a/', 'b'])
    expect(keys(await vault.request('GET', `${mount}/list/a?list=true`))).toEqual(['c'])
    expect((await vault.request('DELETE', `${mount}/list/a`)).status).toBe(204)
    expect((await vault.request('DELETE', `${mount}/list/a`)).status).toBe(204)
    const absent = await get('list/a')
    expect([absent.status, absent.json]).toEqual([404, { errors: [] }])
    expect((await vault.request('LIST', `${mount}/none`)).status).toBe(404)
  })

  it('refuses what is no secret', async () => {
    const errors = async (answer: Promise<RawAnswer>): Promise<unknown> => [
      (await answer).status,
      (await answer).json['errors'],
    ]
    expect(await errors(put('a', {}))).toEqual([400, ['missing data fields']])
    expect(await errors(put('a/', { k: 'v' }))).toEqual([400, ["cannot write to a path ending in '/'"]])
    expect(await errors(vault.request('POST', mount, { body: { k: 'v' } }))).toEqual([400, ['missing path']])
    const headers = { 'Content-Type': 'application/merge-patch+json' }
    const patched = vault.request('PATCH', `${mount}/a`, { body: { k: 'v' }, headers })
    expect(await errors(patched)).toEqual([405, ['1 error occurred:\n\t* unsupported operation\n\n']])
  })

  it('tells a create from an update', async () => {
    const creates = await tokenWith(`path "${mount}/own/*" { capabilities = ["create"] }`)
    const updates = await tokenWith(`path "${mount}/own/*" { capabilities = ["update"] }`)
    const write = (token: string): Promise<RawAnswer> =>
      vault.request('PUT', `${mount}/own/a`, { token, body: { k: 'v' } })
    expect((await write(updates)).status).toBe(403)
    expect((await write(creates)).status).toBe(204)
    expect((await write(creates)).status).toBe(403)
    expect((await write(updates)).status).toBe(204)
    expect((await vault.request('GET', `${mount}/own/a`, { token: updates })).status).toBe(403)
  })

  it('forgets everything with its mount', async () => {
    const path = vault.unique('again')
    await enable(path, { type: 'kv' })
    await vault.request('POST', `${path}/a`, { body: { k: 'v' } })
    await vault.request('DELETE', `sys/mounts/${path}`)
    await enable(path, { type: 'kv' })
    expect((await vault.request('GET', `${path}/a`)).status).toBe(404)
    await vault.request('DELETE', `sys/mounts/${path}`)
  })
})

describe('a mount of version 1', () => {
  it('becomes version 2 by tuning, and not the other way round', async () => {
    const path = vault.unique('upgrade')
    const tune = (body: unknown): Promise<RawAnswer> => vault.request('POST', `sys/mounts/${path}/tune`, { body })
    await enable(path, { type: 'kv', options: { version: '1' } })
    for (const key of ['a', 'a/b', 'c']) await vault.request('POST', `${path}/${key}`, { body: { key } })
    expect((await tune({ options: { version: '3' } })).status).toBe(400)
    expect((await vault.request('GET', `${path}/a`)).json['data']).toEqual({ key: 'a' })

    const upgraded = await tune({ options: { version: 2 } })
    expect([upgraded.status, upgraded.json['warnings']]).toEqual([
      200,
      [
        'Upgrading mount from version 1 to version 2. This mount will be unavailable for a brief period and will resume service shortly.',
      ],
    ])
    for (let tries = 0; !vault.embedded && tries < 100; tries += 1) {
      if ((await vault.request('LIST', `${path}/metadata`)).status === 200) break
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    expect(keys(await vault.request('LIST', `${path}/metadata`))).toEqual(['a', 'a/', 'c'])
    for (const key of ['a', 'a/b', 'c']) {
      const { json } = await vault.request('GET', `${path}/data/${key}`)
      expect(json['data']).toMatchObject({ data: { key }, metadata: { version: 1, destroyed: false } })
    }
    const written = await vault.request('POST', `${path}/data/a`, {
      body: { data: { key: 'new' }, options: { cas: 1 } },
    })
    expect(written.json['data']).toMatchObject({ version: 2 })

    const shown = await vault.request('GET', `sys/mounts/${path}/tune`)
    expect(shown.json['data']).toMatchObject({ options: { version: '2' } })
    const back = await tune({ options: { version: '1' } })
    expect([back.status, back.json['errors']]).toEqual([400, ['cannot downgrade mount from version 2']])
    expect((await tune({ options: { version: '2' } })).status).toBe(204)
    expect((await tune({ description: 'tuned' })).status).toBe(204)
    expect((await vault.request('GET', `${path}/data/a`)).json['data']).toMatchObject({ data: { key: 'new' } })
    await vault.request('DELETE', `sys/mounts/${path}`)
  })
})
