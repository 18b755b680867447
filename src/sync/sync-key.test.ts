import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sensitive, type Sensitive } from '../sensitive/index.ts'
import { startTestServer, type TestServer } from '../testing/index.ts'
import { deleteSecretVersion, readSecret, staticToken, VaultClient, writePolicy, writeSecret } from '../vault/index.ts'
import { syncKey } from './sync-key.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.close())

interface Asking {
  readonly made?: number
  readonly isDryRun?: boolean
  readonly client?: VaultClient
  readonly whenMade?: () => void
}

function keyAt(path: string, asking: Asking = {}): Promise<Sensitive<Buffer> | undefined> {
  const { made = 1, isDryRun = false, client = server.client, whenMade = () => undefined } = asking
  const randomBytes = (size: number): Buffer => {
    whenMade()
    return Buffer.alloc(size, made)
  }
  return syncKey({ client, mount: 'secret', path, randomBytes }, isDryRun)
}

const bytes = (key: Sensitive<Buffer> | undefined): Buffer | undefined => key?.reveal()
/** For a token with nothing but these on the path. */
async function clientWith(capabilities: string, path: string): Promise<VaultClient> {
  const policy = path.replaceAll('/', '-')
  await writePolicy(server.client, policy, `path "secret/data/${path}" { capabilities = [${capabilities}] }`)
  const reply = await server.client.request('POST', 'auth/token/create', { body: { policies: [policy] } })
  const { auth } = reply.body as { auth: { client_token: string } }
  return new VaultClient({ address: server.address, tokens: staticToken(sensitive(auth.client_token)) })
}
const put = (path: string, data: Record<string, string>, cas = 0): Promise<unknown> =>
  writeSecret(server.client, 'secret', path, sensitive(data), cas)

describe('the key of sync', () => {
  it('is made once, and is the one that is there from then on', async () => {
    expect(bytes(await keyAt('plenum/a/sync'))).toEqual(Buffer.alloc(32, 1))
    expect(bytes(await keyAt('plenum/a/sync', { made: 2 }))).toEqual(Buffer.alloc(32, 1))
    expect(await readSecret(server.client, 'secret', 'plenum/a/sync')).toMatchObject({ version: 1 })
  })

  it('is not made by a dry run, which takes one that is there', async () => {
    expect(await keyAt('plenum/b/sync', { isDryRun: true })).toBeUndefined()
    expect(await readSecret(server.client, 'secret', 'plenum/b/sync')).toEqual({ kind: 'absent' })
    await keyAt('plenum/b/sync', { made: 3 })
    expect(bytes(await keyAt('plenum/b/sync', { isDryRun: true }))).toEqual(Buffer.alloc(32, 3))
  })

  it('is one for instances that start at the same moment', async () => {
    const all = await Promise.all([4, 5, 6, 7].map((made) => keyAt('plenum/c/sync', { made })))
    const first = bytes(all[0])
    expect(first).toHaveLength(32)
    for (const key of all) expect(bytes(key)).toEqual(first)
  })

  it('is made with no more rights than to create and read it', async () => {
    const client = await clientWith('"create", "read"', 'plenum/d/sync')
    try {
      expect(bytes(await keyAt('plenum/d/sync', { client }))).toEqual(Buffer.alloc(32, 1))
      expect(bytes(await keyAt('plenum/d/sync', { client, made: 2 }))).toEqual(Buffer.alloc(32, 1))
    } finally {
      await client.close()
    }
  })

  it('is that of an instance that was quicker, with no more rights either', async () => {
    const client = await clientWith('"create", "read"', 'plenum/g/sync')
    const request: VaultClient['request'] = async (method, path, options) => {
      if (method === 'POST') await put('plenum/g/sync', { key: Buffer.alloc(32, 9).toString('base64') })
      return client.request(method, path, options)
    }
    try {
      const late = Object.create(client, { request: { value: request } }) as VaultClient
      expect(bytes(await keyAt('plenum/g/sync', { client: late }))).toEqual(Buffer.alloc(32, 9))
    } finally {
      await client.close()
    }
  })

  it('is not made without the right to create it', async () => {
    const client = await clientWith('"read"', 'plenum/h/sync')
    try {
      await expect(keyAt('plenum/h/sync', { client })).rejects.toMatchObject({ code: 'vault-denied' })
    } finally {
      await client.close()
    }
  })

  it.each<[string, Record<string, string>]>([
    ['another secret', { password: 'planted' }],
    ['a key that is too short', { key: Buffer.alloc(31, 1).toString('base64') }],
    ['a key that is too long', { key: Buffer.alloc(33, 1).toString('base64') }],
    ['an empty key', { key: '' }],
  ])('is refused where %s stands, and that is not replaced', async (what, data) => {
    const path = `plenum/${what.replaceAll(' ', '-')}/sync`
    await put(path, data)
    const refusal = await keyAt(path).catch((error: unknown) => error)
    expect(refusal).toMatchObject({ name: 'SyncKeyError', code: 'sync-key' })
    expect(refusal).toHaveProperty('message', expect.stringContaining(path))
    expect(JSON.stringify(refusal)).not.toContain('planted')
    expect(await readSecret(server.client, 'secret', path)).toMatchObject({ kind: 'found', version: 1 })
  })

  it('is refused when it was deleted: the records under it would mean nothing', async () => {
    await keyAt('plenum/e/sync')
    await deleteSecretVersion(server.client, 'secret', 'plenum/e/sync', 1)
    for (const isDryRun of [false, true]) {
      await expect(keyAt('plenum/e/sync', { isDryRun })).rejects.toMatchObject({ code: 'sync-key' })
    }
  })

  it('passes on what Vault refuses', async () => {
    const client = new VaultClient({ address: server.address, tokens: staticToken(sensitive('hvs.none')) })
    try {
      await expect(keyAt('plenum/f/sync', { client })).rejects.toMatchObject({ code: 'vault-denied' })
    } finally {
      await client.close()
    }
  })
})
