/**
 * `sys/config/cors` and `sys/config/auditing/request-headers` (vault-api 1.9, 4.3, 12): which web pages may ask this
 * server, and which request headers stand in the audit log. Both are empty at first, and need sudo.
 */
import {
  invalidRequest,
  type JsonObject,
  type LogicalRequest,
  type LogicalResponse,
  type Route,
} from '../../logical/index.ts'
import { boolField, stringListField } from '../../logical/fields.ts'

/** Whose pages may ask. `undefined`: nobody's. */
export interface CorsConfig {
  /** `['*']`, or origins as browsers send them: `https://example.com`. */
  readonly allowedOrigins: readonly string[]
  /** Beside `CORS_HEADERS`. */
  readonly allowedHeaders: readonly string[]
}

/** By header name in lower case: whether its value is hashed. */
export type AuditedHeaders = Readonly<Record<string, { readonly hmac: boolean }>>

interface Settable<T> {
  get(): T
  change(change: (now: T) => T): Promise<void>
}

export interface ConfigPort {
  readonly cors: Settable<CorsConfig | null>
  readonly auditedHeaders: Settable<AuditedHeaders>
}

/** Those of Vault, which its clients in browsers send. */
export const CORS_HEADERS: readonly string[] = [
  'Content-Type',
  'X-Requested-With',
  'X-Vault-AWS-IAM-Server-ID',
  'X-Vault-MFA',
  'X-Vault-No-Request-Forwarding',
  'X-Vault-Wrap-Format',
  'X-Vault-Wrap-TTL',
  'X-Vault-Policy-Override',
  'Authorization',
  'X-Vault-Token',
]
/** They hold tokens. */
const NEVER_LOGGED = new Set(['authorization', 'cookie', 'proxy-authorization', 'x-vault-token'])
const HEADER_NAME = /^[!#$%&'*+.^_`|~\w-]+$/

export function configRoutes({ cors, auditedHeaders }: ConfigPort): Route[] {
  const done = async (change: Promise<void>): Promise<LogicalResponse> => {
    await change
    return { kind: 'none' }
  }
  return [
    {
      pattern: /config\/cors/,
      about: 'Which web pages may ask this server.',
      fields: {
        allowed_origins: { type: 'list', about: 'Origins as browsers send them, or `*` alone.' },
        allowed_headers: { type: 'list', about: 'Headers that pages may send, beside those of this API.' },
      },
      operations: {
        read: () => ({ kind: 'data', data: shownCors(cors.get()) }),
        update: ({ data }) => {
          const config = corsOf(data)
          return done(cors.change(() => config))
        },
        delete: () => done(cors.change(() => null)),
      },
    },
    {
      pattern: /config\/auditing\/request-headers\/?/,
      about: 'Which request headers stand in the audit log.',
      fields: {},
      operations: { read: () => ({ kind: 'data', data: { headers: shownHeaders(auditedHeaders.get()) } }) },
    },
    {
      pattern: /config\/auditing\/request-headers\/(?<header>[^/]+)/,
      about: 'Whether a request header stands in the audit log.',
      fields: {
        header: { type: 'string', in: 'path', about: 'The name of the header.' },
        hmac: { type: 'bool', about: 'Whether its value is hashed.' },
      },
      operations: {
        read: (_, { header: name = '' }) => {
          const setting = Object.hasOwn(auditedHeaders.get(), name.toLowerCase())
            ? auditedHeaders.get()[name.toLowerCase()]
            : undefined
          if (setting === undefined) throw invalidRequest('Could not find header in config')
          return { kind: 'data', data: shownHeaders({ [name]: setting }) }
        },
        update: (request, { header: name = '' }) =>
          done(auditedHeaders.change(withHeader(name.toLowerCase(), request))),
        delete: (_, { header: name = '' }) => done(auditedHeaders.change((now) => without(now, name.toLowerCase()))),
      },
    },
  ]
}

function corsOf(data: JsonObject): CorsConfig {
  const allowedOrigins = stringListField(data, 'allowed_origins')?.filter((origin) => origin !== '') ?? []
  if (allowedOrigins.length === 0) throw invalidRequest('at least one origin or the wildcard must be provided')
  if (allowedOrigins.includes('*') && allowedOrigins.length > 1)
    throw invalidRequest("to allow all origins the '*' must be the only value for allowed_origins")
  const allowedHeaders = stringListField(data, 'allowed_headers')?.filter((header) => header !== '') ?? []
  if (!allowedHeaders.every((header) => HEADER_NAME.test(header)))
    throw invalidRequest('allowed_headers holds something that is no name of a header')
  return { allowedOrigins, allowedHeaders }
}

function shownCors(config: CorsConfig | null): JsonObject {
  if (config === null) return { enabled: false }
  return {
    enabled: true,
    allowed_origins: [...config.allowedOrigins],
    allowed_headers: [...CORS_HEADERS, ...config.allowedHeaders],
  }
}

function withHeader(name: string, { data }: LogicalRequest): (now: AuditedHeaders) => AuditedHeaders {
  if (!HEADER_NAME.test(name)) throw invalidRequest('this is no name of a header')
  if (NEVER_LOGGED.has(name)) throw invalidRequest('this header is never logged: it carries the token')
  const hmac = boolField(data, 'hmac') ?? false
  return (now) => ({ ...without(now, name), [name]: { hmac } })
}

function without(headers: AuditedHeaders, name: string): AuditedHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([other]) => other !== name))
}

function shownHeaders(headers: AuditedHeaders): JsonObject {
  return Object.fromEntries(Object.entries(headers).map(([name, { hmac }]) => [name, { hmac }]))
}
