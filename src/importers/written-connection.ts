/**
 * A connection as one text, URI or JSON (airflow 4.1, 4.2) -> the form in which Plenum stores it, and what that changes.
 * Environment variables, exports and settings files hold such texts.
 *
 * Read as Airflow's tasks read it. Invariant: notes and reasons name fields and types, never a value.
 */
import {
  AirflowFormatError,
  type Connection,
  type JsonObject,
  normalizeConnType,
  parseConnectionJson,
  parseConnectionUri,
  storedConnection,
} from '../airflow/index.ts'
import type { Json, Sensitive } from '../sensitive/index.ts'
import { numbersSurvive } from './exact-numbers.ts'
import type { Note } from './found.ts'
import { compactJson, jsonPlain } from './json-text.ts'
import { readLocatedJson } from './located-json.ts'

export type WrittenConnection =
  | {
      readonly kind: 'connection'
      readonly data: Sensitive<JsonObject>
      readonly description: string | undefined
      readonly notes: readonly Note[]
    }
  | { readonly kind: 'refused'; readonly text: string; readonly hint: string }

/** JSON where it begins with `{`, else a URI; blanks around it are no part of it. */
export function readConnectionText(id: string, text: Sensitive<string>): WrittenConnection {
  const trimmed = text.map((clear) => clear.trim())
  return isJson(trimmed) ? readConnectionJson(id, trimmed) : readConnectionUri(id, trimmed)
}

export function readConnectionJson(id: string, json: Sensitive<string>): WrittenConnection {
  return attempt(id, 'correct the JSON in the source: Airflow cannot read it either', () => {
    const connection = parseConnectionJson(id, json)
    const record = JSON.parse(json.reveal()) as JsonObject
    return formed(connection, extraText(json.reveal(), record['extra']), jsonNotes(record, connection))
  })
}

export function readConnectionUri(id: string, uri: Sensitive<string>): WrittenConnection {
  return attempt(id, 'percent-encode login, password, host and schema, or write it as JSON', () => {
    const connection = parseConnectionUri(id, uri)
    if (connection.connType === '') return UNTYPED
    const extra = uriExtraText(uri.reveal())
    return formed(connection, extra, uriNotes(uri.reveal(), connection, extra === undefined))
  })
}

function isJson(text: Sensitive<string>): boolean {
  return text.reveal().startsWith('{')
}

function attempt(id: string, hint: string, read: () => WrittenConnection): WrittenConnection {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof AirflowFormatError)) throw error
    // Every message begins with the id, which stands beside it here.
    return { kind: 'refused', text: error.message.replace(`connection ${JSON.stringify(id)}: `, ''), hint }
  }
}

const UNTYPED: WrittenConnection = {
  kind: 'refused',
  text: 'the URI has no type that Airflow can read',
  hint: 'begin it with the type, "-" in place of "_": google-cloud-platform://',
}

/** `extra`: its text, where it stands as JSON. */
function formed(connection: Connection, extra: string | undefined, notes: readonly Note[]): WrittenConnection {
  const stored = storedConnection(connection)
  const { description } = connection
  const own = extra !== undefined && !numbersSurvive(extra) ? extra : undefined
  return {
    kind: 'connection',
    data: own === undefined ? stored : stored.map((fields) => ({ ...fields, extra: own })),
    description: description === '' ? undefined : description,
    notes:
      own === undefined
        ? notes
        : [...notes, normalised('its extra stays a text: as an object its numbers would change')],
  }
}

function extraText(json: string, extra: Json | undefined): string | undefined {
  if (typeof extra === 'string') return extra
  if (extra === undefined || extra === null) return undefined
  // Read again with its numbers as they are written.
  const tree = readLocatedJson({ shown: '', text: json, findings: [] })
  const node = tree?.kind === 'map' ? tree.entries.get('extra')?.node : undefined
  return node === undefined ? undefined : compactJson(node, jsonPlain)
}

/** The JSON in `__extra__`, the last of several. */
export function uriExtraText(uri: string): string | undefined {
  const query = /\?([^#]*)/.exec(uri)?.[1]
  const text = query === undefined ? undefined : new URLSearchParams(query).getAll('__extra__').at(-1)
  return text === '' ? undefined : text
}

function jsonNotes(record: JsonObject, connection: Connection): Note[] {
  const { conn_type: type, port } = record
  const notes = typeof type === 'string' ? typeNotes(type) : []
  if (connection.connType === '') {
    notes.push(normalised('it has no type: Airflow up to 3.3 hands it on so, and later ones refuse it'))
  }
  if (connection.port !== undefined && port !== connection.port) {
    notes.push(normalised('its port is no whole number and becomes one, as Airflow reads it'))
  }
  return notes
}

function uriNotes(uri: string, { connType, host = '', extra }: Connection, isPlainQuery: boolean): Note[] {
  const type = /^[^:]*/.exec(uri)?.[0] ?? ''
  const notes = typeNotes(type)
  if (connType === 'https') {
    notes.push(normalised('its type is https, for which Airflow has no hook; http://https://… means a host with https'))
  }
  if (!uri.includes(host) && uri.toLowerCase().includes(host)) {
    notes.push(normalised('its host is written with capitals; Airflow reads a host in lower case'))
  }
  if (isPlainQuery && Object.values(extra?.reveal() ?? {}).some(looksTyped)) {
    notes.push({
      kind: 'dialect',
      text: 'numbers, true, false, null in its query are texts, as tasks read them; the API server of Airflow 3.3 reads them as JSON',
    })
  }
  return notes
}

function typeNotes(type: string): Note[] {
  const name = normalizeConnType(type.toLowerCase())
  // In a URI `-` is the only way to write `_`.
  if (name === type.replaceAll('-', '_')) return []
  return [normalised(`the type ${type} is read as ${name}`)]
}

function looksTyped(value: Json): boolean {
  return typeof value === 'string' && /^\s*(?:-?\d[\d.eE+-]*|true|false|null|[[{].*)\s*$/s.test(value)
}

function normalised(text: string): Note {
  return { kind: 'normalised', text }
}
