/**
 * Candidates on their way to an entry: what was found in several places with one value is one unit, and environment
 * variables of one project become fields of one secret.
 */
import type { JsonObject } from '../airflow/index.ts'
import { type Json, type Sensitive, sensitive } from '../sensitive/index.ts'
import type { Candidate } from './candidate.ts'
import { addressOf, type Comparable } from './collisions.ts'
import { entryMetadata } from './entry-metadata.ts'
import type { Note } from './found.ts'
import type { ImportedEntry } from './selection.ts'

export interface Unit extends Comparable {
  /** An environment variable that is still to become a field of the entry. */
  readonly field: string | undefined
  /** One at least. */
  readonly members: readonly [Candidate, ...Candidate[]]
}

export function unitOf(candidate: Candidate): Unit {
  const { kind, id, field, data, found } = candidate
  return { kind, id, field, data, origins: [found.origin], members: [candidate] }
}

/** Units of one name have to have one value. */
export function nameOf(unit: Unit): string {
  return unit.field === undefined ? addressOf(unit) : `${addressOf(unit)} ${unit.field}`
}

/** Several of one name and one value. */
export function joined(first: Unit, rest: readonly Unit[]): Unit {
  if (rest.length === 0) return first
  const [member, ...members] = first.members
  return {
    ...first,
    origins: [first, ...rest].flatMap(({ origins }) => origins),
    members: [member, ...members, ...rest.flatMap((unit) => unit.members)],
  }
}

/** Every field put into its secret. */
export function gathered(units: readonly Unit[]): Unit[] {
  const whole: Unit[] = []
  const secrets = new Map<string, { readonly first: Unit; readonly rest: Unit[] }>()
  for (const unit of units) {
    const secret = secrets.get(unit.id)
    if (unit.field === undefined) whole.push(unit)
    else if (secret === undefined) secrets.set(unit.id, { first: unit, rest: [] })
    else secret.rest.push(unit)
  }
  const made = [...secrets.values()].map(({ first, rest }): Unit => {
    return { ...joined(first, rest), field: undefined, data: fieldsOf([first, ...rest]) }
  })
  return [...whole, ...made]
}

function fieldsOf(units: readonly Unit[]): Sensitive<JsonObject> {
  const fields = units.map(({ field = '', data }): [string, Json] => [field, data.reveal()['value'] ?? ''])
  return sensitive(Object.fromEntries(fields))
}

export function placesOf(units: readonly Unit[]): string[] {
  return [...new Set(units.flatMap(({ origins }) => origins.map(({ where }) => where)))]
}

export function entryOf({ kind, id, data, origins, members }: Unit): ImportedEntry {
  const [{ project, because, reason }] = members
  const { metadata, notes } = entryMetadata(members.map(({ found }) => found))
  const all = [...members.flatMap(notesOf), ...notes]
  const unique = new Map(all.map((note) => [`${note.kind} ${note.text}`, note]))
  return { kind, id, project, because, reason, data, metadata, origins, notes: [...unique.values()] }
}

function notesOf({ field, found }: Candidate): readonly Note[] {
  if (field === undefined) return found.notes
  return found.notes.map(({ kind, text }) => ({ kind, text: `${field}: ${text}` }))
}
