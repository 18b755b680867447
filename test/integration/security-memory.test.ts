/**
 * S45 and S9, looked at from outside: what the memory of a server's process holds, and how much of it. The process is a
 * child of this one, so that Linux lets its memory be read; elsewhere these tests are skipped.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { startServer } from '../../src/server/index.ts'

const work = mkdtempSync(join(tmpdir(), 'plenum-memory-'))
const children = new Set<ChildProcess>()
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(work, { recursive: true })
})

interface Server {
  readonly pid: number
  readonly token: string
  send(method: string, path: string, body?: unknown): Promise<{ readonly status: number; readonly text: string }>
}

/** The server on a store that is there, or a new one. */
async function start(name: string): Promise<Server> {
  const keyFile = join(work, `${name}.json`)
  const child = spawn(process.execPath, [join(import.meta.dirname, 'server-process.mjs'), join(work, name), keyFile], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.add(child)
  const address = await new Promise<string>((resolve, reject) => {
    child.stdout?.once('data', (chunk: Buffer) => resolve(chunk.toString().trim()))
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)))
  })
  const { token } = JSON.parse(readFileSync(keyFile, 'utf8')) as { token: string }
  return {
    pid: child.pid ?? 0,
    token,
    async send(method, path, body) {
      const answer = await fetch(`${address}/v1/${path}`, {
        method,
        headers: { 'X-Vault-Token': token },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
      return { status: answer.status, text: await answer.text() }
    },
  }
}

/** A store, and the keys that its making drew. */
async function makeStore(name: string): Promise<readonly (readonly [name: string, key: Buffer])[]> {
  const drawn: Buffer[] = []
  const server = await startServer({
    storage: { kind: 'lmdb', folder: join(work, name) },
    random: (bytes) => {
      const made = randomBytes(bytes)
      if (bytes === 32) drawn.push(Buffer.from(made))
      return made
    },
  })
  const { keys, rootToken } = await server.core.initialize({ shares: 1, threshold: 1 })
  await server.close()
  const [unsealKey = Buffer.alloc(0)] = keys
  writeFileSync(join(work, `${name}.json`), JSON.stringify({ key: unsealKey.toString('hex'), token: rootToken }))
  const [rootKey, sealKey, nameMacKey, nameKey, termKey] = drawn
  // The order in which they are drawn is the seal's: held to by the one of them that is known.
  expect(sealKey?.equals(unsealKey)).toBe(true)
  const held = { 'the root key': rootKey, 'the key of names': nameKey, 'their MAC key': nameMacKey, 'the key': termKey }
  return Object.entries(held).map(([of, key]) => [of, key ?? Buffer.alloc(0)])
}

const PIECE = 1024 * 1024
/** Longer than every needle: pieces overlap by as much, so that nothing is cut in two. */
const OVERLAP = 100
const UNTOUCHED = Buffer.alloc(PIECE + OVERLAP)

/** How often each key stands in what a process can write to: as it is, in hex, in base64. */
function findKeys(pid: number, keys: readonly (readonly [string, Buffer])[]): Record<string, number> {
  const forms = keys.flatMap(([name, key]) => [
    [name, key] as const,
    [`${name} in hex`, Buffer.from(key.toString('hex'))] as const,
    [`${name} in base64`, Buffer.from(key.toString('base64').replace(/=+$/, ''))] as const,
  ])
  const found: Record<string, number> = {}
  for (const bytes of piecesOf(pid)) {
    for (const [name, needle] of forms) {
      for (let place = bytes.indexOf(needle); place !== -1; place = bytes.indexOf(needle, place + 1))
        if (place < PIECE) found[name] = (found[name] ?? 0) + 1
    }
  }
  return found
}

/** The memory that a process can write to, but for what it has never touched. Each piece is gone with the next one. */
function* piecesOf(pid: number): Generator<Buffer> {
  const bytes = Buffer.alloc(PIECE + OVERLAP)
  const memory = openSync(`/proc/${pid}/mem`, 'r')
  try {
    for (const [, from = '', to = ''] of readFileSync(`/proc/${pid}/maps`, 'utf8').matchAll(
      /^([\da-f]+)-([\da-f]+) rw/gm,
    )) {
      const end = Number.parseInt(to, 16)
      for (let at = Number.parseInt(from, 16); at < end; at += PIECE) {
        const length = readMemory(memory, bytes, at, Math.min(bytes.length, end - at))
        const piece = bytes.subarray(0, length)
        if (!piece.equals(UNTOUCHED.subarray(0, length))) yield piece
      }
    }
  } finally {
    closeSync(memory)
  }
}

/** Nothing of what went away, or cannot be read, as a guard page. */
function readMemory(memory: number, into: Buffer, at: number, length: number): number {
  try {
    return readSync(memory, into, 0, length, at)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EIO') return 0
    throw error
  }
}

describe.runIf(process.platform === 'linux')('the memory of a server', () => {
  it('S45: holds the keys while it is unsealed, never as text, and none of them once it is sealed', async () => {
    const keys = await makeStore('sealed')
    const { pid, send } = await start('sealed')
    expect((await send('POST', 'sys/mounts/kv', { type: 'kv', options: { version: '2' } })).status).toBe(204)
    for (let round = 0; round < 200; round += 1) {
      await send('POST', `kv/data/k${round}`, { data: { value: `of ${round}` } })
      await send('GET', `kv/data/k${round}`)
    }
    const unsealed = findKeys(pid, keys)
    expect(Object.keys(unsealed).toSorted()).toEqual(keys.map(([name]) => name).toSorted())
    expect((await send('PUT', 'sys/seal')).status).toBe(204)
    expect((await send('GET', 'kv/data/k1')).status).toBe(503)
    expect(findKeys(pid, keys)).toEqual({})
    // Not for the first time alone.
    const { key } = JSON.parse(readFileSync(join(work, 'sealed.json'), 'utf8')) as { key: string }
    expect((await send('PUT', 'sys/unseal', { key })).status).toBe(200)
    expect((await send('GET', 'kv/data/k1')).text).toContain('of 1')
    expect((await send('POST', 'sys/rotate')).status).toBe(204)
    expect((await send('PUT', 'sys/seal')).status).toBe(204)
    expect(findKeys(pid, keys)).toEqual({})
  })

  it('S9: stays bounded, whatever bodies nobody in particular sends', async () => {
    await makeStore('flooded')
    const { pid, send } = await start('flooded')
    const most = (): number =>
      Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
    const before = most()
    const bodies = [
      `{"data":{${Array.from({ length: 1_000_000 }, (_, at) => `"k${at}":0`).join(',')}}}`,
      `{"data":${'{"a":'.repeat(1_000_000)}`,
      `{"data":[${'[],'.repeat(5_000_000)}[]]}`,
      `{"data":[${'"a",'.repeat(1_000_000)}"a"]}`,
      `{"data":${'9'.repeat(20_000_000)}}`,
      `{"data":"${'\\u0041'.repeat(3_000_000)}"}`,
    ]
    for (let round = 0; round < 2; round += 1)
      for (const body of bodies) expect([400, 413]).toContain((await send('POST', 'sys/tools/hash', body)).status)
    // A body itself is up to 32 MiB, as bytes and as text. What it would become is many times that.
    expect(most() - before).toBeLessThan(400)
    expect((await send('GET', 'sys/health')).status).toBe(200)
  })
})
