/** A list of thousands of names, audited: nobody else waits for it, whatever it is a list of. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type EmbeddedServer, startServer } from './index.ts'
import { turnsDuring } from './turns.case.ts'

const NAMES = 3000
const folder = mkdtempSync(join(tmpdir(), 'plenum-long-lists-'))
let server: EmbeddedServer
let token: string

async function ask(
  method: string,
  path: string,
  body?: object,
): Promise<{ readonly data: { readonly keys: string[] } }> {
  const { status, text } = await server.answer({
    method,
    path: `/v1/${path}`,
    headers: { 'x-vault-token': token },
    body: body === undefined ? undefined : JSON.stringify(body),
  })
  expect(status).toBeLessThan(300)
  return JSON.parse(text || '{}') as { readonly data: { readonly keys: string[] } }
}

beforeAll(async () => {
  server = await startServer({ storage: { kind: 'memory' }, port: 0, auditFolders: [folder] })
  const { keys, rootToken } = await server.core.initialize({ shares: 1, threshold: 1 })
  await server.core.unsealWithKey(keys[0] ?? Buffer.alloc(0))
  token = rootToken
  await ask('POST', 'sys/mounts/one', { type: 'kv', options: { version: '1' } })
  await ask('POST', 'sys/mounts/two', { type: 'kv', options: { version: '2' } })
  await ask('POST', 'sys/auth/approle', { type: 'approle' })
  await ask('POST', 'auth/approle/role/r', {})
  for (let n = 0; n < NAMES; n += 1) {
    await ask('PUT', `one/f/${n}`, { k: 'v' })
    await ask('PUT', `two/data/f/${n}`, { data: { k: 'v' } })
    await ask('POST', 'auth/approle/role/r/secret-id')
    await ask('POST', 'auth/token/create', { ttl: '1h', no_default_policy: true, policies: ['none'] })
  }
  await ask('PUT', 'sys/audit/file', { type: 'file', options: { file_path: join(folder, 'audit.log') } })
})
afterAll(async () => {
  await server.close()
  rmSync(folder, { recursive: true, force: true })
})

describe('others have their turn', () => {
  it.each([
    ['LIST', 'one/f'],
    ['SCAN', 'one'],
    ['LIST', 'two/metadata/f'],
    ['SCAN', 'two/metadata'],
    ['LIST', 'two/detailed-metadata/f'],
    ['LIST', 'auth/token/accessors'],
    ['LIST', 'auth/approle/role/r/secret-id'],
    ['LIST', 'sys/leases/lookup/auth/token/create'],
  ])('while somebody asks for %s %s', async (method, path) => {
    let keys: readonly string[] = []
    const turns = await turnsDuring(async () => {
      ;({ keys } = (await ask(method, path)).data)
    })
    // The root token is among the accessors, and is no lease.
    expect(keys.length === NAMES || keys.length === NAMES + 1).toBe(true)
    expect(keys).toEqual([...keys].sort())
    // Every 250 names that are read, and every 500 that are hashed.
    expect(turns).toBeGreaterThanOrEqual(NAMES / 250 - 1 + NAMES / 500 - 1)
    expect(readFileSync(join(folder, 'audit.log'), 'utf8').trimEnd().split('\n').at(-1)).toContain(`"path":"${path}`)
  })

  it('while a mount goes with all that it holds', async () => {
    expect(await turnsDuring(() => ask('DELETE', 'sys/mounts/one'))).toBeGreaterThanOrEqual(NAMES / 250 - 1)
    expect(
      (await server.answer({ method: 'LIST', path: '/v1/one/f', headers: { 'x-vault-token': token }, body: undefined }))
        .status,
    ).toBe(404)
  })
})
