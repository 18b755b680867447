/**
 * Airflow's connection, as the rest of Plenum handles it, and the values that Python would find in it.
 *
 * Absent and empty mean the same to everybody who writes a connection (`storedConnection` leaves both out); the parsers
 * keep the difference where Airflow has it.
 */
import type { Json, Sensitive } from '../sensitive/index.ts'

export type JsonObject = Readonly<Record<string, Json>>

export interface Connection {
  readonly connId: string
  /** Normalised by the parsers. Empty where a URI has no readable scheme: no hook takes it. */
  readonly connType: string
  readonly description?: string | undefined
  readonly host?: string | undefined
  readonly login?: string | undefined
  readonly password?: Sensitive<string> | undefined
  readonly schema?: string | undefined
  readonly port?: number | undefined
  readonly extra?: Sensitive<JsonObject> | undefined
}

/** The keys of a stored connection, all there are: with any other key Airflow loses the connection (airflow 1.3). */
export const CONNECTION_FIELDS = [
  'conn_type',
  'description',
  'host',
  'login',
  'password',
  'schema',
  'port',
  'extra',
] as const

export type ConnectionField = (typeof CONNECTION_FIELDS)[number]

/**
 * As Airflow does when it reads a URI or JSON. Providers up to 4.7.1 do not do it for the fields of a stored secret, so
 * that `postgresql` finds no hook there: `storedConnection` writes normalised types.
 */
export function normalizeConnType(type: string): string {
  return type === 'postgresql' ? 'postgres' : type.replaceAll('-', '_')
}

export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What `if value:` takes for nothing in Python. */
export function isFalsy(value: Json | undefined): boolean {
  if (value === undefined || value === null) return true
  if (typeof value !== 'object') return value === 0 || value === false || value === ''
  return Object.keys(value).length === 0
}

/** What `int(value)` gives in Python; `undefined` where it raises. Digits of other scripts are not taken. */
export function pythonInt(value: Json): number | undefined {
  if (typeof value === 'number') return Math.trunc(value)
  if (typeof value === 'boolean') return Number(value)
  if (typeof value !== 'string') return undefined
  const text = pythonStrip(value)
  return /^[+-]?\d+(?:_\d+)*$/.test(text) ? Number(text.replaceAll('_', '')) : undefined
}

/** `value.strip()`, but for a few control characters. A byte order mark is no space to Python. */
export function pythonStrip(text: string): string {
  return text.replaceAll(/^[^\S\uFEFF]+|[^\S\uFEFF]+$/g, '')
}

/** `undefined` for text that is not JSON. Python's `NaN` and `Infinity` are not taken. */
export function parseJsonText(text: string): { readonly value: Json } | undefined {
  try {
    return { value: JSON.parse(text) as Json }
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
