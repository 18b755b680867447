/**
 * Values that come from another entry: how they are found there, and what they are once they are stored here.
 *
 * A value taken into a connection's `extra` may be a mapping. It is declared under one name and would be read back as
 * one field for each of its leaves, so both sides are folded to the declared name before they are compared.
 */
import { assembleData, flattenData } from '../hub/index.ts'
import type { EntryKind } from '../plan/index.ts'
import { type Json, type Sensitive, sensitive } from '../sensitive/index.ts'
import type { SecretData } from '../vault/index.ts'
import { locate, type Place } from './places.ts'

/**
 * By the name that plenum.yaml gives the fields of such an entry (`password`, `extra.api_key`), else a member of that
 * name. Undefined when there is none; an empty text counts as none, because the stored form leaves it out.
 */
export function sourceField(
  places: readonly Place[],
  path: string,
  data: SecretData,
  field: string,
): Sensitive<Json> | undefined {
  const kind = locate(places, path)?.kind ?? 'secret'
  const found = flattenData(kind, data).get(field) ?? member(data, field)
  return found?.reveal() === '' ? undefined : found
}

/** The value as `flattenData` would give it back after it was stored in that field. Undefined when it is left out. */
export function storedField(kind: EntryKind, name: string, value: Sensitive<Json>): Sensitive<Json> | undefined {
  return foldFields(flattenData(kind, assembleData(kind, new Map([[name, value]]))), [name]).get(name)
}

/** Everything below each of the names becomes one field of that name. */
export function foldFields(
  fields: ReadonlyMap<string, Sensitive<Json>>,
  names: readonly string[],
): ReadonlyMap<string, Sensitive<Json>> {
  if (names.length === 0) return fields
  const folded = new Map<string, Sensitive<Json>>()
  const groups = new Map<string, [string, Json][]>()
  for (const [field, value] of fields) {
    const name = names.find((one) => field.startsWith(`${one}.`))
    if (name === undefined) folded.set(field, value)
    else groups.set(name, [...(groups.get(name) ?? []), [field.slice(name.length), value.reveal()]])
  }
  for (const [name, leaves] of groups) folded.set(name, sensitive<Json>(Object.fromEntries(leaves)))
  return folded
}

function member(data: SecretData, name: string): Sensitive<Json> | undefined {
  const record = data.reveal()
  const value = Object.hasOwn(record, name) ? record[name] : undefined
  return value === undefined ? undefined : sensitive(value)
}
