/**
 * Database servers for tests: each on loopback, on a free port, with its data in a temporary folder, and gone with the
 * process that started it, however that ends: a shell between them waits for its own input to close.
 *
 * Both servers refuse to run as root, so that root starts them as another user.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

export interface RunningDatabase {
  readonly host: string
  readonly port: number
  /** May do everything. */
  readonly user: string
  readonly password: string
  createDatabase(name: string): Promise<void>
  /** Rows of the last statement; several statements may stand in one text. */
  query(database: string, sql: string): Promise<unknown[]>
  stop(): Promise<void>
}

export interface StartOptions {
  /** PEM texts. Without them the server has no TLS. */
  readonly tls?: { readonly cert: string; readonly key: string }
}

/** nobody:nogroup, on Debian and elsewhere. */
const UNPRIVILEGED = 65_534
const drop = process.getuid?.() === 0 ? { uid: UNPRIVILEGED, gid: UNPRIVILEGED } : {}

export interface ServerFolder {
  readonly path: string
  /** A file of the server's user. */
  write(name: string, text: string): string
  /** A folder of the server's user. */
  folder(name: string): string
  /** As the server's user. When it fails, the folder is removed. */
  run(command: string, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<void>
  remove(): void
}

export function makeServerFolder(what: string): ServerFolder {
  const path = mkdtempSync(join(tmpdir(), `plenum-${what}-`))
  const give = (file: string): void => {
    if (drop.uid !== undefined) chownSync(file, drop.uid, drop.gid)
  }
  give(path)
  const remove = (): void => rmSync(path, { recursive: true, force: true })
  return {
    path,
    write(name, text) {
      const file = join(path, name)
      writeFileSync(file, text)
      chmodSync(file, 0o600)
      give(file)
      return file
    },
    folder(name) {
      const inner = join(path, name)
      mkdirSync(inner, { mode: 0o700 })
      give(inner)
      return inner
    },
    async run(command, args, env = process.env) {
      try {
        await promisify(execFile)(command, args, { cwd: path, env: { ...env, HOME: path }, ...drop })
      } catch (error) {
        remove()
        throw error
      }
    },
    remove,
  }
}

/** Ends the server by SIGTERM or what `$1` says, and removes the folder `$2`, as soon as standard input is closed. */
const GUARD = `signal=$1; folder=$2; shift 2
"$@" >"$folder/log" 2>&1 </dev/null & server=$!
cat >/dev/null
kill -s "$signal" $server; wait $server; rm -rf "$folder"`

export interface ServerCommand {
  readonly command: string
  readonly args: (port: number) => readonly string[]
  readonly env?: NodeJS.ProcessEnv
  readonly signal: 'INT' | 'TERM'
  /** Resolves when the server answers. */
  readonly probe: (port: number) => Promise<void>
}

const PATIENCE_MS = 30_000

/** Taken ports are rare: whoever asks the system for a free one twice gets two. */
export async function startServer(
  folder: ServerFolder,
  server: ServerCommand,
): Promise<{ port: number; stop(): Promise<void> }> {
  const port = await freePort()
  const guard = spawn('sh', ['-c', GUARD, 'guard', server.signal, folder.path, server.command, ...server.args(port)], {
    cwd: '/',
    env: server.env ?? process.env,
    stdio: ['pipe', 'ignore', 'ignore'],
    ...drop,
  })
  const stop = async (): Promise<void> => {
    await ended(guard)
    folder.remove()
  }
  const giveUpAt = Date.now() + PATIENCE_MS
  for (;;) {
    try {
      await server.probe(port)
      return { port, stop }
    } catch (cause) {
      if (Date.now() > giveUpAt) {
        const log = readFileSync(join(folder.path, 'log'), 'utf8')
        await stop()
        throw new Error(`${server.command} does not answer:\n${log.slice(-2000)}`, { cause })
      }
      await new Promise((resolve) => setTimeout(resolve, 30))
    }
  }
}

function ended(guard: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (guard.exitCode !== null) return resolve()
    guard.once('exit', () => resolve())
    guard.stdin?.end()
  })
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = address !== null && typeof address === 'object' ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}
