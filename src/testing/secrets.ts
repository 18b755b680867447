/**
 * Secrets as a test writes them down -> what lies in Vault, by path below the mount. Pure.
 *
 * Connections take every form that Airflow reads: a URI, its JSON as a text, or the same as an object.
 */
import {
  checkConnectionId,
  checkVariableKey,
  type Connection,
  type IdFinding,
  parseConnectionJson,
  parseConnectionUri,
  storedConnection,
  storedVariable,
} from '../airflow/index.ts'
import { connectionPath, type Hub, variablePath } from '../hub/index.ts'
import { type Json, Sensitive, sensitive } from '../sensitive/index.ts'
import { TestServerError } from './errors.ts'

/** JSON in which any value may be wrapped. */
export type Written = Json | Sensitive<Json> | readonly Written[] | { readonly [key: string]: Written }
type WrittenRecord = Readonly<Record<string, Written>>

export interface TestSecrets {
  /** By conn_id: a URI, Airflow's JSON (`{"conn_type": "http", …}`) as a text, or the same as an object. */
  readonly connections?: Readonly<Record<string, string | Sensitive<string> | WrittenRecord>> | undefined
  /** By key. A text stays as it is, everything else becomes JSON text, for `deserialize_json`. */
  readonly variables?: WrittenRecord | undefined
  /**
   * Configuration options by the name that Airflow's `*_secret` options give (`sql_alchemy_conn_value`). A hub has none:
   * with them Airflow's role may read `airflow/config` in addition.
   */
  readonly configs?: Readonly<Record<string, string | Sensitive<string>>> | undefined
  /** The whole data of any other entry, by path below the mount: `projects/trading/exchange`. */
  readonly kv?: Readonly<Record<string, WrittenRecord>> | undefined
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
    add(variablePath(vault, key), storedVariable(textOf(value)).map(copied))
  }
  for (const [key, value] of Object.entries(configs)) {
    accept(key, checkVariableKey(key))
    add(`${CONFIG_PATH}/${key}`, storedVariable(textOf(value)).map(copied))
  }
  for (const [path, data] of Object.entries(kv)) {
    if (path.split('/').includes('')) throw refused(path, 'a path is names joined by "/", without one at either end')
    add(path, sensitive(clearRecord(data)))
  }
  return seeds
}

function accept(id: string, finding: IdFinding | undefined): void {
  if (finding?.severity === 'error') throw refused(id, `${finding.text}; ${finding.hint}`)
}

function connectionOf(id: string, written: string | Sensitive<string> | WrittenRecord): Connection {
  const text = textOf(written)
  if (text.reveal().trimStart().startsWith('{')) return parseConnectionJson(id, text)
  const connection = parseConnectionUri(id, text)
  if (connection.connType !== '') return connection
  throw refused(id, 'its URI has no connection type: it begins as http://, postgres://, aws://')
}

function textOf(written: Written): Sensitive<string> {
  const clear = clearOf(written)
  return sensitive(typeof clear === 'string' ? clear : JSON.stringify(clear))
}

function clearRecord(record: WrittenRecord): Record<string, Json> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, clearOf(value)]))
}

function clearOf(written: Written): Json {
  if (written instanceof Sensitive) return written.reveal()
  if (Array.isArray(written)) return written.map(clearOf)
  return typeof written === 'object' && written !== null ? clearRecord(written as WrittenRecord) : written
}

function copied(data: Readonly<Record<string, Json>>): Record<string, Json> {
  return { ...data }
}

function refused(name: string, why: string): TestServerError {
  return new TestServerError('testing-secrets', `${JSON.stringify(name)}: ${why}`)
}
