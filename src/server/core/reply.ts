/**
 * Outcomes as replies: the envelope, 204, 404, and the one place where an error becomes a status (vault-api 1.7, 1.8).
 */
import { BarrierError } from '../barrier/index.ts'
import { type JsonObject, stringifyJson } from '../json/index.ts'
import { formatInstant } from '../logical/duration.ts'
import { type AuthBlock, LogicalError, type LogicalResponse, type Operation, type WrapInfo } from '../logical/index.ts'
import type { Verdict } from '../quota/index.ts'
import { StorageKeyError, StoreError } from '../storage/index.ts'
import type { CoreReply } from './request.ts'

/** A backend's answer after the pipeline has turned a grant into a token. */
export type Outcome = Exclude<LogicalResponse, { kind: 'grant' }>

const EMPTY_ERRORS = '{"errors":[]}\n'

/** Routes whose data also stands at the top level, where old clients look for it. */
const FLATTENED =
  /^sys\/(?:audit|audit-hash\/.+|auth(?:\/.+)?|capabilities(?:-self|-accessor)?|ha-status|key-status|mounts(?:\/.+)?|policy(?:\/.*)?|rekey\/backup|remount|config\/cors|config\/auditing\/request-headers)$/

export interface ReplyContext {
  readonly id: string
  readonly path: string
  readonly operation: Operation | 'help'
  readonly mountType: string
  /** Of the mount, in seconds. */
  readonly defaultLeaseTtl: number
}

export function replyTo(outcome: Outcome, context: ReplyContext): CoreReply {
  const warnings = outcome.warnings ?? []
  switch (outcome.kind) {
    case 'none': {
      const reads = isReading(context.operation)
      if (warnings.length > 0) return envelope(reads ? 404 : 200, context, null, undefined, warnings)
      return reads ? { status: 404, body: EMPTY_ERRORS } : { status: 204, body: undefined }
    }
    case 'list':
      if (outcome.keys.length === 0 && outcome.more === undefined && warnings.length === 0)
        return { status: 404, body: EMPTY_ERRORS }
      return envelope(200, context, dataOf(outcome) ?? null, undefined, warnings)
    case 'data':
      return envelope(200, context, outcome.data, undefined, warnings, leaseSeconds(outcome.leaseDuration, context))
    case 'document':
      return { status: 200, body: `${stringifyJson(outcome.data)}\n` }
    case 'gone':
      return envelope(404, context, outcome.data, undefined, warnings)
    case 'auth':
      return envelope(200, context, null, outcome.auth, warnings)
    case 'accepted':
      return envelope(202, context, null, undefined, warnings)
    case 'raw':
      return {
        ...(outcome.contentType === undefined ? {} : { contentType: outcome.contentType }),
        status: outcome.status,
        body: outcome.body,
      }
    case 'stream':
      return { status: 200, body: undefined, stream: outcome.stream, headers: ['Content-Disposition', 'attachment'] }
    case 'wrapped':
      return wrappedReply(outcome.info)
  }
}

/** Whether an operation only looks. */
export function isReading(operation: Operation | 'help'): boolean {
  return operation === 'read' || operation === 'list' || operation === 'scan' || operation === 'help'
}

/** The data of an outcome, for the envelope and for the audit log. */
export function dataOf(outcome: Outcome): JsonObject | undefined {
  switch (outcome.kind) {
    case 'data':
    case 'document':
      return outcome.data
    case 'gone':
      return outcome.data ?? undefined
    case 'list':
      return Object.assign(Object.create(null) as JsonObject, outcome.more, { keys: [...outcome.keys] })
    case 'raw':
      // One text: hashed as a whole, nothing of it stands in clear (S11).
      return {
        http_content_type: outcome.contentType ?? 'application/json',
        http_raw_body: outcome.body,
        http_status_code: outcome.status,
      }
    case 'none':
    case 'auth':
    case 'accepted':
    case 'stream':
    case 'wrapped':
      return undefined
  }
}

/** 404 that says nothing. */
export function isEmptyReply(reply: CoreReply): boolean {
  return reply.body === EMPTY_ERRORS
}

