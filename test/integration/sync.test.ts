/**
 * `plenum sync` between a real Vault (see target.case.ts), and Airflow's tables in a real SQLite and a real PostgreSQL;
 * always as the hub's role for sync, with the policy that `plenum apply` gave it.
 */
import { renameSync, rmSync, mkdtempSync, existsSync } from 'node:fs'
import { createServer as createTcpServer, connect, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer, type TestServer } from '../../src/testing/index.ts'
import { sensitive } from '../../src/sensitive/index.ts'
import { deleteSecretVersion, listAllSecrets, writeSecret } from '../../src/vault/index.ts'
import type { RunningDatabase } from './database-process.case.ts'
import { makeKey } from './airflow-tables.case.ts'
import { startPostgres } from './postgres.case.ts'
import {
  AirflowTables,
  endAll,
  endWriters,
  freePort,
  postgresTables,
  type RunningSync,
  sqliteTables,
  SyncHub,
  type SyncLine,
} from './sync-place.case.ts'
import { openTarget, type Target } from './target.case.ts'

const folder = mkdtempSync(join(tmpdir(), 'plenum-sync-databases-'))
let target: Target
let postgres: RunningDatabase
const hubs: SyncHub[] = []

beforeAll(async () => {
  ;[target, postgres] = await Promise.all([openTarget(), startPostgres()])
})
afterAll(async () => {
  endAll()
  endWriters()
  for (const hub of hubs) hub.remove()
  rmSync(folder, { recursive: true, force: true })
  await Promise.all([target.close(), postgres.stop()])
})

async function appliedHub(projects?: string, on: Parameters<typeof makeHub>[1] = target): Promise<SyncHub> {
  const hub = makeHub(projects, on)
  await hub.apply()
  return hub
}

function makeHub(projects: string | undefined, on: ConstructorParameters<typeof SyncHub>[0]['target']): SyncHub {
  const hub = new SyncHub({ target: on, ...(projects === undefined ? {} : { projects }) })
  hubs.push(hub)
  return hub
}

const ENGINES = ['sqlite', 'postgres'] as const
const tablesOf = (engine: (typeof ENGINES)[number]): Promise<AirflowTables> =>
  engine === 'sqlite' ? sqliteTables(folder) : postgresTables(postgres, folder)

const X = 'variable:x'
const isAbout =
  (address: string, kind: string, more: Readonly<Record<string, unknown>> = {}) =>
  (event: SyncLine): boolean =>
    event.address === address &&
    event.outcome?.kind === kind &&
    Object.entries(more).every(([key, value]) => event.outcome?.[key] === value)
const outcomes = (lines: readonly SyncLine[]): Record<string, string | undefined> =>
  Object.fromEntries(
    lines.filter(({ event }) => event === 'object').map(({ address, outcome }) => [address, outcome?.kind]),
  )

/** As a person writes in Vault, who does not know of sync. */
async function writeInVault(hub: SyncHub, address: string, value: string): Promise<void> {
  const newest = (await hub.versions(address)).at(-1)?.version ?? 0
  await writeSecret(target.client, hub.mount, hub.pathOf(address), sensitive({ value }), newest)
}

async function firstPass(sync: RunningSync): Promise<void> {
  await sync.until(({ event }) => event === 'pass')
}

