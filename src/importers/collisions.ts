/**
 * Objects that get in each other's way: one id with several values, ids that plenum.yaml cannot hold side by side.
 *
 * Invariant: which of several values is right is never guessed. Either `prefer` says so, or none of them is brought in.
 * What stays behind still works: it lies where it was.
 */
import type { JsonObject } from '../airflow/index.ts'
import { flattenData } from '../hub/index.ts'
import { type Fingerprint, type FingerprintKey, fingerprint, type Json, type Sensitive } from '../sensitive/index.ts'
import type { Origin, SourceKind } from './found.ts'
import type { Declared, EntryKind } from './selection.ts'

/** What can be compared: a candidate, or an entry put together from several. */
export interface Comparable {
  readonly kind: EntryKind
  readonly id: string
  readonly data: Sensitive<JsonObject>
  readonly origins: readonly Origin[]
}

export type Settled<T> =
  | { readonly kind: 'same'; readonly kept: readonly T[] }
  | {
      readonly kind: 'preferred'
      readonly kept: readonly T[]
      readonly left: readonly T[]
      readonly source: SourceKind
    }
  /** `fields`: names of those that differ. */
  | { readonly kind: 'different'; readonly fields: readonly string[] }

/** All of one id. What is kept has one value, and may have come from several places. */
export function settle<T extends Comparable>(
  items: readonly T[],
  prefer: SourceKind | undefined,
  key: FingerprintKey,
): Settled<T> {
  if (items.length === 1) return { kind: 'same', kept: items }
  const marks = new Map<T, Fingerprint>(items.map((item) => [item, fingerprint(asJson(item.data), key)]))
  const marksOf = (some: readonly T[]): Set<Fingerprint | undefined> => new Set(some.map((item) => marks.get(item)))
  if (marksOf(items).size === 1) return { kind: 'same', kept: items }
  const preferred = items.filter(({ origins }) => origins.some(({ source }) => source === prefer))
  const wanted = marksOf(preferred)
  if (prefer !== undefined && wanted.size === 1) {
    const isKept = (item: T): boolean => wanted.has(marks.get(item))
    return {
      kind: 'preferred',
      kept: items.filter(isKept),
      left: items.filter((item) => !isKept(item)),
      source: prefer,
    }
  }
  return { kind: 'different', fields: differingFields(items, key) }
}

function differingFields(items: readonly Comparable[], key: FingerprintKey): string[] {
  const all = items.map(({ kind, data }) => {
    const fields = flattenData(
      kind,
      data.map((clear): Record<string, Json> => ({ ...clear })),
    )
    return new Map([...fields].map(([name, value]) => [name, fingerprint(value, key)]))
  })
  const names = new Set(all.flatMap((fields) => [...fields.keys()]))
  return [...names].filter((name) => new Set(all.map((fields) => fields.get(name))).size > 1).sort()
}

function asJson(data: Sensitive<JsonObject>): Sensitive<Json> {
  return data.map((clear): Json => clear)
}

export interface Obstacle {
  /** `case`: the others differ from it in case alone. `path`: one lies below the other. */
  readonly kind: 'case' | 'path'
  readonly others: readonly string[]
}

/**
 * Entries that plenum.yaml could not hold beside others, by `kind:id`. A declared one has its place, so the others give
 * way; where none is declared all that differ in case do, and of two paths the lower one.
 */
export function obstaclesOf(
  entries: readonly Pick<Comparable, 'kind' | 'id'>[],
  declared: ReadonlyMap<string, Declared>,
): ReadonlyMap<string, Obstacle> {
  const present = new Set(entries.map(addressOf))
  const known = new Set([...present, ...declared.keys()])
  const byCase = new Map<string, string[]>()
  for (const address of known) {
    const lower = address.toLowerCase()
    byCase.set(lower, [...(byCase.get(lower) ?? []), address])
  }
  const aboveDeclared = new Set([...declared.keys()].flatMap(above))
  const obstacles = new Map<string, Obstacle>()
  for (const address of present) {
    // The names of secrets are no environment variables, and hold no `/`.
    if (declared.has(address) || address.startsWith('secret:')) continue
    const twins = (byCase.get(address.toLowerCase()) ?? []).filter((one) => one !== address)
    const higher = above(address).find((one) => known.has(one))
    if (twins.length > 0) obstacles.set(address, { kind: 'case', others: twins.map(idOf) })
    else if (higher !== undefined) obstacles.set(address, { kind: 'path', others: [idOf(higher)] })
    else if (aboveDeclared.has(address)) {
      const lower = [...declared.keys()].filter((one) => one.startsWith(`${address}/`))
      obstacles.set(address, { kind: 'path', others: lower.map(idOf) })
    }
  }
  return obstacles
}

export function addressOf({ kind, id }: Pick<Comparable, 'kind' | 'id'>): string {
  return `${kind}:${id}`
}

function idOf(address: string): string {
  return address.slice(address.indexOf(':') + 1)
}

/** `variable:a` and `variable:a/b` of `variable:a/b/c`. */
function above(address: string): string[] {
  const all: string[] = []
  for (let end = address.indexOf('/'); end !== -1; end = address.indexOf('/', end + 1)) all.push(address.slice(0, end))
  return all
}
