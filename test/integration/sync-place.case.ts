/**
 * `plenum sync` as a person runs it: a hub that was applied, an Airflow database that people edit, and the built command
 * between them, with no more rights than the hub's own role for sync has.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { sensitive } from '../../src/sensitive/index.ts'
import {
  appRoleToken,
  generateSecretId,
  readRoleId,
  readSecret,
  readSecretVersions,
  type SecretVersion,
} from '../../src/vault/index.ts'
import type { AirflowTables } from './airflow-edits.case.ts'
import type { Target } from './target.case.ts'

const main = join(import.meta.dirname, '../../dist/cli/main.js')

/** Beyond this a test has failed. In ms. */
const PATIENCE_MS = 45_000

export interface Ran {
  readonly status: number | null
  readonly out: string
  readonly errors: string
}

/** An event of `--json`, as far as tests look into it. */
export interface SyncLine {
  readonly event: 'object' | 'pass' | 'trouble' | 'recovered' | 'finding'
  readonly address?: string
  readonly outcome?: { readonly kind: string; readonly [key: string]: unknown }
  readonly trouble?: { readonly side: string; readonly code: string }
  readonly finding?: { readonly code: string; readonly id: string }
}

export interface RunningSync {
  readonly events: readonly SyncLine[]
  /** What it says to people. */
  errors(): string
  /** The first event, of those from `since` on, that is wanted. */
  until(isWanted: (event: SyncLine) => boolean, since?: number): Promise<SyncLine>
  untilSaid(pattern: RegExp): Promise<RegExpExecArray>
  /** Told to end; its exit status. */
  end(signal?: NodeJS.Signals): Promise<number | null>
  /** Its exit status, once it ends by itself. */
  ended(): Promise<number | null>
}

const running = new Set<ChildProcess>()

/** Ends whatever a failed test left. */
export function endAll(): void {
  for (const child of running) child.kill('SIGKILL')
}

export interface HubOptions {
  readonly target: Pick<Target, 'address' | 'token' | 'client' | 'unique'>
  /** YAML below `projects:`. */
  readonly projects?: string | undefined
  /** As plenum.yaml says it; default: the target's address. */
  readonly vault?: string
}

let hubs = 0

/** A hub in a folder of its own, with a mount of its own. */
export class SyncHub {
  readonly name: string
  readonly mount: string
  readonly folder: string = mkdtempSync(join(tmpdir(), 'plenum-sync-'))
  readonly #target: HubOptions['target']
  readonly #vault: string
  #token = ''

  constructor({ target, projects = '  trading: {}\n', vault = `{ address: "${target.address}" }` }: HubOptions) {
    hubs += 1
    this.#target = target
    this.#vault = vault
    this.name = target.unique(`sync${hubs}`)
    this.mount = this.name
    mkdirSync(join(this.folder, 'home'))
    this.declare(projects)
  }

  declare(projects: string): void {
    const { name, mount, folder } = this
    writeFileSync(
      join(folder, 'plenum.yaml'),
      `version: 1\nhub: ${name}\nairflow: { version: "3.3", provider: "4.8" }\nvault: { mount: ${mount} }\nenvironments:\n  dev: { vault: ${this.#vault} }\nprojects:\n${projects}`,
    )
  }

  /** By the operator; then sync gets a token of its role. */
  async apply(): Promise<void> {
    const { client, token } = this.#target
    const ran = await this.plenum(['apply', '--yes'], { VAULT_TOKEN: token, DECLARED: 'planted-declared' })
    if (ran.status !== 0) throw new Error(ran.errors)
    const role = `plenum-${this.name}-sync`
    const provider = appRoleToken({
      mount: 'approle',
      roleId: sensitive((await readRoleId(client, 'approle', role)) ?? ''),
      secretId: (await generateSecretId(client, 'approle', role)).secretId,
      now: Date.now,
    })
    this.#token = (await provider.token(client)).reveal()
  }

