/** `plenum/testing` as a user's test has it: a hub in a server, its roles, the clock, outages, who read what. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { request } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { type FailureOptions, sensitive, startTestServer, type TestServer } from '../../src/testing/index.ts'
import { readMetadata, readSecret, type VaultClient, VaultError, writeSecret } from '../../src/vault/index.ts'

const example = join(import.meta.dirname, '../../examples/hub')
const scratch = mkdtempSync(join(tmpdir(), 'plenum-test-server-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

const HUB = `version: 1
hub: tested
airflow: { version: "3.3", provider: "4.8" }
vault: { mount: hub }
env_files: [.env]
projects:
  trading:
    connections:
      broker: { conn_type: http, host: { env: BROKER_HOST }, port: { env: BROKER_PORT }, password: { file: broker.key } }
      copied: { conn_type: http, host: x.example.com, password: { vault: { path: shared/broker, field: password } } }
      made: { conn_type: http, host: x.example.com, password: { generate: { length: 20 } } }
      asked: { conn_type: http, host: x.example.com, password: { prompt: "Password?" } }
      theirs: { external: true }
    variables:
      limit: 5
      token: { env: TOKEN }
      shared_key: { external: true }
    secrets:
      exchange: { key: { env: EXCHANGE_KEY } }
      outside: { external: true }
`

async function data(client: VaultClient, mount: string, path: string): Promise<unknown> {
  const read = await readSecret(client, mount, path)
  return read.kind === 'found' ? read.data.reveal() : read.kind
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5))

/** The status of a request as a program in any language makes it; 0 when there is no answer. */
async function statusOf({ address }: TestServer, path: string, token = ''): Promise<number> {
  try {
    const answer = await fetch(`${address}/v1/${path}`, { headers: token === '' ? {} : { 'X-Vault-Token': token } })
    await answer.text()
    return answer.status
  } catch {
    return 0
  }
}

