/**
 * The data of one entry, put together right before it is written: exact values, what is to be kept, what is to be made,
 * and what comes from another entry. Nothing of it outlives the write.
 */
import { assembleData, type ResolvedEntry, type ResolvedField } from '../hub/index.ts'
import type { EntryKind } from '../plan/index.ts'
import type { Json, Sensitive } from '../sensitive/index.ts'
import { readSecret, type SecretData, type VaultClient } from '../vault/index.ts'
import { ApplyError } from './errors.ts'
import { generateValue } from './generate.ts'
import type { Place } from './places.ts'
import { sourceField } from './source.ts'

export interface ValueSources {
  readonly client: VaultClient
  readonly mount: string
  readonly places: readonly Place[]
  readonly random: (bytes: number) => Buffer
}

interface Given {
  /** The fields in Vault at the version that the write follows. */
  readonly present: ReadonlyMap<string, Sensitive<Json>>
  /** Answers to `prompt`, by field. */
  readonly answers: ReadonlyMap<string, Sensitive<string>>
}

/** Throws ApplyError, or the VaultError of reading a source. */
export async function entryData(
  { entry, fields }: ResolvedEntry,
  given: Given,
  sources: ValueSources,
): Promise<SecretData> {
  const values = new Map<string, Sensitive<Json>>()
  for (const [name, field] of fields) values.set(name, await fieldValue(entry.kind, name, field, given, sources))
  return assembleData(entry.kind, values)
}

async function fieldValue(
  kind: EntryKind,
  name: string,
  field: ResolvedField,
  { present, answers }: Given,
  sources: ValueSources,
): Promise<Sensitive<Json>> {
  if (field.kind === 'value') return field.value
  if (field.kind === 'vault') return readSource(kind, name, field, sources)
  const kept = present.get(name)
  if (kept !== undefined) return kept
  if (field.make.kind === 'generate') return generateValue(field.make, sources.random)
  const answer = answers.get(name)
  if (answer !== undefined) return answer
  throw new ApplyError('apply-no-prompt', `${name} has to be asked for, and nobody can be asked: run it on a terminal`)
}

async function readSource(
  kind: EntryKind,
  name: string,
  { path, field }: { readonly path: string; readonly field: string },
  { client, mount, places }: ValueSources,
): Promise<Sensitive<Json>> {
  const read = await readSecret(client, mount, path)
  const value = read.kind === 'found' ? sourceField(places, path, read.data, field) : undefined
  if (value === undefined) {
    const text = `${name} is taken from field ${field} of ${path}, and Vault has no such field: write it there first`
    throw new ApplyError('apply-no-source', text)
  }
  if (!isUsable(kind, name, value.reveal())) {
    const text = `${name} is taken from field ${field} of ${path}, and what stands there is no ${name} that Airflow could use`
    throw new ApplyError('apply-source-type', text)
  }
  return value
}

/** Airflow reads text where text belongs (airflow 1.3). A variable takes anything, as JSON; so does what is no field. */
function isUsable(kind: EntryKind, name: string, value: Json): boolean {
  if (kind !== 'connection' || name.startsWith('extra.')) return true
  if (name === 'port') return typeof value === 'number' || (typeof value === 'string' && /^\d{1,5}$/.test(value.trim()))
  return typeof value === 'string'
}