  plenum(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
    const child = this.#spawn(args, env)
    let [out, errors] = ['', '']
    child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()))
    child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()))
    return new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (status) => resolve({ status, out, errors }))
    })
  }

  /** One pass. */
  async once(
    database: AirflowTables,
    ...args: readonly string[]
  ): Promise<Ran & { readonly lines: readonly SyncLine[] }> {
    const ran = await this.plenum(['sync', ...database.options, '--once', '--json', ...args], this.#syncEnv())
    return { ...ran, lines: linesOf(ran.out) }
  }

  start(database: AirflowTables, ...args: readonly string[]): RunningSync {
    const given = ['--interval', '100ms', ...(args.includes('--listen') ? [] : ['--listen', 'none']), '--json']
    return watch(this.#spawn(['sync', ...database.options, ...given, ...args], this.#syncEnv()))
  }

  /** Instead of a token of the role. */
  useToken(token: string): void {
    this.#token = token
  }

  #syncEnv(): Record<string, string> {
    return this.#token === '' ? {} : { VAULT_TOKEN: this.#token }
  }

  #spawn(args: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
    const home = join(this.folder, 'home')
    const child = spawn(process.execPath, [main, ...args], {
      cwd: this.folder,
      env: { PATH: process.env['PATH'] ?? '', HOME: home, XDG_CONFIG_HOME: join(home, 'config'), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    running.add(child)
    child.once('close', () => running.delete(child))
    return child
  }

  pathOf(address: string): string {
    const [kind, id] = address.split(':')
    return `airflow/${kind === 'connection' ? 'connections' : 'variables'}/${id}`
  }

  /** What Airflow would be given; undefined for nothing. */
  async value(address: string): Promise<unknown> {
    const read = await readSecret(this.#target.client, this.mount, this.pathOf(address))
    return read.kind === 'found' ? read.data.reveal() : undefined
  }

  async versions(address: string): Promise<readonly SecretVersion[]> {
    return (await readSecretVersions(this.#target.client, this.mount, this.pathOf(address)))?.versions ?? []
  }

  /** Of each version, the oldest first; undefined for a deleted one. */
  async values(address: string): Promise<unknown[]> {
    const versions = await this.versions(address)
    return Promise.all(
      versions.map(async ({ version }) => {
        const read = await readSecret(this.#target.client, this.mount, this.pathOf(address), { version })
        return read.kind === 'found' ? read.data.reveal()['value'] : undefined
      }),
    )
  }

  async metadata(address: string): Promise<Readonly<Record<string, string>>> {
    const read = await readSecretVersions(this.#target.client, this.mount, this.pathOf(address))
    return read?.customMetadata ?? {}
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

function linesOf(out: string): SyncLine[] {
  const lines = out.split('\n').filter((line) => line.startsWith('{"at":'))
  return lines.map((line) => JSON.parse(line) as SyncLine)
}

function watch(child: ChildProcess): RunningSync {
  const events: SyncLine[] = []
  let errors = ''
  let status: number | null | undefined
  const wake: (() => void)[] = []
  const tell = (): void => {
    for (const one of wake.splice(0)) one()
  }
  if (child.stdout === null || child.stderr === null) throw new Error('no pipes')
  createInterface(child.stdout).on('line', (line) => {
    events.push(...linesOf(line))
    tell()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString()
    tell()
  })
  child.once('close', (code) => {
    status = code
    tell()
  })
  const wait = async <T>(look: () => T | undefined, what: string): Promise<T> => {
    const end = Date.now() + PATIENCE_MS
    for (;;) {
      const found = look()
      if (found !== undefined) return found
      if (status !== undefined || Date.now() > end) {
        const last = events.slice(-5).map((event) => JSON.stringify(event))
        throw new Error(
          `${what} did not come (${status === undefined ? 'still running' : `ended with ${status}`})\n${errors}\n${last.join('\n')}`,
        )
      }
      await new Promise<void>((resolve) => {
        wake.push(resolve)
        setTimeout(resolve, 500).unref()
      })
    }
  }
  return {
    events,
    errors: () => errors,
    until: (isWanted, since = 0) => wait(() => events.slice(since).find(isWanted), 'the event'),
    untilSaid: (pattern) => wait(() => pattern.exec(errors) ?? undefined, String(pattern)),
    end: async (signal = 'SIGTERM') => {
      child.kill(signal)
      if (status === undefined) await new Promise((resolve) => child.once('close', resolve))
      return status ?? null
    },
    ended: () => wait(() => (status === undefined ? undefined : { status }), 'its end').then((end) => end.status),
  }
}

export const isAbout =
  (address: string, kind: string, more: Readonly<Record<string, unknown>> = {}) =>
  (event: SyncLine): boolean =>
    event.address === address &&
    event.outcome?.kind === kind &&
    Object.entries(more).every(([key, value]) => event.outcome?.[key] === value)

/** The last one of each object. */
export function outcomesIn(lines: readonly SyncLine[]): Record<string, string | undefined> {
  const objects = lines.filter(({ event }) => event === 'object')
  return Object.fromEntries(objects.map(({ address, outcome }) => [address, outcome?.kind]))
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}
