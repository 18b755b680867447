/**
 * One declared entry beside what Vault has: what is to be done about it.
 *
 * | in Vault                         | fields equal           | fields differ                            |
 * |----------------------------------|------------------------|------------------------------------------|
 * | nothing, or deleted              | -                      | create                                   |
 * | ours, at the version we wrote    | unchanged              | update                                   |
 * | ours, at another version         | mark (finish an apply) | drift `changed`                          |
 * | nobody's mark                    | mark (adopt)           | drift `foreign`                          |
 * | another hub's mark               | drift `other-hub`      | drift `other-hub`                        |
 *
 * Drift becomes an update only when the caller asks to overwrite.
 */
import type { Fingerprint } from '../sensitive/index.ts'
import { isMarked, OWN_KEYS, WRITTEN_VERSION, writtenVersion } from '../hub/index.ts'
import { compareText } from './order.ts'
import { type ActualEntry, type DesiredEntry, type Drift, type FieldChange } from './plan.ts'
import type { Verdict } from './verdict.ts'

/** What a field has to be, with references to other entries followed. */
export type Expected =
  | { readonly kind: 'exact'; readonly fingerprint: Fingerprint }
  | { readonly kind: 'keep' }
  /** A value that this plan's carrying out will make. */
  | { readonly kind: 'new' }

export function judgeEntry(
  desired: DesiredEntry,
  actual: ActualEntry | undefined,
  expected: ReadonlyMap<string, Expected>,
  overwrite: boolean,
): Verdict {
  const { kind, address } = desired
  if (desired.external) return actual === undefined || actual.deleted ? { kind: 'missing' } : { kind: 'unchanged' }
  if (actual === undefined || actual.deleted) {
    return { kind: 'change', change: { action: 'create', kind, address, cas: actual?.version ?? 0, fields: [] } }
  }
  const fields = changedFields(expected, actual.fields)
  const cas = actual.version
  const reason = driftReason(actual, fields)
  if (reason !== undefined && !overwrite) {
    return { kind: 'drift', drift: { kind, address, reason, version: cas, changedAt: actual.changedAt, fields } }
  }
  if (fields.length > 0) return { kind: 'change', change: { action: 'update', kind, address, cas, fields } }
  const marks = changedMarks(desired, actual)
  if (marks.length === 0) return { kind: 'unchanged' }
  return { kind: 'change', change: { action: 'mark', kind, address, cas, fields: marks } }
}

function driftReason(actual: ActualEntry, fields: readonly FieldChange[]): Drift['reason'] | undefined {
  if (!actual.managed && isMarked(actual.metadata)) return 'other-hub'
  if (fields.length === 0) return undefined
  if (!actual.managed) return 'foreign'
  return writtenVersion(actual.metadata) === actual.version ? undefined : 'changed'
}

function changedFields(
  expected: ReadonlyMap<string, Expected>,
  found: ReadonlyMap<string, Fingerprint>,
): FieldChange[] {
  const changes: FieldChange[] = []
  for (const [field, wanted] of expected) {
    const present = found.get(field)
    if (present === undefined) changes.push({ field, change: 'added' })
    else if (!isSatisfied(wanted, present)) changes.push({ field, change: 'changed' })
  }
  for (const field of found.keys()) if (!expected.has(field)) changes.push({ field, change: 'removed' })
  return changes.sort((a, b) => compareText(a.field, b.field))
}

function isSatisfied(wanted: Expected, present: Fingerprint): boolean {
  if (wanted.kind === 'exact') return wanted.fingerprint === present
  return wanted.kind === 'keep'
}

function changedMarks(desired: DesiredEntry, { metadata, version }: ActualEntry): FieldChange[] {
  const wanted: Readonly<Record<string, string>> = { ...desired.metadata, [WRITTEN_VERSION]: String(version) }
  return OWN_KEYS.flatMap((field): FieldChange[] => {
    const [want, have] = [wanted[field], metadata[field]]
    if (want === have) return []
    return [{ field, change: have === undefined ? 'added' : want === undefined ? 'removed' : 'changed' }]
  })
}
