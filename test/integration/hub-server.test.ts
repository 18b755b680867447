/** The server of examples/testing that other languages use: lines of JSON in, lines of JSON out. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')

it('examples/testing/hub_server.mjs answers, and ends with its input', async () => {
  const child = spawn(process.execPath, [join(root, 'examples/testing/hub_server.mjs'), join(root, 'examples/hub')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const ask = async (call: string, argument?: unknown): Promise<never> => {
    child.stdin.write(`${JSON.stringify({ call, argument })}\n`)
    return JSON.parse(String((await lines.next()).value)) as never
  }
  const { VAULT_ADDR: address, VAULT_TOKEN: token }: Record<string, string> = await ask('env', 'project-trading')
  const status = async (): Promise<number> => {
    const path = `${address}/v1/secret/data/projects/trading/exchange`
    return (await fetch(path, { headers: { 'X-Vault-Token': token ?? '' } })).status
  }
  expect(await status()).toBe(200)
  expect(await ask('failNext', { status: 502 })).toBeNull()
  expect([await status(), await status()]).toEqual([502, 200])
  expect(await ask('auditEntries', { path: 'secret/*', type: 'request' })).toHaveLength(2)
  expect(await ask('advance', '1h')).toBeNull()
  expect(await status()).toBe(403)
  expect(await ask('env')).toMatchObject({ VAULT_ADDR: address })
  child.stdin.end()
  expect(await once(child, 'close')).toEqual([0, null])
})