describe.each(ENGINES)('on %s', (engine) => {
  let hub: SyncHub
  let airflow: AirflowTables
  beforeAll(async () => {
    ;[hub, airflow] = await Promise.all([appliedHub(), tablesOf(engine)])
  })

  it('what is created, edited and deleted in Airflow is a version in Vault, and nothing else is', async () => {
    await airflow.setVariable('before', 'planted-before')
    const sync = hub.start(airflow)
    await firstPass(sync)
    expect(await hub.value('variable:before')).toEqual({ value: 'planted-before' })
    await airflow.setVariable('x', 'planted-1', { description: 'the first' })
    await sync.until(isAbout(X, 'created', { version: 1, project: 'unassigned' }))
    expect(await hub.metadata(X)).toMatchObject({
      'managed-by': 'plenum',
      hub: hub.name,
      project: 'unassigned',
      source: 'sync',
      description: 'the first',
    })
    await airflow.setVariable('x', 'planted-2')
    await sync.until(isAbout(X, 'updated', { version: 2 }))
    await airflow.setConnection('warehouse', 'planted-password', { extra: '{"a": 1}', port: 5432 })
    await sync.until(isAbout('connection:warehouse', 'created'))
    expect(await hub.value('connection:warehouse')).toEqual({
      conn_type: 'http',
      host: 'example.com',
      password: 'planted-password',
      port: 5432,
      extra: { a: 1 },
    })
    await airflow.deleteVariable('x')
    await sync.until(isAbout(X, 'deleted', { version: 2 }))
    expect(await hub.value(X)).toBeUndefined()
    await airflow.setVariable('x', 'planted-2')
    await sync.until(isAbout(X, 'updated', { version: 3 }))
    expect(await hub.values(X)).toEqual(['planted-1', undefined, 'planted-2'])
    expect(await hub.values('variable:before')).toEqual(['planted-before'])
    expect(await sync.end()).toBe(0)
    expect(sync.errors()).not.toContain('denied')
    expect(`${sync.errors()}${JSON.stringify(sync.events)}`).not.toContain('planted')
  })

  it('the next process finds nothing to do, and what happened while none ran', async () => {
    const again = await hub.once(airflow)
    expect([again.status, outcomes(again.lines)]).toEqual([0, {}])
    await airflow.setVariable('x', 'planted-3')
    await airflow.deleteVariable('before')
    const later = await hub.once(airflow)
    expect([later.status, outcomes(later.lines)]).toEqual([0, { [X]: 'updated', 'variable:before': 'deleted' }])
  })

  it('a rotated Fernet key makes no version', async () => {
    const versions = (await hub.versions(X)).length
    const old = airflow.keys
    airflow.keys = makeKey()
    await airflow.setVariable('x', 'planted-3')
    const blind = await hub.once(airflow)
    expect(blind.status).toBe(1)
    expect(blind.lines.map(({ finding }) => finding?.code)).toContain('import-row-key-lost')
    expect(`${blind.out}${blind.errors}`).not.toContain('planted')
    await withKeys(airflow, `${airflow.keys},${old}`, async (rotated) => {
      const ran = await hub.once(rotated)
      expect([ran.status, outcomes(ran.lines)]).toEqual([0, {}])
    })
    airflow.keys = old
    await airflow.setVariable('x', 'planted-3')
    expect((await hub.once(airflow)).status).toBe(0)
    expect(await hub.versions(X)).toHaveLength(versions)
  })

  it('a row under a lost key is reported, and the rest goes on', async () => {
    const key = airflow.keys
    airflow.keys = makeKey()
    await airflow.setVariable('lost', 'planted-lost')
    airflow.keys = key
    await airflow.setVariable('found', 'planted-found')
    const ran = await hub.once(airflow)
    expect([ran.status, outcomes(ran.lines)]).toEqual([1, { 'variable:found': 'created' }])
    expect(ran.lines.filter(({ event }) => event === 'finding').map(({ finding }) => finding)).toEqual([
      expect.objectContaining({ code: 'import-row-key-lost', id: 'lost' }),
    ])
    expect(await hub.value('variable:lost')).toBeUndefined()
    await airflow.deleteVariable('lost')
  })

  it('a dry run foresees and writes nothing, not even a key', async () => {
    const fresh = await appliedHub()
    const foreseen = await fresh.once(airflow, '--dry-run')
    expect([foreseen.status, outcomes(foreseen.lines)]).toMatchObject([0, { [X]: 'created' }])
    expect(foreseen.errors).toContain('nothing was written')
    expect(await listAllSecrets(target.client, fresh.mount, '', { concurrency: 4 })).toEqual([])
    const plain = await fresh.plenum(['sync', ...airflow.options, '--dry-run'], { VAULT_TOKEN: target.token })
    expect(plain.out).toContain('  + variable    x  created, version 1, project unassigned\n')
  })
})

/** With another `fernet_key`, as after `airflow rotate-fernet-key` has begun. */
async function withKeys(
  airflow: AirflowTables,
  keys: string,
  work: (rotated: AirflowTables) => Promise<void>,
): Promise<void> {
  const { writeFileSync } = await import('node:fs')
  const file = join(mkdtempSync(join(folder, 'keys-')), 'fernet')
  writeFileSync(file, keys)
  const before = airflow.options
  airflow.options = [...before, '--fernet-key-file', file]
  try {
    await work(airflow)
  } finally {
    airflow.options = before
  }
}