/** What a client is told of an error, and the audit log; `undefined` for a bug, whose text may hold anything. */
export function toldOf(error: unknown): LogicalError | undefined {
  if (error instanceof LogicalError) return error
  // A name that no store can hold: the client's doing, wherever it was noticed.
  if (error instanceof StorageKeyError) return new LogicalError('invalid-request', error.message, 'bare')
  // Sealed while the request was under way, or a snapshot took the content's place.
  const sealed =
    (error instanceof BarrierError && error.code === 'barrier-sealed') ||
    (error instanceof StoreError && error.code === 'store-replaced')
  return sealed ? new LogicalError('sealed', 'Vault is sealed', 'bare') : undefined
}

/** Every error that nothing can be told of is a bug: a bare 500, the cause told to `report`. */
export function replyToError(error: unknown, report: (error: unknown) => void): CoreReply {
  const told = toldOf(error)
  if (told !== undefined) return { status: told.status, body: `${JSON.stringify({ errors: [told.clientText] })}\n` }
  report(error)
  return {
    status: 500,
    body: `${JSON.stringify({ errors: [new LogicalError('internal', 'internal error', 'wrapped').clientText] })}\n`,
  }
}

function envelope(
  status: number,
  context: ReplyContext,
  data: JsonObject | null,
  auth: AuthBlock | undefined,
  warnings: readonly string[],
  leaseDuration = 0,
): CoreReply {
  const text =
    `{"request_id":"${context.id}","lease_id":"","renewable":false,"lease_duration":${leaseDuration},"data":${data === null ? 'null' : stringifyJson(data)}` +
    `,"wrap_info":null,"warnings":${warnings.length === 0 ? 'null' : JSON.stringify(warnings)}` +
    `,"auth":${auth === undefined ? 'null' : JSON.stringify(wireAuth(auth))},"mount_type":"${context.mountType}"`
  return { status, body: `${text}${data !== null && FLATTENED.test(context.path) ? flattened(data) : ''}}\n` }
}

/** The request's own id is in the answer that was wrapped. */
function wrappedReply(info: WrapInfo): CoreReply {
  return rawReply(200, {
    request_id: '',
    lease_id: '',
    renewable: false,
    lease_duration: 0,
    data: null,
    wrap_info: {
      token: info.token,
      accessor: info.accessor,
      ttl: info.ttl,
      creation_time: formatInstant(info.creationTime),
      creation_path: info.creationPath,
      ...(info.wrappedAccessor === '' ? {} : { wrapped_accessor: info.wrappedAccessor }),
    },
    warnings: null,
    auth: null,
    mount_type: '',
  })
}

function leaseSeconds(duration: number | 'default' = 0, { defaultLeaseTtl }: ReplyContext): number {
  return duration === 'default' ? defaultLeaseTtl : duration
}

const ENVELOPE = new Set([
  'request_id',
  'lease_id',
  'renewable',
  'lease_duration',
  'data',
  'wrap_info',
  'warnings',
  'auth',
  'mount_type',
])

function flattened(data: JsonObject): string {
  return Object.entries(data)
    .filter(([name]) => !ENVELOPE.has(name))
    .map(([name, value]) => `,${JSON.stringify(name)}:${stringifyJson(value)}`)
    .join('')
}

function wireAuth(auth: AuthBlock): Record<string, unknown> {
  return {
    client_token: auth.clientToken,
    accessor: auth.accessor,
    policies: auth.policies,
    token_policies: auth.policies,
    metadata: auth.metadata,
    lease_duration: auth.leaseDuration,
    renewable: auth.renewable,
    entity_id: auth.entityId,
    token_type: auth.tokenType,
    orphan: auth.orphan,
    mfa_requirement: null,
    num_uses: auth.numUses,
  }
}

/** What a rate limit leaves, where that was asked for. */
export function withLimit(reply: CoreReply, verdict: Verdict | undefined, told: boolean): CoreReply {
  if (!told || verdict === undefined || verdict.kind === 'unlimited') return reply
  const wait = String(verdict.waitSeconds)
  return {
    ...reply,
    headers: [
      ...(reply.headers ?? []),
      'X-Ratelimit-Limit',
      String(verdict.limit),
      'X-Ratelimit-Remaining',
      String(verdict.remaining),
      'X-Ratelimit-Reset',
      wait,
      ...(verdict.kind === 'exceeded' ? ['Retry-After', wait] : []),
    ],
  }
}

/** Plain JSON of a raw reply (`sys/health` and its like). */
export function rawReply(status: number, value: Readonly<Record<string, unknown>>): CoreReply {
  return { status, body: `${JSON.stringify(value)}\n` }
}
