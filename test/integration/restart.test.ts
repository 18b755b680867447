/** What must be there after a restart: everything that was acknowledged, whoever did it at the same moment. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { type EmbeddedServer, startServer } from '../../src/server/index.ts'
import { sensitive } from '../../src/sensitive/index.ts'
import { staticToken, VaultClient } from '../../src/vault/index.ts'

const work = mkdtempSync(join(tmpdir(), 'plenum-restart-'))
afterAll(() => rmSync(work, { recursive: true, force: true }))

interface Life {
  readonly server: EmbeddedServer
  readonly client: VaultClient
}

const folder = join(work, 'vault')
let key: Buffer = Buffer.alloc(0)
let token = ''

async function live(): Promise<Life> {
  const server = await startServer({
    storage: { kind: 'lmdb', folder },
    port: 0,
    auditFolders: [work],
    beforeListen: async (core) => {
      if (!core.initialized) {
        const { keys, rootToken } = await core.initialize({ shares: 1, threshold: 1 })
        key = Buffer.from(keys[0] ?? [])
        token = rootToken
      }
      await core.unsealWithKey(Buffer.from(key))
    },
  })
  return { server, client: new VaultClient({ address: server.address, tokens: staticToken(sensitive(token)) }) }
}

async function end({ server, client }: Life): Promise<void> {
  await client.close()
  await server.close()
}

const names = (body: unknown): string[] => Object.keys((body as { data: object }).data)

describe('a restart', () => {
  it('keeps mounts, auth methods, audit devices and policies that were made at the same moment', async () => {
    const first = await live()
    const { client } = first
    await Promise.all([
      ...Array.from({ length: 8 }, (_, n) =>
        client.request('POST', `sys/mounts/kv${n}`, { body: { type: 'kv', options: { version: '2' } } }),
      ),
      ...Array.from({ length: 4 }, (_, n) =>
        client.request('POST', `sys/auth/role${n}`, { body: { type: 'approle' } }),
      ),
      ...Array.from({ length: 3 }, (_, n) =>
        client.request('PUT', `sys/audit/file${n}`, {
          body: { type: 'file', options: { file_path: join(work, `audit-${n}.log`) } },
        }),
      ),
      ...Array.from({ length: 8 }, (_, n) =>
        client.request('PUT', `sys/policies/acl/policy${n}`, {
          body: { policy: `path "kv${n}/*" { capabilities = ["read"] }` },
        }),
      ),
    ])
    await client.request('DELETE', 'sys/mounts/kv7')
    await end(first)

    const second = await live()
    expect(
      names((await second.client.request('GET', 'sys/mounts')).body).filter((name) => name.startsWith('kv')),
    ).toEqual(['kv0/', 'kv1/', 'kv2/', 'kv3/', 'kv4/', 'kv5/', 'kv6/'])
    expect(
      names((await second.client.request('GET', 'sys/auth')).body).filter((name) => name.startsWith('role')),
    ).toHaveLength(4)
    expect(names((await second.client.request('GET', 'sys/audit')).body)).toHaveLength(3)
    const { body } = await second.client.request('LIST', 'sys/policies/acl')
    expect((body as { data: { keys: string[] } }).data.keys.filter((name) => name.startsWith('policy'))).toHaveLength(8)
    await end(second)
  })

  it('S45: a sealed server answers nothing but its state, and unseals with its key alone', async () => {
    const life = await live()
    await life.client.request('POST', 'sys/seal')
    const sealed = await fetch(`${life.server.address}/v1/sys/mounts`, { headers: { 'X-Vault-Token': token } })
    expect([sealed.status, await sealed.text()]).toEqual([503, '{"errors":["Vault is sealed"]}\n'])
    expect((await fetch(`${life.server.address}/v1/sys/health`)).status).toBe(503)
    const wrong = await fetch(`${life.server.address}/v1/sys/unseal`, {
      method: 'PUT',
      body: JSON.stringify({ key: '00'.repeat(32) }),
    })
    expect(wrong.status).toBe(400)
    const right = await fetch(`${life.server.address}/v1/sys/unseal`, {
      method: 'PUT',
      body: JSON.stringify({ key: key.toString('hex') }),
    })
    expect(((await right.json()) as { sealed: boolean }).sealed).toBe(false)
    expect((await life.client.request('GET', 'sys/mounts')).status).toBe(200)
    await end(life)
  })
})
