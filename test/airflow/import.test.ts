/**
 * The move, proved by Airflow: real databases of each kind, filled by each line of Airflow through its own models, moved
 * with one command; then the same Airflow reads every object from its database and, with the settings that Plenum wrote,
 * through its VaultBackend. PLENUM_SEED repeats a run.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mapBounded } from '../../src/concurrency/index.ts'
import { AIRFLOW_LINES, type AirflowLine, type Ran } from './airflow.case.ts'
import { DATABASE_KINDS, type DatabaseKind, type DatabaseServer, populate, STARTERS } from './database.case.ts'
import { SEED } from './generators.case.ts'
import { hubFolder } from './hub.case.ts'
import { CONNECTION_IDS, FERNET_KEY, VARIABLE_KEYS } from './rows.case.ts'
import { type Comparison, compareObjects, type LookUp, lookUpBoth } from './same-objects.case.ts'

/** What a hub's owner has in hand: the folder of the installation, or the database's address and a file with the keys. */
type Way = 'home' | 'dsn'

interface Case {
  readonly line: AirflowLine
  readonly kind: DatabaseKind
  readonly way: Way
}

const CASES: readonly Case[] = AIRFLOW_LINES.flatMap((line) =>
  DATABASE_KINDS.map((kind) => ({ line, kind, way: line === '3.3' && kind === 'postgres' ? 'dsn' : 'home' }) as const),
)

/** Two at a time: each waits for its own Airflow most of the while. */
const AT_ONCE = 2

interface Moved {
  /** Connection types that the installed providers know. */
  readonly types: readonly string[]
  /** Ids of Airflow's own default connections. */
  readonly defaults: readonly string[]
  readonly imported: Ran
  readonly lookUps: readonly LookUp[]
  /** `--check` afterwards, and the same import a second time. */
  readonly checked: Ran
  readonly again: Ran
  /** plenum.yaml after the first time and after the second. */
  readonly declared: readonly [string, string]
}

type Outcome =
  | { readonly kind: 'moved'; readonly moved: Moved }
  | { readonly kind: 'absent' }
  | { readonly kind: 'failed'; readonly error: unknown }

const work = mkdtempSync(join(tmpdir(), 'plenum-import-'))
const servers = new Map<DatabaseKind, DatabaseServer>()
const outcomes = new Map<Case, Outcome>()

const say = (message: string): boolean => process.stderr.write(`import (PLENUM_SEED=${SEED}): ${message}\n`)
const seconds = (begin: number): string => `${((performance.now() - begin) / 1000).toFixed(1)} s`

beforeAll(async () => {
  for (const kind of DATABASE_KINDS) {
    const server = await STARTERS[kind]()
    if (server === undefined) say(`no ${kind} on this machine: its tests are skipped`)
    else servers.set(kind, server)
  }
  await mapBounded(CASES, AT_ONCE, async (one) => {
    outcomes.set(one, await outcomeOf(one))
  })
})
afterAll(async () => {
  for (const server of servers.values()) await server.stop()
  rmSync(work, { recursive: true, force: true })
})

/** One that fails shall not take the others with it. */
async function outcomeOf(one: Case): Promise<Outcome> {
  const server = servers.get(one.kind)
  if (server === undefined) return { kind: 'absent' }
  try {
    return { kind: 'moved', moved: await move(one, server) }
  } catch (error) {
    return { kind: 'failed', error }
  }
}

