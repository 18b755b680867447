/** JSON Merge Patch (RFC 7396) on documents, and the skeleton of a document. Pure: what is given is never changed. */
import { ExactNumber, type JsonObject, type JsonValue, RawJson } from '../../json/index.ts'

/** Objects merge, null takes a member away, everything else replaces. */
function mergePatch(target: JsonValue, patch: JsonValue): JsonValue {
  return isObject(patch) ? mergeObject(isObject(target) ? target : emptyObject(), patch) : patch
}

export function mergeObject(target: JsonObject, patch: JsonObject): JsonObject {
  const merged = Object.assign(emptyObject(), target)
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name]
    else merged[name] = mergePatch(merged[name] ?? null, value)
  }
  return merged
}

/**
 * The keys of a document, every value null. Objects are followed `depth` levels down (0: all); lists, empty objects and
 * what lies deeper are null too, so that no value can be left.
 */
export function subkeysOf(document: JsonObject, depth: number): JsonObject {
  const keys = emptyObject()
  for (const [name, value] of Object.entries(document)) {
    const follow = depth !== 1 && isObject(value) && Object.keys(value).length > 0
    keys[name] = follow ? subkeysOf(value, Math.max(0, depth - 1)) : null
  }
  return keys
}

export function isObject(value: JsonValue): value is JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return !(value instanceof ExactNumber) && !(value instanceof RawJson)
}

function emptyObject(): JsonObject {
  return Object.create(null) as JsonObject
}
