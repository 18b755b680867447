/**
 * `plenum sync`, proved by Airflow: connections and variables are entered through the REST API and the commands of a real
 * Airflow, and its VaultBackend returns what was entered, one version for each edit, and nothing for what was deleted.
 *
 * The tests of one Airflow are one story: each begins with what the last one left. How long an edit takes to arrive is
 * printed and not judged.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AirflowLine } from './airflow.case.ts'
import { startApiServer } from './api-server.case.ts'
import { startCommands } from './commands.case.ts'
import { type DatabaseKind, type DatabaseServer, STARTERS } from './database.case.ts'
import type { Editor, Entered, EnteredConnection, EnteredVariable } from './entered.case.ts'
import { type Followed, followed } from './followed.case.ts'

interface Case {
  readonly line: AirflowLine
  readonly kind: DatabaseKind
}

const CASES: readonly Case[] = [
  { line: '3.3', kind: 'postgres' },
  { line: '3.3', kind: 'sqlite' },
  { line: '2.11', kind: 'postgres' },
  { line: '2.11', kind: 'sqlite' },
]
const EVERY_SECOND = ['--interval', '1s'] as const
/** Nothing comes by a pass of its own. */
const EVERY_HOUR = ['--interval', '1h'] as const

const BURST = 40

const work = mkdtempSync(join(tmpdir(), 'plenum-sync-'))
const servers = new Map<DatabaseKind, DatabaseServer>()

afterAll(async () => {
  for (const server of servers.values()) await server.stop()
  rmSync(work, { recursive: true, force: true })
})

/** The same for all. `undefined` where this machine has none. */
async function serverOf(kind: DatabaseKind): Promise<DatabaseServer | undefined> {
  const server = servers.get(kind) ?? (await STARTERS[kind]())
  if (server !== undefined) servers.set(kind, server)
  return server
}

const databaseOf = (line: AirflowLine): string => `airflow_${line.replace('.', '_')}`

function sayTimes(what: string, times: readonly number[]): void {
  if (times.length === 0) return
  const sorted = [...times].sort((a, b) => a - b)
  const at = (share: number): string => `${Math.round(sorted[Math.ceil(sorted.length * share) - 1] ?? 0)} ms`
  process.stderr.write(`sync: ${what}: ${times.length} arrived, p50 ${at(0.5)}, p95 ${at(0.95)}, max ${at(1)}\n`)
}

const connection = (id: string, fields: Partial<EnteredConnection> = {}): EnteredConnection => ({
  kind: 'connection',
  id,
  connType: 'http',
  description: null,
  host: 'https://api.example.com',
  login: 'DU0000000',
  password: null,
  schema: null,
  port: null,
  extra: null,
  ...fields,
})

const variable = (id: string, value: string, description: string | null = null): EnteredVariable => ({
  kind: 'variable',
  id,
  value,
  description,
})

const broker = connection('project_trading_broker', {
  description: 'Orders, "live"',
  password: String.raw`it's "quoted", 100%, %41 %(x)s, ключ 密钥 🔑, C:\new $HOME`,
  schema: 'https',
  port: 443,
})
const feed = connection('market.feed-1', {
  password: 'first-feed-password',
  extra: {
    text: '{"client": 12345678901234567890, "ratio": 1.50, "limit": 1e3, "live": true, "none": null, "deep": {"list": [1, 2.5, "ü%"]}}',
    found: {
      dict: {
        client: { int: '12345678901234567890' },
        ratio: { float: '1.5' },
        limit: { float: '1000.0' },
        live: { bool: true },
        none: null,
        deep: { dict: { list: { list: [{ int: '1' }, { float: '2.5' }, { str: 'ü%' }] } } },
      },
    },
  },
})
const archive = connection('project_market_archive', { connType: 'postgres', password: 'archive-password', port: 5432 })
const desk = connection('desk', { login: null, password: 'desk-password' })
const limits = variable('project_trading_limits', `{"max": 1.0, "name": "Ünï % 'q' \\"d\\""}`, 'of the desk')
const notes = variable('notes', 'two lines\n  100% ключ 🔑 "quoted"\n')

