/**
 * Long-running children of a test: each leads a process group of its own, so that what it starts ends with it, also when
 * the test's own process is ended early.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { createServer } from 'node:net'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'

export interface Child {
  readonly process: ChildProcessByStdio<Writable, Readable, Readable>
  /** The end of all that it has said on standard error. */
  said(): string
  /** SIGTERM, and after ten seconds SIGKILL, to all of the group. Resolves to the status it ended with. */
  stop(): Promise<number | null>
}

export interface ChildOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Standard output is read by the test; otherwise it is kept with standard error. */
  readonly reads?: boolean
}

export function startChild(command: string, args: readonly string[], options: ChildOptions = {}): Child {
  const { env = {}, cwd, reads = false } = options
  const child = spawn(command, args, {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    cwd,
    stdio: 'pipe',
    detached: true,
  })
  let said = ''
  const keep = (chunk: Buffer): void => {
    said = `${said}${String(chunk)}`.slice(-20_000)
  }
  child.stderr.on('data', keep)
  if (!reads) child.stdout.on('data', keep)
  const ended = new Promise<number | null>((resolve) => {
    child.once('error', (error) => {
      said += error.message
      resolve(null)
    })
    child.once('close', resolve)
  })
  const signal = (name: NodeJS.Signals): void => {
    if (child.pid === undefined) return
    try {
      process.kill(-child.pid, name)
    } catch (error) {
      // All of the group has ended.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
  const atExit = (): void => signal('SIGKILL')
  process.once('exit', atExit)
  return {
    process: child,
    said: () => said,
    async stop() {
      signal('SIGTERM')
      const timer = setTimeout(atExit, 10_000)
      const status = await ended
      clearTimeout(timer)
      signal('SIGKILL')
      process.off('exit', atExit)
      return status
    },
  }
}

/** Free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/** Asks again until there is an answer. `undefined` when `timeoutMs` have passed without. */
export async function until<T>(
  ask: () => Promise<T | undefined>,
  { everyMs, timeoutMs }: { readonly everyMs: number; readonly timeoutMs: number },
): Promise<T | undefined> {
  const end = performance.now() + timeoutMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (performance.now() >= end) return undefined
    await wait(everyMs)
  }
}
