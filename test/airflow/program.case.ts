/**
 * A Python program of this folder in a real Airflow, with its input and output in files of a private folder: what is
 * compared looks like secrets, and goes through no argument, environment variable or pipe that something could log.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AirflowLine, pythonOf, run } from './airflow.case.ts'

export interface ProgramOptions {
  /** AIRFLOW_HOME. Default: an empty folder that is gone afterwards. */
  readonly home?: string
  /** A file of settings that a shell reads first, as `plenum up` writes it. */
  readonly sourced?: string
}

/** The text that the program wrote to its output file. */
export async function runProgram(
  line: AirflowLine,
  program: string,
  input: unknown,
  { home, sourced }: ProgramOptions = {},
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'plenum-program-'))
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600, flag: 'wx' })
    return join(folder, name)
  }
  try {
    const source = file('input.json', JSON.stringify(input))
    const target = file('output', '')
    const command = [pythonOf(line), join(import.meta.dirname, program), source, target]
    const script = `${sourced === undefined ? '' : 'set -a; . "$0"; set +a; '}exec "$@"`
    const { status, errors } = await run('sh', ['-c', script, sourced ?? 'sh', ...command], {
      cwd: folder,
      env: {
        HOME: folder,
        AIRFLOW_HOME: home ?? folder,
        AIRFLOW__CORE__LOAD_EXAMPLES: 'False',
        _AIRFLOW_PROCESS_CONTEXT: 'server',
        PYTHONDONTWRITEBYTECODE: '1',
      },
    })
    if (status !== 0) throw new Error(`${program} on Airflow ${line} ended with ${status}: ${errors.slice(-2000)}`)
    return readFileSync(target, 'utf8')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
