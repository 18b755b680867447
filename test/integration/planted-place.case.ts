/**
 * Where the canaries of imports and of sync live: a folder that is home, place of temporary files and of hubs in one, a
 * Vault that holds planted values too, and the built command line on them. Remembers everything that was said.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect } from 'vitest'
import { startTestServer, type TestServer } from '../../src/testing/index.ts'
import { enableSecretsEngine } from '../../src/vault/index.ts'
import { FERNET_KEY, hard, MARK, plain, plantSources } from './before-plenum-canaries.case.ts'
import { filesBelow, type Search, searchFolder, searchFor } from './canary.case.ts'

export const main: string = join(import.meta.dirname, '../../dist/cli/main.js')
export const work: string = mkdtempSync(join(tmpdir(), 'plenum-import-canary-'))
export function place(name: string): string {
  const folder = join(work, name)
  mkdirSync(folder, { recursive: true })
  return folder
}
const home = place('home')
const temporary = place('tmp')
const kept = place('kept')
const children = place('children')
const bin = place('bin')

/** What the user wrote: the only files in the clear that may hold planted values. */
export const sources: Set<string> = new Set()
export function source(path: string, content: string): string {
  writeFileSync(path, content, { mode: 0o600 })
  sources.add(path)
  return path
}

/** A hub's folder with every source in it. */
export function plantedHub(name: string): string {
  const hub = place(name)
  for (const path of plantSources(hub)) sources.add(path)
  return hub
}

/** Everything that was said, by who said it. */
export const said: Map<string, string> = new Map()
/** Ended and closed after the tests, the last one first. */
export const closing: (() => unknown)[] = []

/** Fernet's texts as well: whoever has the key has their values. */
const secrets = [MARK, FERNET_KEY, 'gAAAAAB']
let searching: Search = searchFor(secrets)
export const search: Search = (where, what) => searching(where, what)

/** A Vault of its own for a hub. Its root token is searched for as planted values are. */
export async function newVault(): Promise<TestServer> {
  const server = await startTestServer()
  closing.push(server.close)
  secrets.push(server.rootToken.reveal())
  searching = searchFor(secrets)
  return server
}

let planted: TestServer | undefined
/** The one that holds planted values at `old`. */
export function oldVault(): TestServer {
  if (planted === undefined) throw new Error('usePlantedPlace has not run')
  return planted
}

/** At the top of a file: opens `oldVault` before its tests, and takes everything away after them. */
export function usePlantedPlace(): void {
  beforeAll(async () => {
    plantPrograms()
    planted = await newVault()
    source(TOKEN_FILE, planted.rootToken.reveal())
    await plantVersions(planted)
  })
  afterAll(async () => {
    for (const close of closing.reverse()) await close()
    rmSync(work, { recursive: true, force: true })
  })
}

/** Other programs write down what they were given, and do their work. */
function plantPrograms(): void {
  const python = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim()
  const path = join(bin, 'python3')
  const notes = '"$PLENUM_PROBE_CHILDREN/python'
  writeFileSync(
    path,
    `#!/bin/sh\ncat /proc/$$/environ > ${notes}.$$"\nprintf '%s\\0' "$@" > ${notes}-words.$$"\nexec '${python}' "$@"\n`,
  )
  chmodSync(path, 0o755)
}

/** Holds the root token of `oldVault()`. */
export const TOKEN_FILE: string = join(work, 'token')

/** What another Vault holds, by path. */
const OBJECTS: Readonly<Record<string, Record<string, unknown>>> = {
  'airflow/connections/vault_uri': { conn_uri: `http://user:${encodeURIComponent(hard('VaultUri'))}@h.example.com/` },
  'airflow/connections/vault_conn': { conn_type: 'http', password: hard('VaultConn'), extra: { t: plain('VaultX') } },
  'airflow/connections/vault_bad': { conn_type: 'http', port: plain('VaultPort'), other: plain('VaultOther') },
  'airflow/variables/vault_var': { value: hard('VaultVar') },
  'airflow/variables/vault_no': { valeu: plain('VaultNo') },
  'projects/trading/vault_keys': { main: hard('VaultProject'), deep: { list: [plain('VaultDeep')] } },
}

