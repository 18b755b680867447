/**
 * A backend's paths as one table: pattern, operations, handler. The first pattern that matches decides; a known path
 * with another operation is 405, an unknown path 404 (vault-api 1.2).
 */
import { unsupportedOperation, unsupportedPath } from './errors.ts'
import type { Handle, LogicalRequest, LogicalResponse, Operation } from './logical.ts'

/** Named groups of the pattern. Vault: they beat body fields of the same name. */
export type PathParameters = Readonly<Record<string, string>>

export type Handler = (
  request: LogicalRequest,
  parameters: PathParameters,
) => LogicalResponse | Promise<LogicalResponse>

export interface Route {
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
  }))
  const handle = (request: LogicalRequest): LogicalResponse | Promise<LogicalResponse> => {
    for (const { pattern, operations } of table) {
      const match = pattern.exec(request.path)
      if (match === null) continue
      const handler =
        operations.get(request.operation) ?? (request.operation === 'create' ? operations.get('update') : undefined)
      if (handler === undefined) throw unsupportedOperation()
      return handler(request, match.groups ?? {})
    }
    throw unsupportedPath()
  }
  return Object.assign(handle, { routes })
}
