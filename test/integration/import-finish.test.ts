/**
 * A clean-up that is killed in the middle: the same call goes on with it, one undoing puts everything back to the byte,
 * and no record stays that nobody needs. On a copy of examples/before-plenum and a Vault outside of it.
 */
import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer, type TestServer } from '../../src/testing/index.ts'
import { listAllSecrets } from '../../src/vault/index.ts'
import { type Between, startBetween } from './between.case.ts'

const root = join(import.meta.dirname, '../..')
const main = join(root, 'dist/cli/main.js')
const work = mkdtempSync(join(tmpdir(), 'plenum-import-finish-'))
const hub = join(work, 'hub')
let server: TestServer
let between: Between
/** Told of each write of a clean-up's record. */
let onWrite: () => void = () => undefined

beforeAll(async () => {
  server = await startTestServer({ mount: null })
  between = await startBetween(server.address, ({ method, url }) => {
    if (method !== 'GET' && url.includes('/undo/')) onWrite()
  })
  cpSync(join(root, 'examples/before-plenum'), hub, { recursive: true })
  writeFileSync(
    join(hub, 'plenum.yaml'),
    `version: 1\nhub: before\nairflow: { version: "3.3", provider: "4.8" }\nenvironments:\n  dev: { vault: { address: "${between.address}" } }\nprojects: { trading: {} }\n`,
  )
})
afterAll(async () => {
  await between.close()
  await server.close()
  rmSync(work, { recursive: true, force: true })
})

interface Ran {
  readonly status: number | null
  readonly out: string
  readonly errors: string
}

/** `killAt`: when this write of the record is done. */
function plenum(args: readonly string[], killAt?: number): Promise<Ran> {
  const child = spawn(process.execPath, [main, 'import', 'folder', '.', '--dags', 'dags', ...args], {
    cwd: hub,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: work,
      XDG_CONFIG_HOME: join(work, 'config'),
      VAULT_TOKEN: server.rootToken.reveal(),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let writes = 0
  onWrite = () => {
    writes += 1
    if (writes === killAt) child.kill('SIGKILL')
  }
  let [out, errors] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status) => resolve({ status, out, errors }))
  })
}

const env = (): string => readFileSync(join(hub, '.env'), 'utf8')

interface Listed {
  readonly records: readonly { readonly id: string; readonly state: string }[]
}
const records = async (): Promise<Listed['records']> =>
  (JSON.parse((await plenum(['--undo', '--list', '--json'])).out) as Listed).records

const SECRET = 'mft-example-55b0c1'

/** The writes of a record: its one piece, its index, and a step behind the rows. */
const [PIECE, ROWS] = [1, 3]

describe('a clean-up', () => {
  let before = ''

  it('killed behind the rows goes on with the files when it is run again', async () => {
    const brought = await plenum(['--yes'])
    expect(brought.status, brought.errors).toBe(0)
    before = env()
    expect(before).toContain(SECRET)
    expect((await plenum(['--finish', '--yes'], ROWS)).status).toBeNull()
    expect(env()).toBe(before)
    const [interrupted] = await records()
    expect(interrupted).toMatchObject({ state: 'prepared' })

    const shown = await plenum(['--finish', '--dry-run'])
    expect(shown.errors).toMatch(/^an earlier clean-up ended in the middle: .*\.env.*, \d+ rows$/m)
    expect(env()).toBe(before)
    const again = await plenum(['--finish', '--yes'])
    expect(again.status, again.errors).toBe(0)
    // The rows were gone before.
    expect(again.errors).toMatch(/^cleaned up: (?!.* rows?$).*\.env/m)
    expect(env()).not.toContain(SECRET)
    expect(await records()).toMatchObject([{ id: interrupted?.id, state: 'done' }])
  })

  it('is put back by one undoing, which leaves no record', async () => {
    const listed = await plenum(['--undo', '--list'])
    expect(listed.out).toMatch(
      /^\d{8}t\d{6}z-[0-9a-f]{8}  \d{4}-\d\d-\d\d \d\d:\d\dZ  folder \.  .*\.env.*, \d+ rows  can be put back\n$/,
    )
    expect(`${listed.out}${listed.errors}`).not.toContain(SECRET)
    const undone = await plenum(['--undo', '--yes'])
    expect(undone.status, undone.errors).toBe(0)
    expect(env()).toBe(before)
    expect((await plenum(['--check'])).status).toBe(0)
    expect(await records()).toEqual([])
    const left = await listAllSecrets(server.client, 'secret', 'plenum', { concurrency: 2 })
    expect(left.filter((path) => path.includes('/undo/'))).toEqual([])
  })

  it('killed before its record was whole has changed nothing; the pieces can be forgotten, once somebody says yes', async () => {
    expect((await plenum(['--finish', '--yes'], PIECE)).status).toBeNull()
    expect(env()).toBe(before)
    const [pieces] = await records()
    expect(pieces).toMatchObject({ state: 'incomplete' })
    const id = pieces?.id ?? ''
    const unasked = await plenum(['--undo', '--forget', id])
    expect([unasked.status, unasked.errors]).toEqual([2, expect.stringContaining('add --yes')])
    expect(await records()).toHaveLength(1)
    const forgotten = await plenum(['--undo', '--forget', id, '--yes'])
    expect(forgotten.status, forgotten.errors).toBe(0)
    expect(await records()).toEqual([])
    const unknown = await plenum(['--undo', '--forget', id, '--yes'])
    expect([unknown.status, unknown.errors]).toEqual([1, expect.stringContaining(`there is no record ${id}`)])
  })

  it('says what belongs together', async () => {
    for (const args of [['--list'], ['--forget', 'x'], ['--undo', '--list', '--forget', 'x']]) {
      const ran = await plenum(args)
      expect([args, ran.status]).toEqual([args, 2])
    }
  })
})
