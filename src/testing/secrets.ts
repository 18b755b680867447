/**
 * Secrets as a test writes them down -> what lies in Vault, by path below the mount. Pure.
 *
 * Connections take every form that Airflow reads: a URI, its JSON as a text, or the same as an object.
 */
import {
  checkConnectionId,
  checkVariableKey,
  type IdFinding,
  parseConnectionJson,
  parseConnectionUri,
  storedConnection,
  storedVariable,
} from '../airflow/index.ts'
import { connectionPath, type Hub, variablePath } from '../hub/index.ts'
import { type Json, Sensitive, sensitive } from '../sensitive/index.ts'
import { TestServerError } from './errors.ts'

export interface TestSecrets {
  /** By conn_id: a URI, Airflow's JSON (`{"conn_type": "http", …}`) as a text, or the same as an object. */
  readonly connections?:
    | Readonly<Record<string, string | Sensitive<string> | Readonly<Record<string, Json>>>>
    | undefined
  /** By key. A text stays as it is, everything else becomes JSON text, for `deserialize_json`. */
  readonly variables?: Readonly<Record<string, Json | Sensitive<string>>> | undefined
  /**
   * Configuration options by the name that Airflow's `*_secret` options give (`sql_alchemy_conn_value`). A hub has none:
   * with them Airflow's role may read `airflow/config` in addition.
   */
  readonly configs?: Readonly<Record<string, string | Sensitive<string>>> | undefined
  /** The whole data of any other entry, by path below the mount: `projects/trading/exchange`. */
  readonly kv?:
    | Readonly<Record<string, Readonly<Record<string, Json>> | Sensitive<Readonly<Record<string, Json>>>>>
    | undefined
}

export type EntryData = Sensitive<Record<string, Json>>

/** Where configuration options lie, below the mount. */
export const CONFIG_PATH = 'airflow/config'

/** @throws {TestServerError} 'testing-secrets' @throws {AirflowFormatError} for a connection that cannot be read */
export function seedsOf(secrets: TestSecrets, vault: Hub['vault']): Map<string, EntryData> {
  const { connections = {}, variables = {}, configs = {}, kv = {} } = secrets
  const seeds = new Map<string, EntryData>()
  const add = (path: string, data: EntryData): void => {
    if (seeds.has(path)) throw refused(path, 'it is given twice: under kv, and as a connection, variable or config')
    seeds.set(path, data)
  }
  for (const [id, written] of Object.entries(connections)) {
    accept(id, checkConnectionId(id))
    add(connectionPath(vault, id), storedConnection(connectionOf(id, written)).map(copied))
  }
  for (const [key, value] of Object.entries(variables)) {
    accept(key, checkVariableKey(key))
    add(variablePath(vault, key), storedVariable(variableText(value)).map(copied))
  }
  for (const [key, value] of Object.entries(configs)) {
    accept(key, checkVariableKey(key))
    add(`${CONFIG_PATH}/${key}`, storedVariable(wrapped(value)).map(copied))
  }
  for (const [path, data] of Object.entries(kv)) {
    if (path.split('/').includes('')) throw refused(path, 'a path is names joined by "/", without one at either end')
    add(path, wrapped(data).map(copied))
  }
  return seeds
}

function accept(id: string, finding: IdFinding | undefined): void {
  if (finding?.severity === 'error') throw refused(id, `${finding.text}; ${finding.hint}`)
}

function connectionOf(id: string, written: string | Sensitive<string> | Readonly<Record<string, Json>>) {
  const isText = typeof written === 'string' || written instanceof Sensitive
  const text = isText ? wrapped(written) : sensitive(JSON.stringify(written))
  if (text.reveal().trimStart().startsWith('{')) return parseConnectionJson(id, text)
  const connection = parseConnectionUri(id, text)
  if (connection.connType !== '') return connection
  throw refused(id, 'its URI has no connection type: it begins as http://, postgres://, aws://')
}

function variableText(value: Json | Sensitive<string>): Sensitive<string> {
  if (value instanceof Sensitive) return value
  return sensitive(typeof value === 'string' ? value : JSON.stringify(value))
}

function wrapped<T>(value: T | Sensitive<T>): Sensitive<T> {
  return value instanceof Sensitive ? value : sensitive(value)
}

function copied(data: Readonly<Record<string, Json>>): Record<string, Json> {
  return { ...data }
}

function refused(name: string, why: string): TestServerError {
  return new TestServerError('testing-secrets', `${JSON.stringify(name)}: ${why}`)
}
