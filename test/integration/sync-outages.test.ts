/**
 * `plenum sync` when something it needs goes and comes back: its Vault is stopped or sealed, its database is not there,
 * another instance works beside it. It waits, says so, and catches up; nothing is lost or written twice.
 */
import { mkdtempSync, renameSync, rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer, type TestServer } from '../../src/testing/index.ts'
import { AirflowTables, endWriters, postgresTables, sqliteTables } from './airflow-edits.case.ts'
import type { RunningDatabase } from './database-process.case.ts'
import { startPostgres } from './postgres.case.ts'
import {
  endAll,
  freePort,
  type HubOptions,
  isAbout,
  outcomesIn,
  type RunningSync,
  SyncHub,
  type SyncLine,
} from './sync-place.case.ts'
import { openTarget, type Target } from './target.case.ts'

const folder = mkdtempSync(join(tmpdir(), 'plenum-sync-outages-'))
const X = 'variable:x'
const hubs: SyncHub[] = []
let target: Target
let postgres: RunningDatabase

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

function makeHub(options: Partial<HubOptions> = {}): SyncHub {
  const hub = new SyncHub({ target, ...options })
  hubs.push(hub)
  return hub
}

async function appliedHub(options: Partial<HubOptions> = {}): Promise<SyncHub> {
  const hub = makeHub(options)
  await hub.apply()
  return hub
}

/** A server of the test's own, which it may seal and stop. */
function targetOn({ address, rootToken, client }: TestServer): HubOptions['target'] {
  return { address, token: rootToken.reveal(), client, unique: target.unique }
}

const FOLLOWING = /; following; /
const isTrouble =
  (side: string, code: RegExp) =>
  ({ event, trouble }: SyncLine): boolean =>
    event === 'trouble' && trouble?.side === side && code.test(trouble.code)

/** It says that it is back, and then what happened meanwhile has been brought. */
async function expectCaughtUp(
  sync: RunningSync,
  isBrought: (event: SyncLine) => boolean,
  since: number,
): Promise<void> {
  await sync.until(({ event }) => event === 'recovered', since)
  await sync.until(isBrought, since)
  expect(await sync.end()).toBe(0)
}

describe('Vault', () => {
  it('stopped with `plenum down` and started with `plenum up`: sync catches up, with the credentials that up made', async () => {
    const port = await freePort()
    const hub = makeHub({ vault: 'embedded' })
    const up = ['up', '--detach', '--port', String(port), '-q']
    try {
      expect(await hub.plenum(up)).toMatchObject({ status: 0 })
      const airflow = await sqliteTables(folder)
      await airflow.setVariable('x', 'one')
      const sync = hub.start(airflow)
      await sync.until(isAbout(X, 'created'))
      expect(await hub.plenum(['down', '-q'])).toMatchObject({ status: 0 })
      await airflow.setVariable('x', 'two')
      await airflow.setVariable('new', 'one')
      await sync.until(isTrouble('vault', /^vault-(?:unreachable|server|sealed)$/))
      const since = sync.events.length
      await airflow.setVariable('x', 'three')
      expect(await hub.plenum(up)).toMatchObject({ status: 0 })
      await expectCaughtUp(sync, isAbout('variable:new', 'created'), since)
      const after = await hub.once(airflow)
      expect([after.status, outcomesIn(after.lines)]).toEqual([0, {}])
      // One pass needs nobody to have started it.
      expect(await hub.plenum(['down', '-q'])).toMatchObject({ status: 0 })
      await airflow.deleteVariable('new')
      const alone = await hub.once(airflow, '--port', '0')
      expect([alone.status, outcomesIn(alone.lines)]).toEqual([0, { 'variable:new': 'deleted' }])
    } finally {
      await hub.plenum(['down', '-q'])
    }
  })

  it('sealed and unsealed: the same', async () => {
    await using server: TestServer = await startTestServer({ mount: null })
    const hub = await appliedHub({ target: targetOn(server) })
    const airflow = await sqliteTables(folder)
    await airflow.setVariable('x', 'one')
    const sync = hub.start(airflow)
    await sync.until(isAbout(X, 'created'))
    const key = Buffer.from(server.unsealKey)
    await server.client.request('PUT', 'sys/seal')
    await airflow.setVariable('x', 'two')
    await sync.until(isTrouble('vault', /^vault-sealed$/))
    const since = sync.events.length
    await server.core.unsealWithKey(key)
    await expectCaughtUp(sync, isAbout(X, 'updated', { version: 2 }), since)
    expect(await hub.values(X)).toEqual(['one', 'two'])
  })

  it('not there when sync starts: it waits for it, and a stop meanwhile is an end like any other', async () => {
    const port = await freePort()
    const hub = makeHub({ vault: `{ address: "http://127.0.0.1:${port}" }` })
    const airflow = await sqliteTables(folder)
    hub.useToken('hvs.unused')
    const waiting = hub.start(airflow)
    await waiting.until(isTrouble('vault', /^vault-unreachable$/))
    expect(await waiting.end()).toBe(0)
    expect(waiting.errors()).toContain('plenum sync: stopped')
    const early = hub.start(airflow)
    await early.untilSaid(/this project declares nothing/)
    await sleep(100)
    expect(await early.end(), early.errors()).toBe(0)
  })
})

