/**
 * Requests of web pages (vault-api 1.9; S49). Off until `sys/config/cors` says whose pages may ask.
 *
 * Pure. It never allows credentials, so a browser sends no cookie along, and refuses the origin `null`, which any
 * sandboxed page has. A request without an Origin is no page's, and passes.
 */
import type { CoreReply, CorsConfig } from '../core/index.ts'
import { NO_ERRORS, refusal } from './request.ts'

export interface CrossOriginRequest {
  readonly method: string
  readonly origin: string | undefined
  /** Of a preflight: what the page wants to send. */
  readonly requestedMethod: string | undefined
}

export type CorsVerdict =
  | { readonly kind: 'pass'; readonly headers: readonly (readonly [string, string])[] }
  | { readonly kind: 'answer'; readonly reply: CoreReply; readonly headers: readonly (readonly [string, string])[] }

const METHODS = ['DELETE', 'GET', 'OPTIONS', 'POST', 'PUT', 'LIST']
const PASS: CorsVerdict = { kind: 'pass', headers: [] }
const MAX_AGE_SECONDS = 300

export function judgeOrigin(cors: CorsConfig | undefined, request: CrossOriginRequest): CorsVerdict {
  const { method, origin, requestedMethod } = request
  if (cors === undefined || origin === undefined || origin === '') return PASS
  if (!allows(cors, origin)) return { kind: 'answer', reply: refusal(403, 'origin not allowed'), headers: [] }
  const headers = [
    ['Access-Control-Allow-Origin', origin],
    ['Vary', 'Origin'],
  ] as const
  if (method !== 'OPTIONS') return { kind: 'pass', headers }
  if (requestedMethod === undefined || !METHODS.includes(requestedMethod))
    return { kind: 'answer', reply: { status: 405, body: NO_ERRORS }, headers: [] }
  return {
    kind: 'answer',
    reply: { status: 204, body: undefined },
    headers: [
      ...headers,
      ['Access-Control-Allow-Headers', cors.allowedHeaders.join(', ')],
      ['Access-Control-Allow-Methods', METHODS.join(', ')],
      ['Access-Control-Max-Age', String(MAX_AGE_SECONDS)],
    ],
  }
}

function allows({ allowedOrigins }: CorsConfig, origin: string): boolean {
  if (origin === 'null') return false
  return allowedOrigins.includes(origin) || (allowedOrigins.length === 1 && allowedOrigins[0] === '*')
}
