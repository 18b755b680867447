/** A real VaultBackend in a process that stays: what a task of Airflow would get at this moment. */
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import type { Json } from '../../src/sensitive/index.ts'
import { type AirflowLine, environmentOf, pythonOf } from './airflow.case.ts'
import { startChild } from './child.case.ts'

export interface Backend {
  /** As found.py has it: `null` for nothing. One question at a time. */
  ask(kind: 'connection' | 'variable', id: string): Promise<Json>
  stop(): Promise<void>
}

/** `sourced` is a file of settings that a shell reads first. */
export async function startBackend(
  line: AirflowLine,
  { home, sourced }: { readonly home: string; readonly sourced: string },
): Promise<Backend> {
  const command = [pythonOf(line), join(import.meta.dirname, 'ask_backend.py')]
  const child = startChild('sh', ['-c', 'set -a; . "$0"; set +a; exec "$@"', sourced, ...command], {
    cwd: home,
    reads: true,
    env: environmentOf(home),
  })
  const lines = createInterface({ input: child.process.stdout })[Symbol.asyncIterator]()
  const next = async (): Promise<Json> => {
    const { value, done } = await lines.next()
    if (done === true) throw new Error(`the process of Airflow ${line} ended: ${child.said().slice(-2000)}`)
    return JSON.parse(value) as Json
  }
  const { backend } = (await next()) as { readonly backend: string }
  if (backend !== 'VaultBackend') throw new Error(`the first secrets backend of Airflow ${line} is ${backend}`)
  return {
    ask(kind, id) {
      child.process.stdin.write(`${JSON.stringify({ kind, id })}\n`)
      return next()
    },
    async stop() {
      await child.stop()
    },
  }
}
