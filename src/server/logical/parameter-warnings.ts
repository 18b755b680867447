/**
 * What Vault says of parameters that an endpoint did not use, and of those that the path has set (vault-api 1.5).
 *
 * Invariant: warnings hold names, never values: they stand in the audit log in clear. An answer without a body stays one:
 * no client sees 200 where it expects 204, or 404 with an envelope where it expects one without.
 */
import type { JsonObject } from '../json/json.ts'
import { type Description, PAGE_FIELDS } from './declared-fields.ts'
import type { LogicalRequest, LogicalResponse } from './logical.ts'

const NOTHING: readonly string[] = []

/** `undefined` where nothing is to be warned of. */
export function declaredNames({ fields, arbitrary }: Description): ReadonlySet<string> | undefined {
  return fields === undefined || arbitrary === true ? undefined : new Set(Object.keys(fields))
}

/** `captured` are the groups of the path's pattern; those that took no part are `undefined`. */
export function parameterWarnings(
  { data, operation }: Pick<LogicalRequest, 'data' | 'operation'>,
  declared: ReadonlySet<string>,
  captured: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const names = Object.keys(data)
  // Most requests: nothing to sort, nothing to make.
  if (names.length === 0) return NOTHING
  // The pipeline itself reads and sets the page of a list (`pagination_limit`).
  const isPage = (name: string): boolean =>
    (operation === 'list' || operation === 'scan') && Object.hasOwn(PAGE_FIELDS, name)
  const ignored = names.filter((name) => !declared.has(name) && !isPage(name))
  const replaced = Object.keys(captured).filter((name) => captured[name] !== undefined && isGiven(data, name))
  return [
    ...told('Endpoint ignored these unrecognized parameters', ignored),
    ...told(
      "Endpoint replaced the value of these parameters with the values captured from the endpoint's path",
      replaced,
    ),
  ]
}

/** The answer with these warnings behind its own, where an answer of its kind has a place for them. */
export function warned(
  response: LogicalResponse | Promise<LogicalResponse>,
  warnings: readonly string[],
): LogicalResponse | Promise<LogicalResponse> {
  // Most answers: none to add, nothing to wait for.
  if (warnings.length === 0) return response
  return response instanceof Promise
    ? response.then((answer) => withWarnings(answer, warnings))
    : withWarnings(response, warnings)
}

function withWarnings(response: LogicalResponse, warnings: readonly string[]): LogicalResponse {
  if (!hasPlace(response)) return response
  return { ...response, warnings: [...(response.warnings ?? []), ...warnings] } as LogicalResponse
}

function hasPlace(response: LogicalResponse): boolean {
  switch (response.kind) {
    case 'none':
      return response.warnings !== undefined && response.warnings.length > 0
    case 'list':
      return response.keys.length > 0 || response.more !== undefined
    case 'gone':
      return response.data !== null
    case 'data':
    case 'grant':
    case 'auth':
      return true
    case 'document':
    case 'raw':
    case 'stream':
    case 'wrapped':
    case 'accepted':
      return false
  }
}

function isGiven(data: JsonObject, name: string): boolean {
  return Object.hasOwn(data, name) && data[name] !== null
}

function told(what: string, names: string[]): string[] {
  return names.length === 0 ? [] : [`${what}: [${names.sort().join(' ')}]`]
}
