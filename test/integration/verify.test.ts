/** Verification against a real server: what it proves, and that each kind of damage is found. */
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Hub, type HubAccess, type HubRole, accessOf, loadHub } from '../../src/hub/index.ts'
import { fingerprintKey, sensitive } from '../../src/sensitive/index.ts'
import { startTestServer, type TestServer } from '../../src/testing/index.ts'
import {
  appRoleToken,
  deleteSecret,
  enableAuth,
  generateSecretId,
  readRoleId,
  VaultClient,
  writePolicy,
  writeRole,
  writeSecret,
} from '../../src/vault/index.ts'
import { renderVerify, verifyHub, type VerifyReport } from '../../src/verify/index.ts'

const TEXT = `
version: 1
hub: example
airflow: { version: "3.3", provider: "4.8" }
projects:
  trading:
    connections: { ibkr: { conn_type: http, host: h } }
    variables: { symbols: "AAPL" }
    secrets: { api: { key: { env: KEY } } }
  trading2:
    secrets: { api: { key: { env: KEY } } }
`
const PAINT = { bad: (text: string) => text, warn: (text: string) => text, dim: (text: string) => text }

const CONNECTION = 'airflow/connections/ibkr'

let hub: Hub
let access: HubAccess
let server: TestServer
let credentials: ReadonlyMap<string, { readonly roleId: string; readonly secretId: string }>

beforeAll(() => {
  const result = loadHub({
    file: '/hub/plenum.yaml',
    text: TEXT,
    env: { get: () => 'x' },
    files: { read: () => undefined },
  })
  if (result.kind === 'errors') throw new Error(result.errors.map(({ text }) => text).join('\n'))
  ;({ hub } = result)
  access = accessOf(hub)
})

beforeEach(async () => {
  server = await startTestServer()
  const { client } = server
  await enableAuth(client, 'approle', { type: 'approle' })
  const made = new Map<string, { roleId: string; secretId: string }>()
  for (const { name, settings } of access.roles) {
    await writePolicy(client, name, access.policies.get(name) ?? '')
    await writeRole(client, 'approle', name, settings)
    const { secretId } = await generateSecretId(client, 'approle', name)
    made.set(name, { roleId: (await readRoleId(client, 'approle', name)) ?? '', secretId: secretId.reveal() })
  }
  credentials = made
  await writeSecret(client, 'secret', CONNECTION, sensitive({ conn_type: 'http', host: 'h' }), 0)
  await writeSecret(client, 'secret', 'airflow/variables/symbols', sensitive({ value: 'AAPL' }), 0)
  for (const project of ['trading', 'trading2']) {
    await writeSecret(client, 'secret', `projects/${project}/api`, sensitive({ key: 'planted-value' }), 0)
  }
  return () => server.close()
})

function clientFor(role: HubRole): VaultClient {
  const { roleId = '', secretId = '' } = credentials.get(role.name) ?? {}
  const tokens = appRoleToken({
    mount: 'approle',
    roleId: sensitive(roleId),
    secretId: sensitive(secretId),
    now: Date.now,
  })
  return new VaultClient({ address: server.address, tokens })
}

async function verify(): Promise<VerifyReport> {
  return verifyHub({ hub, access, clientFor, concurrency: 8, key: fingerprintKey() })
}

describe('verification', () => {
  it('finds nothing in a hub that is well', async () => {
    const report = await verify()
    expect(renderVerify(report, PAINT)).toBe(
      '2 of 2 look-ups resolve as Airflow makes them (provider 4.8, role airflow)\n2 of 2 projects read their own secrets and nothing else',
    )
    expect(report.ok).toBe(true)
    expect(JSON.stringify(report)).not.toContain('planted-value')
  })

  it.each<[string, () => Promise<void>, string]>([
    [
      'an entry that is not there',
      () => deleteSecret(server.client, 'secret', CONNECTION),
      '404 on secret/data/airflow/connections/ibkr: its newest version is deleted',
    ],
    [
      'an entry that Airflow cannot read',
      async () =>
        void (await writeSecret(
          server.client,
          'secret',
          CONNECTION,
          sensitive({ conn_type: 'http', owner: 'planted-value' }),
          1,
        )),
      'Airflow cannot read it: it has the key "owner"',
    ],
    [
      'a policy without a rule for it',
      () =>
        writePolicy(
          server.client,
          'plenum-example-airflow',
          'path "secret/data/airflow/variables/*" { capabilities = ["read"] }',
        ),
      '403 on secret/data/airflow/connections/ibkr as role plenum-example-airflow',
    ],
    [
      'a policy by name, under which a miss is a 403',
      () =>
        writePolicy(
          server.client,
          'plenum-example-airflow',
          'path "secret/data/airflow/connections/ibkr" { capabilities = ["read"] } path "secret/data/airflow/variables/*" { capabilities = ["read"] }',
        ),
      '403 and not 404 for what is not there',
    ],
    [
      'Airflow that may list',
      () =>
        writePolicy(
          server.client,
          'plenum-example-airflow',
          `${access.policies.get('plenum-example-airflow') ?? ''} path "secret/metadata/airflow/*" { capabilities = ["list"] }`,
        ),
      'LIST secret/metadata/airflow/connections is allowed as role plenum-example-airflow',
    ],
    [
      "a project that reads its neighbour's secrets",
      () =>
        writePolicy(
          server.client,
          'plenum-example-project-trading',
          'path "secret/data/projects/trading*" { capabilities = ["read"] }',
        ),
      'GET secret/data/projects/trading2/plenum-verify-no-such-entry is allowed as role plenum-example-project-trading',
    ],
    [
      "a project that reads Airflow's connections",
      () =>
        writePolicy(
          server.client,
          'plenum-example-project-trading',
          'path "secret/data/*" { capabilities = ["read"] }',
        ),
      'GET secret/data/airflow/connections/plenum-verify-no-such-entry is allowed',
    ],
    [
      'a project secret that is not there',
      () => deleteSecret(server.client, 'secret', 'projects/trading/api'),
      '404 on secret/data/projects/trading/api',
    ],
  ])('finds %s', async (_, damage, text) => {
    await damage()
    const report = await verify()
    expect(report.ok).toBe(false)
    const shown = renderVerify(report, PAINT)
    expect(shown).toContain(text)
    expect(shown).not.toContain('planted-value')
  })

  it('tells a login that is refused once, and goes on with the other roles', async () => {
    credentials = new Map([...credentials, ['plenum-example-airflow', { roleId: 'x', secretId: 'wrong-secret-id' }]])
    const report = await verify()
    const lines = renderVerify(report, PAINT).split('\n')
    expect(lines.filter((line) => line.startsWith('x'))).toHaveLength(1)
    expect(lines[0]).toContain('cannot log in')
    expect(lines.join('\n')).not.toContain('wrong-secret-id')
    expect(lines).toContain('0 of 2 look-ups resolve as Airflow makes them (provider 4.8, role airflow)')
    expect(lines).toContain('2 of 2 projects read their own secrets and nothing else')
  })
})
