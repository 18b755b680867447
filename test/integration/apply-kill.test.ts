/**
 * kill -9 of `plenum apply` at random moments: what is there is whole, the next apply finishes, and after it there is
 * nothing left to do. PLENUM_KILLS sets the number of kills (default 6; 200 before a release).
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mapBounded } from '../../src/concurrency/index.ts'
import { startTestServer, type TestServer } from '../../src/testing/index.ts'
import { listAllSecrets, readSecret } from '../../src/vault/index.ts'

const KILLS = Number(process.env['PLENUM_KILLS'] ?? '6')
const ENTRIES = 400
const hub = mkdtempSync(join(tmpdir(), 'plenum-apply-kill-'))
const main = join(import.meta.dirname, '../../dist/cli/main.js')
let server: TestServer

beforeAll(async () => {
  server = await startTestServer({ mount: null })
})
afterAll(async () => {
  await server.close()
  rmSync(hub, { recursive: true, force: true })
})

/** Every round changes every entry, so that each apply has the whole hub to write. */
function declare(round: number): void {
  const variables = Array.from(
    { length: ENTRIES },
    (_, index) => `      v${index}: "round ${round}, ${'x'.repeat(100)}"`,
  ).join('\n')
  writeFileSync(
    join(hub, 'plenum.yaml'),
    `version: 1\nhub: killed\nairflow: { version: "3.3", provider: "4.8" }\nenvironments:\n  dev: { vault: { address: "${server.address}" } }\nprojects:\n  one:\n    variables:\n${variables}\n`,
  )
}

function plenum(
  args: readonly string[],
  killAfterMs?: number,
): Promise<{ status: number | null; out: string; errors: string }> {
  const child = spawn(process.execPath, [main, ...args, '--hub', hub], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      HOME: hub,
      XDG_CONFIG_HOME: join(hub, 'config'),
      VAULT_TOKEN: server.rootToken.reveal(),
    },
  })
  let out = ''
  let errors = ''
  child.stdout.on('data', (chunk) => {
    out += chunk
  })
  child.stderr.on('data', (chunk) => {
    errors += chunk
  })
  const timer = killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status) => {
      clearTimeout(timer)
      resolve({ status, out, errors })
    })
  })
}

describe(`kill -9 of plenum apply, ${KILLS} times`, () => {
  it(
    'leaves whole entries, and the next apply finishes',
    async () => {
      declare(0)
      const began = Date.now()
      const first = await plenum(['apply', '--yes'])
      expect(first.status, first.errors).toBe(0)
      const usual = Date.now() - began
      let midway = 0
      for (let round = 1; round <= KILLS; round += 1) {
        declare(round)
        await plenum(['apply', '--yes'], usual * (0.3 + Math.random() * 0.7))
        const paths = await listAllSecrets(server.client, 'secret', 'airflow/variables/', { concurrency: 16 })
        expect(paths).toHaveLength(ENTRIES)
        const values = await mapBounded(paths, 16, async (path) => {
          const read = await readSecret(server.client, 'secret', `airflow/variables/${path}`)
          return read.kind === 'found' ? read.data.reveal()['value'] : read.kind
        })
        const [now, before] = [round, round - 1].map((one) => `round ${one}, ${'x'.repeat(100)}`)
        expect(values.filter((value) => value !== now && value !== before)).toEqual([])
        if (values.includes(now ?? '') && values.includes(before ?? '')) midway += 1
        const again = await plenum(['apply', '--yes'])
        expect(again.status, again.errors).toBe(0)
        const after = await plenum(['plan', '--exit-code'])
        expect(after.status, after.out).toBe(0)
      }
      if (KILLS >= 20) expect(midway).toBeGreaterThan(0)
    },
    120_000 + KILLS * 20_000,
  )
})
