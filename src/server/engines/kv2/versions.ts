/**
 * What happens to the versions of one key (vault-api 6.1 to 6.3). Metadata and a moment in, metadata out.
 *
 * Invariant: pure. No storage, no clock, nothing thrown, nothing changed in place: a `KeyMetadata` that someone holds
 * never changes under them. A transition that changes nothing returns the very metadata it was given.
 *
 * Times are unix milliseconds, durations whole seconds.
 */

export interface MountConfig {
  /** 0 leaves it to the key. */
  readonly maxVersions: number
  readonly casRequired: boolean
  /** 0 leaves it to the key; negative switches it off for all keys. */
  readonly deleteVersionAfter: number
}

export interface VersionMetadata {
  readonly createdTime: number
  /** Reached: deleted. Ahead: will be. `undefined`: neither. */
  readonly deletionTime: number | undefined
  readonly destroyed: boolean
  /** The key's revision when the value was written; the stored value carries the same. */
  readonly revision: number
}

export interface KeySettings {
  readonly maxVersions: number
  readonly casRequired: boolean
  readonly deleteVersionAfter: number
  /** `null` until it is set for the first time. */
  readonly customMetadata: ReadonlyMap<string, string> | null
}

export interface KeyMetadata extends KeySettings {
  /** Grows with every change, also when a key is deleted and made anew. */
  readonly revision: number
  /** 0 when there is metadata and no data yet. */
  readonly currentVersion: number
  /** 0 until old versions start to be pruned. */
  readonly oldestVersion: number
  readonly createdTime: number
  readonly updatedTime: number
  readonly versions: ReadonlyMap<number, VersionMetadata>
}

type VersionState = 'live' | 'deleted' | 'destroyed' | 'absent'
export type Cas = { readonly kind: 'unset' } | { readonly kind: 'expect'; readonly version: number }
export type CasResult = 'ok' | 'cas-required' | 'cas-mismatch'

export interface Transition {
  readonly next: KeyMetadata
  /** Versions whose stored values are to go. */
  readonly prune: readonly number[]
}

/** Versions kept when neither the key nor the mount says how many. */
const DEFAULT_MAX_VERSIONS = 10

export const DEFAULT_CONFIG: MountConfig = { maxVersions: 0, casRequired: false, deleteVersionAfter: 0 }

/** A deletion counts from its own millisecond on: whoever deletes and reads at once must not see the secret. */
export function versionState(meta: KeyMetadata, version: number, now: number): VersionState {
  const found = meta.versions.get(version)
  if (found === undefined) return 'absent'
  if (found.destroyed) return 'destroyed'
  return found.deletionTime !== undefined && found.deletionTime <= now ? 'deleted' : 'live'
}

/** A deleted latest version still counts: then `cas` must name it, and 0 does not match. */
export function checkCas(meta: KeyMetadata | undefined, config: MountConfig, cas: Cas): CasResult {
  if (cas.kind === 'unset') return config.casRequired || meta?.casRequired === true ? 'cas-required' : 'ok'
  return cas.version === (meta?.currentVersion ?? 0) ? 'ok' : 'cas-mismatch'
}

export function addVersion(meta: KeyMetadata | undefined, config: MountConfig, now: number): Transition {
  const before = meta ?? emptyKey(now)
  const revision = nextRevision(meta, now)
  const currentVersion = before.currentVersion + 1
  const versions = new Map(before.versions)
  versions.set(currentVersion, {
    createdTime: now,
    deletionTime: deletionTime(now, config, before),
    destroyed: false,
    revision,
  })
  const oldestVersion = oldestKept(before.oldestVersion, currentVersion, versionsKept(config, before))
  const prune: number[] = []
  for (const [version, { destroyed }] of versions) {
    if (version >= oldestVersion) continue
    versions.delete(version)
    if (!destroyed) prune.push(version)
  }
  return { next: { ...before, revision, currentVersion, oldestVersion, versions, updatedTime: now }, prune }
}

/** Versions that are deleted, destroyed or unknown stay as they are. */
export function softDelete(meta: KeyMetadata, wanted: readonly number[], now: number): Transition {
  return changeVersions(meta, wanted, now, (version, known) =>
    versionState(meta, version, now) === 'live' ? { ...known, deletionTime: now } : known,
  )
}

/** The time to live starts anew for what comes back; what is destroyed cannot. */
export function undelete(meta: KeyMetadata, wanted: readonly number[], config: MountConfig, now: number): Transition {
  return changeVersions(meta, wanted, now, (_, known) =>
    known.destroyed ? known : { ...known, deletionTime: deletionTime(now, config, meta) },
  )
}

export function destroy(meta: KeyMetadata, wanted: readonly number[], now: number): Transition {
  const { next } = changeVersions(meta, wanted, now, (_, known) =>
    known.destroyed ? known : { ...known, destroyed: true },
  )
  const prune = [...next.versions].filter(([version, { destroyed }]) => destroyed && isKept(meta, version))
  return { next, prune: prune.map(([version]) => version) }
}

/** Makes the key, without versions, when there is none. */
export function changeSettings(meta: KeyMetadata | undefined, changes: Partial<KeySettings>, now: number): Transition {
  const before = meta ?? emptyKey(now)
  return { next: { ...before, ...changes, revision: nextRevision(meta, now), updatedTime: now }, prune: [] }
}

/** The versions whose values are in storage. */
export function storedVersions(meta: KeyMetadata): number[] {
  return [...meta.versions.keys()].filter((version) => isKept(meta, version))
}

function isKept(meta: KeyMetadata, version: number): boolean {
  return meta.versions.get(version)?.destroyed === false
}

function changeVersions(
  meta: KeyMetadata,
  wanted: readonly number[],
  now: number,
  change: (version: number, known: VersionMetadata) => VersionMetadata,
): Transition {
  const versions = new Map(meta.versions)
  let changed = false
  for (const version of new Set(wanted)) {
    const known = versions.get(version)
    if (known === undefined) continue
    const next = change(version, known)
    changed ||= next !== known
    versions.set(version, next)
  }
  return { next: changed ? { ...meta, versions, revision: nextRevision(meta, now) } : meta, prune: [] }
}

/** The larger of the two limits counts, so a key cannot keep fewer than its mount does. */
function versionsKept(config: MountConfig, key: KeySettings): number {
  const kept = Math.max(config.maxVersions, key.maxVersions)
  return kept === 0 ? DEFAULT_MAX_VERSIONS : kept
}

/** Moves when the window is full, also by many at once when the limit has been lowered; never back. */
function oldestKept(oldest: number, current: number, kept: number): number {
  return current - oldest >= kept ? current - kept + 1 : oldest
}

/** The shorter of the two times to live; none where either is switched off. */
function deletionTime(from: number, config: MountConfig, key: KeySettings): number | undefined {
  const mount = config.deleteVersionAfter
  const own = key.deleteVersionAfter
  if (mount < 0 || own < 0 || (mount === 0 && own === 0)) return undefined
  const seconds = mount === 0 || own === 0 ? mount + own : Math.min(mount, own)
  return from + seconds * 1000
}

/** Starts at the clock, so that a key made anew does not take the numbers of the one before it. */
function nextRevision(meta: KeyMetadata | undefined, now: number): number {
  return meta === undefined ? Math.max(1, now) : meta.revision + 1
}

function emptyKey(now: number): KeyMetadata {
  return {
    revision: 0,
    currentVersion: 0,
    oldestVersion: 0,
    createdTime: now,
    updatedTime: now,
    versions: new Map(),
    maxVersions: 0,
    casRequired: false,
    deleteVersionAfter: 0,
    customMetadata: null,
  }
}