describe('a hub in a test server', () => {
  it('verifies with nothing but its file, given as path, folder, URL, text or object', async () => {
    const file = join(scratch, 'plenum.yaml')
    writeFileSync(file, HUB)
    const object = {
      version: 1,
      hub: 'written',
      airflow: { version: '2.11', provider: '4.8' },
      projects: { a: { variables: { b: 'c' } } },
    }
    for (const hub of [file, scratch, pathToFileURL(file), HUB, object, example]) {
      await using server = await startTestServer({ hub })
      const { ok, lookups } = await server.verify()
      expect([ok, lookups.length > 0], String(hub)).toEqual([true, true])
    }
  })

  it('reads nothing of the machine: what is not given is a placeholder that names its source', async () => {
    writeFileSync(join(scratch, '.env'), 'BROKER_HOST=planted.example.com\nTOKEN=planted\n')
    process.env['EXCHANGE_KEY'] = 'planted'
    try {
      await using server = await startTestServer({ hub: scratch, env: { BROKER_HOST: undefined } })
      const { client } = server
      expect(await data(client, 'hub', 'airflow/connections/broker')).toEqual({
        conn_type: 'http',
        host: 'placeholder-BROKER_HOST',
        port: 65_535,
        password: 'placeholder-broker.key',
      })
      expect(await data(client, 'hub', 'airflow/connections/asked')).toMatchObject({
        password: 'placeholder-asked-password',
      })
      expect(await data(client, 'hub', 'airflow/connections/copied')).toMatchObject({
        password: 'placeholder-shared/broker-password',
      })
      expect(await data(client, 'hub', 'airflow/connections/made')).toMatchObject({
        password: expect.stringMatching(/^\w{20}$/),
      })
      expect(await data(client, 'hub', 'airflow/variables/token')).toEqual({ value: 'placeholder-TOKEN' })
      expect(await data(client, 'hub', 'projects/trading/exchange')).toEqual({ key: 'placeholder-EXCHANGE_KEY' })
      expect(await data(client, 'hub', 'airflow/connections/theirs')).toMatchObject({
        password: 'placeholder-theirs-password',
      })
    } finally {
      delete process.env['EXCHANGE_KEY']
    }
  })

  it('takes values for references and whole entries, in place of placeholders', async () => {
    await using server = await startTestServer({
      hub: HUB,
      env: { BROKER_HOST: 'broker.example.com', BROKER_PORT: '8443', TOKEN: sensitive('a token') },
      files: { 'broker.key': 'from a file\n', '.env': 'EXCHANGE_KEY=from .env\n' },
      secrets: {
        connections: {
          made: 'http://ann:secret@made.example.com:80/',
          undeclared: 'http://u.example.com',
          theirs: 'http://t.example.com',
        },
        variables: { limit: { most: 7 } },
        kv: { 'shared/broker': { password: 'shared' } },
      },
    })
    const { client } = server
    expect(await data(client, 'hub', 'airflow/connections/broker')).toEqual({
      conn_type: 'http',
      host: 'broker.example.com',
      port: 8443,
      password: 'from a file',
    })
    expect(await data(client, 'hub', 'airflow/connections/copied')).toMatchObject({ password: 'shared' })
    expect(await data(client, 'hub', 'airflow/connections/made')).toEqual({
      conn_type: 'http',
      host: 'made.example.com',
      login: 'ann',
      password: 'secret',
      port: 80,
    })
    expect(await data(client, 'hub', 'airflow/connections/undeclared')).toMatchObject({ host: 'u.example.com' })
    expect(await data(client, 'hub', 'airflow/connections/theirs')).toMatchObject({ host: 't.example.com' })
    expect(await data(client, 'hub', 'airflow/variables/limit')).toEqual({ value: '{"most":7}' })
    expect(await data(client, 'hub', 'projects/trading/exchange')).toEqual({ key: 'from .env' })
    // What is declared carries Plenum's marks, in its first version; what is not does not.
    expect(await readMetadata(client, 'hub', 'airflow/connections/made')).toMatchObject({
      currentVersion: 1,
      customMetadata: { 'managed-by': 'plenum' },
    })
    expect(await readMetadata(client, 'hub', 'airflow/connections/undeclared')).toMatchObject({ customMetadata: {} })
    expect((await server.verify()).ok).toBe(true)
  })

  it('refuses with everything that is missing where placeholders are not wanted', async () => {
    const env = { BROKER_HOST: 'x', BROKER_PORT: '1', TOKEN: 'x', EXCHANGE_KEY: 'x' }
    const refusal: unknown = await startTestServer({ hub: HUB, missing: 'error' }).catch((error: unknown) => error)
    expect(refusal).toMatchObject({ code: 'hub-unresolved' })
    for (const name of ['BROKER_HOST', 'BROKER_PORT', 'broker.key', 'TOKEN', 'EXCHANGE_KEY'])
      expect(String(refusal)).toContain(name)
    await expect(
      startTestServer({ hub: HUB, missing: 'error', env, files: { 'broker.key': 'x' } }),
    ).rejects.toMatchObject({
      code: 'testing-hub',
      message: expect.stringMatching(/connection:asked[^]*connection:copied[^]*connection:theirs/),
    })
    const { missing: _, ...given } = { missing: 'placeholder', hub: HUB, env: { ...env, BROKER_PORT: 'planted' } }
    await expect(startTestServer(given)).rejects.toMatchObject({
      code: 'hub-unresolved',
      message: expect.not.stringContaining('planted'),
    })
  })

  it('says everything that is wrong with a hub, and where one was looked for', async () => {
    await expect(startTestServer({ hub: 'version: 1\nhub: x\nprojects: {}\nodd: 1\n' })).rejects.toMatchObject({
      code: 'testing-hub',
      message: expect.stringMatching(/airflow[^]*odd|odd[^]*airflow/),
    })
    await expect(startTestServer({ hub: 'nowhere/plenum.yaml' })).rejects.toMatchObject({
      code: 'testing-hub',
      message: expect.stringContaining(process.cwd()),
    })
  })

  it('can have its roles by their short names, and secrets alone have the role of Airflow', async () => {
    await using server = await startTestServer({
      secrets: { connections: { warehouse: 'postgres://w.example.com/' }, configs: { conn_value: 'sqlite://' } },
    })
    const airflow = await server.clientFor('airflow')
    expect(await data(airflow, 'secret', 'airflow/connections/warehouse')).toMatchObject({ conn_type: 'postgres' })
    expect(await data(airflow, 'secret', 'airflow/config/conn_value')).toEqual({ value: 'sqlite://' })
    await expect(readSecret(airflow, 'secret', 'projects/any')).rejects.toMatchObject({ code: 'vault-denied' })
    await expect(server.clientFor('project-none')).rejects.toMatchObject({
      code: 'testing-role',
      message: expect.stringContaining('airflow, ci, sync, operator'),
    })
    await using bare = await startTestServer()
    await expect(bare.env('airflow')).rejects.toMatchObject({ code: 'testing-role' })
    await expect(bare.verify()).rejects.toMatchObject({ code: 'testing-role' })
  })

  it('gives each role its credentials and the environment of its programs', async () => {
    await using server = await startTestServer({ hub: HUB })
    const { roleId, secretId } = await server.credentials('airflow')
    expect(await server.credentials('airflow')).toEqual({ roleId, secretId })
    expect(JSON.stringify(await server.credentials('airflow'))).not.toContain(secretId.reveal())

    const airflow = await server.env('airflow')
    expect(Object.keys(airflow)).toEqual(['AIRFLOW__SECRETS__BACKEND', 'AIRFLOW__SECRETS__BACKEND_KWARGS'])
    expect(JSON.parse(airflow['AIRFLOW__SECRETS__BACKEND_KWARGS'] ?? '')).toMatchObject({
      url: server.address,
      mount_point: 'hub',
      role_id: roleId,
      secret_id: secretId.reveal(),
      config_path: null,
    })
    const project = await server.env('project-trading')
    expect(await statusOf(server, 'hub/data/projects/trading/exchange', project['VAULT_TOKEN'])).toBe(200)
    expect(await statusOf(server, 'hub/data/airflow/variables/limit', project['VAULT_TOKEN'])).toBe(403)
    expect(await server.env()).toEqual({ VAULT_ADDR: server.address, VAULT_TOKEN: server.rootToken.reveal() })
  })
})

