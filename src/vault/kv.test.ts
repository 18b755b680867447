import { afterEach, describe, expect, it } from 'vitest'
import { ABSENT, type Answer, type Asked, type FakeVault, failure, startFakeVault } from './fake-vault.case.ts'
import { listPlainSecrets, readPlainSecret } from './kv1.ts'
import { listSecrets, readSecretVersions } from './kv2.ts'

let fake: FakeVault

async function answering(answer: (asked: Asked) => Answer) {
  fake = await startFakeVault(answer)
  return fake.connect()
}

afterEach(() => fake.close())

const found = (data: unknown): Answer => ({ status: 200, json: { data } })
const T = '2026-01-31T12:00:00Z'
const AT = Date.parse(T)

describe('KV version 1', () => {
  it('reads the data as it is, wrapped', async () => {
    const client = await answering(() => found({ data: { nested: 1 }, ttl: '1h' }))
    const read = await readPlainSecret(client, 'kv', 'a b/c')
    expect(fake.asked[0]?.url).toBe('/v1/kv/a%20b/c')
    expect(String(read)).toBe('[sensitive]')
    expect(read?.reveal()).toEqual({ data: { nested: 1 }, ttl: '1h' })
  })

  it('tells absence from failure', async () => {
    const client = await answering(({ url }) => (url.includes('none') ? ABSENT : { status: 403, json: { errors: [] } }))
    expect(await readPlainSecret(client, 'kv', 'none')).toBeUndefined()
    expect((await failure(readPlainSecret(client, 'kv', 'x'))).code).toBe('vault-denied')
  })

  it('lists a folder and the mount itself', async () => {
    const client = await answering(({ url }) => (url.includes('/empty') ? ABSENT : found({ keys: ['a', 'a/'] })))
    expect(await listPlainSecrets(client, 'kv', '')).toEqual(['a', 'a/'])
    expect(await listPlainSecrets(client, 'kv', 'f/')).toEqual(['a', 'a/'])
    expect(await listPlainSecrets(client, 'kv', 'empty')).toEqual([])
    expect(fake.asked.map(({ url }) => url)).toEqual([
      '/v1/kv?list=true',
      '/v1/kv/f?list=true',
      '/v1/kv/empty?list=true',
    ])
  })

  it.each(['../x', '', 'a//b', 'a/b/'])('refuses %j as a key: it is no name of a child', async (key) => {
    const client = await answering(() => found({ keys: ['fine', key] }))
    expect((await failure(listPlainSecrets(client, 'kv', 'f'))).code).toBe('vault-malformed-answer')
    expect((await failure(listSecrets(client, 'kv', 'f'))).code).toBe('vault-malformed-answer')
  })
})

describe('versions of a KV version 2 secret', () => {
  const record = (versions: unknown) =>
    found({ current_version: 11, updated_time: T, custom_metadata: { owner: 'a' }, versions })
  const standing = { created_time: T, deletion_time: '', destroyed: false }

  it('come oldest first, by number and not by text', async () => {
    const client = await answering(() =>
      record({ 10: { ...standing, deletion_time: T }, 2: standing, 11: { ...standing, destroyed: true } }),
    )
    expect(await readSecretVersions(client, 'kv', 'x')).toEqual({
      currentVersion: 11,
      updatedAt: AT,
      customMetadata: { owner: 'a' },
      versions: [
        { version: 2, createdAt: AT, deletedAt: undefined, destroyed: false },
        { version: 10, createdAt: AT, deletedAt: AT, destroyed: false },
        { version: 11, createdAt: AT, deletedAt: undefined, destroyed: true },
      ],
    })
  })

  it('are none for metadata that was written before any data', async () => {
    const client = await answering(() => record({}))
    expect((await readSecretVersions(client, 'kv', 'x'))?.versions).toEqual([])
  })

  it('are absent with the secret', async () => {
    const client = await answering(() => ABSENT)
    expect(await readSecretVersions(client, 'kv', 'x')).toBeUndefined()
  })

  it.each([[{ one: standing }], [{ 0: standing }], [undefined], [{ 1: { ...standing, destroyed: 'no' } }]])(
    'of another shape are an error: %j',
    async (versions) => {
      const client = await answering(() => record(versions))
      expect((await failure(readSecretVersions(client, 'kv', 'x'))).code).toBe('vault-malformed-answer')
    },
  )
})