async function move({ line, kind, way }: Case, server: DatabaseServer): Promise<Moved> {
  const folder = join(work, `${line}-${kind}`)
  const [home, keys] = [join(folder, 'airflow'), join(folder, 'fernet-keys')]
  const hub = hubFolder(join(folder, 'hub'))
  writeFileSync(keys, `${FERNET_KEY}\n`, { mode: 0o600 })
  const dsn = await server.makeHome(home, `airflow_${line.replace('.', '_')}`)
  const { types, defaults } = await populate(line, home)
  const source: Readonly<Record<Way, readonly string[]>> = {
    home: ['--airflow-home', home],
    dsn: ['--fernet-key-file', keys],
  }
  const imports = (...more: string[]): Promise<Ran> =>
    hub.plenum(
      ['import', 'airflow-db', ...source[way], '--port', '0', ...more],
      way === 'dsn' ? { PLENUM_IMPORT_DSN: dsn } : {},
    )
  const declaration = (): string => readFileSync(join(hub.folder, 'plenum.yaml'), 'utf8')
  const begin = performance.now()
  const imported = await imports('--yes')
  say(`Airflow ${line} on ${kind}: moved in ${seconds(begin)}`)
  if (imported.status !== 0) throw new Error(`plenum import: ${`${imported.out}\n${imported.errors}`.slice(-4000)}`)
  await hub.up()
  try {
    const asked = { connections: [...CONNECTION_IDS, ...defaults], variables: VARIABLE_KEYS }
    const lookUps = await lookUpBoth(line, asked, { home, sourced: hub.settings })
    const first = declaration()
    const checked = await imports('--check')
    const again = await imports('--yes')
    return { types, defaults, imported, lookUps, checked, again, declared: [first, declaration()] }
  } finally {
    await hub.down()
  }
}

describe.each(CASES)('Airflow $line on $kind, by its $way', (one) => {
  const { line, kind } = one

  function movedOr(skip: (note: string) => never): Moved {
    const outcome = outcomes.get(one) ?? { kind: 'failed', error: new Error('it was not reached') }
    if (outcome.kind === 'absent') skip(`no ${kind} on this machine`)
    if (outcome.kind === 'failed') throw outcome.error
    return outcome.moved
  }

  it('is moved by one command', ({ skip }) => {
    const { imported, types, declared } = movedOr(skip)
    expect(imported.status).toBe(0)
    expect(declared[0]).toMatch(new RegExp(`^ +version: "?${line}"?$`, 'm'))
    expect(types.length).toBeGreaterThan(100)
  })

  it('returns the same objects from Vault as from its database', ({ skip }) => {
    const { lookUps, defaults } = movedOr(skip)
    const ours = lookUps.filter(({ kind: what, id }) => what === 'variable' || !defaults.includes(id))
    expect(firstOf(compareObjects(ours, line))).toEqual({
      connections: CONNECTION_IDS.length,
      variables: VARIABLE_KEYS.length,
      compared: CONNECTION_IDS.length * (line === '3.3' ? 2 : 1) + VARIABLE_KEYS.length,
      count: 0,
      first: [],
    })
    expect(Math.min(CONNECTION_IDS.length, VARIABLE_KEYS.length)).toBeGreaterThanOrEqual(500)
  })

  it("leaves Airflow's own default connections where they are", ({ skip }) => {
    const { lookUps, defaults } = movedOr(skip)
    expect(defaults.length).toBeGreaterThan(50)
    const found = lookUps.filter(({ kind: what, id }) => what === 'connection' && defaults.includes(id))
    expect(found.filter((lookUp) => (lookUp.from === 'database') === (lookUp.found === null))).toEqual([])
  })

  it('stays proved, and a second time brings nothing', ({ skip }) => {
    const { checked, again, declared } = movedOr(skip)
    expect(checked.status, checked.errors.slice(-2000)).toBe(0)
    expect(again.status, again.errors.slice(-2000)).toBe(0)
    expect(`${again.out}${again.errors}`).not.toMatch(/\b[1-9]\d* (to add|created|updated|changed)\b/)
    expect(declared[1] === declared[0]).toBe(true)
  })
})

/** Few enough to read, and to compare quickly. */
function firstOf({ connections, variables, compared, different }: Comparison): object {
  return { connections, variables, compared, count: different.length, first: different.slice(0, 2) }
}
