/** What `plenum sync` refuses before it begins: one message, what to do below it, and nothing is written. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sensitive } from '../../src/sensitive/index.ts'
import { writeSecret } from '../../src/vault/index.ts'
import { type AirflowTables, endWriters, sqliteTables } from './airflow-edits.case.ts'
import { endAll, SyncHub } from './sync-place.case.ts'
import { openTarget, type Target } from './target.case.ts'

const folder = mkdtempSync(join(tmpdir(), 'plenum-sync-calls-'))
let target: Target
const hubs: SyncHub[] = []

beforeAll(async () => {
  target = await openTarget()
})
afterAll(async () => {
  endAll()
  endWriters()
  for (const hub of hubs) hub.remove()
  rmSync(folder, { recursive: true, force: true })
  await target.close()
})

function makeHub(): SyncHub {
  const hub = new SyncHub({ target })
  hubs.push(hub)
  return hub
}

async function appliedHub(): Promise<SyncHub> {
  const hub = makeHub()
  await hub.apply()
  return hub
}

describe('a call that is wrong', () => {
  let hub: SyncHub
  let airflow: AirflowTables
  beforeAll(async () => {
    ;[hub, airflow] = await Promise.all([appliedHub(), sqliteTables(folder)])
  })

  it.each<[string, readonly string[], number, RegExp]>([
    [
      'no such Airflow',
      ['--airflow-home', 'nowhere', '--once'],
      1,
      /nowhere\/airflow\.db: it cannot be read\n +is there such a file/,
    ],
    ['an interval without a unit', ['--interval', '5'], 2, /'5' is invalid; a duration is a number with its unit/],
    ['a rule that is none', ['--on-conflict', 'me'], 2, /allowed choices are report, airflow-wins, vault-wins/],
    ['a place that is none', ['--listen', 'here'], 2, /a place is HOST:PORT, PORT, or none/i],
    [
      'no such key file',
      ['--fernet-key-file', 'nowhere', '--once'],
      1,
      /nowhere cannot be read: ENOENT.*\n +is the path right/,
    ],
    ['a key that is none', ['--fernet-key-file', 'plenum.yaml', '--once'], 1, /Fernet key 1 of 2 is not 32 bytes/],
    ['an unknown database', ['--dsn', 'foo://planted@x/y'], 1, /its scheme is not one of postgresql, mysql and sqlite/],
    ['a project rule that is none', ['--project', '=x', '--once'], 2, /--project =x is no rule/],
    [
      'a database that is not there',
      ['--dsn', 'postgresql://u:planted@127.0.0.1:1/x', '--once'],
      1,
      /nothing answers there/,
    ],
  ])('%s', async (_, args, status, message) => {
    const database = args.includes('--airflow-home') || args.includes('--dsn') ? [] : airflow.options
    const ran = await hub.plenum(['sync', ...database, ...args], { VAULT_TOKEN: target.token })
    expect(ran.errors).toMatch(message)
    expect([ran.status, ran.out]).toEqual([status, ''])
    expect(ran.errors).not.toContain('planted')
    expect(ran.errors).not.toContain('internal error')
  })

  it('a token that Vault does not know, also without --once', async () => {
    for (const args of [['--once'], ['--listen', 'none']]) {
      const ran = await hub.plenum(['sync', ...airflow.options, ...args], { VAULT_TOKEN: 'hvs.unknown' })
      expect([ran.status, ran.out]).toEqual([1, ''])
      expect(ran.errors).toMatch(/403 .*\n +use a token whose policies allow it/)
    }
  })

  it('a hub that was never applied', async () => {
    const fresh = makeHub()
    const ran = await fresh.plenum(['sync', ...airflow.options, '--once'], { VAULT_TOKEN: target.token })
    expect(ran.status).toBe(1)
    expect(ran.errors).toMatch(/`plenum apply` makes the KV version 2 mount that plenum\.yaml names/)
  })

  it('a key of sync that is none', async () => {
    const fresh = await appliedHub()
    const path = `plenum/${fresh.name}/sync`
    await writeSecret(target.client, fresh.mount, path, sensitive({ key: 'planted' }), 0)
    const ran = await fresh.once(airflow)
    expect(ran.status).toBe(1)
    // One line, as every other of --json.
    expect(ran.lines).toMatchObject([{ event: 'failed', errors: [{ code: 'sync-key' }] }])
    expect(`${ran.out}${ran.errors}`).toMatch(/sync is no key of sync, or was deleted/)
    expect(`${ran.out}${ran.errors}`).not.toContain('planted')
  })

  it('no plenum.yaml', async () => {
    rmSync(join(hub.folder, 'plenum.yaml'))
    const ran = await hub.plenum(['sync', ...airflow.options, '--once'], { VAULT_TOKEN: target.token })
    expect([ran.status, ran.out]).toEqual([1, ''])
    expect(ran.errors).toMatch(/no plenum\.yaml in .*\n +go to your hub's folder/)
  })
})
