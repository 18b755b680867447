/** `sys/loggers` over the wire, of a server whose program keeps a log, and of one whose program keeps none. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openLog } from '../../src/cli/serving/log.ts'
import { type EmbeddedServer, startServer } from '../../src/server/index.ts'
import { openTarget } from './target.case.ts'

const lines: string[] = []
const log = openLog({
  level: 'info',
  format: 'standard',
  now: Date.now,
  exit: () => undefined,
  stream: {
    write(text, done) {
      lines.push(text)
      done()
    },
  },
})
let server: EmbeddedServer
let root: string
beforeAll(async () => {
  server = await startServer({ storage: { kind: 'memory' }, port: 0, report: log.tell, loggers: log.loggers })
  const { keys, rootToken } = await server.core.initialize({ shares: 1, threshold: 1 })
  for (const key of keys) await server.core.unsealWithKey(key)
  root = rootToken
})
afterAll(async () => {
  await server.close()
  log.close()
})

async function ask(method: string, path: string, body?: unknown, token = root) {
  const answer = await fetch(`${server.address}/v1/${path}`, {
    method,
    headers: { 'X-Vault-Token': token },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  return { status: answer.status, json: text === '' ? undefined : (JSON.parse(text) as Record<string, unknown>) }
}

describe('sys/loggers', () => {
  it('decides what the log of the server tells', async () => {
    const mount = async (path: string): Promise<boolean> => {
      lines.length = 0
      await ask('POST', `sys/mounts/${path}`, { type: 'kv' })
      return lines.some((line) => line.includes('mount made'))
    }
    expect(await mount('a')).toBe(true)
    expect((await ask('POST', 'sys/loggers/core', { level: 'error' })).status).toBe(204)
    expect(await mount('b')).toBe(false)
    expect((await ask('GET', 'sys/loggers')).json).toMatchObject({ data: { core: 'error', audit: 'info' } })
    expect((await ask('DELETE', 'sys/loggers')).status).toBe(204)
    expect(await mount('c')).toBe(true)
  })

  it('needs sudo', async () => {
    const rule = (more: string): string => `path "sys/loggers*" { capabilities = ["read", "update", "delete"${more}] }`
    const tokenWith = async (name: string, policy: string): Promise<string> => {
      await ask('POST', `sys/policies/acl/${name}`, { policy })
      const { json = {} } = await ask('POST', 'auth/token/create', { policies: [name] })
      return (json['auth'] as { readonly client_token: string }).client_token
    }
    const without = await tokenWith('without', rule(''))
    const withSudo = await tokenWith('with', rule(', "sudo"'))
    for (const path of ['sys/loggers', 'sys/loggers/core']) {
      for (const [method, body] of [['GET'], ['POST', { level: 'info' }], ['DELETE']] as const) {
        expect([method, path, (await ask(method, path, body, without)).status]).toEqual([method, path, 403])
        expect([method, path, (await ask(method, path, body, withSudo)).status < 300]).toEqual([method, path, true])
      }
    }
  })

  it.runIf(process.env['PLENUM_TEST_VAULT_ADDR'] === undefined)('is not there where there is no log', async () => {
    const vault = await openTarget()
    try {
      expect((await vault.request('GET', 'sys/loggers')).status).toBe(404)
    } finally {
      await vault.close()
    }
  })
})
