/**
 * The query as request data, and the switches among it that choose the operation (vault-api 1.2).
 */
import type { JsonObject, JsonValue } from '../json/json.ts'

export type Query =
  | { readonly kind: 'query'; readonly data: JsonObject; readonly verb: 'LIST' | 'SCAN' | undefined }
  | { readonly kind: 'refused' }

const TRUE = new Set(['1', 't', 'T', 'TRUE', 'true', 'True'])
const FALSE = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False'])

/** `search` without its question mark. A repeated name gives a list. `list` and `scan` are taken out of the data. */
export function parseQuery(search: string): Query {
  const data = Object.create(null) as JsonObject
  const switches = { list: false, scan: false }
  for (const [name, value] of new URLSearchParams(search)) {
    if (name === 'list' || name === 'scan') {
      if (!TRUE.has(value) && !FALSE.has(value)) return { kind: 'refused' }
      switches[name] = TRUE.has(value)
      continue
    }
    const before: JsonValue | undefined = data[name]
    if (before === undefined) data[name] = value
    else if (Array.isArray(before)) before.push(value)
    else data[name] = [before, value]
  }
  const { list, scan } = switches
  if (list && scan) return { kind: 'refused' }
  return { kind: 'query', data, verb: list ? 'LIST' : scan ? 'SCAN' : undefined }
}
