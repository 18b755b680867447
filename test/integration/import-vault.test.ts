/**
 * `plenum import vault --with-versions` from one server to another: every version once, oldest first, with what others
 * keep beside it; and the same when it is killed behind any of its writes and run again.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mapBounded } from '../../src/concurrency/index.ts'
import { sensitive } from '../../src/sensitive/index.ts'
import { startTestServer, type TestServer } from '../../src/testing/index.ts'
import {
  deleteSecretVersion,
  readMetadata,
  readSecret,
  writeCustomMetadata,
  writeSecret,
} from '../../src/vault/index.ts'
import { type Between, startBetween } from './between.case.ts'

const main = join(import.meta.dirname, '../../dist/cli/main.js')
const work = mkdtempSync(join(tmpdir(), 'plenum-import-vault-'))
const tokenFile = join(work, 'token')
let old: TestServer
let fresh: TestServer
let between: Between

beforeAll(async () => {
  old = await startTestServer()
  fresh = await startTestServer({ mount: null })
  between = await startBetween(fresh.address, countWrites)
  writeFileSync(tokenFile, old.rootToken.reveal(), { mode: 0o600 })
  const put = async (path: string, values: readonly string[]): Promise<void> => {
    for (const [cas, value] of values.entries())
      await writeSecret(old.client, 'secret', path, sensitive({ value }), cas)
  }
  await put('airflow/variables/rotated', ['planted-1', 'planted-2', 'planted-3', 'planted-4'])
  await deleteSecretVersion(old.client, 'secret', 'airflow/variables/rotated', 2)
  await writeCustomMetadata(old.client, 'secret', 'airflow/variables/rotated', {
    description: 'about it',
    'rotated-by': 'somebody',
    owner: 'another meaning',
  })
  await put('airflow/variables/single', ['planted-single'])
})
afterAll(async () => {
  await between.close()
  await fresh.close()
  await old.close()
  rmSync(work, { recursive: true, force: true })
})

/** By mount: what is given how many writes to `rotated` that mount has had. */
const watch = new Map<string, (writes: number) => void>()
const writes = new Map<string, number>()

function countWrites({ method, url }: { readonly method: string; readonly url: string }): void {
  const [, mount = ''] = /^\/v1\/(m\d+)\/(?:data|metadata)\/airflow\/variables\/rotated$/.exec(url) ?? []
  if (mount === '' || method === 'GET') return
  const count = (writes.get(mount) ?? 0) + 1
  writes.set(mount, count)
  watch.get(mount)?.(count)
}

/** A hub whose secrets lie in a mount of their own. */
function hubFor(mount: string): string {
  const folder = join(work, mount)
  mkdirSync(folder)
  writeFileSync(
    join(folder, 'plenum.yaml'),
    `version: 1\nhub: ${mount}\nairflow: { version: "3.3", provider: "4.8" }\nvault: { mount: ${mount} }\nenvironments:\n  dev: { vault: { address: "${between.address}" } }\nprojects:\n  trading: {}\n`,
  )
  return folder
}

interface Ran {
  readonly status: number | null
  readonly errors: string
}

/** `killAt`: when this write to `rotated` is done. */
function importVersions(mount: string, killAt?: number): Promise<Ran> {
  const args = ['import', 'vault', '--from-address', old.address, '--from-token-file', tokenFile, '--with-versions']
  const child = spawn(process.execPath, [main, ...args, '--project', 'trading', '--yes', '--hub', join(work, mount)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      HOME: work,
      XDG_CONFIG_HOME: join(work, `${mount}-config`),
      VAULT_TOKEN: fresh.rootToken.reveal(),
    },
  })
  watch.set(mount, (writes) => {
    if (writes === killAt) child.kill('SIGKILL')
  })
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  child.stdout.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status) => resolve({ status, errors }))
  })
}

/** What each version of it holds, and what stands beside them. */
async function arrived(mount: string): Promise<object> {
  const path = 'airflow/variables/rotated'
  const metadata = await readMetadata(fresh.client, mount, path)
  const numbers = Array.from({ length: metadata?.currentVersion ?? 0 }, (_, index) => index + 1)
  const versions = await mapBounded(numbers, 4, async (version) => {
    const read = await readSecret(fresh.client, mount, path, { version })
    return read.kind === 'found' ? read.data.reveal()['value'] : read.kind
  })
  return { versions, customMetadata: metadata?.customMetadata }
}

const WHOLE = (hub: string): object => ({
  versions: ['planted-1', 'planted-3', 'planted-4'],
  customMetadata: {
    'managed-by': 'plenum',
    hub,
    project: 'trading',
    source: 'import',
    'plenum-version': '3',
    description: 'about it',
    'rotated-by': 'somebody',
  },
})

/** Metadata, two older versions, the marks, the value, its marks. */
const WRITES = 6

describe('plenum import vault --with-versions', () => {
  it('brings every version that stands, oldest first, and a second time nothing', async () => {
    hubFor('m0')
    const ran = await importVersions('m0')
    expect(ran.status, ran.errors).toBe(0)
    expect(ran.errors).toContain('2 of 2 objects arrive')
    expect(ran.errors).toMatch(/"owner" means something else to Plenum/)
    expect(await arrived('m0')).toEqual(WHOLE('m0'))
    expect(writes.get('m0')).toBe(WRITES)
    expect((await importVersions('m0')).status).toBe(0)
    expect(writes.get('m0')).toBe(WRITES)
    expect(await arrived('m0')).toEqual(WHOLE('m0'))
  })

  it('killed behind any of its writes and run again, writes no version twice and misses none', async () => {
    const outcomes = await mapBounded(
      Array.from({ length: WRITES }, (_, index) => index + 1),
      2,
      async (killAt) => {
        const mount = `m${killAt}`
        hubFor(mount)
        const killed = await importVersions(mount, killAt)
        const again = await importVersions(mount)
        return { killAt, killed: killed.status, again, whole: await arrived(mount), wanted: WHOLE(mount) }
      },
    )
    for (const { killAt, killed, again, whole, wanted } of outcomes) {
      expect(killed, `${killAt}`).toBeNull()
      expect(again.status, `${killAt}: ${again.errors}`).toBe(0)
      expect(whole, `${killAt}`).toEqual(wanted)
    }
  })
})
