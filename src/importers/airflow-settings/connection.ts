/**
 * One entry of `connections`, as `astro dev start` makes it with `airflow connections add`: from its fields, or from its
 * URI where no field but the extra is filled. An extra beside a URI replaces the one of the URI.
 *
 * An extra that is a mapping is taken in full. The CLI hands on less of it, by its version: only the texts, with keys in
 * lower case, or nothing.
 */
import type { JsonObject } from '../../airflow/index.ts'
import { sensitive } from '../../sensitive/index.ts'
import type { Finding, Found, Note } from '../found.ts'
import { goScalar } from '../go-scalar.ts'
import { compactJson } from '../json-text.ts'
import { yamlPlain } from '../located-yaml.ts'
import { readConnectionJson, readConnectionUri, type WrittenConnection } from '../written-connection.ts'
import { type Entry, fieldOf, type FieldText, fieldText, isFilled, originOf, problem } from './entry.ts'

/** In the order of the CLI's template; the key of a connection's JSON form behind each. */
const FIELDS = {
  conn_type: 'conn_type',
  conn_host: 'host',
  conn_schema: 'schema',
  conn_login: 'login',
  conn_password: 'password',
  conn_port: 'port',
} as const

type FieldName = keyof typeof FIELDS

const KNOWN: ReadonlySet<string> = new Set([...Object.keys(FIELDS), 'conn_id', 'conn_uri', 'conn_extra'])

/** `airflow connections list` writes these; the CLI does not read them. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  id: 'conn_id',
  connection_id: 'conn_id',
  type: 'conn_type',
  host: 'conn_host',
  schema: 'conn_schema',
  login: 'conn_login',
  password: 'conn_password',
  port: 'conn_port',
  uri: 'conn_uri',
  get_uri: 'conn_uri',
  extra: 'conn_extra',
  extra_dejson: 'conn_extra',
}

export function readConnection(entry: Entry, findings: Finding[]): Found | undefined {
  const id = fieldText(entry, 'conn_id')
  const refuse = (text: string, hint: string): undefined => {
    const known = id === undefined || id.text === '' ? undefined : id.text
    findings.push(problem(entry, { code: 'import-bad-connection', id: known, text, hint }))
  }
  const fields = new Map<FieldName, FieldText>()
  for (const name of Object.keys(FIELDS) as FieldName[]) {
    const field = fieldText(entry, name)
    if (field === undefined) return refuse(`its ${name} is a list or a mapping`, 'write a text')
    if (field.text !== '') fields.set(name, field)
  }
  const unknown = unknownKeys(entry)
  if (unknown.length > 0) findings.push(unknownFinding(entry, id?.text, unknown))
  const uri = fieldText(entry, 'conn_uri')
  if (id === undefined || uri === undefined)
    return refuse(`its ${id === undefined ? 'conn_id' : 'conn_uri'} is no text`, 'write a text')
  // The template's own entry, which has an example in its conn_extra.
  if (id.text === '' && uri.text === '' && fields.size === 0) return undefined
  if (id.text === '') return refuse('it has no conn_id; the Astro CLI skips it', 'give it an id, or remove it')
  const port = portOf(fields.get('conn_port')?.text)
  if (port === undefined) return refuse('its conn_port is no whole number', 'write the number, or leave it out')
  const hasType = fields.has('conn_type')
  if (!hasType && uri.text === '') {
    return refuse('it has neither conn_type nor conn_uri; the Astro CLI skips it', 'give it a conn_type')
  }
  // A port of 0 is none to the CLI.
  const filled = [...fields.keys()].filter((name) => name !== 'conn_port' || port !== 0)
  if (!hasType && filled.length > 0) {
    const text = `its conn_uri is passed over because ${filled.join(', ')} is filled, and it has no conn_type`
    return refuse(text, 'write either all in conn_uri, or a conn_type and no conn_uri')
  }
  const extra = extraOf(entry)
  const written = hasType ? fromFields(id.text, fields, port, extra) : fromUri(id.text, uri.text, extra)
  if (written.kind === 'refused') return refuse(written.text, written.hint)
  const notes = [...id.notes, ...(hasType ? [...fields.values()] : [uri]).flatMap((field) => field.notes)]
  if (hasType && uri.text !== '')
    notes.push({ kind: 'dialect', text: 'its conn_uri is passed over, because other fields are filled' })
  return {
    kind: 'connection',
    id: id.text,
    data: written.data,
    description: undefined,
    team: undefined,
    origin: originOf(entry),
    notes: [...notes, ...extra.notes, ...written.notes],
  }
}

/** 0 for none, as the CLI has it; undefined where it is no number. */
function portOf(text = '0'): number | undefined {
  const scalar = goScalar({ kind: 'scalar', text, isPlain: true, tag: undefined }, 'v3')
  if (scalar.kind !== 'number' || !scalar.isExact) return undefined
  const port = Math.trunc(Number(scalar.text))
  return Number.isSafeInteger(port) ? port : undefined
}

