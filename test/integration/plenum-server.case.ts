/** `plenum server` as a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'

const main = join(import.meta.dirname, '../../dist/cli/main.js')
const running: ChildProcess[] = []

export interface ServerProcess {
  readonly child: ChildProcess
  readonly address: string
  /** Everything on stdout, up to the line that was waited for and what came with it. */
  readonly out: string
  /** On stderr so far. */
  log(): string
}

export interface ServerProcessOptions {
  /** Its home and working directory. */
  readonly folder: string
  readonly env?: Readonly<Record<string, string>>
  /** Where stderr goes. Default: a pipe that is read. */
  readonly err?: 'pipe' | number
  /** What stdout holds once it has started. Default: that it has. */
  readonly until?: RegExp
}

/** @throws with what it said when it ends before that */
export async function launchServer(
  args: readonly string[],
  { folder, env = {}, err = 'pipe', until = /==> Vault server started!/ }: ServerProcessOptions,
): Promise<ServerProcess> {
  const child = spawn(process.execPath, [main, 'server', ...args], {
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '', HOME: folder, ...env },
    stdio: ['ignore', 'pipe', err],
  })
  running.push(child)
  let errors = ''
  child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  const out = await new Promise<string>((resolve, reject) => {
    let text = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      if (until.test(text)) resolve(text)
    })
    child.on('exit', (status) => reject(new Error(`ended with ${String(status)}: ${errors}`)))
  })
  return { child, out, address: /Api Address: (\S+)/.exec(out)?.[1] ?? '', log: () => errors }
}

/** Its exit status. */
export function stopServer(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) {
      resolve(child.exitCode)
      return
    }
    child.on('exit', resolve)
    child.kill('SIGTERM')
  })
}

/** All that were started here. */
export async function stopServers(): Promise<void> {
  await Promise.all(running.splice(0).map((child) => stopServer(child)))
}
