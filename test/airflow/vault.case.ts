/**
 * The Vault that these tests talk to: Plenum's embedded server, or the one at PLENUM_TEST_VAULT_ADDR with the token
 * PLENUM_TEST_VAULT_TOKEN. Either way in a KV version 2 mount of their own, which is gone afterwards.
 */
import { randomBytes } from 'node:crypto'
import { type Sensitive, sensitive } from '../../src/sensitive/index.ts'
import { enableSecretsEngine, staticToken, VaultClient } from '../../src/vault/index.ts'

export interface TestVault {
  readonly name: string
  readonly address: string
  readonly token: Sensitive<string>
  readonly mount: string
  readonly client: VaultClient
  close(): Promise<void>
}

export async function openTestVault(): Promise<TestVault> {
  const mount = `plenum-test-${randomBytes(6).toString('hex')}`
  const { PLENUM_TEST_VAULT_ADDR: address, PLENUM_TEST_VAULT_TOKEN: clear } = process.env
  if (address === undefined || clear === undefined) {
    // Not needed, and not loaded, where a Vault is given.
    const { startTestServer } = await import('../../src/testing/index.ts')
    const server = await startTestServer({ mount })
    const { rootToken, client } = server
    return {
      name: 'the embedded server',
      address: server.address,
      token: rootToken,
      mount,
      client,
      close: () => server.close(),
    }
  }
  const token = sensitive(clear)
  const client = new VaultClient({ address, tokens: staticToken(token) })
  await enableSecretsEngine(client, mount, { type: 'kv', options: { version: '2' } })
  const close = async (): Promise<void> => {
    await client.request('DELETE', `sys/mounts/${mount}`)
    await client.close()
  }
  return { name: address, address, token, mount, client, close }
}
