/** A hub in a folder of its own, with a home of its own, and the built command line on it: for what can go wrong around one. */
import { spawn } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'

export const main: string = join(import.meta.dirname, '../../dist/cli/main.js')
export const work: string = mkdtempSync(join(tmpdir(), 'plenum-bad-'))
chmodSync(work, 0o755)

const HUB = `version: 1
hub: demo
airflow: { version: "3.3", provider: "4.8" }
env_files: [.env]
environments:
  dev: { vault: embedded }
projects:
  trading:
    variables:
      project_trading_symbols: "AAPL,MSFT"
      project_trading_key: { env: TRADING_KEY }
`
const SECRET = 'planted-trading-key'

/** A hub's folder and the home of whoever works with it. */
export interface Place {
  readonly hub: string
  readonly run: string
  readonly vault: string
  readonly home: string
  readonly unseal: string
}

function placeAt(folder: string): Place {
  const hub = join(folder, 'hub')
  const home = join(folder, 'home')
  const run = join(hub, '.plenum')
  return { hub, run, vault: join(run, 'vault'), home, unseal: join(home, 'config/plenum/unseal') }
}

let made = 0
export function newPlace(inside: string = work): Place {
  made += 1
  const place = placeAt(join(inside, String(made)))
  for (const folder of [place.hub, place.home]) mkdirSync(folder, { recursive: true })
  writeFileSync(join(place.hub, 'plenum.yaml'), HUB)
  writeFileSync(join(place.hub, '.env'), `TRADING_KEY=${SECRET}\n`)
  return place
}

interface Ran {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

interface How {
  readonly env?: Readonly<Record<string, string>>
  /** Run by this user, who is not root. */
  readonly uid?: number
  readonly redirect?: string
}

/** Not `spawnSync`: some of the servers that it talks to live in this process. */
export function plenum(
  { hub, home }: Place,
  args: readonly string[],
  { env = {}, uid, redirect = '' }: How = {},
): Promise<Ran> {
  const user = uid === undefined ? [] : ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups']
  const child = spawn('sh', ['-c', `"$@" ${redirect}`, 'sh', ...user, process.execPath, main, ...args], {
    cwd: hub,
    env: { PATH: process.env['PATH'] ?? '', HOME: home, XDG_CONFIG_HOME: join(home, 'config'), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ran = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => (ran.stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (ran.stderr += chunk.toString()))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (status) => resolve({ status, ...ran }))
  })
}

export const UP: readonly string[] = ['up', '--port', '0', '-q']

/** A store that `up` made and `down` left, copied for each test. */
let good: Place | undefined

/** At the top of a file: makes the store before its tests, and takes everything away after them. */
export function useGoodPlace(): void {
  beforeAll(async () => {
    const place = newPlace()
    expect(await plenum(place, [...UP, '--detach'])).toEqual({ status: 0, stdout: '', stderr: '' })
    expect(await plenum(place, ['down', '-q'])).toEqual({ status: 0, stdout: '', stderr: '' })
    good = place
  })
  afterAll(() => rmSync(work, { recursive: true, force: true }))
}

export function goodPlace(): Place {
  if (good === undefined) throw new Error('useGoodPlace has not run')
  const place = newPlace()
  cpSync(dirname(good.hub), dirname(place.hub), { recursive: true })
  return place
}

export const keyFile = ({ unseal }: Place): string => join(unseal, readdirSync(unseal)[0] ?? 'none')

interface Refusal {
  readonly message: RegExp
  readonly status?: number
}

/** One message, with what to do in it or below it, and nothing else. */
export function expectRefusal({ status, stdout, stderr }: Ran, { message, status: wanted = 1 }: Refusal): void {
  expect(stderr).toMatch(message)
  expect(stderr.match(/^plenum: /gm)).toHaveLength(1)
  expect(stderr).not.toMatch(/^\s+at .*:\d+:\d+\)?$/m)
  expect(stderr).not.toContain('internal error')
  expect(stderr + stdout).not.toContain(SECRET)
  expect([status, stdout]).toEqual([wanted, ''])
}