const broker2 = { ...broker, password: `other "one" 'now' %%`, login: null, port: 8443 }
const feed2 = {
  ...feed,
  host: 'https://feed.example.com',
  extra: {
    text: '{"ratio": 0.1, "token": "ab%cd"}',
    found: { dict: { ratio: { float: '0.1' }, token: { str: 'ab%cd' } } },
  },
}
const desk2 = { ...desk, password: 'other-desk-password' }
const limits2 = { ...limits, value: '{"max": 2}' }
const notes2 = { ...notes, value: 'one line' }

describe.each(CASES)('Airflow $line on $kind', ({ line, kind }) => {
  let airflow: Followed
  let rest: Editor
  let commands: Editor
  let server: DatabaseServer

  beforeAll(async () => {
    const started = await serverOf(kind)
    if (started === undefined) throw new Error(`no ${kind} on this machine`)
    server = started
    airflow = await followed(line, server, { folder: join(work, `${line}-${kind}`), name: databaseOf(line) })
    const ways = [startApiServer(line, airflow.home), startCommands(line, airflow.home)] as const
    ;[rest, commands] = await Promise.all([airflow.through(ways[0]), airflow.through(ways[1])])
    airflow.follow(...EVERY_SECOND)
  })
  afterAll(async () => {
    await airflow?.stop()
  })

  /** Resolves when all has been done that one pass finds to be done: it begins after this and ends before a second. */
  async function aWholePass(): Promise<void> {
    for (const value of [new Date().toISOString(), 'done']) {
      const mark = variable('mark', value)
      await commands.edit(mark)
      await airflow.arrive(mark)
    }
  }

  it('brings what is created', async () => {
    for (const one of [broker, feed, archive, limits]) await rest.create(one)
    for (const one of [desk, notes]) await commands.create(one)
    await airflow.arrive(broker, feed, archive, limits, desk, notes)
    expect(await airflow.versions(broker, feed, archive, limits, desk, notes)).toEqual([1, 1, 1, 1, 1, 1])
    expect((await airflow.metadata(broker))?.customMetadata).toMatchObject({ 'managed-by': 'plenum', source: 'sync' })
  })

  it('brings what is edited, one version for each edit', async () => {
    for (const one of [broker2, desk2, notes2]) await rest.edit(one)
    for (const one of [feed2, limits2]) await commands.edit(one)
    await airflow.arrive(broker2, desk2, notes2, feed2, limits2, archive)
    expect(await airflow.versions(broker, desk, notes, feed, limits, archive)).toEqual([2, 2, 2, 2, 2, 1])
  })

  it('makes no version of what only looks new', async () => {
    // Encrypted anew, to the same content; and a description that is no part of a variable's value.
    await rest.edit(broker2)
    await commands.edit(feed2)
    await rest.edit({ ...limits2, description: 'of another desk' })
    await aWholePass()
    await airflow.arrive(broker2, feed2, limits2)
    expect(await airflow.versions(broker, feed, limits)).toEqual([2, 2, 2])
    expect((await airflow.metadata(limits))?.customMetadata).toMatchObject({ description: 'of another desk' })
  })

  it('brings the description of a connection, which Airflow reads too, and loses nothing else of it', async () => {
    const described = { ...desk2, description: 'of "the desk", 100%' }
    await rest.edit(described)
    await airflow.arrive(described)
    expect(await airflow.versions(desk)).toEqual([3])
  })

  it('takes away what is deleted, and that alone', async () => {
    await commands.remove(archive)
    await commands.remove(limits)
    await rest.remove(notes)
    await airflow.leave(archive, limits, notes)
    await airflow.arrive(broker2, feed2)
    expect(await airflow.versions(archive, limits, notes)).toEqual([1, 2, 2])
  })

  it('brings what is created again', async () => {
    const again = { ...archive, password: 'archive-password-again' }
    await rest.create(again)
    await commands.create(notes)
    await airflow.arrive(again, notes)
    expect(await airflow.versions(archive, notes)).toEqual([2, 3])
  })

  it('tells of ids that differ in case alone, takes nothing away for it, and goes on when one has gone', async () => {
    const [upper, upper2] = ['first', 'second'].map((password) => connection('Orders_API', { password }))
    const lower = connection('orders_api', { password: 'third' })
    if (upper === undefined || upper2 === undefined) throw new Error('two are made')
    await rest.create(upper)
    await airflow.arrive(upper)
    await commands.create(lower)
    expect(await airflow.says('differs only in case')).toBe(true)
    await rest.edit(upper2)
    await aWholePass()
    await airflow.arrive(upper)
    await commands.remove(lower)
    await airflow.arrive(upper2)
    expect(await airflow.versions(upper, lower)).toEqual([2, 0])
  })

  it('ends at SIGTERM with 0, and has said no secret', async () => {
    sayTimes(`Airflow ${line} on ${kind}, every second`, airflow.takeTimes())
    expect(await airflow.unfollow()).toBe(0)
    const secrets = [broker, broker2, feed, archive, desk, desk2, limits, limits2, notes].map(secretOf)
    expect(secrets.filter((secret) => airflow.said().includes(secret)).length).toBe(0)
  })

  it('brings in one pass what was edited meanwhile, and writes nothing when it is only asked', async () => {
    const late = variable('late', 'entered while nobody followed')
    await commands.create(late)
    await rest.edit(broker)
    await rest.remove(notes)
    const asked = await airflow.sync('--once', '--dry-run')
    expect(asked.status, asked.errors).toBe(0)
    expect(await airflow.versions(late, broker)).toEqual([0, 2])
    for (const _ of ['brings', 'finds nothing more']) {
      const { status, errors } = await airflow.sync('--once')
      expect(status, errors).toBe(0)
      await airflow.arrive(late, broker)
      await airflow.leave(notes)
      expect(await airflow.versions(late, broker, notes)).toEqual([1, 3, 3])
    }
  })

  it.runIf(kind === 'postgres')('brings by the trigger what no pass would see for an hour', async () => {
    const printed = await airflow.sync('--print-trigger')
    expect(printed.status, printed.errors).toBe(0)
    await server.query?.(databaseOf(line), printed.out)
    const first = variable('first', 'of the pass at the start')
    await commands.create(first)
    airflow.follow(...EVERY_HOUR)
    await airflow.arrive(first)
    airflow.takeTimes()
    for (const [index, way] of [rest, commands, rest, commands, rest, commands].entries()) {
      const one = connection(`by_trigger_${index}`, { password: `password-${index}-%` })
      const value = variable(`by_trigger_${index}`, 'a')
      await way.create(one)
      await airflow.arrive(one)
      await way.create(value)
      await airflow.arrive(value)
      await way.edit({ ...one, password: `edited-${index}` })
      await airflow.arrive({ ...one, password: `edited-${index}` })
      await way.edit({ ...value, value: 'b' })
      await airflow.arrive({ ...value, value: 'b' })
      await way.remove(one)
      await way.remove(value)
      await airflow.leave(one, value)
      expect(await airflow.versions(one, value)).toEqual([2, 2])
    }
    // As fast as Airflow takes them: the last may come while the pass of the one before is under way.
    const burst = (n: number): EnteredVariable => variable('burst', `edit ${n}`)
    for (let n = 0; n < BURST; n += 1) await (n % 2 === 0 ? commands : rest).edit(burst(n))
    await airflow.arrive(burst(BURST - 1))
    sayTimes(`Airflow ${line} on ${kind}, by the trigger`, airflow.takeTimes())
    expect(await airflow.unfollow()).toBe(0)
  })
})

