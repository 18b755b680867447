/** `sys/wrapping`: wrap, lookup, unwrap, rewrap (vault-api 4.1). That other answers are wrapped is the core's work. */
import {
  badWrappingToken,
  invalidRequest,
  type LogicalRequest,
  type LogicalResponse,
  permissionDenied,
  type Route,
} from '../../logical/index.ts'
import { formatInstant } from '../../logical/duration.ts'
import { stringField } from '../../logical/fields.ts'
import type { WrappingPort } from './host.ts'

export function wrappingRoutes(wrapping: WrappingPort): Route[] {
  const find = (request: LogicalRequest) => lookup(wrapping, request)
  return [
    { pattern: /wrapping\/wrap/, operations: { update: wrap } },
    { pattern: /wrapping\/lookup/, operations: { read: find, update: find } },
    { pattern: /wrapping\/unwrap/, operations: { update: (request) => unwrap(wrapping, request) } },
    { pattern: /wrapping\/rewrap/, operations: { update: (request) => rewrap(wrapping, request) } },
  ]
}

/** The data itself is the answer, which the core then wraps. */
function wrap({ data, wrapTtl = 0 }: LogicalRequest): LogicalResponse {
  if (wrapTtl === 0) throw invalidRequest('endpoint requires response wrapping to be used')
  return { kind: 'data', data }
}

/** Who knows the token may ask, with or without another. */
function lookup(wrapping: WrappingPort, { data, clientToken }: LogicalRequest): LogicalResponse {
  const token = given(data) || clientToken
  if (token === '') throw invalidRequest('missing "token" value in input')
  const found = wrapping.find(token)
  if (found === undefined) throw badWrappingToken()
  return {
    kind: 'data',
    data: {
      creation_ttl: found.creationTtl,
      creation_time: formatInstant(found.creationTime),
      creation_path: found.creationPath,
    },
  }
}

async function unwrap(wrapping: WrappingPort, request: LogicalRequest): Promise<LogicalResponse> {
  const { data, clientToken, caller } = request
  if (caller === undefined) throw permissionDenied()
  const token = given(data)
  const own = token === '' || token === clientToken
  const found = own ? wrapping.takeSpent(caller) : await wrapping.take(token)
  if (found === undefined) throw badWrappingToken()
  return { kind: 'raw', status: found.status, body: found.body }
}

/** A new token for the same answer. A shorter life may be asked for, a longer one not. */
async function rewrap(wrapping: WrappingPort, { data, wrapTtl = 0 }: LogicalRequest): Promise<LogicalResponse> {
  const info = await wrapping.rewrap(given(data), wrapTtl)
  if (info === undefined) throw badWrappingToken()
  return { kind: 'wrapped', info }
}

function given(data: LogicalRequest['data']): string {
  return stringField(data, 'token') ?? ''
}
