/**
 * One environment variable -> what it is to Airflow: a connection (`AIRFLOW_CONN_X`), a variable (`AIRFLOW_VAR_X`), a
 * setting of Airflow itself (`AIRFLOW__SECTION__KEY`), or a name of which Airflow knows nothing. `.env` and compose files
 * and chart values are read by it.
 *
 * Ids are taken in lower case: an environment variable has them in upper case, and Airflow asks for them in any.
 * A setting is no secret of the hub; where it holds one, it is said that it stands there in clear.
 */
import { type JsonObject, storedVariable } from '../airflow/index.ts'
import type { Sensitive } from '../sensitive/index.ts'
import { settingFinding } from './environment-setting.ts'
import type { Finding, Found, Note, Origin } from './found.ts'
import { readConnectionText } from './written-connection.ts'

export type EnvironmentObject =
  | { readonly kind: 'found'; readonly found: Found }
  | { readonly kind: 'finding'; readonly finding: Finding }
  /** Airflow's own configuration. */
  | { readonly kind: 'setting'; readonly finding: Finding | undefined }

export function environmentObject(
  name: string,
  value: Sensitive<string>,
  origin: Origin,
  notes: readonly Note[],
): EnvironmentObject {
  if (value.reveal().includes('\0')) {
    const text = 'its value holds a NUL byte, which no environment variable can carry'
    return refused('import-bad-line', name, origin, text, 'remove the byte from the source')
  }
  if (/^AIRFLOW__[^_].*?__/.test(name)) return { kind: 'setting', finding: settingFinding(name, value, origin) }
  const address = addressOf(name)
  switch (address?.kind) {
    case undefined:
      return { kind: 'found', found: { kind: 'name', id: name, ...rest(storedVariable(value), origin, notes) } }
    case 'connection':
      return connectionObject(address, value, origin, notes)
    case 'variable':
      return variableObject(address, value, origin, notes)
  }
}

interface Address {
  readonly kind: 'connection' | 'variable'
  readonly name: string
  readonly id: string
  readonly team: string | undefined
  readonly notes: readonly Note[]
}

const AIRFLOW_NAME = /^AIRFLOW_(?<what>CONN|VAR)_(?:_(?<team>[A-Za-z0-9-]{3,50})___(?=.))?(?<id>.*)$/s

function addressOf(name: string): Address | undefined {
  const groups = AIRFLOW_NAME.exec(name)?.groups
  const written = groups?.['id']
  if (written === undefined) return undefined
  const kind = groups?.['what'] === 'CONN' ? 'connection' : 'variable'
  const team = groups?.['team']?.toLowerCase()
  const id = written.toLowerCase()
  const text =
    written === written.toUpperCase()
      ? `${name} is taken as ${id}: the name of an environment variable keeps no case`
      : `${name} is taken as ${id}; Airflow looks for ${name.toUpperCase()} and never finds this name`
  const notes: Note[] = id === written ? [] : [{ kind: 'normalised', text }]
  if (team !== undefined) {
    notes.push({
      kind: 'normalised',
      text: `it is of team ${team} where Airflow runs with multi_team, and has the id ${`_${groups?.['team']}___${written}`.toLowerCase()} where not`,
    })
  }
  return { kind, name, id, team, notes }
}

function connectionObject(
  { name, id, team, notes: own }: Address,
  value: Sensitive<string>,
  origin: Origin,
  notes: readonly Note[],
): EnvironmentObject {
  if (id === '') return refused('import-id', name, origin, 'no connection id stands behind the prefix', NAME_IT)
  if (value.reveal() === '') {
    const text = 'it is empty, which Airflow takes for no connection'
    const finding = findingOf('import-bad-connection', id, origin, text, 'remove it from the source')
    return { kind: 'finding', finding: { ...finding, severity: 'warning' } }
  }
  const written = readConnectionText(id, value)
  if (written.kind === 'refused') {
    return refused('import-bad-connection', id, origin, `${name}: ${written.text}`, written.hint)
  }
  const { data, description } = written
  const all = [...own, ...notes, ...written.notes]
  return { kind: 'found', found: { kind: 'connection', id, ...rest(data, origin, all), description, team } }
}

function variableObject(
  { name, id, team, notes: own }: Address,
  value: Sensitive<string>,
  origin: Origin,
  notes: readonly Note[],
): EnvironmentObject {
  if (id === '') return refused('import-id', name, origin, 'no variable key stands behind the prefix', NAME_IT)
  const data = storedVariable(value)
  return { kind: 'found', found: { kind: 'variable', id, ...rest(data, origin, [...own, ...notes]), team } }
}

const NAME_IT = 'put it there, or remove the line'

function rest(data: Sensitive<JsonObject>, origin: Origin, notes: readonly Note[]): Omit<Found, 'kind' | 'id'> {
  return { data, description: undefined, team: undefined, origin, notes }
}

function refused(code: string, id: string, origin: Origin, text: string, hint: string): EnvironmentObject {
  return { kind: 'finding', finding: findingOf(code, id, origin, text, hint) }
}

function findingOf(code: string, id: string, { where }: Origin, text: string, hint: string): Finding {
  return { severity: 'error', code, where, id, text, hint }
}
