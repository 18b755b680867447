/** `sys/capabilities`, `-self` and `-accessor` (vault-api 3.4). */
import {
  invalidRequest,
  type JsonObject,
  type LogicalRequest,
  type LogicalResponse,
  LogicalError,
  permissionDenied,
  type Route,
  type TokenEntry,
} from '../../logical/index.ts'
import { stringField, stringListField } from '../../logical/fields.ts'
import type { SystemHost } from './host.ts'

export function capabilityRoutes(host: SystemHost): Route[] {
  const route = (name: string, find: (request: LogicalRequest) => TokenEntry): Route => ({
    pattern: new RegExp(name),
    operations: { update: (request) => answer(host, request, find(request)) },
  })
  return [
    route('capabilities-self', ({ caller }) => {
      if (caller === undefined) throw permissionDenied()
      return caller
    }),
    route('capabilities', ({ data }) => {
      const text = stringField(data, 'token') ?? ''
      if (text === '') throw invalidRequest('no token found')
      return known(host.tokenByText(text), 'invalid token')
    }),
    route('capabilities-accessor', ({ data }) =>
      known(host.tokenByAccessor(stringField(data, 'accessor') ?? ''), 'invalid accessor'),
    ),
  ]
}

function known(token: TokenEntry | undefined, text: string): TokenEntry {
  if (token === undefined) throw new LogicalError('invalid-request', text, 'wrapped')
  return token
}

function answer(host: SystemHost, { data }: LogicalRequest, token: TokenEntry): LogicalResponse {
  const paths = stringListField(data, 'paths') ?? stringListField(data, 'path') ?? []
  if (paths.length === 0) throw invalidRequest('paths must be supplied')
  const out = Object.create(null) as JsonObject
  for (const path of paths) out[path] = [...host.capabilities(token, path)]
  const [only] = paths
  if (paths.length === 1 && only !== undefined) out['capabilities'] = [...host.capabilities(token, only)]
  return { kind: 'data', data: out }
}