describe('the clock of a test server', () => {
  it('ends tokens at once, and a client logs in again', async () => {
    await using server = await startTestServer({ hub: HUB })
    const { VAULT_TOKEN: token = '' } = await server.env('project-trading')
    const client = await server.clientFor('project-trading')
    await readSecret(client, 'hub', 'projects/trading/exchange')
    await server.clock.advance('59m59s')
    expect(await statusOf(server, 'hub/data/projects/trading/exchange', token)).toBe(200)
    await server.clock.advance('1s')
    expect(await statusOf(server, 'hub/data/projects/trading/exchange', token)).toBe(403)
    expect(await readSecret(client, 'hub', 'projects/trading/exchange')).toMatchObject({ kind: 'found' })
    expect(server.auditEntries({ path: 'auth/approle/login', type: 'response' })).toHaveLength(2)
  })

  it('ends secret-ids, leases, wrapped answers and lockouts, deletes versions and turns keys', async () => {
    await using server = await startTestServer({ hub: HUB })
    const { client, clock, rootToken } = server
    const root = { 'X-Vault-Token': rootToken.reveal() }
    const ask = async (method: 'GET' | 'POST' | 'PUT', path: string, body?: Record<string, string | number>) =>
      (await client.request(method, path, body === undefined ? {} : { body })).body as { [key: string]: never }

    await ask('POST', 'auth/token/create', { ttl: '20m' })
    const leases = async () =>
      fetch(`${server.address}/v1/sys/leases/lookup/auth/token/create?list=true`, { headers: root })
    const count = async (): Promise<number> => {
      const { data } = (await (await leases()).json()) as { data?: { keys: string[] } }
      return data?.keys.length ?? 0
    }
    expect(await count()).toBe(1)
    await ask('POST', 'sys/auth/userpass', { type: 'userpass' })
    await ask('POST', 'auth/userpass/users/ann', { password: 'right' })
    const logIn = async (password: string): Promise<number> => {
      const answer = await fetch(`${server.address}/v1/auth/userpass/login/ann`, {
        method: 'POST',
        body: JSON.stringify({ password }),
      })
      await answer.text()
      return answer.status
    }
    for (let failure = 0; failure < 5; failure += 1) expect(await logIn('wrong')).toBe(400)
    expect(await logIn('right')).toBe(403)
    const wrapped = await fetch(`${server.address}/v1/hub/data/airflow/variables/limit`, {
      headers: { 'X-Vault-Token': rootToken.reveal(), 'X-Vault-Wrap-TTL': '5m' },
    })
    const { wrap_info: wrap } = (await wrapped.json()) as { wrap_info: { token: string } }
    await ask('POST', 'hub/metadata/brief', { delete_version_after: '10m' })
    await writeSecret(client, 'hub', 'brief', sensitive({ a: 'b' }), 0)
    await ask('POST', 'sys/rotate/config', { interval: '24h' })
    const ci = await server.credentials('ci')
    const ciLogin = async (): Promise<number> => {
      const body = JSON.stringify({ role_id: ci.roleId, secret_id: ci.secretId.reveal() })
      const answer = await fetch(`${server.address}/v1/auth/approle/login`, { method: 'POST', body })
      await answer.text()
      return answer.status
    }

    await clock.advance('4m59s')
    expect(await statusOf(server, 'sys/wrapping/lookup', wrap.token)).toBe(200)
    await clock.advance('1s')
    expect(await statusOf(server, 'sys/wrapping/lookup', wrap.token)).toBe(400)
    await clock.advance('5m')
    expect(await data(client, 'hub', 'brief')).toBe('deleted')
    await clock.advance('5m')
    expect(await logIn('right')).toBe(200)
    expect(await count()).toBe(1)
    await clock.advance('5m')
    expect(await count()).toBe(0)
    const termBefore = Number((await ask('GET', 'sys/key-status'))['term'])
    await clock.advance('24h')
    expect((await ask('GET', 'sys/key-status'))['term']).toBe(termBefore + 1)
    expect(await ciLogin()).toBe(200)
    await clock.advance('90d')
    expect(await ciLogin()).toBe(400)
    await clock.set('2040-01-01T00:00:00Z')
    await writeSecret(client, 'hub', 'late', sensitive({ a: 'b' }), 0)
    expect(await readMetadata(client, 'hub', 'late')).toMatchObject({ customMetadata: {} })
    expect(server.auditEntries({ path: 'hub/data/late' })[0]?.time).toBe('2040-01-01T00:00:00.000Z')
  })

  it('is each server’s own, and the machine’s until it is moved', async () => {
    await using one = await startTestServer()
    await using other = await startTestServer()
    await one.clock.advance('365d')
    expect(Math.abs(other.clock.now() - Date.now())).toBeLessThan(60_000)
    expect(one.clock.now() - other.clock.now()).toBeGreaterThan(364 * 86_400_000)
  })
})

