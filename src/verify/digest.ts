/** Digests of what Airflow gets, field by field, so that two readings can be compared without showing either. */
import type { AirflowReading } from '../airflow/index.ts'
import {
  type Fingerprint,
  type FingerprintKey,
  fingerprint,
  type Json,
  Sensitive,
  sensitive,
} from '../sensitive/index.ts'

/** Empty fields have none: absent and empty are one to Airflow. */
export function digestsOf(
  reading: Exclude<AirflowReading, { kind: 'lost' }>,
  key: FingerprintKey,
): Readonly<Record<string, Fingerprint>> {
  const fields: Readonly<Record<string, Json | Sensitive<Json> | undefined>> =
    reading.kind === 'variable' ? { value: reading.value } : connectionFields(reading.connection)
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, field]) => {
      const value = field instanceof Sensitive ? field : sensitive(field ?? null)
      return isEmpty(value.reveal()) ? [] : [[name, fingerprint(value, key)]]
    }),
  )
}

type Connection = Extract<AirflowReading, { kind: 'connection' }>['connection']

/** By Airflow's own names. */
function connectionFields(connection: Connection): Readonly<Record<string, Json | Sensitive<Json> | undefined>> {
  const { connType, description, host, login, password, schema, port, extra } = connection
  return { conn_type: connType, description, host, login, password, schema, port, extra }
}

function isEmpty(value: Json): boolean {
  if (value === null || value === '') return true
  return typeof value === 'object' && !Array.isArray(value) && Object.keys(value).length === 0
}

/** Names of the fields that are not the same in both, or only in one. */
export function differingFields(
  a: Readonly<Record<string, string>>,
  b: Readonly<Record<string, string>>,
): readonly string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((field) => a[field] !== b[field])
}