interface Extra {
  /** JSON: an object, or a text that should hold one. */
  readonly json: string | undefined
  readonly notes: readonly Note[]
}

function extraOf(entry: Entry): Extra {
  const node = fieldOf(entry.fields, 'conn_extra')?.node
  if (node === undefined || !isFilled(node)) return { json: undefined, notes: [] }
  if (node.kind === 'scalar') {
    const { text, notes } = fieldText(entry, 'conn_extra') ?? { text: '', notes: [] }
    return { json: JSON.stringify(text), notes }
  }
  const text = 'its conn_extra is a mapping, of which the Astro CLI hands on only a part, by its version; taken in full'
  return { json: compactJson(node, yamlPlain), notes: [{ kind: 'dialect', text }] }
}

function fromFields(
  id: string,
  fields: ReadonlyMap<FieldName, FieldText>,
  port: number,
  extra: Extra,
): WrittenConnection {
  const members = [...fields]
    .filter(([name]) => name !== 'conn_port')
    .map(([name, { text }]) => `${JSON.stringify(FIELDS[name])}:${JSON.stringify(text)}`)
  if (port !== 0) members.push(`"port":${port}`)
  if (extra.json !== undefined) members.push(`"extra":${extra.json}`)
  return readConnectionJson(id, sensitive(`{${members.join(',')}}`))
}

function fromUri(id: string, uri: string, extra: Extra): WrittenConnection {
  const written = readConnectionUri(id, sensitive(uri.trim()))
  if (written.kind === 'refused' || extra.json === undefined) return written
  const { json } = extra
  const joined = readConnectionJson(
    id,
    written.data.map((fields) => withExtra(fields, json)),
  )
  return joined.kind === 'refused' ? joined : { ...joined, notes: [...written.notes, ...joined.notes] }
}

function withExtra(fields: JsonObject, extra: string): string {
  const { extra: _, ...others } = fields
  return `${JSON.stringify(others).slice(0, -1)},"extra":${extra}}`
}

function unknownKeys({ fields }: Entry): string[] {
  return [...fields.entries]
    .filter(([key, { node }]) => !KNOWN.has(key.toLowerCase()) && isFilled(node))
    .map(([key]) => key)
}

function unknownFinding(entry: Entry, id: string | undefined, keys: readonly string[]): Finding {
  const right = keys.map((key) => OTHER_NAMES[key]).filter((name) => name !== undefined)
  return problem(entry, {
    severity: 'warning',
    code: 'import-settings-shape',
    id: id === '' ? undefined : id,
    text: `the Astro CLI passes over ${keys.map((key) => JSON.stringify(key)).join(', ')} of it`,
    hint:
      right.length === 0 ? 'remove it, or put it into conn_extra' : `the names that it reads are ${right.join(', ')}`,
  })
}
