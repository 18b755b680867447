/** `sys/capabilities`, `-self` and `-accessor` (vault-api 3.4). */
import {
  type Field,
  type Fields,
  invalidRequest,
  type JsonObject,
  LogicalError,
  type LogicalRequest,
  type LogicalResponse,
  permissionDenied,
  type Route,
  type TokenEntry,
} from '../../logical/index.ts'
import { stringField, stringListField } from '../../logical/fields.ts'
import type { SystemHost } from './host.ts'

const TOKEN: Field = { type: 'string', about: 'The token that is meant.' }
const ACCESSOR: Field = { type: 'string', about: 'The accessor of the token that is meant.' }
const PATHS: Fields = {
  paths: { type: 'list', about: 'The paths that are asked about.' },
  path: { type: 'list', about: 'The older name of paths.', deprecated: true },
}

export function capabilityRoutes(host: SystemHost): Route[] {
  const route = (
    name: string,
    of: { readonly about: string; readonly fields: Fields },
    find: (request: LogicalRequest) => TokenEntry,
  ): Route => ({
    pattern: new RegExp(name),
    about: of.about,
    fields: { ...of.fields, ...PATHS },
    operations: { update: (request) => answer(host, request, find(request)) },
  })
  return [
    route('capabilities-self', { about: 'What the token that asks may do at paths.', fields: {} }, ({ caller }) => {
      if (caller === undefined) throw permissionDenied()
      return caller
    }),
    route('capabilities', { about: 'What a token may do at paths.', fields: { token: TOKEN } }, ({ data }) => {
      const text = stringField(data, 'token') ?? ''
      if (text === '') throw invalidRequest('no token found')
      return known(host.tokenByText(text), 'invalid token')
    }),
    route(
      'capabilities-accessor',
      { about: 'What the token with this accessor may do at paths.', fields: { accessor: ACCESSOR } },
      ({ data }) => known(host.tokenByAccessor(stringField(data, 'accessor') ?? ''), 'invalid accessor'),
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
