/**
 * Connections as JSON (airflow 4.2): what `AIRFLOW_CONN_*` variables, `--conn-json` and Vault's fields hold. One set of
 * rules, the one of `Connection.from_json` in Airflow 2.11.2 and 3.3.2: the type is normalised, a port in text becomes a
 * number, `extra` may be an object or the text of one.
 *
 * Stricter than Airflow in one point: a field that must be text and is not is refused here and handed on there.
 */
import { type Json, type Sensitive, sensitive } from '../sensitive/index.ts'
import {
  CONNECTION_FIELDS,
  type Connection,
  isFalsy,
  isJsonObject,
  type JsonObject,
  normalizeConnType,
  parseJsonText,
  pythonInt,
} from './connection.ts'
import { AirflowFormatError } from './errors.ts'
import { storedConnection } from './stored.ts'

/** @throws {AirflowFormatError} 'airflow-json' or 'airflow-extra'. */
export function parseConnectionJson(connId: string, json: Sensitive<string>): Connection {
  const record = parseJsonText(json.reveal())?.value
  if (!isJsonObject(record)) throw refused(connId, 'is not a JSON object')
  const unknown = Object.keys(record).find((key) => !CONNECTION_FIELDS.some((field) => field === key))
  if (unknown !== undefined) throw refused(connId, `has the key ${JSON.stringify(unknown)}, which no connection has`)
  const password = textOf(connId, record, 'password')
  return {
    connId,
    connType: normalizeConnType(textOf(connId, record, 'conn_type') ?? ''),
    description: textOf(connId, record, 'description'),
    host: textOf(connId, record, 'host'),
    login: textOf(connId, record, 'login'),
    password: password === undefined ? undefined : sensitive(password),
    schema: textOf(connId, record, 'schema'),
    port: portOf(connId, record['port']),
    extra: extraOf(connId, record['extra']),
  }
}

/** Without empty fields. Its keys are those of `storedConnection`. */
export function formatConnectionJson(connection: Connection): Sensitive<string> {
  return storedConnection(connection).map((stored) => JSON.stringify(stored))
}

function textOf(connId: string, record: JsonObject, field: (typeof CONNECTION_FIELDS)[number]): string | undefined {
  const value = record[field]
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string') return value
  throw refused(connId, `has a ${field} that is not text`)
}

function portOf(connId: string, value: Json | undefined): number | undefined {
  if (value === undefined || isFalsy(value)) return undefined
  const port = pythonInt(value)
  if (port === undefined) throw refused(connId, 'has a port that is not a number')
  return port
}

function extraOf(connId: string, value: Json | undefined): Sensitive<JsonObject> | undefined {
  if (value === undefined || isFalsy(value)) return undefined
  const parsed = typeof value === 'string' ? parseJsonText(value)?.value : value
  if (isJsonObject(parsed)) return sensitive(parsed)
  throw new AirflowFormatError('airflow-extra', connId, 'its extra is not a JSON object')
}

function refused(connId: string, what: string): AirflowFormatError {
  return new AirflowFormatError('airflow-json', connId, `its JSON form ${what}`)
}
