/**
 * One credential under several names, by keyed digest: values are neither kept nor shown.
 *
 * What counts as a secret is where it stands: a password, a field with a sensitive name, a field of a secret. Variables
 * and environment variables of other names are compared with those, not among themselves: `eu` in twenty of them means
 * nothing. Short values are ordinary words.
 */
import { isSensitiveName, type JsonObject } from '../airflow/index.ts'
import { flattenData, splitFieldPath } from '../hub/index.ts'
import { type Fingerprint, type FingerprintKey, fingerprint, type Json, type Sensitive } from '../sensitive/index.ts'
import type { Found } from './found.ts'
import type { Duplicate } from './selection.ts'

export interface Named {
  readonly kind: Found['kind']
  readonly id: string
  readonly data: Sensitive<JsonObject>
}

/** In characters. */
const SHORTEST = 6

export function duplicatesOf(all: readonly Named[], key: FingerprintKey): readonly Duplicate[] {
  const groups = new Map<Fingerprint, { readonly names: Set<string>; isSecret: boolean }>()
  for (const { name, value, isSecret } of all.flatMap(partsOf)) {
    const mark = fingerprint(value, key)
    const group = groups.get(mark) ?? { names: new Set(), isSecret: false }
    group.names.add(name)
    group.isSecret ||= isSecret
    groups.set(mark, group)
  }
  return [...groups.values()]
    .filter(({ names, isSecret }) => isSecret && names.size > 1)
    .map(({ names }) => ({ names: [...names] }))
}

interface Part {
  readonly name: string
  readonly value: Sensitive<Json>
  readonly isSecret: boolean
}

function partsOf({ kind, id, data }: Named): Part[] {
  const fields = flattenData(
    kind === 'name' ? 'variable' : kind,
    data.map((clear): Record<string, Json> => ({ ...clear })),
  )
  return [...fields].flatMap(([field, value]): Part[] => {
    const isOne = kind === 'variable' || kind === 'name'
    const isSecret = kind === 'secret' || isSensitiveName(isOne ? id : field)
    if (!isSecret && !isOne) return []
    const name = isOne
      ? `${kind} ${id}`
      : `${kind} ${id}: ${kind === 'secret' ? splitFieldPath(field).join('.') : field}`
    return value.map(isWorthIt).reveal() ? [{ name, value, isSecret }] : []
  })
}

function isWorthIt(value: Json): boolean {
  return typeof value === 'string' && value.length >= SHORTEST
}
