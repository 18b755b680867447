/**
 * What Airflow makes of a secret that lies in Vault: both generations of VaultBackend (airflow 1.3), replayed without
 * Python and checked against provider 4.7.1 on Airflow 2.11.2 and 4.8.4 on 3.3.2.
 *
 * Invariant: a reason never holds a value. Names of unknown keys it does.
 *
 * Readings differ between the parts of one Airflow (server model, Task SDK) and between Airflow 2 and 3. Where one of
 * them fails, the reading is `lost`, because hubs upgrade and tasks are what counts:
 * - an `extra` that is no JSON object: Airflow 3 raises, Airflow 2 warns and hands out an empty one;
 * - `team_name` as a key: the server model of Airflow 3.2 and later takes it, everything else raises;
 * - a `conn_type` that is not text: it is handed on, or raises, and no hook is found for it;
 * - a variable whose value is no text: the backend hands it on, JSON parsing and the Execution API fail over it.
 *
 * A connection without a type is read, through Airflow 3.3.2.
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
  pythonStrip,
} from './connection.ts'
import { AirflowFormatError } from './errors.ts'
import { parseConnectionUri } from './uri.ts'

/** `constructor`: up to 4.7.1, `Connection(conn_id, **secret)`. `json`: from 4.7.2 on, the secret goes through `from_json`. */
export type ProviderGeneration = 'constructor' | 'json'

/** As `Connection`; but Airflow hands on whatever JSON was stored where nothing makes it raise. */
export interface ReadConnection {
  readonly connId: string
  readonly connType?: Json | undefined
  readonly description?: Json | undefined
  readonly host?: Json | undefined
  readonly login?: Json | undefined
  readonly password?: Sensitive<string> | undefined
  readonly schema?: Json | undefined
  /** Text stays text with `constructor`; some drivers refuse it. */
  readonly port?: Json | undefined
  readonly extra?: Sensitive<JsonObject> | undefined
}

export type AirflowReading =
  | { readonly kind: 'connection'; readonly connection: ReadConnection }
  | { readonly kind: 'variable'; readonly value: Sensitive<string> }
  /** Airflow says that it "isn't defined", or fails when it is used. */
  | { readonly kind: 'lost'; readonly reason: string }

export function readStoredConnection(
  connId: string,
  data: Sensitive<JsonObject>,
  generation: ProviderGeneration,
): AirflowReading {
  const record = data.reveal()
  return isFalsy(record['conn_uri'])
    ? readRecord(connId, record, generation)
    : readUri(connId, record['conn_uri'], generation)
}

export function readStoredVariable(data: Sensitive<JsonObject>): AirflowReading {
  const value = data.reveal()['value']
  if (typeof value === 'string') return { kind: 'variable', value: sensitive(value) }
  if (value === undefined || value === null) return lost('it has no "value"')
  return lost('its "value" is not text')
}

/** `conn_uri` wins over everything beside it. */
function readUri(connId: string, uri: Json | undefined, generation: ProviderGeneration): AirflowReading {
  if (typeof uri !== 'string') return lost('its "conn_uri" is not text')
  const text = generation === 'json' ? pythonStrip(uri) : uri
  if (generation === 'constructor' || !text.startsWith('{')) return parseUri(connId, text)
  const record = parseJsonText(text)?.value
  return isJsonObject(record) ? readRecord(connId, record, 'json') : lost('its "conn_uri" starts as JSON and is none')
}

function parseUri(connId: string, text: string): AirflowReading {
  try {
    const connection: Connection = parseConnectionUri(connId, sensitive(text))
    return { kind: 'connection', connection }
  } catch (error) {
    if (error instanceof AirflowFormatError)
      return lost(error.code === 'airflow-uri' ? 'its URI cannot be read' : NO_OBJECT)
    throw error
  }
}

const NO_OBJECT = 'its "extra" is not a JSON object'
const KNOWN: ReadonlySet<string> = new Set([...CONNECTION_FIELDS, 'uri'])

function readRecord(connId: string, record: JsonObject, generation: ProviderGeneration): AirflowReading {
  const unknown = Object.keys(record).filter((key) => !KNOWN.has(key))
  if (unknown.length > 0) {
    return lost(`it has the key ${unknown.map((key) => JSON.stringify(key)).join(', ')}, which no connection has`)
  }
  const { uri, description } = record
  if (uri === undefined || uri === null) return readFields(connId, record, generation)
  if (mixesUri(record, generation)) return lost('it has a "uri" and other fields, which cannot be mixed')
  if (isFalsy(uri) && (generation === 'constructor' || uri === '')) return readFields(connId, record, generation)
  const reading = typeof uri === 'string' ? parseUri(connId, uri) : lost('its "uri" is not text')
  if (reading.kind !== 'connection') return reading
  return { kind: 'connection', connection: { ...reading.connection, description: given(description) } }
}

/** The constructor looks at values, the Task SDK at keys; `from_json` drops some empty ones before. */
function mixesUri({ uri, ...fields }: JsonObject, generation: ProviderGeneration): boolean {
  if (generation === 'constructor') {
    const { description: _, ...rest } = fields
    return !isFalsy(uri) && Object.values(rest).some((value) => !isFalsy(value))
  }
  const { extra, conn_type, port, ...kept } = fields
  return Object.keys(kept).length > 0 || [extra, conn_type, port].some((value) => !isFalsy(value))
}

function readFields(connId: string, record: JsonObject, generation: ProviderGeneration): AirflowReading {
  const { conn_type, description, host, login, password, schema } = record
  if (!isFalsy(conn_type) && typeof conn_type !== 'string') return lost('its "conn_type" is not text')
  // The model encrypts the password, as text.
  if (!isFalsy(password) && typeof password !== 'string') return lost('its "password" is not text')
  const extra = readExtra(record['extra'])
  if (extra === undefined) return lost(NO_OBJECT)
  const typed = generation === 'json' ? readTyped(record) : { connType: given(conn_type), port: given(record['port']) }
  if (typeof typed === 'string') return lost(typed)
  return {
    kind: 'connection',
    connection: {
      connId,
      ...typed,
      description: given(description),
      host: given(host),
      login: given(login),
      password: typeof password === 'string' && password !== '' ? sensitive(password) : undefined,
      schema: given(schema),
      extra: extra === 'none' ? undefined : sensitive(extra),
    },
  }
}

/** What `from_json` converts, or the reason why it raises. */
function readTyped({ conn_type, port }: JsonObject): Pick<ReadConnection, 'connType' | 'port'> | string {
  const number = port === undefined || isFalsy(port) ? 'none' : pythonInt(port)
  if (number === undefined) return 'its "port" is not a number'
  return {
    connType: typeof conn_type === 'string' && conn_type !== '' ? normalizeConnType(conn_type) : undefined,
    port: number === 'none' ? undefined : number,
  }
}

/** `undefined` when it is neither an object nor the text of one. */
function readExtra(value: Json | undefined): JsonObject | 'none' | undefined {
  if (value === undefined || isFalsy(value)) return 'none'
  const parsed = typeof value === 'string' ? parseJsonText(value)?.value : value
  return isJsonObject(parsed) ? parsed : undefined
}

function given(value: Json | undefined): Json | undefined {
  return value === null ? undefined : value
}

function lost(reason: string): AirflowReading {
  return { kind: 'lost', reason }
}
