/**
 * kill -9 at random moments while clients write: every acknowledged write is there afterwards, whole, and the store
 * opens. PLENUM_KILLS sets the number of kills (default 12; 200 before a release).
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

const KILLS = Number(process.env['PLENUM_KILLS'] ?? '12')
const folder = mkdtempSync(join(tmpdir(), 'plenum-kill-'))
const store = join(folder, 'vault')
const keyFile = join(folder, 'key.json')
const script = join(import.meta.dirname, 'server-process.mjs')
const WRITERS = 8

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Path -> the newest number that the server acknowledged, and the newest that was sent. */
const acknowledged = new Map<string, number>()
const sent = new Map<string, number>()

function start(): Promise<{ child: ChildProcess; address: string }> {
  const child = spawn(process.execPath, [script, store, keyFile], { stdio: ['ignore', 'pipe', 'pipe'] })
  return new Promise((resolve, reject) => {
    let out = ''
    let errors = ''
    child.stdout?.on('data', (chunk) => {
      out += chunk
      const end = out.indexOf('\n')
      if (end !== -1) resolve({ child, address: out.slice(0, end) })
    })
    child.stderr?.on('data', (chunk) => {
      errors += chunk
    })
    child.once('exit', (code, signal) =>
      reject(new Error(`the server ended with ${code ?? signal} before it was ready: ${errors}`)),
    )
  })
}

const rootToken = (): string => (JSON.parse(readFileSync(keyFile, 'utf8')) as { token: string }).token

async function send(
  address: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; json: unknown }> {
  const answer = await fetch(`${address}/v1/${path}`, {
    method,
    headers: { 'X-Vault-Token': rootToken() },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    // Each life of the server is another port: no connection outlives it.
    keepalive: false,
  })
  const text = await answer.text()
  return { status: answer.status, json: text === '' ? undefined : JSON.parse(text) }
}

/** Writes ever newer numbers to one path until the server is gone. */
async function write(address: string, path: string): Promise<void> {
  for (;;) {
    const next = (sent.get(path) ?? 0) + 1
    sent.set(path, next)
    try {
      const { status } = await send(address, 'POST', `secret/data/${path}`, {
        data: { number: String(next), filler: 'x'.repeat(200) },
      })
      if (status !== 200) throw new Error(`status ${status}`)
      acknowledged.set(path, next)
    } catch (error) {
      if (error instanceof TypeError) return
      throw error
    }
  }
}

async function check(address: string): Promise<void> {
  for (const [path, number] of acknowledged) {
    const { status, json } = await send(address, 'GET', `secret/data/${path}`)
    expect(status, `${path} after acknowledged write ${number}`).toBe(200)
    const { data } = (json as { data: { data: { number: string; filler: string } } }).data
    // What was sent and not acknowledged may have arrived; what was acknowledged must have.
    expect(Number(data.number)).toBeGreaterThanOrEqual(number)
    expect(Number(data.number)).toBeLessThanOrEqual(sent.get(path) ?? 0)
    expect(data.filler).toBe('x'.repeat(200))
  }
}

describe(`kill -9 of the server, ${KILLS} times`, () => {
  it(
    'loses no acknowledged write and always opens again',
    async () => {
      let life = await start()
      await send(life.address, 'POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } })
      for (let kill = 0; kill < KILLS; kill += 1) {
        const gone = new Promise((resolve) => life.child.once('exit', resolve))
        const writing = Array.from({ length: WRITERS }, (_, writer) =>
          write(life.address, `writer-${writer}/entry-${kill % 5}`),
        )
        await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 250))
        life.child.kill('SIGKILL')
        await Promise.all([gone, ...writing])
        life = await start()
        await check(life.address)
      }
      expect(acknowledged.size).toBeGreaterThan(0)
      life.child.kill('SIGKILL')
    },
    60_000 + KILLS * 3000,
  )
})
