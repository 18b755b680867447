/**
 * `plenum import` as a person uses it, on a copy of examples/before-plenum: everything comes in by one call, is proved,
 * cleaned up and put back; and run again, nothing is written twice.
 */
import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
const main = join(root, 'dist/cli/main.js')
const work = mkdtempSync(join(tmpdir(), 'plenum-import-'))
const hub = join(work, 'hub')
const home = join(work, 'home')

afterAll(() => rmSync(work, { recursive: true, force: true }))
beforeAll(() => {
  mkdirSync(home)
  cpSync(join(root, 'examples/before-plenum'), hub, { recursive: true })
})

/** Every value of the example that is secret. */
const SECRETS = [
  'broker-example-31c4',
  'warehouse-example-77e0',
  'archive-example-5a90',
  'osk-example-b7c2f04e91',
  'feed-example-4711',
  'mft-example-55b0c1',
  'exk-example-9f3a77d21c',
  'correct horse # example',
  'risk-example-2d8e',
  'gws-example-0c44a1be93',
  'sftp-example-6f20',
  '8841-example-77',
]

interface Ran {
  readonly status: number | null
  readonly out: string
  readonly errors: string
}

function plenum(...args: readonly string[]): Promise<Ran> {
  const child = spawn(process.execPath, [main, ...args], {
    cwd: hub,
    env: { PATH: process.env['PATH'] ?? '', HOME: home },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let errors = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status) => {
      for (const secret of SECRETS) expect(`${out}${errors}`).not.toContain(secret)
      resolve({ status, out, errors })
    })
  })
}

const file = (name: string): string => readFileSync(join(hub, name), 'utf8')
const folder = ['import', 'folder', '.', '--dags', 'dags', '--port', '0'] as const

describe('a hub before Plenum', () => {
  it('is shown first, and nothing is made', async () => {
    const ran = await plenum(...folder, '--dry-run')
    expect(ran.status, ran.errors).toBe(0)
    expect(ran.errors).toContain('nothing was changed')
    expect(ran.out).toMatch(/\+ connection +broker_api/)
    expect(readdirSync(hub)).not.toContain('plenum.yaml')
  })

  it('asks, and where nobody is says how', async () => {
    const ran = await plenum(...folder)
    expect(ran.status).toBe(2)
    expect(ran.errors).toContain('add --yes')
  })

  it('comes in by one call, and every object is proved', async () => {
    const ran = await plenum(...folder, '--yes')
    expect(ran.status, `${ran.errors}${ran.out}`).toBe(0)
    expect(ran.errors).toMatch(/(\d+) of \1 objects arrive/)
    expect(ran.errors).toContain('wrote plenum.yaml')
    const declared = file('plenum.yaml')
    for (const id of [
      'broker_api',
      'warehouse',
      'market_archive',
      'market_feed',
      'order_signing_key',
      'risk_db',
      'partner_sftp',
    ])
      expect(declared).toContain(`${id}:`)
    expect(declared).not.toContain('postgres_default')
    for (const project of ['trading', 'analytics', 'research'])
      expect(declared).toMatch(new RegExp(`^  ${project}:`, 'm'))
  })

  it('changes nothing when it is run again', async () => {
    const before = file('plenum.yaml')
    const ran = await plenum(...folder, '--yes', '--json')
    expect(ran.status, ran.errors).toBe(0)
    const document = JSON.parse(ran.out) as { outcome: { application: { done: unknown[] }; proof: unknown[] } }
    expect(document.outcome.application.done).toEqual([])
    expect(document.outcome.proof).toHaveLength(13)
    expect(file('plenum.yaml')).toBe(before)
  })

  it('is proved at any time, and a changed source is noticed', async () => {
    expect((await plenum(...folder, '--check')).status).toBe(0)
    const env = file('.env')
    writeFileSync(join(hub, '.env'), env.replace('mft-example-55b0c1', 'mft-example-changed'))
    const ran = await plenum(...folder, '--check')
    writeFileSync(join(hub, '.env'), env)
    expect(ran.status).toBe(1)
    expect(ran.errors).toMatch(/x variable +market_feed_token +differs from the source: value/)
  })

  it('is cleaned up, and put back to the byte', async () => {
    const before = [file('.env'), file('docker-compose.yml')]
    const shown = await plenum(...folder, '--finish', '--dry-run')
    expect(shown.status, shown.errors).toBe(0)
    expect([file('.env'), file('docker-compose.yml')]).toEqual(before)

    const ran = await plenum(...folder, '--finish', '--yes')
    expect(ran.errors).toMatch(/cleaned up: /)
    for (const secret of SECRETS) expect(file('.env') + file('docker-compose.yml')).not.toContain(secret)
    expect(file('docker-compose.yml')).toContain('- GATEWAY_PORT=7070')
    // Files that are not edited are named.
    expect(ran.errors).toMatch(/by hand: connections\.json/)
    expect(file('.env')).toContain('LOG_LEVEL=INFO')
    const left = await plenum('import', 'airflow-db', '--airflow-home', 'airflow', '--port', '0', '--dry-run', '--json')
    expect(JSON.parse(left.out)).toMatchObject({ counts: { taken: 0 } })

    const undone = await plenum(...folder, '--undo', '--yes')
    expect(undone.status, undone.errors).toBe(0)
    expect([file('.env'), file('docker-compose.yml')]).toEqual(before)
    expect((await plenum(...folder, '--check')).status).toBe(0)
  })
})
