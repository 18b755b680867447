/**
 * From what another Vault has for an object to the form in which Plenum stores it, and what that changes. Pure.
 *
 * What Airflow makes of the source decides: it is read as the newer generation of the backend reads it (airflow 1.3).
 * Where Airflow loses the object for keys that no connection has, they are left aside and it is read again.
 *
 * Invariant: notes and reasons name fields and types, never a value. A connection's type is no secret.
 */
import {
  CONNECTION_FIELDS,
  type ConnectionField,
  type JsonObject,
  normalizeConnType,
  type ReadConnection,
  readStoredConnection,
  storedConnection,
  storedVariable,
} from '../../airflow/index.ts'
import { type Json, type Sensitive, sensitive } from '../../sensitive/index.ts'
import { holdsInexactNumber, numbersSurvive } from '../exact-numbers.ts'
import type { Note } from '../found.ts'
import { uriExtraText } from '../written-connection.ts'

export type StoredForm =
  | {
      readonly kind: 'stored'
      readonly data: Sensitive<JsonObject>
      readonly description: string | undefined
      readonly notes: readonly Note[]
    }
  | { readonly kind: 'refused'; readonly reason: string; readonly hint: string }

export function storedForm(
  kind: 'connection' | 'variable' | 'secret',
  id: string,
  data: Sensitive<JsonObject>,
): StoredForm {
  if (holdsInexactNumber(data.reveal())) return INEXACT
  switch (kind) {
    case 'connection':
      return connectionForm(id, data.reveal())
    case 'variable':
      return variableForm(data.reveal())
    case 'secret':
      return { kind: 'stored', data, description: undefined, notes: [] }
  }
}

const INEXACT: StoredForm = refused(
  'it holds a number with more digits than can be kept',
  'write that number as a text in the source, then import again',
)

const KNOWN: ReadonlySet<string> = new Set([...CONNECTION_FIELDS, 'uri', 'conn_uri'])
const FILL_IN = 'correct it in the source, or bring it from where Airflow has it'

function connectionForm(id: string, record: JsonObject): StoredForm {
  const { kept, notes } = withoutStrangers(record)
  if (Object.values(kept).every(isEmpty)) return refused('it has none of the fields of a connection', FILL_IN)
  const reading = readStoredConnection(id, sensitive(kept), 'json')
  if (reading.kind === 'lost') return refused(`Airflow can make nothing of it: ${reading.reason}`, FILL_IN)
  if (reading.kind === 'variable') throw new Error('a connection was read as a variable')
  const { connection } = reading
  const { texts, objects } = textsOf(connection)
  if (objects.length > 0) return refused(`${list(objects)} should be text and is not`, FILL_IN)
  const ownExtra = ownText(kept)
  const stored = storedConnection({
    connId: id,
    connType: texts.get('conn_type') ?? '',
    description: texts.get('description'),
    host: texts.get('host'),
    login: texts.get('login'),
    password: connection.password,
    schema: texts.get('schema'),
    port: typeof connection.port === 'number' ? connection.port : undefined,
    extra: connection.extra,
  })
  return {
    kind: 'stored',
    data: ownExtra === undefined ? stored : stored.map((fields) => ({ ...fields, extra: ownExtra })),
    description: texts.get('description'),
    notes: [...notes, ...readingNotes(kept, connection, ownExtra !== undefined)],
  }
}

/** Without what makes Airflow lose it; `conn_uri` wins over everything beside it, and an empty one is one key too many. */
function withoutStrangers(record: JsonObject): { readonly kept: JsonObject; readonly notes: Note[] } {
  const uri = record['conn_uri']
  if (uri !== undefined && !isEmpty(uri)) {
    const beside = Object.keys(record).filter((key) => key !== 'conn_uri')
    const text = `${list(beside)} beside conn_uri: Airflow does not read it, and it is not brought`
    return { kept: { conn_uri: uri }, notes: beside.length === 0 ? [] : [{ kind: 'kept-aside', text }] }
  }
  const strange = Object.keys(record).filter((key) => !KNOWN.has(key) || key === 'conn_uri')
  const kept = Object.fromEntries(Object.entries(record).filter(([key]) => !strange.includes(key)))
  const text = `${list(strange)} is no field of a connection: Airflow loses this connection because of it; it is not brought`
  return { kept, notes: strange.length === 0 ? [] : [{ kind: 'kept-aside', text }] }
}

