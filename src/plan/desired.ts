/**
 * What the hub declares, as things to compare: the mount, AppRole, the policies and roles of `access`, and every entry
 * with its fields as fingerprints of what would be stored.
 *
 * Pure. The values go in wrapped and do not come out.
 */
import {
  assembleData,
  type CustomMetadata,
  flattenData,
  type Hub,
  type HubAccess,
  type MarkedSource,
  marksOf,
  type ResolvedEntry,
  type ResolvedField,
  SOURCE,
} from '../hub/index.ts'
import { type FingerprintKey, fingerprint, type Json, type Sensitive } from '../sensitive/index.ts'
import { addressOf } from './address.ts'
import type { Desired, DesiredEntry, DesiredField } from './plan.ts'

export function desiredState(
  hub: Hub,
  access: HubAccess,
  resolved: readonly ResolvedEntry[],
  key: FingerprintKey,
): Desired[] {
  return [
    { kind: 'mount', address: addressOf('mount', hub.vault.mount), settings: { type: 'kv', version: '2' } },
    { kind: 'auth', address: addressOf('auth', access.authMount), settings: { type: 'approle' } },
    ...[...access.policies].map(([name, text]): Desired => {
      return { kind: 'policy', address: addressOf('policy', name), settings: { rules: text } }
    }),
    ...access.roles.map(
      ({ name, settings }): Desired => ({ kind: 'role', address: addressOf('role', name), settings }),
    ),
    ...resolved.map((one) => desiredEntry(hub, one, key)),
  ]
}

/** The custom_metadata that marks an entry as Plenum's, but for the version. */
export function entryMarks(hub: Hub, { entry, metadata }: Pick<ResolvedEntry, 'entry' | 'metadata'>): CustomMetadata {
  const owner = hub.projects.find(({ name }) => name === entry.project)?.owner
  return { ...metadata, ...marksOf({ hub: hub.name, project: entry.project, owner, source: sourceOf(metadata) }) }
}

function sourceOf(metadata: CustomMetadata | undefined): MarkedSource | undefined {
  const source = metadata?.[SOURCE]
  return source === 'import' || source === 'sync' ? source : undefined
}

function desiredEntry(hub: Hub, one: ResolvedEntry, key: FingerprintKey): DesiredEntry {
  const { entry, fields } = one
  const { kind, id, path, external } = entry
  return {
    kind,
    address: addressOf(kind, id),
    path,
    external,
    fields: external ? new Map() : desiredFields(kind, fields, key),
    metadata: entryMarks(hub, one),
  }
}

/** Known values take the way to Vault and back, so that what the stored form leaves out or rewrites is no difference. */
function desiredFields(
  kind: DesiredEntry['kind'],
  fields: ReadonlyMap<string, ResolvedField>,
  key: FingerprintKey,
): Map<string, DesiredField> {
  const known = new Map<string, Sensitive<Json>>()
  const desired = new Map<string, DesiredField>()
  for (const [name, field] of fields) {
    if (field.kind === 'value') known.set(name, field.value)
    else if (field.kind === 'keep') desired.set(name, { kind: 'keep' })
    else desired.set(name, { kind: 'same', path: field.path, field: field.field })
  }
  for (const [name, value] of flattenData(kind, assembleData(kind, known))) {
    desired.set(name, { kind: 'exact', fingerprint: fingerprint(value, key) })
  }
  return desired
}
