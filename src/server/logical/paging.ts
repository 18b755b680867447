/** `after` and `limit` of a list or scan, as OpenBao has them. */
import type { JsonObject } from '../json/json.ts'
import { intField, stringField } from './fields.ts'

/** `limit` 0 sets no bound; so do negative ones, and `max`, which stands for as many as a policy allows. */
export function pageFields(data: JsonObject): { readonly after: string; readonly limit: number } {
  const limit = data['limit'] === 'max' ? 0 : (intField(data, 'limit') ?? 0)
  return { after: stringField(data, 'after') ?? '', limit: Math.max(0, limit) }
}

/**
 * The fields of a list whose policy sets a bound (`pagination_limit`): no request gets more than that (S31). Who does not
 * say how much, or says 0, nothing or `max`, gets as much as allowed; who asks for more is refused, as in OpenBao.
 *
 * @returns `undefined` for a refusal
 */
export function boundedPageFields(data: JsonObject | undefined, bound: number): JsonObject | undefined {
  const fields = Object.assign(Object.create(null) as JsonObject, data)
  const { limit = null } = fields
  const text = typeof limit === 'string' || typeof limit === 'number' ? String(limit) : ''
  const wanted =
    limit === null || limit === 'max' || limit === '' ? 0 : /^\d{1,15}$/.test(text) ? Number(text) : undefined
  if (wanted === undefined || wanted > bound) return undefined
  fields['limit'] = wanted === 0 ? bound : wanted
  return fields
}