/** Between sync and PostgreSQL; what goes through can be cut, and refused until it is let through again. */
class Cable {
  port = 0
  readonly #to: number
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined

  constructor(to: number) {
    this.#to = to
  }

  async open(): Promise<void> {
    const server = createServer((inner) => {
      const outer = connect(this.#to, '127.0.0.1')
      for (const [one, other] of [
        [inner, outer],
        [outer, inner],
      ] as const) {
        this.#sockets.add(one)
        one.on('error', () => undefined)
        one.on('close', () => {
          this.#sockets.delete(one)
          other.destroy()
        })
        one.pipe(other)
      }
    })
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(this.port, '127.0.0.1', resolve)
    })
    const address = server.address()
    this.port = typeof address === 'object' && address !== null ? address.port : 0
    this.#server = server
  }

  async cut(): Promise<void> {
    const closed = new Promise((resolve) => this.#server?.close(resolve))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }
}

describe('the database', () => {
  it('PostgreSQL cut off and back: sync catches up', async () => {
    const hub = await appliedHub()
    const direct = await postgresTables(postgres, folder)
    const cable = new Cable(postgres.port)
    await cable.open()
    try {
      const through = direct.options.map((option) => option.replace(`:${postgres.port}/`, `:${cable.port}/`))
      const airflow = new AirflowTables('postgres', direct.run, through, direct.keys)
      await airflow.setVariable('x', 'one')
      const sync = hub.start(airflow)
      await sync.until(isAbout(X, 'created'))
      await cable.cut()
      await sync.until(isTrouble('database', /^import-database-(?:lost|refused)$/))
      const since = sync.events.length
      await airflow.setVariable('x', 'two')
      await cable.open()
      await expectCaughtUp(sync, isAbout(X, 'updated', { version: 2 }), since)
      expect(`${sync.errors()}${JSON.stringify(sync.events)}`).not.toContain(postgres.password)
    } finally {
      await cable.cut()
    }
  })

  it('SQLite moved away and back: sync catches up, and deletes nothing for it', async () => {
    const hub = await appliedHub()
    const airflow = await sqliteTables(folder, 'DELETE')
    await airflow.setVariable('x', 'one')
    await airflow.setVariable('y', 'one')
    const sync = hub.start(airflow)
    await sync.untilSaid(FOLLOWING)
    const file = join(airflow.options[1] ?? '', 'airflow.db')
    renameSync(file, `${file}.away`)
    await sync.until(isTrouble('database', /^import-database-/))
    const since = sync.events.length
    renameSync(`${file}.away`, file)
    await airflow.setVariable('x', 'two')
    await expectCaughtUp(sync, isAbout(X, 'updated', { version: 2 }), since)
    expect(await hub.values('variable:y')).toEqual(['one'])
  })

  it('PostgreSQL tells of changes itself, with the trigger that sync prints', async () => {
    const hub = await appliedHub()
    const airflow = await postgresTables(postgres, folder)
    const trigger = await hub.plenum(['sync', '--print-trigger'])
    expect([trigger.status, trigger.errors]).toEqual([0, ''])
    await airflow.run(trigger.out)
    const sync = hub.start(airflow, '--interval', '1h')
    await sync.untilSaid(FOLLOWING)
    for (const version of [1, 2, 3]) {
      await airflow.setVariable('x', `value ${version}`)
      await sync.until(isAbout(X, version === 1 ? 'created' : 'updated', { version }))
    }
    await airflow.deleteVariable('x')
    await sync.until(isAbout(X, 'deleted'))
    expect(await sync.end()).toBe(0)
  })
})

describe('two instances at once', () => {
  it('write each edit once, between them', async () => {
    const hub = await appliedHub()
    const airflow = await postgresTables(postgres, folder)
    const ids = ['a', 'b', 'c', 'd', 'e']
    const both = [hub.start(airflow), hub.start(airflow)]
    await Promise.all(both.map((sync) => sync.untilSaid(FOLLOWING)))
    for (let edit = 1; edit <= 100; edit += 1) {
      await airflow.setVariable(ids[edit % ids.length] ?? '', String(edit))
      await sleep(20)
    }
    // Each has seen the last edit: then nothing of it is under way.
    await airflow.setVariable('last', 'one')
    const seen = ({ address, outcome }: SyncLine): boolean => address === 'variable:last' && outcome !== undefined
    await Promise.race(both.map((sync) => sync.until(seen)))
    expect(await Promise.all(both.map((sync) => sync.end()))).toEqual([0, 0])
    const after = await hub.once(airflow)
    expect(after.status, after.errors).toBe(0)
    for (const [index, id] of ids.entries()) {
      const values = (await hub.values(`variable:${id}`)).map(Number)
      expect(values.at(-1)).toBe(index === 0 ? 100 : 95 + index)
      expect(values).toEqual([...new Set(values)].sort((a, b) => a - b))
    }
    const again = await hub.once(airflow)
    expect([again.status, outcomesIn(again.lines)]).toEqual([0, {}])
  })
})

describe('how sync is', () => {
  it('stands at /healthz and /metrics, also while Vault is not there', async () => {
    await using server: TestServer = await startTestServer({ mount: null })
    const hub = await appliedHub({ target: targetOn(server) })
    const airflow = await sqliteTables(folder)
    await airflow.setVariable('planted_name', 'one')
    const sync = hub.start(airflow, '--listen', '127.0.0.1:0')
    await sync.untilSaid(FOLLOWING)
    const [, url = ''] = await sync.untilSaid(/(http:\/\/\S+)\/healthz and \/metrics/)
    const health = async (): Promise<[number, Record<string, unknown>]> => {
      const answer = await fetch(`${url}/healthz`)
      return [answer.status, (await answer.json()) as Record<string, unknown>]
    }
    expect(await health()).toEqual([
      200,
      expect.objectContaining({ status: 'ok', conflicts: 0, problems: 0, trouble: null }),
    ])
    const metrics = await (await fetch(`${url}/metrics`)).text()
    expect(metrics).toMatch(/^plenum_sync_up 1$/m)
    expect(metrics).toMatch(/^plenum_sync_changes_total\{kind="created"\} 1$/m)
    expect(metrics).not.toContain('planted')

    const taken = hub.start(airflow, '--listen', new URL(url).host)
    await taken.untilSaid(/cannot listen on .*: the port is taken\n +`--listen 127\.0\.0\.1:9465` takes another place/)
    expect(await taken.ended()).toBe(1)

    await server.client.request('PUT', 'sys/seal')
    await airflow.setVariable('planted_name', 'two')
    await sync.until(isTrouble('vault', /^vault-sealed$/))
    expect(await health()).toEqual([
      503,
      expect.objectContaining({ status: 'failing', trouble: expect.objectContaining({ code: 'vault-sealed' }) }),
    ])
    expect(await sync.end()).toBe(0)
  })
})
