/**
 * Runs the real VaultBackend in a Python that has Airflow, with Airflow's settings for this hub and nothing else of this
 * environment: no VAULT_*, no AIRFLOW_*, a throw-away AIRFLOW_HOME. Its stderr is dropped: libraries log what they like.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve as absolute } from 'node:path'
import type { AirflowSettings } from '../airflow/index.ts'
import type { FingerprintKey } from '../sensitive/index.ts'
import {
  type Lookup,
  parseRealAnswer,
  REAL_BACKEND_PROGRAM,
  type RealAnswer,
  realBackendInput,
} from '../verify/index.ts'
import { CommandError } from './failure.ts'

export interface RealBackendOptions {
  /** Path of the interpreter. */
  readonly python: string
  readonly settings: AirflowSettings
  readonly lookups: readonly Lookup[]
  readonly key: FingerprintKey
  readonly signal: AbortSignal
}

/** @throws {CommandError} when the interpreter cannot be started or its backend cannot be built. */
export async function askRealBackend(options: RealBackendOptions): Promise<Extract<RealAnswer, { kind: 'answers' }>> {
  const home = mkdtempSync(join(tmpdir(), 'plenum-airflow-'))
  try {
    const answer = parseRealAnswer(await run(options, home))
    if (answer.kind === 'answers') return answer
    throw new CommandError(
      'python-backend-broken',
      `${options.python}: its VaultBackend cannot be used: ${answer.reason}`,
      {
        hint: 'name the interpreter that has apache-airflow and apache-airflow-providers-hashicorp, for example --airflow ~/airflow/venv/bin/python',
      },
    )
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}

/** The environment of the interpreter. Pure. */
export function pythonEnvironment(
  settings: AirflowSettings,
  home: string,
  path: string | undefined,
): Record<string, string> {
  const own = settings.settings.map(({ section, key, value }) => [
    `AIRFLOW__${section.toUpperCase()}__${key.toUpperCase()}`,
    value,
  ])
  return {
    ...(path === undefined ? {} : { PATH: path }),
    HOME: home,
    AIRFLOW_HOME: home,
    AIRFLOW__CORE__LOAD_EXAMPLES: 'False',
    // Airflow 3: look-ups as the scheduler and the API server make them.
    _AIRFLOW_PROCESS_CONTEXT: 'server',
    ...Object.fromEntries(own),
  }
}

function run({ python, settings, lookups, key, signal }: RealBackendOptions, home: string): Promise<string> {
  // A path is meant from here, not from the throw-away folder; a bare name is looked up on PATH.
  const program = python.includes('/') ? absolute(python) : python
  return new Promise((resolve, reject) => {
    const child = spawn(program, ['-c', REAL_BACKEND_PROGRAM], {
      env: pythonEnvironment(settings, home, process.env['PATH']),
      cwd: home,
      stdio: ['pipe', 'pipe', 'ignore'],
      signal,
    })
    const chunks: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.on('error', (cause) => {
      const why = 'code' in cause && cause.code === 'ENOENT' ? 'there is no such program' : cause.message
      reject(
        signal.aborted
          ? signal.reason
          : new CommandError('python-not-started', `${python}: ${why}`, {
              hint: 'name a Python interpreter that has Airflow',
              cause,
            }),
      )
    })
    child.on('close', () => resolve(Buffer.concat(chunks).toString('utf8')))
    // A child that died before it read says so by its answer, or by having none.
    child.stdin.on('error', () => undefined)
    child.stdin.end(realBackendInput(lookups, key))
  })
}
