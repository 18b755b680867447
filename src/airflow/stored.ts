/**
 * What Plenum writes to Vault for Airflow (airflow 1.3).
 *
 *   connection  {"conn_type": "...", "host": "...", "port": 5432, "extra": {...}, ...}   no key but the eight
 *   variable    {"value": "..."}                                                        always text
 *
 * Both generations of the provider read these alike, but for a port of 0: providers from 4.7.2 on take it for none.
 */
import { type Json, type Sensitive, sensitive } from '../sensitive/index.ts'
import { type Connection, type ConnectionField, type JsonObject, normalizeConnType } from './connection.ts'

/** Empty fields are left out: an absent field and an empty one mean the same to every hook. */
export function storedConnection(connection: Connection): Sensitive<JsonObject> {
  const { connType, description, host, login, password, schema, port, extra } = connection
  const fields: Record<ConnectionField, Json | undefined> = {
    conn_type: normalizeConnType(connType),
    description,
    host,
    login,
    password: password?.reveal(),
    schema,
    port,
    extra: extra?.reveal(),
  }
  return sensitive(Object.fromEntries(Object.entries(fields).filter(isFilled)))
}

export function storedVariable(value: Sensitive<string>): Sensitive<JsonObject> {
  return value.map((clear) => ({ value: clear }))
}

/** A port of 0 is a value. */
function isFilled(field: [string, Json | undefined]): field is [string, Json] {
  const [, value] = field
  if (value === undefined || value === null || value === '') return false
  return typeof value !== 'object' || Object.keys(value).length > 0
}
