/** The head of a request -> what the core understands, or the refusal that it gets at once. */
import type { IncomingHttpHeaders } from 'node:http'
import { type CoreMethod, type CoreReply, type CoreRequest, type Flaw, takesUpload } from '../core/index.ts'
import { LogicalError } from '../logical/index.ts'
import { canonicalPath } from './path.ts'
import { parseQuery } from './query.ts'

/** As it came, from wherever it came. */
export interface Head {
  /** LIST, SCAN and HELP by their own names. */
  readonly method: string
  /** The request target with its query. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly remoteAddress: string
  readonly remotePort: number
  readonly openMetrics: boolean
}

/** What is to be read behind the head. */
export type BodyKind = 'none' | 'document' | 'upload'

export type ReadHead =
  | { readonly kind: 'request'; readonly request: CoreRequest; readonly body: BodyKind }
  /** Without a flaw it is merely for nothing that is here. */
  | { readonly kind: 'refused'; readonly reply: CoreReply; readonly flaw: Flaw | undefined }

const METHODS: ReadonlyMap<string, CoreMethod> = new Map([
  ['GET', 'GET'],
  ['HEAD', 'HEAD'],
  ['POST', 'POST'],
  ['PUT', 'PUT'],
  ['PATCH', 'PATCH'],
  ['DELETE', 'DELETE'],
  ['LIST', 'LIST'],
  ['SCAN', 'SCAN'],
  ['HELP', 'HELP'],
])
const WITH_BODY: ReadonlySet<CoreMethod> = new Set<CoreMethod>(['POST', 'PUT', 'PATCH'])
const LONGEST_TOKEN = 32 * 1024

export const NO_ERRORS = '{"errors":[]}\n'

export function readHead(head: Head): ReadHead {
  const method = METHODS.get(head.method)
  if (method === undefined) return refused(405, undefined, 'method')
  const { url, headers, remoteAddress, remotePort } = head
  const mark = url.indexOf('?')
  const path = canonicalPath(mark === -1 ? url : url.slice(0, mark))
  if (path.kind === 'refused') return refused(path.status, path.text, path.status === 404 ? undefined : 'path')
  const token = tokenOf(headers)
  if (token === undefined) return refused(400, 'the token header is too long or holds control characters', 'token')
  const query = mark === -1 ? undefined : parseQuery(url.slice(mark + 1))
  if (query?.kind === 'refused') return refused(400, undefined, 'query')
  const request: CoreRequest = {
    method: method === 'GET' ? (query?.verb ?? method) : method,
    path: path.path,
    query: query?.data,
    body: undefined,
    contentType: headers['content-type'] ?? '',
    token,
    namespace: headerOf(headers, 'x-vault-namespace'),
    wrapTtl: headerOf(headers, 'x-vault-wrap-ttl'),
    header: (name) => (Object.hasOwn(headers, name) ? headerOf(headers, name) : undefined),
    remoteAddress,
    remotePort,
    openMetrics: head.openMetrics,
  }
  return { kind: 'request', request, body: bodyKindOf(method, path.path) }
}

function bodyKindOf(method: CoreMethod, path: string): BodyKind {
  if (!WITH_BODY.has(method)) return 'none'
  return takesUpload(path) ? 'upload' : 'document'
}

export function refusal(status: number, text: string | undefined): CoreReply {
  return { status, body: text === undefined ? NO_ERRORS : `${JSON.stringify({ errors: [text] })}\n` }
}

/** What an error says to the client by itself; `undefined` for a bug. */
export function refusalFor(error: unknown): CoreReply | undefined {
  return error instanceof LogicalError ? refusal(error.status, error.clientText) : undefined
}

function refused(status: number, text: string | undefined, flaw: Flaw | undefined): ReadHead {
  return { kind: 'refused', flaw, reply: refusal(status, text) }
}

/** X-Vault-Token, else a bearer token; empty when there is none, `undefined` when it cannot be one (S56). */
function tokenOf(headers: IncomingHttpHeaders): string | undefined {
  const { authorization } = headers
  const token =
    headerOf(headers, 'x-vault-token') ||
    (authorization?.startsWith('Bearer ') === true ? authorization.slice(7).trim() : '')
  if (token === '') return token
  return token.length > LONGEST_TOKEN || !/^[\x20-\x7e]*$/.test(token) ? undefined : token
}

function headerOf(headers: IncomingHttpHeaders, name: string): string {
  const value = headers[name]
  return Array.isArray(value) ? (value[0] ?? '') : (value ?? '')
}
