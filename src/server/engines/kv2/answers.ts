/** Versions, keys and settings as the API shows them (vault-api 6). Members in the order in which Vault sorts them. */
import type { JsonObject } from '../../json/index.ts'
import type { KeyMetadata, MountConfig } from './versions.ts'

/** `undefined` for a version that the key does not have. */
export function versionAnswer(meta: KeyMetadata, version: number): JsonObject | undefined {
  const found = meta.versions.get(version)
  if (found === undefined) return undefined
  return object({
    created_time: timeText(found.createdTime),
    custom_metadata: customMetadataAnswer(meta),
    deletion_time: timeText(found.deletionTime),
    destroyed: found.destroyed,
    version,
  })
}

export function keyAnswer(meta: KeyMetadata): JsonObject {
  const versions = object({})
  for (const [version, { createdTime, deletionTime, destroyed }] of meta.versions) {
    versions[String(version)] = object({
      created_time: timeText(createdTime),
      deletion_time: timeText(deletionTime),
      destroyed,
    })
  }
  return object({
    cas_required: meta.casRequired,
    created_time: timeText(meta.createdTime),
    current_version: meta.currentVersion,
    custom_metadata: customMetadataAnswer(meta),
    delete_version_after: durationText(meta.deleteVersionAfter),
    max_versions: meta.maxVersions,
    oldest_version: meta.oldestVersion,
    updated_time: timeText(meta.updatedTime),
    versions,
  })
}

export function configAnswer(config: MountConfig): JsonObject {
  return object({
    cas_required: config.casRequired,
    delete_version_after: durationText(config.deleteVersionAfter),
    max_versions: config.maxVersions,
  })
}

/** Without a prototype: a member may have any name (S55). */
export function object(members: JsonObject): JsonObject {
  return Object.assign(Object.create(null) as JsonObject, members)
}

/** As Go writes whole seconds: `0s`, `45s`, `30m0s`, `768h0m0s`, `-1s`. */
export function durationText(seconds: number): string {
  const size = Math.abs(seconds)
  const hours = Math.floor(size / 3600)
  const minutes = Math.floor((size % 3600) / 60)
  const parts = hours > 0 ? `${hours}h${minutes}m` : minutes > 0 ? `${minutes}m` : ''
  return `${seconds < 0 ? '-' : ''}${parts}${size % 60}s`
}

function customMetadataAnswer({ customMetadata }: KeyMetadata): JsonObject | null {
  // Vault keeps no difference between none and an empty one.
  if (customMetadata === null || customMetadata.size === 0) return null
  const answer = object({})
  for (const [key, value] of customMetadata) answer[key] = value
  return answer
}

function timeText(time: number | undefined): string {
  return time === undefined ? '' : new Date(time).toISOString()
}
