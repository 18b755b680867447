/**
 * Invariant 1 for `plenum import` and `plenum sync`: no secret value anywhere but in the sources, in the encrypted store
 * and in what the user asked to be written. Values are planted in every place that an importer reads; every source is
 * used in every way, also wrongly, also killed and broken on the way; and all that was said, written, removed, served,
 * and handed to other processes is searched.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sensitive } from '../../src/sensitive/index.ts'
import { startTestServer, type TestServer } from '../../src/testing/index.ts'
import { enableSecretsEngine, readSecret, writeSecret } from '../../src/vault/index.ts'
import {
  badRows,
  change,
  ENVIRONMENT,
  FERNET_KEY,
  hard,
  makeDatabase,
  MARK,
  plain,
  plantBroken,
  plantSources,
} from './before-plenum-canaries.case.ts'
import { type Search, searchFolder, searchFor } from './canary.case.ts'

const main = join(import.meta.dirname, '../../dist/cli/main.js')
const work = mkdtempSync(join(tmpdir(), 'plenum-import-canary-'))
const place = (name: string): string => {
  const folder = join(work, name)
  mkdirSync(folder, { recursive: true })
  return folder
}
const [home, temporary, kept, children, bin] = ['home', 'tmp', 'kept', 'children', 'bin'].map(place) as [
  string,
  string,
  string,
  string,
  string,
]
const realPython = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim()

/** What the user wrote: the only files in the clear that may hold planted values. */
const sources = new Set<string>()
const allowed = (path: string): string => {
  sources.add(path)
  return path
}
/** Everything that was said, by who said it. */
const said = new Map<string, string>()
const running = new Set<ChildProcess>()
const closing: (() => Promise<unknown>)[] = []
let vault: TestServer
let search: Search

const TOKEN_FILE = join(work, 'token')
const BAD_TOKEN_FILE = allowed(join(work, 'bad-token'))

/** Other programs write down what they were given, and do their work. */
function plantPrograms(): void {
  const path = join(bin, 'python3')
  writeFileSync(
    path,
    `#!/bin/sh\ncat /proc/$$/environ > "$PLENUM_PROBE_CHILDREN/python.$$"\nprintf '%s\\0' "$@" > "$PLENUM_PROBE_CHILDREN/python-args.$$"\nexec '${realPython}' "$@"\n`,
  )
  chmodSync(path, 0o755)
}

beforeAll(async () => {
  plantPrograms()
  vault = await startTestServer()
  closing.push(() => vault.close())
  search = searchFor([MARK, vault.rootToken.reveal(), FERNET_KEY])
  writeFileSync(allowed(TOKEN_FILE), vault.rootToken.reveal(), { mode: 0o600 })
  writeFileSync(BAD_TOKEN_FILE, plain('Token'), { mode: 0o600 })
  await enableSecretsEngine(vault.client, 'old1', { type: 'kv', options: { version: '1' } })
  await enableSecretsEngine(vault.client, 'old2', { type: 'kv', options: { version: '2' } })
  const put = async (mount: string, path: string, data: Record<string, unknown>): Promise<void> => {
    await vault.client.request('POST', `${mount}/${path}`, { body: data as never })
  }
  const objects: Readonly<Record<string, Record<string, unknown>>> = {
    'airflow/connections/vault_uri': { conn_uri: `http://user:${encodeURIComponent(hard('VaultUri'))}@h.example.com/` },
    'airflow/connections/vault_conn': { conn_type: 'http', password: hard('VaultConn'), extra: { t: plain('VaultX') } },
    'airflow/connections/vault_bad': { conn_type: 'http', port: plain('VaultPort'), other: plain('VaultOther') },
    'airflow/variables/vault_var': { value: hard('VaultVar') },
    'airflow/variables/vault_no': { valeu: plain('VaultNo') },
    'projects/trading/vault_keys': { main: hard('VaultProject'), deep: { list: [plain('VaultDeep')] } },
    'elsewhere/vault_other': { a: plain('VaultElsewhere') },
  }
  for (const [path, data] of Object.entries(objects)) {
    await put('old1', path, data)
    await put('old2', `data/${path}`, { data: { ...data, older: plain('VaultOlder') } })
    await put('old2', `data/${path}`, { data })
  }
})

afterAll(async () => {
  for (const child of running) child.kill('SIGKILL')
  for (const close of closing) await close()
  rmSync(work, { recursive: true, force: true })
})

interface Ran {
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
  readonly out: string
  readonly errors: string
}

interface Call {
  readonly hub: string
  readonly env?: Readonly<Record<string, string>>
  /** Told of the process, and of all that it has said so far each time it says something. */
  readonly watch?: (child: ChildProcess, all: string) => void
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

function plenum({ hub, env, watch }: Call, ...args: readonly string[]): Promise<Ran> {
  const child = spawn(process.execPath, [main, ...args], {
    cwd: hub,
    env: environment(hub, env),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.add(child)
  const name = `${(calls += 1)}: ${basename(hub)}$ plenum ${args.join(' ')}`
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
      running.delete(child)
      resolve({ status, signal, out, errors })
    })
  })
}

/** Ended by itself, did what it could, and met no bug. */
function expectDone(ran: Ran, statuses: readonly number[] = [0, 1]): void {
  const all = `${ran.errors}${ran.out}`
  expect(search('output', all)).toEqual([])
  expect(all).not.toMatch(/internal error/)
  expect(statuses, all).toContain(ran.status)
}

