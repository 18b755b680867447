import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JsonObject } from '../../airflow/index.ts'
import { sensitive } from '../../sensitive/index.ts'
import { startTestServer, type TestServer } from '../../testing/index.ts'
import { ABSENT, type Answer, type Asked, type FakeVault, startFakeVault } from '../../vault/fake-vault.case.ts'
import {
  deleteSecretVersion,
  enableSecretsEngine,
  staticToken,
  VaultClient,
  writeCustomMetadata,
  writePolicy,
  writeSecret,
} from '../../vault/index.ts'
import { ImportError } from '../found.ts'
import { readVaultSource, type VaultReading, type VaultSourceOptions } from './index.ts'

let server: TestServer
let old: FakeVault

beforeAll(async () => {
  server = await startTestServer()
  old = await startFakeVault(answerOfOld)
  const { client } = server
  const put = async (path: string, ...versions: JsonObject[]): Promise<void> => {
    for (const [cas, data] of versions.entries()) await writeSecret(client, 'secret', path, sensitive(data), cas)
  }
  await put(
    'airflow/connections/db',
    { conn_type: 'http', host: '1' },
    { conn_type: 'http', host: '2' },
    { conn_type: 'http', host: '3' },
  )
  await put('secret/airflow/connections/lost', { conn_uri: 'http://h/' })
  await put('airflow/connections/broken', { conn_type: 'http', port: 'planted-port' })
  await put('airflow/variables/v', { value: 'planted-1' }, { nothing: 1 }, { value: 'planted-3' })
  await put('airflow/variables/gone', { value: 'planted' })
  await put('projects/trading/keys', { a: 'planted', n: 1 })
  await put('denied/x', { a: 'planted' })
  await put('a', { leaf: true })
  await put('a/b', { deeper: true })
  await deleteSecretVersion(client, 'secret', 'airflow/variables/gone', 1)
  await deleteSecretVersion(client, 'secret', 'airflow/connections/db', 2)
  await writeCustomMetadata(client, 'secret', 'airflow/variables/v', { description: 'about v', owner: 'o', extra: 'e' })
  await writeCustomMetadata(client, 'secret', 'airflow/connections/db', { 'managed-by': 'plenum', hub: 'h', team: 't' })
  await enableSecretsEngine(client, 'none', { type: 'kv', options: { version: '2' } })
})
afterAll(async () => {
  await old.close()
  await server.close()
})

/** The embedded server has no KV version 1. */
const OLD_LISTS: Readonly<Record<string, readonly string[]>> = {
  '/v1/old?list=true': ['airflow/'],
  '/v1/old/airflow?list=true': ['connections', 'connections/'],
  '/v1/old/airflow/connections?list=true': ['db', 'no'],
}
const OLD_SECRETS: Readonly<Record<string, JsonObject>> = {
  '/v1/old/airflow/connections/db': { conn_type: 'http', port: '1' },
  '/v1/old/airflow/connections': { both: 'leaf and folder' },
}

function answerOfOld({ url }: Asked): Answer {
  if (url.endsWith('/no')) return { status: 403, json: { errors: ['permission denied'] } }
  const keys = OLD_LISTS[url]
  const data = keys === undefined ? OLD_SECRETS[url] : { keys }
  return data === undefined ? ABSENT : { status: 200, json: { data } }
}

const LAYOUT = { connections: 'airflow/connections', variables: 'airflow/variables', projects: 'projects' }

async function read(
  options: Partial<VaultSourceOptions> = {},
  client: VaultClient = server.client,
): Promise<VaultReading> {
  return readVaultSource(client, {
    mount: 'secret',
    prefix: '',
    version: 2,
    layout: LAYOUT,
    concurrency: 4,
    ...options,
  })
}

async function refusal(options: Partial<VaultSourceOptions>, client?: VaultClient): Promise<string> {
  const outcome = await read(options, client).then(
    () => 'it was read',
    (error: unknown) => error,
  )
  if (!(outcome instanceof ImportError)) throw new Error(`expected an ImportError, got ${String(outcome)}`)
  return outcome.code
}

async function clientWith(policy: string, rules: string): Promise<VaultClient> {
  await writePolicy(server.client, policy, rules)
  const reply = await server.client.request('POST', 'auth/token/create', { body: { policies: [policy] } })
  const { auth } = reply.body as { auth: { client_token: string } }
  return new VaultClient({ address: server.address, tokens: staticToken(sensitive(auth.client_token)) })
}

const idsOf = ({ found }: VaultReading) => found.map(({ kind, id }) => `${kind} ${id}`).sort()

