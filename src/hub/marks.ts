/**
 * The marks by which Plenum knows its own in Vault: keys of KV v2 `custom_metadata` (design 4: there is no state file).
 *
 * Invariant: what others put into custom_metadata stays; Plenum's own keys are replaced as a whole.
 */

export const MANAGED_BY = 'managed-by'
export const HUB = 'hub'
export const PROJECT = 'project'
export const OWNER = 'owner'
/** The version that Plenum wrote last. A newer one means somebody else wrote. */
export const WRITTEN_VERSION = 'plenum-version'
/**
 * `import` or `sync`: the value came from elsewhere and Vault may hold the only copy. Such an entry is declared
 * `external` or not at all, and is never deleted for want of a declaration.
 */
export const SOURCE = 'source'
export type MarkedSource = 'import' | 'sync'

/** Plenum's keys; whatever else stands in custom_metadata is somebody else's. */
export const OWN_KEYS: readonly string[] = [MANAGED_BY, HUB, PROJECT, OWNER, WRITTEN_VERSION, SOURCE]

export type CustomMetadata = Readonly<Record<string, string>>

const PLENUM = 'plenum'

interface Ownership {
  readonly hub: string
  readonly project: string
  readonly owner: string | undefined
  /** Default: the value comes from plenum.yaml. */
  readonly source?: MarkedSource | undefined
}

/** What Plenum writes to custom_metadata, but for the version. A value may not be empty there (vault-api 6.3). */
export function marksOf({ hub, project, owner, source }: Ownership): CustomMetadata {
  const named = owner === undefined || owner === '' ? {} : { [OWNER]: owner }
  const from = source === undefined ? {} : { [SOURCE]: source }
  return { [MANAGED_BY]: PLENUM, [HUB]: hub, [PROJECT]: project, ...named, ...from }
}

export function isMarkedFor(metadata: CustomMetadata, hub: string): boolean {
  return isMarked(metadata) && metadata[HUB] === hub
}

export function isMarked(metadata: CustomMetadata): boolean {
  return metadata[MANAGED_BY] === PLENUM
}

/** Vault may hold the only copy: nothing is deleted here because plenum.yaml does not declare it. */
export function isBroughtIn(metadata: CustomMetadata): boolean {
  return metadata[SOURCE] !== undefined
}

/** The version that Plenum wrote last; undefined when there is no mark or it is no number. */
export function writtenVersion(metadata: CustomMetadata): number | undefined {
  const text = metadata[WRITTEN_VERSION]
  return text !== undefined && /^[1-9]\d{0,14}$/.test(text) ? Number(text) : undefined
}

/** The custom_metadata to write: what others put there stays, Plenum's own keys are replaced as a whole. */
export function mergeMarks(present: CustomMetadata, marks: CustomMetadata, version: number): CustomMetadata {
  const kept = Object.entries(present).filter(([key]) => !OWN_KEYS.includes(key))
  return Object.fromEntries([...kept, ...Object.entries(marks), [WRITTEN_VERSION, String(version)]])
}
