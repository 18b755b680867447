/**
 * `up --detach`: the same command again in a process of its own session, which tells its parent over the IPC channel
 * what it did, or why it could not. The parent waits for that, or for the child's end.
 */
import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { CommandError, describeFailure, type Problem, ProblemsError } from './failure.ts'
import { type OpenHub, shown } from './hub-file.ts'
import { interruptible } from './interrupt.ts'
import { prepareRunFolder } from './run-folder.ts'
import type { UpReport } from './up-report.ts'

/** What the child sends, once. */
type UpMessage =
  | { readonly plenum: 'up'; readonly report: UpReport }
  | { readonly plenum: 'failed'; readonly problems: readonly Problem[] }

export interface Detached {
  readonly pid: number
  readonly report: UpReport
}

/** The command line's own file: `main.ts` in the sources, `main.js` in the built package. */
const MAIN = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? 'main.ts' : 'main.js', import.meta.url))

/** @throws {CommandError} when the child ended before it was ready. */
export async function startDetached(hub: OpenHub, options: readonly string[]): Promise<Detached> {
  prepareRunFolder(hub.run)
  const log = openSync(hub.run.serverLog, 'w', 0o600)
  const args = ['up', '--hub', hub.hub.folder, '-e', hub.environment, '--no-color', '--report-to-parent', ...options]
  const child = spawn(process.execPath, [...process.execArgv, MAIN, ...args], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
  })
  closeSync(log)
  return interruptible(
    (signal) =>
      new Promise<Detached>((resolve, reject) => {
        signal.addEventListener('abort', () => {
          child.kill('SIGTERM')
          reject(signal.reason)
        })
        child.on('error', reject)
        child.on('message', (message) => {
          if (!isUpMessage(message) || child.pid === undefined) return
          child.removeAllListeners()
          child.disconnect()
          child.unref()
          if (message.plenum === 'up') resolve({ pid: child.pid, report: message.report })
          else reject(new ProblemsError(message.problems))
        })
        child.on('exit', (status, signalName) => reject(failed(hub, status ?? signalName)))
      }),
  )
}

/** Called by the child when it is ready. A parent that is gone no longer needs to know. */
export function reportToParent(report: UpReport): Promise<void> {
  return send({ plenum: 'up', report })
}

/** Called by the child when it failed before that. */
export function reportFailureToParent(error: unknown): Promise<void> {
  return send({ plenum: 'failed', problems: describeFailure(error).problems })
}

function send(message: UpMessage): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) {
      resolve()
      return
    }
    process.send(message, undefined, undefined, () => {
      if (process.connected) process.disconnect()
      resolve()
    })
  })
}

function isUpMessage(message: unknown): message is UpMessage {
  return typeof message === 'object' && message !== null && 'plenum' in message
}

function failed({ run }: OpenHub, how: number | string | null): CommandError {
  return new CommandError('up-detached-failed', `the server ended (${how ?? 'unknown'}) before it was ready`, {
    hint: `see what it wrote to ${shown(run.serverLog)}`,
  })
}
