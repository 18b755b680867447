/**
 * What Airflow returns from its database beside what it returns from Vault, field by field and type by type.
 *
 * Three differences are none, for they are Airflow's own or make none to it: a type is normalised on the way through
 * the backend, an empty text is an absent one, and a port of 0 is none for providers from 4.7.2 on (airflow 1.3).
 */
import { normalizeConnType } from '../../src/airflow/index.ts'
import { canonicalJson, type Json } from '../../src/sensitive/index.ts'
import type { AirflowLine } from './airflow.case.ts'
import { type ProgramOptions, runProgram } from './program.case.ts'

type Kind = 'connection' | 'variable'
/** A value with its Python type, `null` for none. */
type Typed = Readonly<Record<string, Json>> | null

export interface LookUp {
  readonly kind: Kind
  readonly id: string
  readonly from: 'database' | 'vault'
  readonly class: string
  readonly found: Typed
}

export interface Comparison {
  /** Objects that Airflow has in its database. */
  readonly connections: number
  readonly variables: number
  /** Answers of the backend that were compared. */
  readonly compared: number
  readonly different: readonly {
    readonly kind: Kind
    readonly id: string
    readonly database: unknown
    readonly vault: unknown
  }[]
}

export interface Asked {
  readonly connections: readonly string[]
  readonly variables: readonly string[]
}

/** Asks a real Airflow for the same ids in database and backend, with the settings that lead it to both. */
export async function lookUpBoth(line: AirflowLine, asked: Asked, options: ProgramOptions): Promise<readonly LookUp[]> {
  const output = await runProgram(line, 'read_both.py', asked, options)
  return output
    .split('\n')
    .filter((text) => text !== '')
    .map((text) => JSON.parse(text) as LookUp)
}

export function compareObjects(lookUps: readonly LookUp[], line: AirflowLine): Comparison {
  const inDatabase = new Map(lookUps.filter(({ from }) => from === 'database').map((one) => [nameOf(one), one.found]))
  const present = [...inDatabase].filter(([, found]) => found !== null).map(([name]) => name)
  const inVault = lookUps.filter(({ from }) => from === 'vault')
  return {
    connections: present.filter((name) => name.startsWith('connection:')).length,
    variables: present.filter((name) => name.startsWith('variable:')).length,
    compared: inVault.length,
    different: inVault.flatMap((one) => {
      const database = comparable(one.kind, inDatabase.get(nameOf(one)) ?? null, line)
      const vault = comparable(one.kind, one.found, line)
      const isSame = canonicalJson(database) === canonicalJson(vault) && !isError(database)
      return isSame ? [] : [{ kind: one.kind, id: one.id, database, vault }]
    }),
  }
}

/** Two that raise the same exception are no equal objects. */
const isError = (found: Typed): boolean => found !== null && Object.hasOwn(found, 'error')

const nameOf = ({ kind, id }: LookUp): string => `${kind}:${id}`

const NO_EXTRA = canonicalJson({ dict: {} })

function comparable(kind: Kind, found: Typed, line: AirflowLine): Typed {
  if (kind === 'variable' || found === null) return found
  return Object.fromEntries(
    Object.entries(found).map(([field, value]) => {
      const text = (value as { readonly str?: string } | null)?.str
      if (text === '') return [field, null]
      if (field === 'conn_type' && text !== undefined) return [field, { str: normalizeConnType(text) }]
      if (field === 'port' && line === '3.3' && canonicalJson(value) === canonicalJson({ int: '0' }))
        return [field, null]
      return [field, value !== null && canonicalJson(value) === NO_EXTRA ? null : value]
    }),
  )
}