/** In two versions at `old`, KV version 2. */
async function plantVersions({ client }: TestServer): Promise<void> {
  await enableSecretsEngine(client, 'old', { type: 'kv', options: { version: '2' } })
  for (const [path, data] of Object.entries(OBJECTS)) {
    for (const version of [{ ...data, older: plain('VaultOlder') }, data])
      await client.request('POST', `old/data/${path}`, { body: { data: version as never } })
  }
}

/** The same as KV version 1, at `old` of a Vault of its own. */
export async function startVersionOne(): Promise<string> {
  const paths = Object.keys(OBJECTS)
  return startFront(oldVault(), ({ url = '' }, _, response) => {
    const asked = new URL(url, 'http://x')
    const path = asked.pathname.replace(/^\/v1\/old\/?/, '').replace(/\/$/, '')
    const prefix = path === '' ? '' : `${path}/`
    const below = paths.filter((one) => one.startsWith(prefix)).map((one) => one.slice(prefix.length))
    const keys = [...new Set(below.map((one) => one.replace(/\/.*/, '/')))]
    const data = asked.searchParams.has('list') ? (keys.length === 0 ? undefined : { keys }) : OBJECTS[path]
    response.writeHead(data === undefined ? 404 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(data === undefined ? { errors: [] } : { data }))
    return true
  })
}

export interface Ran {
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
  readonly out: string
  readonly errors: string
}

export interface Call {
  readonly hub: string
  readonly env?: Readonly<Record<string, string>>
  /** Told of the process, and of all that it has said so far, each time it says something. */
  readonly watch?: (child: ChildProcess, all: string) => void
  readonly started?: (child: ChildProcess) => void
}

const probe = pathToFileURL(join(import.meta.dirname, 'process-probe.mjs')).href
let calls = 0

function environment(hub: string, more: Readonly<Record<string, string>> = {}): Record<string, string> {
  return {
    PATH: `${bin}:${process.env['PATH'] ?? ''}`,
    HOME: home,
    XDG_CONFIG_HOME: join(home, '.config'),
    XDG_CACHE_HOME: join(home, '.cache'),
    XDG_STATE_HOME: join(home, '.state'),
    XDG_DATA_HOME: join(home, '.local'),
    TMPDIR: temporary,
    PWD: hub,
    NODE_OPTIONS: `--unhandled-rejections=strict --import=${probe}`,
    PLENUM_PROBE_KEPT: kept,
    PLENUM_PROBE_CHILDREN: children,
    ...more,
  }
}

/** Planted values in `args` are what the user wrote there; the name of the call says them no more. */
export function plenum({ hub, env, watch, started }: Call, ...args: readonly string[]): Promise<Ran> {
  const child = spawn(process.execPath, [main, ...args], {
    cwd: hub,
    env: environment(hub, env),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const end = (): boolean => child.exitCode !== null || child.kill('SIGKILL')
  closing.push(end)
  started?.(child)
  const words = args.map((word) => (search('', word).length > 0 ? '…' : word)).join(' ')
  const name = `${(calls += 1)}: ${basename(hub)}$ plenum ${words}`
  let out = ''
  let errors = ''
  const tell = (): void => {
    said.set(name, `${out}\n${errors}`)
    watch?.(child, out + errors)
  }
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString()
    tell()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString()
    tell()
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status, signal) => {
      closing.splice(closing.indexOf(end), 1)
      resolve({ status, signal, out, errors })
    })
  })
}

/** Ended by itself, told no value, and met no bug. */
export function expectDone(ran: Ran, statuses: readonly number[] = [0, 1]): void {
  const all = `${ran.errors}${ran.out}`
  expect(search('output', all), search('', all).length > 0 ? all.replaceAll(MARK, '<MARK>') : '').toEqual([])
  expect(all).not.toMatch(/internal error/)
  expect(statuses, all).toContain(ran.status)
}

