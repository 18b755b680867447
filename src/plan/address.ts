/** Addresses and the marks by which Plenum knows its own (design 4: there is no state file). */
import { type Address, HUB, MANAGED_BY, OWNER, PROJECT, type ResourceKind, WRITTEN_VERSION } from './plan.ts'

const PLENUM = 'plenum'

export function addressOf(kind: ResourceKind, id: string): Address {
  return `${kind}:${id}`
}

export function idOf(address: Address): string {
  return address.slice(address.indexOf(':') + 1)
}

type CustomMetadata = Readonly<Record<string, string>>

interface Ownership {
  readonly hub: string
  readonly project: string
  readonly owner: string | undefined
}

/** What Plenum writes to custom_metadata, but for the version. A value may not be empty there (vault-api 6.3). */
export function marksOf({ hub, project, owner }: Ownership): CustomMetadata {
  const named = owner === undefined || owner === '' ? {} : { [OWNER]: owner }
  return { [MANAGED_BY]: PLENUM, [HUB]: hub, [PROJECT]: project, ...named }
}

export function isMarkedFor(metadata: CustomMetadata, hub: string): boolean {
  return isMarked(metadata) && metadata[HUB] === hub
}

export function isMarked(metadata: CustomMetadata): boolean {
  return metadata[MANAGED_BY] === PLENUM
}

/** The version that Plenum wrote last; undefined when there is no mark or it is no number. */
export function writtenVersion(metadata: CustomMetadata): number | undefined {
  const text = metadata[WRITTEN_VERSION]
  return text !== undefined && /^[1-9]\d{0,14}$/.test(text) ? Number(text) : undefined
}

/** Plenum's keys; whatever else stands in custom_metadata is somebody else's. */
export const OWN_KEYS: readonly string[] = [MANAGED_BY, HUB, PROJECT, OWNER, WRITTEN_VERSION]

/** The custom_metadata to write: what others put there stays, Plenum's own keys are replaced as a whole. */
export function mergeMarks(present: CustomMetadata, marks: CustomMetadata, version: number): CustomMetadata {
  const kept = Object.entries(present).filter(([key]) => !OWN_KEYS.includes(key))
  return Object.fromEntries([...kept, ...Object.entries(marks), [WRITTEN_VERSION, String(version)]])
}
