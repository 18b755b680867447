/**
 * A server that is killed at any moment of a restore has the old store or the new one, whole.
 *
 * PLENUM_SNAPSHOT_KILLS raises the number of rounds (default 8). It runs the built package: `npm run build` comes first.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startServer } from '../../src/server/index.ts'

const KILLS = Number(process.env['PLENUM_SNAPSHOT_KILLS'] ?? '8')
const SECRETS = 40
const restorer = join(import.meta.dirname, 'snapshot-restorer.mjs')
const root = mkdtempSync(join(tmpdir(), 'plenum-snapshot-kill-'))

beforeAll(() => {
  if (!existsSync(join(import.meta.dirname, '../../dist/server/index.js')))
    throw new Error('dist is missing: run `npm run build` first')
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

interface Place {
  readonly folder: string
  readonly key: Buffer
  readonly token: string
  readonly snapshots: readonly string[]
}

const asking = (token: string) => ({ headers: { 'X-Vault-Token': token } })

/** A store, and two snapshots of it: in one every secret says 0, in the other 1, which has more of them. */
async function makePlace(): Promise<Place> {
  const folder = join(root, 'store')
  let key = Buffer.alloc(0)
  let token = ''
  const server = await startServer({
    storage: { kind: 'lmdb', folder },
    port: 0,
    beforeListen: async (core) => {
      const made = await core.initialize({ shares: 1, threshold: 1 })
      key = Buffer.from(made.keys[0] ?? [])
      token = made.rootToken
      await core.unsealWithKey(Buffer.from(key))
    },
  })
  const mount = await fetch(`${server.address}/v1/sys/mounts/secret`, {
    method: 'POST',
    body: '{"type":"kv","options":{"version":"2"}}',
    ...asking(token),
  })
  expect(mount.status).toBe(204)
  const snapshots: string[] = []
  for (const state of [0, 1]) {
    const body = JSON.stringify({ data: { state, filling: 'x'.repeat(20_000) } })
    const names = Array.from({ length: SECRETS * (state + 1) }, (_, i) => `secret/data/all/${i}`)
    const written = await Promise.all(
      names.map((name) => fetch(`${server.address}/v1/${name}`, { method: 'POST', body, ...asking(token) })),
    )
    expect(written.map(({ status }) => status)).toEqual(names.map(() => 200))
    const answer = await fetch(`${server.address}/v1/sys/storage/raft/snapshot`, asking(token))
    const file = join(root, `${state}.snap`)
    writeFileSync(file, Buffer.from(await answer.arrayBuffer()))
    snapshots.push(file)
  }
  await server.close()
  return { folder, key, token, snapshots }
}

/** Kills a moment after the restore that follows `lines` of output was begun. How many were done, and what it complained of. */
function restoreAndKill({ folder, key, token, snapshots }: Place, lines: 1 | 2, afterMs: number) {
  const child = spawn(process.execPath, [restorer, folder, key.toString('hex'), token, ...snapshots], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  let complaint = ''
  let timer: NodeJS.Timeout | undefined
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
    if (output.split('\n').length > lines) timer ??= setTimeout(() => child.kill('SIGKILL'), afterMs)
  })
  child.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString()
  })
  return new Promise<{ readonly done: number; readonly complaint: string }>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', () => {
      clearTimeout(timer)
      resolve({ done: output.split('\n').length - 2, complaint })
    })
  })
}

/** Which of the two states the store is in. Throws for one that is neither. */
async function stateOf({ folder, key, token }: Place): Promise<number> {
  const server = await startServer({
    storage: { kind: 'lmdb', folder },
    port: 0,
    beforeListen: (core) => core.unsealWithKey(Buffer.from(key)),
  })
  try {
    const read = async (path: string) => {
      const answer = await fetch(`${server.address}/v1/secret/${path}`, asking(token))
      if (answer.status !== 200) throw new Error(`${path} was answered with ${answer.status}`)
      return ((await answer.json()) as { readonly data: Record<string, never> }).data
    }
    const { keys } = (await read('metadata/all?list=true')) as unknown as { readonly keys: readonly string[] }
    const secrets = await Promise.all(keys.map((name) => read(`data/all/${name}`)))
    const states = new Set(secrets.map(({ data }) => (data as unknown as { readonly state: number }).state))
    const [state = -1, ...others] = states
    if (others.length > 0 || keys.length !== SECRETS * (state + 1)) throw new Error('the store is not whole')
    return state
  } finally {
    await server.close()
  }
}

it(
  `leaves the old store or the new one in ${KILLS} kills`,
  async () => {
    const place = await makePlace()
    let restores = 0
    for (let round = 0; round < KILLS; round += 1) {
      const { done, complaint } = await restoreAndKill(place, round % 2 === 0 ? 1 : 2, Math.random() * 250)
      if (complaint !== '') throw new Error(`the server complained: ${complaint}`)
      expect([0, 1]).toContain(await stateOf(place))
      expect(existsSync(join(place.folder, 'replacement'))).toBe(false)
      restores += done
    }
    // Else nothing was ever restored, and nothing was tested.
    expect(restores).toBeGreaterThanOrEqual(Math.floor(KILLS / 2))
  },
  Math.max(60_000, KILLS * 4000),
)
