/**
 * `plenum server` in the place of `vault server`: the same flags, configuration files and lines of output, and a server
 * behind them (vault-api 15.1, 15.4 say how hvac's own suite starts one).
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { hostname, tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { sensitive, staticToken, VaultClient } from '../../src/vault/index.ts'
import { certify } from './certificate.case.ts'
import { launchServer, stopServer, stopServers } from './plenum-server.case.ts'

const folder = mkdtempSync(join(tmpdir(), 'plenum-server-command-'))
afterEach(stopServers)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function file(name: string, content: string): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

async function withClient<T>(address: string, token: string, work: (client: VaultClient) => Promise<T>): Promise<T> {
  const client = new VaultClient({ address, tokens: staticToken(sensitive(token)) })
  try {
    return await work(client)
  } finally {
    await client.close()
  }
}

describe('-dev', () => {
  it('takes the flags of Vault, says what Vault says, and keeps the token nowhere', async () => {
    const flags = ['-dev', '-dev-root-token-id=root', '-dev-listen-address=127.0.0.1:0', '-dev-no-store-token']
    const { out, address, child } = await launchServer(flags, { folder, until: /^Root Token: .*$/m })
    expect(out).toContain('==> Vault server started!')
    expect(/^Root Token: (.*)$/m.exec(out)?.[1]).toBe('root')
    const unsealKey = /^Unseal Key: (.*)$/m.exec(out)?.[1] ?? ''
    expect(Buffer.from(unsealKey, 'base64')).toHaveLength(32)
    expect(out).toContain(`export VAULT_ADDR='${address}'`)
    await withClient(address, 'root', async (client) => {
      await client.request('POST', 'secret/data/a', { body: { data: { k: 'v' } } })
      expect((await client.request('GET', 'secret/data/a')).body).toMatchObject({ data: { data: { k: 'v' } } })
      await client.request('PUT', 'sys/seal')
      await client.request('PUT', 'sys/unseal', { body: { key: unsealKey } })
      expect((await client.request('GET', 'sys/seal-status')).body).toMatchObject({ sealed: false })
    })
    expect(existsSync(join(folder, '.vault-token'))).toBe(false)
    expect(await stopServer(child)).toBe(0)
  })

  it('takes the variables of Vault too', async () => {
    const env = { VAULT_DEV_ROOT_TOKEN_ID: 'mine', VAULT_DEV_LISTEN_ADDRESS: '127.0.0.1:0' }
    const { address } = await launchServer(['--dev'], { folder, until: /^Root Token: mine$/m, env })
    expect(
      (await withClient(address, 'mine', (client) => client.request('GET', 'auth/token/lookup-self'))).body,
    ).toMatchObject({
      data: { policies: ['root'] },
    })
  })

  it('has KV version 1 at secret/ where that is asked for', async () => {
    const flags = ['-dev', '-dev-kv-v1', '-dev-root-token-id=root', '-dev-listen-address=127.0.0.1:0']
    const { address } = await launchServer(flags, { folder })
    await withClient(address, 'root', async (client) => {
      await client.request('POST', 'secret/a', { body: { k: 'v' } })
      expect((await client.request('GET', 'secret/a')).body).toMatchObject({ data: { k: 'v' } })
    })
  })

  it('over TLS: an authority for clients, a certificate for the names of this machine and others, gone at the end', async () => {
    const flags = [
      '-dev-tls',
      '-dev-root-token-id=root',
      '-dev-listen-address=127.0.0.1:0',
      '-dev-tls-san=vault.internal',
    ]
    const { out, address, child } = await launchServer(flags, { folder, until: /^Root Token: .*$/m })
    expect(address).toMatch(/^https:/)
    const caFile = /export VAULT_CACERT='(.*)'/.exec(out)?.[1] ?? ''
    expect(basename(caFile)).toBe('vault-ca.pem')
    expect(statSync(join(dirname(caFile), 'vault-key.pem')).mode & 0o777).toBe(0o600)
    expect(statSync(dirname(caFile)).mode & 0o777).toBe(0o700)
    const caCert = readFileSync(caFile, 'utf8')
    for (const serverName of ['localhost', 'vault.internal', hostname()]) {
      const client = new VaultClient({
        address,
        caCert,
        tlsServerName: serverName,
        tokens: staticToken(sensitive('root')),
      })
      expect((await client.request('GET', 'auth/token/lookup-self')).status).toBe(200)
      await client.close()
    }
    const stranger = new VaultClient({
      address,
      caCert,
      tlsServerName: 'vault.example',
      tokens: staticToken(sensitive('root')),
    })
    await expect(stranger.request('GET', 'sys/health')).rejects.toThrow(/certificate/)
    await stranger.close()
    // As hvac, curl and the clients in Go read it.
    execFileSync('openssl', ['verify', '-x509_strict', '-CAfile', caFile, join(dirname(caFile), 'vault-cert.pem')])
    expect(await stopServer(child)).toBe(0)
    expect(existsSync(dirname(caFile))).toBe(false)
  })

  it('keeps the files of TLS in a folder of yours, which stays', async () => {
    const place = join(folder, 'tls')
    const flags = ['-dev', '-dev-tls', `-dev-tls-cert-dir=${place}`, '-dev-listen-address=127.0.0.1:0']
    const { child } = await launchServer(flags, { folder, until: /^Root Token: .*$/m })
    expect(readdirSync(place).sort()).toEqual(['vault-ca.pem', 'vault-cert.pem', 'vault-key.pem'])
    expect(await stopServer(child)).toBe(0)
    expect(readdirSync(place)).toEqual([])
  })

  it('takes listeners and lifetimes from a configuration', async () => {
    const config = file(
      'dev.hcl',
      'default_lease_ttl = "1h"\nmax_lease_ttl = "2h"\nlistener "unix" { address = "dev.sock" }\n',
    )
    const { address } = await launchServer(['-dev', `-config=${config}`, '-dev-root-token-id', 'root', '--port', '0'], {
      folder,
    })
    const made = await withClient(address, 'root', (client) =>
      client.request('POST', 'auth/token/create', { body: { policies: ['default'] } }),
    )
    expect(made.body).toMatchObject({ auth: { lease_duration: 3600 } })
    const longer = await withClient(address, 'root', (client) =>
      client.request('POST', 'auth/token/create', { body: { policies: ['default'], ttl: '3h' } }),
    )
    expect(longer.body).toMatchObject({ auth: { lease_duration: 7200 } })
    expect(existsSync(join(folder, 'dev.sock'))).toBe(true)
  })
})

describe('-config', () => {
  it('in HCL: a store that outlives the server', async () => {
    const config = file(
      'server.hcl',
      `ui = true
       disable_mlock = true
       cluster_addr = "https://127.0.0.1:8201"
       audit_folders = ["audit"]
       storage "file" { path = "kept" }
       listener "tcp" {
         address     = "127.0.0.1:0"
         tls_disable = "true"
       }`,
    )
    const first = await launchServer([`-config=${config}`], { folder })
    const keys = await withClient(first.address, 'none-yet', async (client) => {
      const { body } = await client.request('PUT', 'sys/init', { body: { secret_shares: 1, secret_threshold: 1 } })
      return body as { readonly keys_base64: readonly string[]; readonly root_token: string }
    })
    const key = keys.keys_base64[0] ?? ''
    await withClient(first.address, keys.root_token, async (client) => {
      await client.request('PUT', 'sys/unseal', { body: { key } })
      await client.request('PUT', 'sys/audit/f', { body: { type: 'file', options: { file_path: 'a.log' } } })
      await client.request('PUT', 'sys/policies/acl/kept', { body: { policy: 'path "a" {}' } })
    })
    expect(await stopServer(first.child)).toBe(0)
    expect(readFileSync(join(folder, 'audit/a.log'), 'utf8')).toContain('sys/policies/acl/kept')

    const second = await launchServer(['-config', config], { folder })
    expect(second.out).toContain('Storage: file')
    await withClient(second.address, keys.root_token, async (client) => {
      await client.request('PUT', 'sys/unseal', { body: { key } })
      expect((await client.request('GET', 'sys/policies/acl/kept')).body).toMatchObject({ data: { name: 'kept' } })
    })
  })

  it('in JSON with the older word for storage and TLS, as hvac starts a server; warnings alone are told', async () => {
    const { certificate } = certify(folder, 'server')
    const config = file(
      'vault-tls.json',
      JSON.stringify({
        backend: { inmem: {} },
        listener: { tcp: { tls_cert_file: 'server.pem', tls_key_file: 'server.key', address: '127.0.0.1:0' } },
        disable_mlock: true,
        default_lease_ttl: '768h',
        max_lease_ttl: '768h',
      }),
    )
    const { address, out } = await launchServer([`-config=${config}`, '-log-level=warn'], { folder })
    expect(out).toContain('tls: "enabled"')
    const status = await new Promise<number | undefined>((resolve, reject) => {
      request(`${address}/v1/sys/init`, { ca: certificate }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
        .on('error', reject)
        .end()
    })
    expect(status).toBe(200)
  })

  it('as a folder: its files together', async () => {
    mkdirSync(join(folder, 'both'))
    file('both/a.hcl', 'storage "inmem" {}')
    file('both/b.json', '{"listener": {"tcp": {"address": "127.0.0.1:0", "tls_disable": 1}}}')
    file('both/notes.txt', 'not read')
    const { out } = await launchServer(['-config=both'], { folder })
    expect(out).toMatch(/Listener 1: tcp[^]*Storage: inmem/)
  })
})
