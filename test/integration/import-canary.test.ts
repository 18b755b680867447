/**
 * Invariant 1 for `plenum import` and `plenum sync`: no secret value anywhere but in the sources, in the encrypted store
 * and in what the user asked to be written. Values are planted in every place that an importer reads; every source is
 * used in every way, also wrongly, also killed and broken on the way; and all that was said, written, removed, served,
 * and handed to other processes is searched.
 */
import { type ChildProcess, execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { sensitive } from '../../src/sensitive/index.ts'
import { readSecret, writeSecret } from '../../src/vault/index.ts'
import {
  badRows,
  change,
  ENVIRONMENT,
  FERNET_KEY,
  makeDatabase,
  MARK,
  plain,
  plantBroken,
} from './before-plenum-canaries.case.ts'
import { filesBelow, searchFolder } from './canary.case.ts'
import {
  closing,
  expectDone,
  inEnvironment,
  inVault,
  isObjectWritten,
  main,
  type Meddle,
  noteChildren,
  noteProcess,
  place,
  plantedHub,
  plenum,
  type Ran,
  said,
  search,
  source,
  sources,
  startFront,
  startOldVault,
  temporary,
  TOKEN_FILE,
  usePlantedPlace,
  vault,
  work,
} from './planted-place.case.ts'

usePlantedPlace()

/** Those sources that this Plenum has. */
const listed = execFileSync(process.execPath, [main, 'import', '--help'], { encoding: 'utf8' })
function requireSource(name: string, skip: () => void): void {
  if (new RegExp(`^  ${name} `, 'm').test(listed)) return
  process.stdout.write(`plenum import ${name} is not there, and not tested\n`)
  skip()
}

interface Source {
  readonly name: string
  readonly args: readonly string[]
  /** Fewest objects that come in. */
  readonly brings: number
  /** Its own embedded server is used, not a Vault elsewhere. */
  readonly isEmbedded?: boolean
  /** Whether there is something that `--finish` can take away. */
  readonly isCleanedUp?: boolean
}

const SOURCES: readonly Source[] = [
  { name: 'folder', args: ['.'], brings: 19, isEmbedded: true, isCleanedUp: true },
  { name: 'airflow-db', args: ['--airflow-home', 'airflow'], brings: 5, isCleanedUp: true },
  { name: 'env-file', args: ['.env'], brings: 4, isCleanedUp: true },
  {
    name: 'compose',
    args: ['docker-compose.yml', 'Dockerfile', '.devcontainer/devcontainer.json'],
    brings: 4,
    isCleanedUp: true,
  },
  {
    name: 'airflow-export',
    args: ['connections.json', 'variables.json', 'connections.yaml', 'variables.yaml', 'connections.env'],
    brings: 7,
  },
  { name: 'airflow-settings', args: ['airflow_settings.yaml'], brings: 3 },
  { name: 'helm', args: ['values.yaml'], brings: 3 },
]

describe('every source, in every way', () => {
  it.concurrent.for(SOURCES)('$name', async ({ name, args, brings, isEmbedded, isCleanedUp }, { skip }) => {
    requireSource(name, skip)
    const env = { ...inEnvironment(ENVIRONMENT), ...(isEmbedded === true ? {} : inVault()) }
    const act = inEveryWay({ hub: plantedHub(name), env, words: [name, ...args], brings })
    const finished = await act
    expect(/^cleaned up/m.test(finished.errors), finished.errors).toBe(isCleanedUp === true)
  })

  it.concurrent('vault, KV version 2 with its versions', async () => {
    const from = ['--from-address', vault().address, '--from-token-file', TOKEN_FILE, '--mount', 'old']
    const words = ['vault', ...from, '--with-versions']
    await inEveryWay({ hub: place('vault'), env: {}, words, brings: 4 })
  })

  it.concurrent('vault, KV version 1', async () => {
    const from = ['--from-address', await startOldVault(), '--from-token-file', TOKEN_FILE]
    const words = ['vault', ...from, '--mount', 'old', '--kv-version', '1']
    await inEveryWay({ hub: place('vault-1'), env: inVault(), words, brings: 4 })
  })
})

interface EveryWay {
  readonly hub: string
  readonly env: Record<string, string>
  readonly words: readonly string[]
  readonly brings: number
}

/** Gives what `--finish` said. */
async function inEveryWay({ hub, env, words, brings }: EveryWay): Promise<Ran> {
  const act = (...more: readonly string[]): Promise<Ran> =>
    plenum({ hub, env }, 'import', ...words, '--port', '0', '--name', `planted_${hub.slice(work.length + 1)}`, ...more)
  expectDone(await act('--dry-run', '--report', 'report.json', '--all'))
  const brought = await act('--yes', '--json', '--debug', '--report', 'report.md')
  expectDone(brought)
  const { outcome } = JSON.parse(brought.out) as { outcome: { proof: { outcome: { kind: string } }[] } | null }
  const kinds = (outcome?.proof ?? []).map((one) => one.outcome.kind)
  expect(new Set(kinds), brought.errors).toEqual(new Set(['equal']))
  expect(kinds.length, brought.errors).toBeGreaterThanOrEqual(brings)
  expectDone(await act('--check', '--report', 'report.txt', '--debug'))
  expectDone(await act('--finish', '--dry-run'))
  const finished = await act('--finish', '--yes', '--debug')
  expectDone(finished)
  expectDone(await act('--undo', '--yes', '--json', '--debug'))
  return finished
}

describe('everything', () => {
  it('that was said, written, removed and handed on holds no planted value', () => {
    expect(noteChildren()).toBeGreaterThan(0)
    const found = [...said].flatMap(([who, text]) => search(who, text))
    expect([...found, ...searchFolder(search, work, sources)]).toEqual([])
    // The probe has kept what was removed.
    expect(readdirSync(join(work, 'kept')).length).toBeGreaterThan(0)
  })
})