describe('Airflow 3.3 on mariadb', () => {
  let airflow: Followed | undefined
  let commands: Editor

  beforeAll(async () => {
    const server = await serverOf('mariadb')
    if (server === undefined) return
    airflow = await followed('3.3', server, { folder: join(work, '3.3-mariadb'), name: databaseOf('3.3') })
    commands = await airflow.through(startCommands('3.3', airflow.home))
    airflow.follow(...EVERY_SECOND)
  })
  afterAll(async () => {
    await airflow?.stop()
  })

  it('brings what is created, edited and deleted', async ({ skip }) => {
    if (airflow === undefined) return skip('no mariadb on this machine')
    for (const one of [broker, feed, notes]) await commands.create(one)
    await airflow.arrive(broker, feed, notes)
    for (const one of [broker2, feed2, notes2]) await commands.edit(one)
    await airflow.arrive(broker2, feed2, notes2)
    for (const one of [broker, notes]) await commands.remove(one)
    await airflow.leave(broker, notes)
    await airflow.arrive(feed2)
    expect(await airflow.versions(broker, feed, notes)).toEqual([2, 2, 2])
    expect(await airflow.unfollow()).toBe(0)
    sayTimes('Airflow 3.3 on mariadb', airflow.takeTimes())
  })
})

const secretOf = (entered: Entered): string =>
  entered.kind === 'variable' ? entered.value : (entered.password ?? entered.id)
