/**
 * Python environments with real Airflow for the tests, made through uv in `.cache/airflow-<line>`. Each is made once
 * and kept until its requirements change. uv itself comes from PyPI.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cache, root } from './setup.mjs'

/** Airflow lines under test; each has `test/airflow/requirements-<line>.txt` with everything pinned. */
export const AIRFLOW_LINES = ['3.3', '2.11']

export function pythonOf(line) {
  return join(cache, `airflow-${line}`, 'bin', 'python')
}

/** `undefined` when all environments are there; otherwise why not, in words for the person who runs the tests. */
export async function makePythonEnvironments() {
  const python = findPython()
  if (python === undefined) return 'needs Python 3.11 to 3.13 (python3 on PATH)'
  const uv = join(cache, 'uv', 'bin', 'uv')
  if (!existsSync(uv)) {
    const made = attempt(python, ['-m', 'venv', join(cache, 'uv')])
    if (made !== undefined)
      return `python3 cannot make a virtual environment (on Debian: apt-get install python3-venv): ${made}`
    const installed = attempt(join(cache, 'uv', 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', 'uv==0.13.9'])
    if (installed !== undefined) return `uv cannot be installed from PyPI: ${installed}`
  }
  for (const line of AIRFLOW_LINES) {
    const requirements = join(root, 'test/airflow', `requirements-${line}.txt`)
    const digest = createHash('sha256').update(readFileSync(requirements)).digest('hex')
    const folder = join(cache, `airflow-${line}`)
    const stamp = join(folder, 'plenum.stamp')
    if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) continue
    process.stderr.write(`making a Python environment with Airflow ${line} ...\n`)
    rmSync(folder, { recursive: true, force: true })
    const made = attempt(uv, ['venv', '--quiet', '--python', python, folder])
    if (made !== undefined) return `uv venv failed: ${made}`
    // Everything that is needed is listed. Compiled once here: each start of Airflow would take twice as long.
    const installed = attempt(uv, [
      'pip',
      'install',
      '--quiet',
      '--no-deps',
      '--compile-bytecode',
      '--python',
      join(folder, 'bin', 'python'),
      '-r',
      requirements,
    ])
    if (installed !== undefined) return `Airflow ${line} cannot be installed from PyPI: ${installed}`
    writeFileSync(stamp, digest)
  }
  return undefined
}

function findPython() {
  for (const candidate of ['python3.12', 'python3.11', 'python3.13', 'python3']) {
    const result = spawnSync(
      candidate,
      ['-c', 'import sys; print(sys.version_info[0] == 3 and 11 <= sys.version_info[1] <= 13)'],
      { encoding: 'utf8' },
    )
    if (result.stdout?.trim() === 'True') return candidate
  }
  return undefined
}

/** `undefined` on success, otherwise the last line of what the command said. */
function attempt(command, args) {
  const result = spawnSync(command, args, { encoding: 'utf8' })
  if (result.status === 0) return undefined
  const said = `${result.stderr ?? ''}${result.stdout ?? ''}`.trim().split('\n').at(-1)
  return result.error?.message ?? said ?? `exit ${result.status}`
}