describe('KV version 2', () => {
  it('gives everything that stands, by its folders, and says what does not', async () => {
    const reading = await read()
    expect(idsOf(reading)).toEqual([
      'connection db',
      'connection lost',
      'secret a',
      'secret a/b',
      'secret denied/x',
      'secret trading/keys',
      'variable v',
    ])
    expect(reading.findings.map(({ code, id, severity }) => `${severity} ${code} ${id}`).sort()).toEqual([
      'error import-vault-form broken',
      'warning import-vault-deleted gone',
    ])
    expect(JSON.stringify({ ...reading, history: [...reading.history] })).not.toContain('planted')
  })

  it('has the versions before the value in their order, without those that are gone or mean nothing', async () => {
    const { found, history } = await read()
    const connection = found.find(({ id }) => id === 'db')
    expect(connection?.data.reveal()).toEqual({ conn_type: 'http', host: '3' })
    expect(connection?.origin.place).toEqual({ kind: 'vault', path: 'airflow/connections/db', version: 3 })
    const older = history.get('airflow/connections/db')
    expect(older?.map(({ version, data }) => [version, data.reveal()['host']])).toEqual([[1, '1']])
    expect(connection?.notes.map(({ text }) => text)).toEqual(['version 2 is deleted or destroyed, and not brought'])
    const variable = found.find(({ id }) => id === 'v')
    expect(history.get('airflow/variables/v')?.map(({ version }) => version)).toEqual([1])
    expect(variable?.notes.map(({ text }) => text)).toContain(
      'version 2 is nothing that Airflow could read, and not brought',
    )
    expect(history.size).toBe(2)
  })

  it('leaves versions alone when they are not asked for', async () => {
    const { history, found } = await read({ withVersions: false })
    expect(history.size).toBe(0)
    expect(found).toHaveLength(7)
  })

  it('keeps what others put into custom metadata, and takes no other hub’s marks over', async () => {
    const { found } = await read()
    const variable = found.find(({ id }) => id === 'v')
    expect(variable).toMatchObject({ description: 'about v', customMetadata: { description: 'about v', extra: 'e' } })
    expect(variable?.notes.map(({ text }) => text).join()).toContain('"owner" means something else to Plenum')
    expect(found.find(({ id }) => id === 'db')?.customMetadata).toEqual({ team: 't' })
  })

  it('recognises what lies where no backend asks for it', async () => {
    const { found } = await read()
    const lost = found.find(({ id }) => id === 'lost')
    expect(lost?.notes.map(({ kind }) => kind)).toEqual(['normalised', 'lossy'])
    expect(lost?.notes[0]?.text).toContain('it lies at secret/secret/airflow/connections/lost')
  })

  it('reads one folder, or one secret', async () => {
    expect(idsOf(await read({ prefix: '/a/' }))).toEqual(['secret b'])
    expect(idsOf(await read({ prefix: 'airflow', layout: 'secrets' }))).toEqual([
      'secret connections/broken',
      'secret connections/db',
      'secret variables/v',
    ])
    expect(idsOf(await read({ prefix: 'airflow/connections/db' }))).toEqual(['connection db'])
  })

  it('goes on where the token may not read, and says so', async () => {
    const client = await clientWith(
      'partly',
      'path "secret/metadata/*" { capabilities = ["list"] }\npath "secret/metadata/denied/" { capabilities = ["deny"] }\npath "secret/data/*" { capabilities = ["read"] }\npath "secret/data/a" { capabilities = ["deny"] }',
    )
    const reading = await read({}, client)
    expect(reading.findings.map(({ code, where }) => `${code} ${where}`).sort()).toEqual([
      'import-vault-deleted secret/airflow/variables/gone',
      'import-vault-denied secret/a',
      'import-vault-folder secret/denied/',
      'import-vault-form secret/airflow/connections/broken',
    ])
    expect(reading.facts.join()).toContain('may not read the metadata of 6')
    expect(reading.history.size).toBe(0)
    await client.close()
  })
})

describe('KV version 1', () => {
  it('has values and nothing else', async () => {
    const reading = await read({ mount: 'old', version: 1 }, old.connect())
    expect(idsOf(reading)).toEqual(['connection db', 'secret airflow/connections'])
    expect(reading.found.find(({ id }) => id === 'db')?.data.reveal()).toEqual({ conn_type: 'http', port: 1 })
    expect(reading.findings).toMatchObject([{ code: 'import-vault-denied', id: 'no' }])
    expect(reading.history.size).toBe(0)
  })
})

describe('nothing can be read', () => {
  it('when the mount is of the other version', async () => {
    expect(await refusal({ mount: 'old', version: 2 }, old.connect())).toBe('import-vault-version')
    expect(await refusal({ mount: 'secret', version: 1 })).toBe('import-vault-version')
    expect(await refusal({ mount: 'secret', prefix: 'airflow', version: 1 })).toBe('import-vault-version')
    expect(await refusal({ mount: 'secret', prefix: 'metadata', version: 1 })).toBe('import-vault-version')
  })

  it('when there is no such mount, or it is no KV', async () => {
    expect(await refusal({ mount: 'absent' })).toBe('import-vault-mount')
    expect(await refusal({ mount: 'auth/token' })).toBe('import-vault-mount')
  })

  it('when the token may do nothing there', async () => {
    const client = await clientWith('nothing', 'path "x" { capabilities = ["read"] }')
    expect(await refusal({}, client)).toBe('import-vault-denied')
    await client.close()
  })

  it('but an empty mount is only empty', async () => {
    const reading = await read({ mount: 'none' })
    expect(reading).toMatchObject({ found: [], findings: [{ code: 'import-vault-empty', severity: 'warning' }] })
  })
})
