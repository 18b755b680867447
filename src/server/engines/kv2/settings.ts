/** The settings that a mount and a key have alike, as requests give them. Only what is given is returned. */
import { boolField, intField, signedDurationField } from '../../logical/fields.ts'
import { type Fields, invalidRequest, type JsonObject } from '../../logical/index.ts'
import type { MountConfig } from './versions.ts'

export const SETTING_FIELDS: Fields = {
  max_versions: {
    type: 'int',
    about: 'How many versions are kept; 0 leaves it to the mount, and there stands for 10.',
  },
  cas_required: { type: 'bool', about: 'Whether every write must name the version that it expects to replace.' },
  delete_version_after: {
    type: 'duration',
    about: 'After how long a version is deleted by itself; 0 for never, and of the mount a negative one as well.',
  },
}

const MAX_UINT32 = 4_294_967_295
/** Vault holds durations as 64-bit nanoseconds. */
const MAX_SECONDS = 9_223_372_036

/** @throws {LogicalError} */
export function settingsParameter(data: JsonObject): Partial<MountConfig> {
  const maxVersions = intField(data, 'max_versions')
  const casRequired = boolField(data, 'cas_required')
  const deleteVersionAfter = signedDurationField(data, 'delete_version_after')
  if (maxVersions !== undefined && (maxVersions < 0 || maxVersions > MAX_UINT32)) {
    throw invalidRequest(`max_versions must be between 0 and ${MAX_UINT32}`)
  }
  if (deleteVersionAfter !== undefined && Math.abs(deleteVersionAfter) > MAX_SECONDS) {
    throw invalidRequest(`delete_version_after must not be longer than ${MAX_SECONDS} seconds`)
  }
  return {
    ...(maxVersions === undefined ? {} : { maxVersions }),
    ...(casRequired === undefined ? {} : { casRequired }),
    ...(deleteVersionAfter === undefined ? {} : { deleteVersionAfter: Math.trunc(deleteVersionAfter) }),
  }
}

/** What a merge patch takes away with null goes back to its default. */
export function clearedSettings(data: JsonObject): Partial<MountConfig> {
  return {
    ...(data['max_versions'] === null ? { maxVersions: 0 } : {}),
    ...(data['cas_required'] === null ? { casRequired: false } : {}),
    ...(data['delete_version_after'] === null ? { deleteVersionAfter: 0 } : {}),
  }
}

export function casWarnings(config: MountConfig, changes: Partial<MountConfig>): readonly string[] {
  if (!config.casRequired || changes.casRequired !== false) return []
  return ['"cas_required" set to false, but is mandated by backend config. This value will be ignored.']
}
