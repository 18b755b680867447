/** How the program of each client is started. What a machine does not have is said, and the client's cases are skipped. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../airflow/airflow.case.ts'
import type { ClientName } from './cases.case.ts'

const root = join(import.meta.dirname, '../..')
const cache = join(root, '.cache')

export type Prepared =
  | { readonly kind: 'ready'; readonly command: string; readonly args: readonly string[] }
  | { readonly kind: 'unavailable'; readonly reason: string }

export const PREPARE: Readonly<Record<ClientName, () => Promise<Prepared>>> = {
  hvac: prepareHvac,
  'node-vault': async () => ready(process.execPath, join(import.meta.dirname, 'node_vault_cases.mjs')),
}

const ready = (command: string, ...args: readonly string[]): Prepared => ({ kind: 'ready', command, args })
const unavailable = (reason: string): Prepared => ({ kind: 'unavailable', reason })

/** The Python environment of the Airflow suite: hvac is the client that Airflow's provider uses. */
async function prepareHvac(): Promise<Prepared> {
  const python = join(cache, 'airflow-3.3', 'bin', 'python')
  if (!existsSync(python))
    return unavailable('needs hvac in the Python environment .cache/airflow-3.3, which `npm test` makes')
  const { status, errors } = await run(python, ['-c', 'import hvac'])
  if (status !== 0) return unavailable(`needs hvac in .cache/airflow-3.3: ${lastLine(errors)}`)
  return ready(python, join(import.meta.dirname, 'hvac_cases.py'))
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? ''
