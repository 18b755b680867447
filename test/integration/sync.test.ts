/**
 * `plenum sync` between a real Vault (see target.case.ts), and Airflow's tables in a real SQLite and a real PostgreSQL;
 * always as the hub's role for sync, with the policy that `plenum apply` gave it.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sensitive } from '../../src/sensitive/index.ts'
import { deleteSecretVersion, listAllSecrets, writeSecret } from '../../src/vault/index.ts'
import { type AirflowTables, endWriters, postgresTables, sqliteTables } from './airflow-edits.case.ts'
import { makeKey } from './airflow-tables.case.ts'
import type { RunningDatabase } from './database-process.case.ts'
import { startPostgres } from './postgres.case.ts'
import { endAll, isAbout, outcomesIn, SyncHub } from './sync-place.case.ts'
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

async function appliedHub(projects?: string): Promise<SyncHub> {
  const hub = new SyncHub({ target, projects })
  hubs.push(hub)
  await hub.apply()
  return hub
}

const X = 'variable:x'

describe.each(['sqlite', 'postgres'] as const)('on %s', (engine) => {
  let hub: SyncHub
  let airflow: AirflowTables
  beforeAll(async () => {
    ;[hub, airflow] = await Promise.all([
      appliedHub(),
      engine === 'sqlite' ? sqliteTables(folder) : postgresTables(postgres, folder),
    ])
  })

  it('what is created, edited and deleted in Airflow is a version in Vault, and nothing else is', async () => {
    await airflow.setVariable('before', 'planted-before')
    const sync = hub.start(airflow)
    await sync.until(({ event }) => event === 'pass')
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
    expect([again.status, outcomesIn(again.lines)]).toEqual([0, {}])
    await airflow.setVariable('x', 'planted-3')
    await airflow.deleteVariable('before')
    const later = await hub.once(airflow)
    expect([later.status, outcomesIn(later.lines)]).toEqual([0, { [X]: 'updated', 'variable:before': 'deleted' }])
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
      expect([ran.status, outcomesIn(ran.lines)]).toEqual([0, {}])
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
    expect([ran.status, outcomesIn(ran.lines)]).toEqual([1, { 'variable:found': 'created' }])
    expect(ran.lines.filter(({ event }) => event === 'finding').map(({ finding }) => finding)).toEqual([
      expect.objectContaining({ code: 'import-row-key-lost', id: 'lost' }),
    ])
    expect(await hub.value('variable:lost')).toBeUndefined()
    await airflow.deleteVariable('lost')
  })

  it('a dry run foresees and writes nothing, not even a key', async () => {
    const fresh = await appliedHub()
    const foreseen = await fresh.once(airflow, '--dry-run')
    expect([foreseen.status, outcomesIn(foreseen.lines)]).toMatchObject([0, { [X]: 'created' }])
    expect(foreseen.errors).toContain('nothing was written')
    expect(await listAllSecrets(target.client, fresh.mount, '', { concurrency: 4 })).toEqual([])
    const plain = await fresh.plenum(['sync', ...airflow.options, '--dry-run'], { VAULT_TOKEN: target.token })
    expect(plain.out).toContain('  + variable    x  created, version 1, project unassigned\n')
  })
})

/** With another `fernet_key`, as while `airflow rotate-fernet-key` is under way. */
async function withKeys(
  airflow: AirflowTables,
  keys: string,
  work: (rotated: AirflowTables) => Promise<void>,
): Promise<void> {
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

/** As a person writes in Vault, who does not know of sync. */
async function writeInVault(hub: SyncHub, address: string, value: string): Promise<void> {
  const newest = (await hub.versions(address)).at(-1)?.version ?? 0
  await writeSecret(target.client, hub.mount, hub.pathOf(address), sensitive({ value }), newest)
}

describe('what changed in Vault', () => {
  let hub: SyncHub
  let airflow: AirflowTables
  beforeAll(async () => {
    ;[hub, airflow] = await Promise.all([appliedHub(), sqliteTables(folder)])
    await airflow.setVariable('x', 'airflow 1')
    await hub.once(airflow)
  })

  it('alone is left, reported once by a process, and no failure', async () => {
    await writeInVault(hub, X, 'vault 2')
    const ran = await hub.once(airflow)
    expect(ran.lines.find(isAbout(X, 'left', { why: 'vault-ahead' }))).toBeDefined()
    expect(ran.status).toBe(0)
    expect(await hub.value(X)).toEqual({ value: 'vault 2' })
  })

  it('and in Airflow is a conflict: exit status 1, nothing is written', async () => {
    await airflow.setVariable('x', 'airflow 3')
    const ran = await hub.once(airflow)
    expect(ran.lines.find(isAbout(X, 'conflict', { what: 'both-changed' }))).toBeDefined()
    expect(ran.status).toBe(1)
    const told = await hub.plenum(['sync', ...airflow.options, '--once'], { VAULT_TOKEN: target.token })
    expect(told.out).toContain(
      '  ! variable    x  conflict: changed in Airflow and in Vault since they were last in step\n',
    )
    expect(told.errors).toContain('or let --on-conflict airflow-wins or vault-wins decide')
    expect(await hub.values(X)).toEqual(['airflow 1', 'vault 2'])
  })

  it('and in Airflow stays when Vault wins, and is no conflict from then on', async () => {
    const ran = await hub.once(airflow, '--on-conflict', 'vault-wins')
    expect([ran.status, outcomesIn(ran.lines)]).toEqual([0, { [X]: 'recorded' }])
    const again = await hub.once(airflow)
    expect([again.status, outcomesIn(again.lines)]).toEqual([0, {}])
    await airflow.setVariable('x', 'airflow 4')
    expect(outcomesIn((await hub.once(airflow)).lines)).toEqual({ [X]: 'updated' })
    expect(await hub.values(X)).toEqual(['airflow 1', 'vault 2', 'airflow 4'])
  })

  it('and in Airflow goes below a new version when Airflow wins', async () => {
    await writeInVault(hub, X, 'vault 5')
    await airflow.setVariable('x', 'airflow 6')
    const ran = await hub.once(airflow, '--on-conflict', 'airflow-wins')
    expect(ran.lines.find(isAbout(X, 'updated', { version: 5, conflict: 'both-changed' }))).toBeDefined()
    expect(ran.status).toBe(0)
    expect(await hub.values(X)).toEqual(['airflow 1', 'vault 2', 'airflow 4', 'vault 5', 'airflow 6'])
  })

  it('and went from Airflow is kept, until Airflow wins', async () => {
    await writeInVault(hub, X, 'vault 7')
    await airflow.deleteVariable('x')
    const ran = await hub.once(airflow)
    expect([ran.status, outcomesIn(ran.lines)]).toEqual([1, { [X]: 'conflict' }])
    expect(await hub.value(X)).toEqual({ value: 'vault 7' })
    const won = await hub.once(airflow, '--on-conflict', 'airflow-wins')
    expect([won.status, outcomesIn(won.lines)]).toEqual([0, { [X]: 'deleted' }])
    expect(await hub.value(X)).toBeUndefined()
  })

  it('by being deleted is left alone while the row stays, and written again when it is saved', async () => {
    await airflow.setVariable('gone', 'airflow 1')
    await hub.once(airflow)
    await deleteSecretVersion(target.client, hub.mount, hub.pathOf('variable:gone'), 1)
    const ran = await hub.once(airflow)
    expect(ran.lines.find(isAbout('variable:gone', 'left', { why: 'deleted-in-vault' }))).toBeDefined()
    await airflow.setVariable('gone', 'airflow 2')
    expect(outcomesIn((await hub.once(airflow)).lines)).toEqual({ 'variable:gone': 'conflict' })
    await hub.once(airflow, '--on-conflict', 'airflow-wins')
    expect(await hub.value('variable:gone')).toEqual({ value: 'airflow 2' })
  })
})

describe('what plenum.yaml says', () => {
  it('where a value comes from counts: the row is left, and reported', async () => {
    const hub = await appliedHub('  trading:\n    variables:\n      declared: { env: DECLARED }\n')
    const airflow = await sqliteTables(folder)
    await airflow.setVariable('declared', 'planted-of-airflow')
    await airflow.setVariable('other', 'one')
    const ran = await hub.once(airflow)
    expect(ran.lines.find(isAbout('variable:declared', 'left', { why: 'declared' }))).toBeDefined()
    expect([ran.status, outcomesIn(ran.lines)['variable:other']]).toEqual([0, 'created'])
    expect(await hub.values('variable:declared')).toEqual(['planted-declared'])
    await airflow.deleteVariable('declared')
    expect(outcomesIn((await hub.once(airflow)).lines)).toEqual({})
    expect(await hub.values('variable:declared')).toEqual(['planted-declared'])
  })

  it('is taken anew while sync runs', async () => {
    const hub = await appliedHub()
    const airflow = await sqliteTables(folder)
    await airflow.setVariable('declared', 'one')
    const sync = hub.start(airflow, '--full-every', '300ms')
    await sync.until(isAbout('variable:declared', 'created'))
    hub.declare('  trading:\n    variables:\n      declared: { env: DECLARED }\n')
    await sync.until(isAbout('variable:declared', 'left', { why: 'declared' }))
    hub.declare('  trading: [\n')
    await sync.untilSaid(/plenum\.yaml is used as it was before/)
    await airflow.setVariable('other', 'one')
    await sync.until(isAbout('variable:other', 'created'))
    expect(await sync.end()).toBe(0)
  })

  it('and rules say which project an object goes to', async () => {
    const hub = await appliedHub('  trading: { owner: trading@example.com }\n')
    const airflow = await sqliteTables(folder)
    await airflow.setVariable('trading_key', 'one')
    await airflow.setVariable('other', 'one')
    await airflow.setConnection('skipped', 'one')
    const ran = await hub.once(
      airflow,
      '--project',
      'trading_*=trading',
      '--holding',
      'held',
      '--except',
      'connection:*',
    )
    expect([ran.status, outcomesIn(ran.lines)]).toEqual([
      0,
      { 'variable:trading_key': 'created', 'variable:other': 'created' },
    ])
    expect(await hub.metadata('variable:trading_key')).toMatchObject({
      project: 'trading',
      owner: 'trading@example.com',
    })
    expect(await hub.metadata('variable:other')).toMatchObject({ project: 'held' })
    expect(await hub.versions('connection:skipped')).toEqual([])
  })
})

describe('after an import', () => {
  it('sync goes on where it ended; rows that --finish emptied are no edits', async () => {
    const hub = await appliedHub()
    const airflow = await sqliteTables(folder)
    await airflow.setVariable('x', 'planted-1')
    await airflow.setVariable('y', 'planted-1')
    await airflow.setConnection('db', 'planted-1')
    const operator = { VAULT_TOKEN: target.token }
    const source = ['import', 'airflow-db', ...airflow.options, '--yes']
    const imported = await hub.plenum(source, operator)
    expect(imported.status, imported.errors).toBe(0)
    await airflow.setVariable('x', 'planted-2')
    const first = await hub.once(airflow)
    expect(first.status, first.errors).toBe(0)
    expect(outcomesIn(first.lines)).toEqual({ [X]: 'updated', 'variable:y': 'recorded', 'connection:db': 'recorded' })
    expect(await hub.metadata(X)).toMatchObject({ source: 'import', 'plenum-version': '2' })

    const finished = await hub.plenum([...source, '--finish'], operator)
    expect(finished.status, finished.errors).toBe(0)
    const after = await hub.once(airflow)
    expect([after.status, outcomesIn(after.lines)]).toEqual([0, {}])
    expect(await hub.values(X)).toEqual(['planted-1', 'planted-2'])
    expect(await hub.value('connection:db')).toMatchObject({ password: 'planted-1' })

    // Filled in by hand it is an edit; deleted, it is kept: Vault had it before sync.
    await airflow.setVariable('x', 'planted-3', { description: null })
    await airflow.deleteVariable('y')
    const later = await hub.once(airflow)
    expect([later.status, outcomesIn(later.lines)]).toEqual([0, { [X]: 'updated', 'variable:y': 'left' }])
    expect(await hub.values('variable:y')).toEqual(['planted-1'])
    // Nothing that plan would take for somebody else's.
    const plan = await hub.plenum(['plan', '--exit-code'], operator)
    expect(plan.status, plan.out).toBe(0)
  })
})