describe('outages on purpose', () => {
  const path = 'secret/data/airflow/variables/x'
  const withVariable = () => startTestServer({ secrets: { variables: { x: '1' } } })

  it('answer, break and delay the next requests that fit, and no others', async () => {
    await using server = await withVariable()
    const token = server.rootToken.reveal()
    const failing = server.failNext({ path: 'secret/data/*', status: 503, errors: ['down'], times: 2 })
    expect(await statusOf(server, 'sys/mounts', token)).toBe(200)
    const answer = await fetch(`${server.address}/v1/${path}`, { headers: { 'X-Vault-Token': token } })
    expect([answer.status, await answer.json()]).toEqual([503, { errors: ['down'] }])
    expect(await statusOf(server, path, token)).toBe(503)
    expect(await statusOf(server, path, token)).toBe(200)
    expect(failing.hits).toBe(2)

    server.failNext({ path, breaks: true })
    expect([await statusOf(server, path, token), await statusOf(server, path, token)]).toEqual([0, 200])

    server.failNext({ path, delayMs: 150 })
    const started = performance.now()
    expect(await statusOf(server, path, token)).toBe(200)
    expect(performance.now() - started).toBeGreaterThan(140)
    // What failed never came to the server.
    expect(server.auditEntries({ path, type: 'response' })).toHaveLength(3)
  })

  it('meet writes with a body and LIST, on connections that live on', async () => {
    await using server = await withVariable()
    const { client } = server
    const cases: FailureOptions[] = [
      { path, status: 500 },
      { path, breaks: true },
    ]
    for (const failure of cases) {
      const { hits } = server.failNext(failure)
      expect(hits).toBe(0)
      await expect(
        writeSecret(client, 'secret', 'airflow/variables/x', sensitive({ value: '2' }), 1),
      ).rejects.toBeInstanceOf(VaultError)
    }
    expect(await data(client, 'secret', 'airflow/variables/x')).toEqual({ value: '1' })
    const listing = server.failNext({ method: 'LIST', path: 'secret/metadata/airflow/variables', status: 502 })
    expect(await statusOf(server, 'secret/metadata/airflow/variables?list=true', server.rootToken.reveal())).toBe(502)
    expect(listing.hits).toBe(1)
    const verb = (): Promise<number> =>
      new Promise((resolve) => {
        const url = `${server.address}/v1/secret/metadata/airflow/variables`
        const headers = { 'X-Vault-Token': server.rootToken.reveal() }
        const sent = request(url, { method: 'LIST', headers }, (answer) => {
          answer.resume().once('end', () => resolve(answer.statusCode ?? 0))
        })
        sent.once('error', () => resolve(0)).end()
      })
    server.failNext({ method: 'LIST', breaks: true })
    server.failNext({ method: 'LIST', status: 500 })
    expect([await verb(), await verb(), await verb()]).toEqual([0, 500, 200])
  })

  it('include a seal', async () => {
    await using server = await withVariable()
    const token = server.rootToken.reveal()
    await server.seal()
    expect(await statusOf(server, path, token)).toBe(503)
    await server.clock.advance('1h')
    await server.unseal()
    expect(await statusOf(server, path, token)).toBe(200)
    expect(server.auditEntries({ path }).length).toBeGreaterThan(0)
  })
})

