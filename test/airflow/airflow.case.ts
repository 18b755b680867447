/** Real Airflow in a folder of its own: nothing of the machine's environment reaches it but PATH. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')

export const AIRFLOW_LINES = ['3.3', '2.11'] as const
export type AirflowLine = (typeof AIRFLOW_LINES)[number]

export const pythonOf = (line: AirflowLine): string => join(root, '.cache', `airflow-${line}`, 'bin', 'python')

/** For a process that stays: a person's folder and Airflow's are the same one, and Airflow takes it for a server. */
export const environmentOf = (home: string): Readonly<Record<string, string>> => ({
  HOME: home,
  AIRFLOW_HOME: home,
  AIRFLOW__CORE__LOAD_EXAMPLES: 'False',
  _AIRFLOW_PROCESS_CONTEXT: 'server',
  PYTHONDONTWRITEBYTECODE: '1',
})

export interface Ran {
  readonly status: number | null
  readonly out: string
  readonly errors: string
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  readonly input?: string
  readonly timeoutMs?: number
}

/** Runs a program to its end and collects what it says. */
export function run(
  command: string,
  args: readonly string[],
  { env = {}, cwd, input = '', timeoutMs = 240_000 }: RunOptions = {},
): Promise<Ran> {
  const child = spawn(command, args, { env: { PATH: process.env['PATH'] ?? '', ...env }, cwd, stdio: 'pipe' })
  let out = ''
  let errors = ''
  child.stdout.on('data', (chunk) => {
    out += chunk
  })
  child.stderr.on('data', (chunk) => {
    errors += chunk
  })
  child.stdin.end(input)
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status) => {
      clearTimeout(timer)
      resolve({ status, out, errors })
    })
  })
}
