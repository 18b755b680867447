/** `sys/plenum/status`, Plenum's own: what it tells, and to whom. On another server it is not there. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serverStatus } from '../../src/vault/index.ts'
import { openTarget, type Target } from './target.case.ts'

const auditFolder = mkdtempSync(join(tmpdir(), 'plenum-status-'))
let target: Target
beforeAll(async () => {
  target = await openTarget({ auditFolder })
})
afterAll(async () => {
  await target.close()
  rmSync(auditFolder, { recursive: true, force: true })
})

describe('sys/plenum/status', () => {
  it('tells how the server does', async ({ skip }) => {
    if (!target.embedded) skip('Plenum alone has it')
    const { client, request, address } = target
    await request('PUT', 'sys/audit/file', { body: { type: 'file', options: { file_path: 'a.log' } } })
    await request('POST', 'auth/token/create', { body: { policies: ['default'], ttl: '1h' } })
    const status = await serverStatus(client)
    expect(status).toMatchObject({
      listeners: [address],
      key: { term: 1 },
      tokens: 2,
      leases: 1,
      audit: [
        {
          path: 'file/',
          type: 'file',
          place: join(auditFolder, 'a.log'),
          refused: 0,
          failingSince: undefined,
          disk: { reserve: 64 * 1024 ** 2, held: undefined },
        },
      ],
    })
    const [before] = status.audit
    const [after] = (await serverStatus(client)).audit
    // It is audited as everything else: the answer before, and the question.
    expect((after?.stored ?? 0) - (before?.stored ?? 0)).toBe(2)
    await request('DELETE', 'sys/audit/file')
    expect((await serverStatus(client)).audit).toEqual([])
  })

  it('is for who may read it, and nobody may write it', async ({ skip }) => {
    if (!target.embedded) skip('Plenum alone has it')
    const { request, unique } = target
    const statusOf = async (token: string) => (await request('GET', 'sys/plenum/status', { token })).status
    const tokenOf = async (policies: readonly string[]) => {
      const { json } = await request('POST', 'auth/token/create', { body: { policies } })
      return (json['auth'] as unknown as { readonly client_token: string }).client_token
    }
    const policy = unique('watcher')
    await request('PUT', `sys/policies/acl/${policy}`, {
      body: { policy: 'path "sys/plenum/status" { capabilities = ["read"] }' },
    })
    expect(await statusOf('')).toBe(403)
    expect(await statusOf(await tokenOf(['default']))).toBe(403)
    expect(await statusOf(await tokenOf([policy]))).toBe(200)
    expect((await request('POST', 'sys/plenum/status', { body: {} })).status).toBe(405)
    expect((await request('GET', 'sys/plenum')).status).toBe(404)
  })

  it('is told apart from a server that has none', async ({ skip }) => {
    if (target.embedded) skip('the embedded server has it')
    await expect(serverStatus(target.client)).rejects.toMatchObject({ code: 'vault-not-found' })
  })
})