describe('who read what', () => {
  it('stands in the audit entries, by role, without what the test server does itself', async () => {
    await using server = await startTestServer({ hub: HUB })
    expect(server.auditEntries()).toEqual([])
    const airflow = await server.clientFor('airflow')
    await readSecret(airflow, 'hub', 'airflow/variables/token')
    const readers = server
      .auditEntries({ path: 'hub/data/*', type: 'response' })
      .map(({ auth, request }) => `${auth?.metadata?.['role_name']} ${request.operation} ${request.path}`)
    expect(readers).toEqual(['plenum-tested-airflow read hub/data/airflow/variables/token'])
    expect(JSON.stringify(server.auditEntries())).not.toContain('placeholder-TOKEN')
    server.clearAuditEntries()
    expect(server.auditEntries()).toEqual([])
  })

  it('is not kept where it is not wanted', async () => {
    await using server = await startTestServer({ audit: false })
    expect(() => server.auditEntries()).toThrow(expect.objectContaining({ code: 'testing-audit' }))
    expect((await server.client.request('GET', 'sys/audit')).body).toMatchObject({ data: {} })
  })
})

describe('test servers', () => {
  it('run at the same time without meeting', async () => {
    const servers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => startTestServer({ hub: HUB, secrets: { variables: { mine: index } } })),
    )
    try {
      expect(new Set(servers.map(({ address }) => address)).size).toBe(20)
      await servers[0]?.client.request('DELETE', 'sys/mounts/hub')
      const told = await Promise.all(
        servers
          .slice(1)
          .map(async (server) => data(await server.clientFor('airflow'), 'hub', 'airflow/variables/mine')),
      )
      expect(told).toEqual(Array.from({ length: 19 }, (_, index) => ({ value: String(index + 1) })))
    } finally {
      await Promise.all(servers.map((server) => server.close()))
    }
  })

  it('close twice, with clients open and a request under way', async () => {
    const server = await startTestServer({ hub: HUB })
    const client = await server.clientFor('airflow')
    await readSecret(client, 'hub', 'airflow/variables/token')
    const late = server.failNext({ delayMs: 1_000_000 })
    const waiting = statusOf(server, 'hub/data/x', server.rootToken.reveal())
    while (late.hits === 0) await pause()
    await Promise.all([server.close(), server.close()])
    await server.close()
    expect(await waiting).toBe(404)
    expect(await statusOf(server, 'sys/health')).toBe(0)
  })

  it('that cannot be set up leave nothing that listens', async () => {
    const free = createServer().listen(0, '127.0.0.1')
    await once(free, 'listening')
    const { port } = free.address() as AddressInfo
    await new Promise((resolve) => free.close(resolve))
    await expect(startTestServer({ port, secrets: { connections: { broken: 'no uri' } } })).rejects.toThrow('broken')
    await using server = await startTestServer({ port })
    expect(await statusOf(server, 'sys/health')).toBe(200)
  })
})