const TEXT_FIELDS = ['conn_type', 'description', 'host', 'login', 'schema'] as const

interface Texts {
  readonly texts: ReadonlyMap<ConnectionField, string>
  /** Fields that hold a list or a mapping. */
  readonly objects: readonly string[]
}

/** Airflow hands a number on as it is; every hook takes it as the text that it prints. */
function textsOf(connection: ReadConnection): Texts {
  const { connType, description, host, login, schema } = connection
  const values = { conn_type: connType, description, host, login, schema }
  const texts = new Map<ConnectionField, string>()
  const objects: string[] = []
  for (const field of TEXT_FIELDS) {
    const value = values[field]
    if (value === undefined || value === null) continue
    if (typeof value === 'object') objects.push(JSON.stringify(field))
    else texts.set(field, String(value))
  }
  return { texts, objects }
}

function readingNotes(kept: JsonObject, connection: ReadConnection, isOwnExtra: boolean): Note[] {
  const notes: Note[] = []
  if (kept['conn_uri'] !== undefined || kept['uri'] !== undefined) notes.push(URI)
  const { conn_type: type, port } = kept
  if (typeof type === 'string' && type !== normalizeConnType(type)) {
    notes.push(normalised(`its type ${JSON.stringify(type)} is read as ${JSON.stringify(normalizeConnType(type))}`))
  }
  if (typeof port === 'string' && connection.port !== undefined) {
    notes.push(normalised('its port is a text and becomes a number, as Airflow reads it'))
  }
  const numbers = TEXT_FIELDS.filter((field) => typeof kept[field] === 'number' || typeof kept[field] === 'boolean')
  if (numbers.length > 0) notes.push(normalised(`${list(numbers)} is no text and becomes one`))
  if (isOwnExtra) notes.push(normalised('its extra stays a text: as an object its numbers would change'))
  return notes
}

const URI: Note = {
  kind: 'lossy',
  text: 'it is a URI, which has no description, no upper case in a host, and nothing but texts in a plain query; it becomes the eight fields',
}

/** The text of an `extra`, alone or in a URI, with numbers that JavaScript cannot keep. */
function ownText({ extra, uri, conn_uri: connUri }: JsonObject): string | undefined {
  const written = connUri ?? uri
  const text = typeof written === 'string' ? uriExtraText(written) : extra
  return typeof text === 'string' && !isEmpty(text) && !numbersSurvive(text) ? text : undefined
}

function variableForm(record: JsonObject): StoredForm {
  const { value } = record
  if (value === undefined || value === null) {
    return refused('it has no "value", and Airflow finds nothing', 'put the text under the key "value" in the source')
  }
  const beside = Object.keys(record).filter((key) => key !== 'value')
  const notes: Note[] = []
  if (beside.length > 0) {
    notes.push({
      kind: 'kept-aside',
      text: `${list(beside)} beside value: Airflow does not read it; it is not brought`,
    })
  }
  if (typeof value !== 'string') notes.push(normalised('its value is no text and becomes one, as JSON'))
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return { kind: 'stored', data: storedVariable(sensitive(text)), description: undefined, notes }
}

function isEmpty(value: Json): boolean {
  return value === null || value === '' || (typeof value === 'object' && Object.keys(value).length === 0)
}

function list(names: readonly string[]): string {
  return names.map((name) => (name.startsWith('"') ? name : JSON.stringify(name))).join(', ')
}

function normalised(text: string): Note {
  return { kind: 'normalised', text }
}

function refused(reason: string, hint: string): StoredForm {
  return { kind: 'refused', reason, hint }
}
