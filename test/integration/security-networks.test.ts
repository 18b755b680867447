/** S51 on listeners of the embedded server where an address is not what it looks like, or is none. */
import { mkdtempSync, rmSync } from 'node:fs'
import { get, type RequestOptions } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ListenError, startServer } from '../../src/server/index.ts'

it('S51: an IPv4 address is itself on a listener for both, and a Unix socket is in no network', async ({ skip }) => {
  const folder = mkdtempSync(join(tmpdir(), 'plenum-networks-'))
  const socketPath = join(folder, 'socket')
  let token = ''
  const server = await startServer({
    storage: { kind: 'memory' },
    listeners: [
      // An IPv6 socket on the IPv4 loopback: its peers have mapped addresses.
      { kind: 'tcp', host: '::ffff:127.0.0.1', port: 0 },
      { kind: 'unix', path: socketPath },
    ],
    beforeListen: async (core) => {
      const made = await core.initialize({ shares: 1, threshold: 1 })
      token = made.rootToken
      await core.unsealWithKey(Buffer.from(made.keys[0] ?? []))
    },
  }).catch((error: unknown) => {
    if (!(error instanceof ListenError)) throw error
    return undefined
  })
  if (server === undefined) {
    rmSync(folder, { recursive: true })
    skip('no IPv6 here')
    return
  }
  const statusOf = (bound: string, where: RequestOptions): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const headers = { 'X-Vault-Token': bound }
      get({ ...where, path: '/v1/auth/token/lookup-self', headers }, (answer) => {
        answer.resume()
        resolve(answer.statusCode)
      }).on('error', reject)
    })
  const ask = async (path: string, body: object): Promise<string> => {
    const headers = { 'x-vault-token': token }
    const answer = await server.answer({ method: 'POST', path: `/v1/${path}`, headers, body: JSON.stringify(body) })
    return answer.text
  }
  const boundTo = async (network: string): Promise<string> => {
    await ask('auth/token/roles/bound', { token_bound_cidrs: [network] })
    const made = await ask('auth/token/create/bound', { policies: ['default'] })
    return (JSON.parse(made) as { auth: { client_token: string } }).auth.client_token
  }
  try {
    const { port } = new URL(server.address)
    for (const [network, overIpv4] of [
      ['127.0.0.0/8', 200],
      ['::ffff:127.0.0.0/104', 200],
      ['192.0.2.0/24', 403],
      ['::1/128', 403],
    ] as const) {
      const bound = await boundTo(network)
      expect([network, await statusOf(bound, { host: '127.0.0.1', port })]).toEqual([network, overIpv4])
      expect([network, await statusOf(bound, { socketPath })]).toEqual([network, 403])
    }
    expect(await statusOf(token, { socketPath })).toBe(200)
  } finally {
    await server.close()
    rmSync(folder, { recursive: true })
  }
})
