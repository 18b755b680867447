/**
 * A store whose process is killed at any moment opens again, with every acknowledged batch in it and no half ones.
 *
 * PLENUM_KILLS raises the number of rounds (default 60). It runs the built package: `npm run build` comes first.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openLmdbStorage, type Storage } from '../../src/server/storage/index.ts'

const KILLS = Number(process.env['PLENUM_KILLS'] ?? '60')
const LANES = 3
/** Rounds in one folder; the first round of a folder is often killed while the store is being made. */
const ROUNDS_A_FOLDER = 5
const writer = join(import.meta.dirname, 'store-writer.mjs')
const built = join(import.meta.dirname, '../../dist/server/storage/index.js')
const root = mkdtempSync(join(tmpdir(), 'plenum-kill-'))

beforeAll(() => {
  if (!existsSync(built)) throw new Error('dist is missing: run `npm run build` first')
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

interface Killed {
  readonly acknowledged: readonly number[]
  readonly complaint: string
}

/** Kills after a moment that starts with the process in every third round, else with the open store. */
function writeAndKill(folder: string, first: number, round: number): Promise<Killed> {
  const child = spawn(process.execPath, [writer, folder, String(first)], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  let complaint = ''
  let timer: NodeJS.Timeout | undefined
  const killIn = (ms: number) => {
    timer ??= setTimeout(() => child.kill('SIGKILL'), ms)
  }
  if (round % 3 === 0) killIn(40 + Math.random() * 160)
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
    killIn(Math.random() * 80)
  })
  child.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString()
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', () => {
      clearTimeout(timer)
      // The last line may be cut off by the kill.
      const lines = output.split('\n').slice(0, -1)
      resolve({ acknowledged: lines.slice(1).map(Number), complaint })
    })
  })
}

const textAt = (storage: Storage, key: string): string | undefined => {
  const bytes = storage.get(key)
  return bytes === undefined ? undefined : Buffer.from(bytes).toString()
}

/** Throws for a batch that is there in part, or altered. */
function isThere(storage: Storage, n: number): boolean {
  const x = textAt(storage, `batch/${n}/x`)
  const y = textAt(storage, `batch/${n}/y`)
  if (x === undefined && y === undefined) return false
  const value = Buffer.alloc(50 + ((n * 37) % 5000), String(n)).toString()
  if (x !== value || y !== value) throw new Error(`batch ${n} is not whole`)
  return true
}

/** Deleted by a later batch of which something was seen. */
function mayBeDeleted(n: number, newest: number): boolean {
  const by = n + 40
  return by % 3 === 0 && by <= newest
}

async function lane(rounds: number, name: string): Promise<number> {
  let acknowledged = 0
  let first = 0
  let folder = ''
  for (let round = 0; round < rounds; round += 1) {
    if (round % ROUNDS_A_FOLDER === 0) {
      folder = join(root, `${name}-${round}`)
      first = 0
    }
    const killed = await writeAndKill(folder, first, round)
    if (killed.complaint !== '') throw new Error(`the writer complained: ${killed.complaint}`)
    const storage = openLmdbStorage({ folder })
    const present = storage.list('batch/').map((entry) => Number(entry.slice(0, -1)))
    for (const n of present) isThere(storage, n)
    const newest = Math.max(first - 1, ...present)
    const lost = killed.acknowledged.filter((n) => !isThere(storage, n) && !mayBeDeleted(n, newest))
    expect(lost).toEqual([])
    const written = storage.list('last/').map((name) => Number(textAt(storage, `last/${name}`)))
    // Each writer overwrites its entry in the batch that it names, so that batch is there too.
    expect(written.filter((n) => !isThere(storage, n) && !mayBeDeleted(n, newest))).toEqual([])
    if (killed.acknowledged.length > 0 && written.length === 0) throw new Error('acknowledged batches left no trace')
    await storage.close()
    acknowledged += killed.acknowledged.length
    first = newest + 1
  }
  return acknowledged
}

it(
  `loses nothing in ${KILLS} kills`,
  async () => {
    const lanes = await Promise.all(
      Array.from({ length: LANES }, (_, i) => lane(Math.ceil(KILLS / LANES), `lane-${i}`)),
    )
    // Else the kills came before anything was written, and nothing was tested.
    expect(lanes.reduce((sum, acknowledged) => sum + acknowledged, 0)).toBeGreaterThan(KILLS)
  },
  Math.max(60_000, KILLS * 2000),
)