/** The command line and the environment of a process, as others of its user see them. It may have what it was given. */
export function noteProcess({ pid }: ChildProcess): void {
  const environ = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
  said.set(`environment of ${pid}`, environ.filter((line) => !isGiven(line)).join('\n'))
  said.set(`command line of ${pid}`, readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
}

/** Values that were given to commands in their environment. */
const given = new Set<string>()
export function inEnvironment(values: Readonly<Record<string, string>>): Record<string, string> {
  for (const [name, value] of Object.entries(values)) given.add(`${name}=${value}`)
  return { ...values }
}
const isGiven = (line: string): boolean => given.has(line)

/** What other programs got: a file each. Lines of their environment that the command itself was given are left out. */
function noteChildren(): void {
  for (const path of filesBelow(children)) {
    const lines = readFileSync(path, 'utf8').split('\0')
    writeFileSync(path, lines.filter((line) => !isGiven(line)).join('\n'))
  }
}

/** Stands in front of the Vault. What it answers itself (true) is not handed on. */
export type Meddle = (request: IncomingMessage, body: string, response: ServerResponse) => boolean

/** Its address. */
export async function startFront(vault: TestServer, meddle: Meddle): Promise<string> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      if (!meddle(request, body.toString(), response)) void handOn(vault, request, body, response)
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  closing.push(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function handOn(
  vault: TestServer,
  request: IncomingMessage,
  body: Buffer,
  response: ServerResponse,
): Promise<void> {
  const { method = 'GET', url = '', headers } = request
  const answer = await fetch(`${vault.address}${url}`, {
    method,
    headers: {
      'x-vault-token': String(headers['x-vault-token']),
      'content-type': headers['content-type'] ?? 'application/json',
    },
    ...(body.length === 0 ? {} : { body }),
  })
  response.writeHead(answer.status, { 'content-type': 'application/json' })
  response.end(await answer.text())
}

/** The settings of a Vault for a command; `address` of what stands in front of it. */
export function inVault({ address, rootToken }: TestServer, front: string = address): Record<string, string> {
  return inEnvironment({ VAULT_ADDR: front, VAULT_TOKEN: rootToken.reveal() })
}

/** Writes of objects, not of Plenum's own. */
export function isObjectWritten({ method, url = '' }: IncomingMessage): boolean {
  return (method === 'POST' || method === 'PUT') && /^\/v1\/secret\/data\/(?!plenum\/)/.test(url)
}

export type Answer = (body: string, token: string) => { status: number; text: string; location?: string }

export const errorsOf: (status: number, text: string) => { status: number; text: string } = (
  status: number,
  text: string,
) => ({ status, text: JSON.stringify({ errors: [text] }) })
/** Answers what `isEchoed` says. */
export function echo(answer: Answer, isEchoed: Meddle): Meddle {
  return (request, body, response) => {
    if (!isEchoed(request, body, response)) return false
    const { status, text, location } = answer(body, String(request.headers['x-vault-token']))
    response.writeHead(status, { 'content-type': 'application/json', ...(location === undefined ? {} : { location }) })
    response.end(text)
    return true
  }
}

/** Where planted values are, of all that was said, written, removed and handed on. To be called last. */
export function leaks(): string[] {
  noteChildren()
  // Node's diagnostic reports, and what the system keeps of a crash, hold everything.
  const reports = filesBelow(work).filter((path) => /\/(?:report\.\d+\.[^/]*\.json|core(?:\.\d+)?)$/.test(path))
  if (readdirSync(kept).length === 0) throw new Error('the probe was not at work')
  return [
    ...[...said].flatMap(([who, text]) => search(who, text)),
    ...searchFolder(search, work, sources),
    ...reports.map((path) => `${path}: a crash report`),
  ]
}