/** The command line and the environment of a process, as every process of its user sees them. */
function searchProcess(child: ChildProcess, given: Readonly<Record<string, string>> = {}): void {
  const own = Object.values(given)
  const environ = readFileSync(`/proc/${child.pid}/environ`, 'utf8').split('\0')
  const added = environ.filter((line) => !own.some((value) => line.endsWith(`=${value}`)))
  said.set(`environment of ${child.pid}`, added.join('\n'))
  said.set(`command line of ${child.pid}`, readFileSync(`/proc/${child.pid}/cmdline`, 'utf8'))
}

/** Stands in front of the Vault. What it answers itself is not handed on. */
type Meddle = (request: IncomingMessage, body: string, response: ServerResponse) => boolean

async function startFront(meddle: Meddle): Promise<string> {
  const server = createHttpServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      if (meddle(request, body.toString(), response)) return
      const { method = 'GET', url = '', headers } = request
      const token = headers['x-vault-token']
      fetch(`${vault.address}${url}`, {
        method,
        headers: {
          ...(typeof token === 'string' ? { 'x-vault-token': token } : {}),
          'content-type': headers['content-type'] ?? 'application/json',
        },
        ...(body.length === 0 ? {} : { body }),
      }).then(
        async (answer) => {
          response.writeHead(answer.status, { 'content-type': 'application/json' })
          response.end(await answer.text())
        },
        () => response.destroy(),
      )
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  closing.unshift(
    () =>
      new Promise((resolve) => {
        server.close(resolve)
        server.closeAllConnections()
      }),
  )
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const inVault = (address: string = vault.address): Record<string, string> => ({
  VAULT_ADDR: address,
  VAULT_TOKEN: vault.rootToken.reveal(),
})

const isValueWritten = ({ method, url = '' }: IncomingMessage): boolean =>
  (method === 'POST' || method === 'PUT') && /^\/v1\/secret\/data\/(?!plenum\/)/.test(url)

interface Source {
  readonly name: string
  readonly args: readonly string[]
  /** Fewest objects that come in. */
  readonly brings: number
  /** Whether its own embedded server is used; else a Vault elsewhere. */
  readonly isEmbedded?: boolean
  readonly isAnotherVault?: boolean
}

const SOURCES: readonly Source[] = [
  { name: 'folder', args: ['.'], brings: 20, isEmbedded: true },
  { name: 'airflow-db', args: ['--airflow-home', 'airflow'], brings: 5 },
  { name: 'env-file', args: ['.env'], brings: 4 },
  { name: 'compose', args: ['docker-compose.yml', 'Dockerfile', '.devcontainer/devcontainer.json'], brings: 5 },
  {
    name: 'airflow-export',
    args: ['connections.json', 'variables.json', 'connections.yaml', 'variables.yaml', 'connections.env'],
    brings: 7,
  },
  { name: 'airflow-settings', args: ['airflow_settings.yaml'], brings: 3 },
  { name: 'helm', args: ['values.yaml'], brings: 3 },
  { name: 'vault', args: ['--mount', 'old1', '--kv-version', '1'], brings: 4, isEmbedded: true, isAnotherVault: true },
]

/** Those that this Plenum has. */
const listed = execFileSync(process.execPath, [main, 'import', '--help'], { encoding: 'utf8' })
const isThere = (name: string): boolean => new RegExp(`^  ${name} `, 'm').test(listed)

function plantedHub(name: string): string {
  const hub = place(name)
  for (const path of plantSources(hub)) sources.add(path)
  return hub
}

const fromOther = (): string[] => ['--from-address', vault.address, '--from-token-file', TOKEN_FILE]

describe('every source, in every way', () => {
  it.concurrent.for(SOURCES)('$name', async ({ name, args, brings, isEmbedded, isAnotherVault }, { skip }) => {
    if (!isThere(name)) {
      process.stdout.write(`plenum import ${name}: not there, and not tested\n`)
      skip()
    }
    const hub = plantedHub(name)
    const env = { ...ENVIRONMENT, ...(isEmbedded === true ? {} : inVault()) }
    const act = (...more: readonly string[]): Promise<Ran> => {
      const words = ['import', name, ...args, ...(isAnotherVault === true ? fromOther() : []), '--port', '0', ...more]
      return plenum({ hub, env }, ...words)
    }
    expectDone(await act('--dry-run', '--report', 'report.json', '--name', 'planted', '--all'))
    const brought = await act('--yes', '--json', '--debug', '--report', 'report.md', '--name', 'planted')
    expectDone(brought)
    const { outcome } = JSON.parse(brought.out) as { outcome: { proof: { outcome: { kind: string } }[] } | null }
    const kinds = (outcome?.proof ?? []).map((one) => one.outcome.kind)
    expect(kinds.length, brought.errors).toBeGreaterThanOrEqual(brings)
    expect(new Set(kinds), brought.errors).toEqual(new Set(['equal']))
    expectDone(await act('--check', '--report', 'report.txt', '--debug'))
    expectDone(await act('--finish', '--dry-run'))
    const finished = await act('--finish', '--yes', '--debug')
    expectDone(finished)
    if (/^cleaned up/m.test(finished.errors)) expectDone(await act('--undo', '--yes', '--json', '--debug'))
    else expect(['airflow-export', 'airflow-settings', 'helm', 'vault']).toContain(name)
  })
})
