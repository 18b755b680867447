/**
 * The settings that Plenum writes, in real Airflow: as a sourced file and as airflow.cfg, with a kwargs file in a folder
 * whose name has everything a shell or a configuration parser could stumble over, and an AppRole mount of another name.
 */
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  backendKwargs,
  renderSettings,
  type SettingsOptions,
  secretsSettings,
  storedConnection,
  storedVariable,
} from '../../src/airflow/index.ts'
import { sensitive } from '../../src/sensitive/index.ts'
import { enableAuth, generateSecretId, readRoleId, writePolicy, writeRole, writeSecret } from '../../src/vault/index.ts'
import { AIRFLOW_LINES, type AirflowLine, pythonOf, run } from './airflow.case.ts'
import { openTestVault, type TestVault } from './vault.case.ts'

const work = mkdtempSync(join(tmpdir(), 'plenum-settings-'))
const odd = join(work, `it's a "folder" $HOME \${X} 100%s %(here)s #; \\n üñí`)
const kwargsFile = join(odd, 'kwargs.json')
const PROVIDERS: Readonly<Record<AirflowLine, string>> = { '3.3': '4.8.4', '2.11': '4.7.1' }

let vault: TestVault
let options: SettingsOptions
let kwargs: string

beforeAll(async () => {
  vault = await openTestVault()
  const { client, mount, address } = vault
  // The mount's name is this run's own: used for all that must not meet another run's.
  await writePolicy(client, mount, `path "${mount}/data/airflow/*" { capabilities = ["read"] }`)
  await enableAuth(client, mount, { type: 'approle' })
  await writeRole(client, mount, 'airflow', { token_policies: [mount], token_ttl: 600 })
  const roleId = (await readRoleId(client, mount, 'airflow')) ?? ''
  const { secretId } = await generateSecretId(client, mount, 'airflow')
  const connection = {
    connId: 'checked',
    connType: 'http',
    host: 'https://Api.X',
    password: sensitive('p%w$"\''),
    port: 443,
    extra: sensitive({ a: [1, true] }),
  }
  await writeSecret(client, mount, 'airflow/connections/checked', storedConnection(connection), 0)
  await writeSecret(client, mount, 'airflow/variables/checked', storedVariable(sensitive('100% {"a": "ü"}')), 0)
  options = {
    airflowVersion: '3.3',
    providerVersion: '4.8',
    address,
    mount,
    connectionsPath: 'airflow/connections',
    variablesPath: 'airflow/variables',
    authMount: mount,
    kwargsFile,
  }
  kwargs = backendKwargs({ ...options, roleId, secretId }).reveal()
  mkdirSync(odd)
  writeFileSync(kwargsFile, kwargs, { mode: 0o600 })
})
afterAll(async () => {
  await vault.client.request('DELETE', `sys/auth/${vault.mount}`)
  await vault.client.request('DELETE', `sys/policies/acl/${vault.mount}`)
  await vault.close()
  rmSync(work, { recursive: true, force: true })
})

const CONNECTION = {
  conn_type: 'http',
  host: 'https://Api.X',
  login: null,
  password: 'p%w$"\'',
  schema: null,
  port: 443,
  extra: '{"a": [1, true]}',
}
const LOOK = { class: 'VaultBackend', connection: CONNECTION, variable: '100% {"a": "ü"}' }

describe.each(AIRFLOW_LINES)('Airflow %s', (line) => {
  it.each(['env', 'cfg'] as const)('gets its kwargs whole, and its secrets, from the %s form', async (format) => {
    const home = mkdtempSync(join(work, `${format}-`))
    const target = join(home, 'output.json')
    writeFileSync(target, '', { mode: 0o600 })
    const settings = secretsSettings({ ...options, airflowVersion: line, providerVersion: PROVIDERS[line] })
    const written = join(home, format === 'cfg' ? 'airflow.cfg' : 'airflow.env')
    appendFileSync(written, renderSettings(settings, format))
    const source = format === 'env' ? 'set -a; . "$0"; set +a; ' : ''
    const { status, errors } = await run(
      'sh',
      ['-c', `${source}exec "$@"`, written, pythonOf(line), join(import.meta.dirname, 'settings.py'), target],
      {
        cwd: home,
        env: {
          HOME: home,
          AIRFLOW_HOME: home,
          AIRFLOW__CORE__LOAD_EXAMPLES: 'False',
          _AIRFLOW_PROCESS_CONTEXT: 'server',
          PYTHONDONTWRITEBYTECODE: '1',
        },
      },
    )
    expect({ status, errors: status === 0 ? '' : errors.slice(-2000) }).toEqual({ status: 0, errors: '' })
    expect(JSON.parse(readFileSync(target, 'utf8'))).toEqual({
      kwargs,
      backend: 'airflow.providers.hashicorp.secrets.vault.VaultBackend',
      unknown: [],
      server: LOOK,
      // `[workers] secrets_backend` is not set: tasks of Airflow 3 fall back to `[secrets]`.
      task: line === '3.3' ? LOOK : null,
    })
  })
})
