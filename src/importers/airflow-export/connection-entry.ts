/**
 * One connection of an export.
 *
 *   json, yaml   Airflow 2.7 to 3.3: the eight fields, `null` where empty, `extra` as its own text. Nothing is lost
 *   env          a URI, or with `--serialization-format json` the same fields as JSON on the line
 *
 * In files that people wrote for `airflow connections import` an entry may also be a URI, and `extra` an object, which
 * may be called `extra_dejson`. No export has a team.
 */
import { CONNECTION_FIELDS, type JsonObject } from '../../airflow/index.ts'
import { type Sensitive, sensitive } from '../../sensitive/index.ts'
import { readExtra } from '../airflow-db/extra-text.ts'
import type { Finding, Found, Note } from '../found.ts'
import { compactJson, jsonPlain, type PlainReading } from '../json-text.ts'
import { readLocatedJson } from '../located-json.ts'
import type { YamlItem, YamlMap, YamlNode } from '../located-tree.ts'
import { readConnectionJson, readConnectionUri, type WrittenConnection } from '../written-connection.ts'
import { type Entry, entryFinding, lossy } from './entry.ts'
import { exportedUri, extraInUri } from './exported-uri.ts'

/** What Airflow prints beside a connection's fields, and nobody stores. */
const PRINTED: ReadonlySet<string> = new Set(['id', 'is_encrypted', 'is_extra_encrypted', 'get_uri'])
const FIELDS: ReadonlySet<string> = new Set(CONNECTION_FIELDS)
const KNOWN: ReadonlySet<string> = new Set([...FIELDS, ...PRINTED, 'conn_id', 'extra_dejson', 'team_name'])

export function isConnectionKey(key: string): boolean {
  return KNOWN.has(key)
}

export function connectionEntry(entry: Entry, plain: PlainReading): Found | Finding {
  const { id, node, origin } = entry
  const written = read(id, node, plain)
  if (written.kind === 'refused') {
    const { text, hint } = written
    const finding = entryFinding(entry, { severity: 'error', code: 'import-bad-connection', text, hint })
    return written === NO_CONNECTION ? { ...finding, id: undefined } : finding
  }
  const { data, description, notes } = written
  const team = node.kind === 'map' ? textAt(node, 'team_name', plain) : undefined
  return { kind: 'connection', id, data, description, team, origin, notes }
}

/** Whether a text could be meant for a connection. */
export function isConnectionText(text: string): boolean {
  return text.trimStart().startsWith('{') || text.includes('://')
}

function read(id: string, node: YamlNode, plain: PlainReading): WrittenConnection {
  if (node.kind === 'map') return readFields(id, node, plain)
  if (node.kind === 'list' || (node.isPlain && plain(node.text) !== undefined)) return NO_CONNECTION
  if (!isConnectionText(node.text)) return NO_CONNECTION
  const text = sensitive(node.text.trim())
  return text.reveal().startsWith('{') ? readJsonLine(id, text) : readUri(id, text)
}

/** Such a line may be a piece of another value: no finding names what stands in it. */
const NO_CONNECTION: WrittenConnection = {
  kind: 'refused',
  text: 'it is neither the fields of a connection nor a URI',
  hint: 'correct it, or remove it from the file',
}

function refused(text: string, hint: string): WrittenConnection {
  return { kind: 'refused', text, hint }
}

function readJsonLine(id: string, text: Sensitive<string>): WrittenConnection {
  const node = readLocatedJson({ shown: '', text: text.reveal(), findings: [] })
  if (node?.kind !== 'map') return refused('it begins as JSON and is none', 'export it again, or correct it here')
  return readFields(id, node, jsonPlain)
}

function readFields(id: string, node: YamlMap, plain: PlainReading): WrittenConnection {
  const other = textAt(node, 'conn_id', plain)
  if (other !== undefined && other !== id) {
    return refused('the conn_id in it is another one than it stands under', 'make the two the same')
  }
  const dejson = node.entries.get('extra_dejson')
  if (dejson !== undefined && node.entries.has('extra')) {
    return refused('it has an extra and an extra_dejson', 'keep one of the two')
  }
  // Unknown keys stay, and are refused by their name.
  const kept = [...node.entries].filter(([key]) => FIELDS.has(key) || !KNOWN.has(key))
  const entries = new Map<string, YamlItem>(dejson === undefined ? kept : [...kept, ['extra', dejson]])
  const written = readConnectionJson(id, sensitive(compactJson({ ...node, entries }, plain)))
  const extra = entries.get('extra')?.node
  return keepingNumbers(withPort(written, entries.get('port')?.node, plain), extraText(extra, plain))
}

/** Airflow keeps a port of 0 when it reads such a file, and drops it from other JSON. */
function withPort(written: WrittenConnection, port: YamlNode | undefined, plain: PlainReading): WrittenConnection {
  if (written.kind === 'refused' || port?.kind !== 'scalar' || !port.isPlain || plain(port.text) !== '0') return written
  return { ...written, data: written.data.map((fields) => ({ ...fields, port: 0 })) }
}

function extraText(node: YamlNode | undefined, plain: PlainReading): string | undefined {
  if (node === undefined) return undefined
  return node.kind === 'scalar' && !node.isPlain ? node.text : compactJson(node, plain)
}

const OWN_TEXT = 'its extra stays a text: as an object its numbers would lose digits'

/** `1.0` as well: as an object it would come back as 1. */
function keepingNumbers(written: WrittenConnection, extra: string | undefined): WrittenConnection {
  if (written.kind === 'refused' || extra === undefined) return written
  const own = readExtra(extra)
  if (own.kind !== 'text' || typeof written.data.reveal()['extra'] === 'string') return written
  const notes: Note[] = [...written.notes, { kind: 'normalised', text: OWN_TEXT }]
  return { ...written, data: written.data.map((fields) => ({ ...fields, extra: own.value })), notes }
}

function readUri(id: string, written: Sensitive<string>): WrittenConnection {
  const { uri, isReadOtherwise } = exportedUri(id, written)
  const extra = extraInUri(uri.reveal())
  const read = keepingNumbers(readConnectionUri(id, uri), extra)
  if (read.kind === 'refused') return read
  const notes: Note[] = [...read.notes, ...uriLosses(read.data)]
  if (isReadOtherwise) {
    const text = "its host is the export's, to the letter; Airflow itself would read it in lower case, or not at all"
    notes.push({ kind: 'normalised', text })
  }
  return { ...read, notes }
}

/** What `get_uri` does not write (the same in Airflow 2.7 to 3.3). */
function uriLosses(data: Sensitive<JsonObject>): Note[] {
  const { port } = data.reveal()
  const lost = ['description', 'capital letters in its type', ...(port === undefined ? ['a port of 0'] : [])]
  return [lossy(`a URI does not hold: ${lost.join(', ')}; if Airflow had that, the export lost it`)]
}

function textAt({ entries }: YamlMap, key: string, plain: PlainReading): string | undefined {
  const node = entries.get(key)?.node
  if (node?.kind !== 'scalar') return undefined
  return node.isPlain && plain(node.text) === 'null' ? undefined : node.text
}
