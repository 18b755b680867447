/**
 * A backend's paths as one table: pattern, operations, handler. The first pattern that matches decides; a known path
 * with another operation is 405, an unknown path 404 (vault-api 1.2).
 */
import type { Description } from './declared-fields.ts'
import { unsupportedOperation, unsupportedPath } from './errors.ts'
import type { Handle, LogicalRequest, LogicalResponse, Operation } from './logical.ts'
import { declaredNames, parameterWarnings, warned } from './parameter-warnings.ts'

/** Named groups of the pattern. Vault: they beat body fields of the same name. */
export type PathParameters = Readonly<Record<string, string>>

export type Handler = (
  request: LogicalRequest,
  parameters: PathParameters,
) => LogicalResponse | Promise<LogicalResponse>

export interface Route extends Description {
  /** Anchored at both ends by the router. */
  readonly pattern: RegExp
  readonly operations: Readonly<Partial<Record<Operation, Handler>>>
}

/** The name of a role, user or key in a URL: no slash, may not end in `-` or `.` (vault-api 1.10). */
export const NAME: string = String.raw`\w(?:(?:[\w.-]+)?\w)?`

export function router(routes: readonly Route[]): Handle {
  const table = routes.map((route) => ({
    pattern: new RegExp(`^(?:${route.pattern.source})$`, route.pattern.flags),
    operations: new Map(Object.entries(route.operations)),
    declared: declaredNames(route),
  }))
  const handle = (request: LogicalRequest): LogicalResponse | Promise<LogicalResponse> => {
    for (const { pattern, operations, declared } of table) {
      const match = pattern.exec(request.path)
      if (match === null) continue
      const handler =
        operations.get(request.operation) ?? (request.operation === 'create' ? operations.get('update') : undefined)
      if (handler === undefined) throw unsupportedOperation()
      const parameters = match.groups ?? {}
      const warnings = declared === undefined ? [] : parameterWarnings(request, declared, parameters)
      return warned(handler(request, parameters), warnings)
    }
    throw unsupportedPath()
  }
  return Object.assign(handle, { routes })
}
