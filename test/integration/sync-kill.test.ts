/**
 * kill -9 of `plenum sync` at random moments, while people edit Airflow's database without a pause: afterwards every row
 * is in Vault, what left Airflow has left Vault, and each version is a value that the row had, each once, in their order.
 * PLENUM_KILLS sets the number of kills (default 6; 200 before a release).
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readSecret, readSecretVersions, undeleteSecretVersion } from '../../src/vault/index.ts'
import { type AirflowTables, endWriters, sqliteTables } from './airflow-edits.case.ts'
import { endAll, SyncHub } from './sync-place.case.ts'
import { openTarget, type Target } from './target.case.ts'

const KILLS = Number(process.env['PLENUM_KILLS'] ?? '6')
const IDS = Array.from({ length: 40 }, (_, index) => `v${index}`)
const folder = mkdtempSync(join(tmpdir(), 'plenum-sync-kill-'))
let target: Target
let hub: SyncHub
let airflow: AirflowTables

beforeAll(async () => {
  target = await openTarget()
  hub = new SyncHub({ target })
  await hub.apply()
  // Each version is looked at in the end.
  await target.request('POST', `${hub.mount}/config`, { body: { max_versions: 10_000 } })
  airflow = await sqliteTables(folder)
})
afterAll(async () => {
  endAll()
  endWriters()
  hub.remove()
  rmSync(folder, { recursive: true, force: true })
  await target.close()
})

/** Values only grow, so that each says by itself which edit it was. */
class People {
  readonly rows = new Map<string, number>()
  /** All values that each row ever had. */
  readonly history = new Map<string, number[]>(IDS.map((id) => [id, []]))
  readonly stop = new AbortController()
  edits = 0

  async edit(): Promise<void> {
    while (!this.stop.signal.aborted) {
      const id = IDS[Math.floor(Math.random() * IDS.length)] ?? ''
      this.edits += 1
      if (Math.random() < 0.15) {
        await airflow.deleteVariable(id)
        this.rows.delete(id)
      } else {
        this.history.get(id)?.push(this.edits)
        await airflow.setVariable(id, String(this.edits))
        this.rows.set(id, this.edits)
      }
      await sleep(Math.random() * 30)
    }
  }
}

/** Objects of which a kill left something unfinished: a version that is claimed and not settled. */
async function unfinished(): Promise<number> {
  const all = await Promise.all(IDS.map((id) => hub.metadata(`variable:${id}`)))
  return all.filter((custom) => {
    const settled = Number(custom['sync-version'] ?? 0)
    return Object.keys(custom).some((key) => Number(/^sync-claim-(\d+)-/.exec(key)?.[1] ?? 0) > settled)
  }).length
}

async function everyValue(id: string): Promise<number[]> {
  const path = hub.pathOf(`variable:${id}`)
  const read = await readSecretVersions(target.client, hub.mount, path)
  const values: number[] = []
  for (const { version, deletedAt } of read?.versions ?? []) {
    if (deletedAt !== undefined) await undeleteSecretVersion(target.client, hub.mount, path, version)
    const found = await readSecret(target.client, hub.mount, path, { version })
    if (found.kind !== 'found') throw new Error(`version ${version} of ${id} is ${found.kind}`)
    values.push(Number(found.data.reveal()['value']))
  }
  return values
}

describe(`kill -9 of plenum sync, ${KILLS} times`, () => {
  it(
    'loses no edit, and writes none twice or late',
    async () => {
      const people = new People()
      const editing = people.edit()
      let left = 0
      let usual = 1000
      for (let round = 0; round < KILLS; round += 1) {
        const began = Date.now()
        const sync = hub.start(airflow)
        if (round % 10 === 0) {
          await sync.until(({ event }) => event === 'pass')
          usual = Date.now() - began
          await sleep(Math.random() * 500)
        } else await sleep(usual * (0.6 + Math.random()))
        expect(await sync.end('SIGKILL'), sync.errors()).toBeNull()
        if ((await unfinished()) > 0) left += 1
      }
      people.stop.abort()
      await editing
      const last = await hub.once(airflow)
      expect(last.status, `${last.errors}${last.out}`).toBe(0)
      const again = await hub.once(airflow)
      expect(again.lines.filter(({ event }) => event === 'object')).toEqual([])

      const now = await Promise.all(IDS.map((id) => hub.value(`variable:${id}`)))
      const rows = IDS.map((id) => people.rows.get(id))
      expect(now).toEqual(rows.map((value) => (value === undefined ? undefined : { value: String(value) })))
      let versions = 0
      for (const id of IDS) {
        const values = await everyValue(id)
        versions += values.length
        expect(values, id).toEqual(people.history.get(id)?.filter((value) => values.includes(value)))
      }
      if (KILLS >= 20) {
        expect(left).toBeGreaterThan(0)
        process.stdout.write(
          `${people.edits} edits, ${versions} versions; ${left} of ${KILLS} kills left something half done\n`,
        )
      }
    },
    120_000 + KILLS * 20_000,
  )
})
