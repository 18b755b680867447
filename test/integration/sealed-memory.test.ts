/**
 * S45: the memory of a server, as the kernel shows it, holds its keys while it is unsealed and none of them once it is
 * sealed. It runs the built package: `npm run build` comes first.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { decryptSealed } from '../../src/server/barrier/index.ts'
import { startServer } from '../../src/server/index.ts'
import { openLmdbStorage } from '../../src/server/storage/index.ts'

const root = mkdtempSync(join(tmpdir(), 'plenum-memory-'))
const store = join(root, 'vault')
const keyFile = join(root, 'key.json')
let child: ChildProcess | undefined
afterAll(() => {
  child?.kill('SIGKILL')
  rmSync(root, { recursive: true, force: true })
})

/** Initialises the store, and takes its keys out of it. */
async function makeStore(): Promise<{ readonly token: string; readonly keys: ReadonlyMap<string, Buffer> }> {
  const server = await startServer({ storage: { kind: 'lmdb', folder: store } })
  const { keys: shares, rootToken: token } = await server.core.initialize({ shares: 1, threshold: 1 })
  const sealKey = Buffer.from(shares[0] ?? [])
  const { storeId } = server.core
  await server.close()
  writeFileSync(keyFile, JSON.stringify({ key: sealKey.toString('hex'), token }), { mode: 0o600 })
  const storage = openLmdbStorage({ folder: store })
  const place = 'core/hsm/barrier-unseal-keys'
  const rootKey = decryptSealed(storage.get(place) ?? Buffer.alloc(0), sealKey, `${place}\0${storeId}`)
  if (rootKey === undefined) throw new Error('the root key does not open')
  const keyring = decryptSealed(storage.get('core/keyring') ?? Buffer.alloc(0), rootKey, 'core/keyring')
  if (keyring === undefined) throw new Error('the keyring does not open')
  await storage.close()
  return {
    token,
    keys: new Map([
      ['root key', Buffer.from(rootKey)],
      ['name MAC key', Buffer.from(keyring.subarray(1, 33))],
      ['name key', Buffer.from(keyring.subarray(33, 65))],
      ['data key', Buffer.from(keyring.subarray(-32))],
    ]),
  }
}

/** Which of the keys the process has anywhere in what it can write to. */
function keysIn(pid: number, keys: ReadonlyMap<string, Buffer>): string[] {
  const found = new Set<string>()
  const memory = openSync(`/proc/${pid}/mem`, 'r')
  const piece = Buffer.alloc(4 * 1024 * 1024)
  try {
    for (const line of readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
      const [, from = '', to = ''] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? []
      if (from === '' || line.includes('data.mdb')) continue
      const end = Number.parseInt(to, 16)
      // Pieces overlap by the length of a key.
      for (let at = Number.parseInt(from, 16); at < end; at += piece.length - 32) {
        const read = readPiece(memory, piece, at, end)
        for (const [name, key] of keys) if (piece.subarray(0, read).includes(key)) found.add(name)
      }
    }
  } finally {
    closeSync(memory)
  }
  return [...found].sort()
}

function readPiece(memory: number, piece: Buffer, at: number, end: number): number {
  try {
    return readSync(memory, piece, 0, Math.min(piece.length, end - at), at)
  } catch (error) {
    // Address space that nothing is behind.
    if (error instanceof Error && 'code' in error && error.code === 'EIO') return 0
    throw error
  }
}

it('S45: holds no key any more once it is sealed', async ({ skip }) => {
  if (process.platform !== 'linux') skip('needs the memory of another process as a file')
  const { token, keys } = await makeStore()
  const started = spawn(process.execPath, [join(import.meta.dirname, 'server-process.mjs'), store, keyFile], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  child = started
  const address = await new Promise<string>((resolve) => {
    started.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString().trim()))
  })
  const pid = started.pid ?? 0
  try {
    closeSync(openSync(`/proc/${pid}/mem`, 'r'))
  } catch {
    skip('needs the right to look into the memory of a child')
  }
  const ask = (method: string, path: string, body?: object) =>
    fetch(`${address}/v1/${path}`, {
      method,
      headers: { 'X-Vault-Token': token },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  await ask('POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } })
  for (let n = 0; n < 20; n += 1) await ask('POST', `secret/data/${n}`, { data: { n } })
  expect(keysIn(pid, keys)).toEqual([...keys.keys()].sort())
  expect((await ask('PUT', 'sys/seal')).status).toBe(204)
  expect(keysIn(pid, keys)).toEqual([])
})
