/**
 * Fields by dotted name <-> the data of one KV entry.
 *
 *   connection  {"conn_type": "http", "port": 443, "extra": {"a": {"b": 1}}}  <->  conn_type, port, extra.a.b
 *   variable    {"value": "..."}                                              <->  value
 *   secret      {"binance": "...", "x.y": "..."}                              <->  binance, x\.y
 *
 * Only `extra` is taken apart; lists and empty mappings in it are values. Assembling is the inverse of flattening for
 * everything that Plenum writes; what others wrote (an `extra` that is a text, unknown keys) flattens as it is, so that
 * it can be compared.
 */
import { type Json, Sensitive, sensitive } from '../sensitive/index.ts'
import { joinFieldPath, splitFieldPath } from './field-path.ts'
import type { DeclaredEntry } from './hub.ts'
import { parsePort } from './port.ts'
import { isMapping, type Mapping } from './value.ts'

type Kind = DeclaredEntry['kind']

/** The stored shape: of a connection without empty fields and with the port as a number, of a variable one text. */
export function assembleData(
  kind: Kind,
  fields: ReadonlyMap<string, Sensitive<Json>>,
): Sensitive<Record<string, Json>> {
  const tree: Tree = new Map()
  for (const [name, value] of fields) plant(tree, splitFieldPath(name), storedValue(kind, name, value.reveal()))
  const data = Object.entries(grown(tree)).filter(([, value]) => kind !== 'connection' || !isEmpty(value))
  return sensitive(Object.fromEntries(data))
}

export function flattenData(kind: Kind, data: Sensitive<Record<string, Json>>): ReadonlyMap<string, Sensitive<Json>> {
  const fields = new Map<string, Sensitive<Json>>()
  for (const [key, value] of Object.entries(data.reveal())) {
    if (kind === 'connection' && key === 'extra') flattenInto(fields, [key], value)
    else fields.set(joinFieldPath([key]), sensitive(value))
  }
  return fields
}

/** Empty fields of a connection mean nothing to Airflow and are not stored. Inside of `extra` they are values. */
export function isEmpty(value: Json): boolean {
  return value === null || value === '' || (isMapping(value) && Object.keys(value).length === 0)
}

/** What comes from another entry may be of any type; Airflow wants a port that is a number and a variable that is text. */
function storedValue(kind: Kind, name: string, value: Json): Json {
  if (kind === 'connection' && name === 'port' && typeof value === 'string') return parsePort(value) ?? value
  if (kind === 'variable' && name === 'value' && typeof value !== 'string') return JSON.stringify(value)
  return value
}

function flattenInto(fields: Map<string, Sensitive<Json>>, keys: readonly string[], value: Json): void {
  if (isMapping(value) && Object.keys(value).length > 0) {
    for (const [key, inner] of Object.entries(value)) flattenInto(fields, [...keys, key], inner)
  } else {
    fields.set(joinFieldPath(keys), new Sensitive(value))
  }
}

type Tree = Map<string, Json | Tree>

function plant(tree: Tree, [key = '', ...rest]: readonly string[], value: Json): void {
  if (rest.length === 0) {
    tree.set(key, value)
    return
  }
  const there = tree.get(key)
  const branch: Tree = there instanceof Map ? there : new Map()
  tree.set(key, branch)
  plant(branch, rest, value)
}

function grown(tree: Tree): Mapping {
  return Object.fromEntries([...tree].map(([key, value]) => [key, value instanceof Map ? grown(value) : value]))
}
