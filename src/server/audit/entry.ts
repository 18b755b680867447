/**
 * The lines of the audit log, as Vault writes them: one JSON object a line, keys omitted when empty (vault-api 12).
 *
 * Pure: facts and a hasher in, text out. Errors stand in clear, so no error text may hold a submitted value (S10).
 */
import { type JsonObject, stringifyJson } from '../json/index.ts'
import { formatInstant } from '../logical/duration.ts'
import type { AuthBlock, Operation, TokenEntry, WrapInfo } from '../logical/index.ts'
import { CLEAR, type Hasher } from './hash.ts'

/** What is known of a request when its line is written. */
export interface AuditedRequest {
  readonly id: string
  readonly operation: Operation | 'help'
  /** Without `/v1/`. */
  readonly path: string
  readonly data: JsonObject | undefined
  readonly clientToken: string
  /** Those that the operator wants in the log. */
  readonly headers: readonly { readonly name: string; readonly value: string; readonly hmac: boolean }[]
  readonly caller: TokenEntry | undefined
  readonly remoteAddress: string
  readonly remotePort: number
  readonly mount: AuditedMount | undefined
  /** Names of the policies that allowed it; `undefined` while nothing has been decided. */
  readonly grantedBy: readonly string[] | undefined
  /** Unix milliseconds. */
  readonly time: number
  /** Seconds; 0 or absent when the answer is not to be wrapped. */
  readonly wrapTtl?: number
}

export interface AuditedMount {
  readonly path: string
  readonly type: string
  readonly accessor: string
  readonly class: 'secret' | 'auth' | 'system'
  /** Names of top-level fields that stay in clear. */
  readonly config: {
    readonly auditNonHmacRequestKeys: readonly string[]
    readonly auditNonHmacResponseKeys: readonly string[]
  }
}

export interface AuditedResponse {
  readonly data: JsonObject | undefined
  readonly auth: AuthBlock | undefined
  readonly warnings: readonly string[]
  readonly time: number
  /** Of a wrapped answer, of which nothing else is told. */
  readonly wrapInfo?: WrapInfo | undefined
}

export interface EntryOptions {
  /** Default true. */
  readonly hmacAccessor: boolean
  readonly elideListResponses: boolean
  /** Default false. True writes every secret in clear. */
  readonly logRaw: boolean
  /** Before each line. Default empty. */
  readonly prefix: string
}

/**
 * Builds lines for one device. What comes again and again is built once and kept as long as it lives: what is said of a
 * token, of a mount, of the policies that granted.
 */
export function createEntries(deviceHasher: Hasher, options: EntryOptions) {
  const { prefix } = options
  const hasher = options.logRaw ? CLEAR : deviceHasher
  const callers = new WeakMap<TokenEntry, string>()
  const mounts = new WeakMap<AuditedMount, string>()
  const grants = new WeakMap<readonly string[], string>()
  /** Of requests under way, whose second line is still to come. */
  const subjects = new WeakMap<AuditedRequest, string>()
  const accessor = (value: string) => (options.hmacAccessor ? hasher.text(value) : value)

  function callerMembers(request: AuditedRequest, caller: TokenEntry): string {
    return remembered(callers, caller, () =>
      members(
        member('client_token', text(hasher.text(request.clientToken))),
        optional('accessor', caller.accessor, accessor),
        optional('display_name', caller.displayName),
        member('policies', JSON.stringify(caller.policies)),
        member('token_policies', JSON.stringify(caller.policies)),
        caller.noDefaultPolicy ? member('no_default_policy', 'true') : '',
        caller.meta === null ? '' : member('metadata', JSON.stringify(caller.meta)),
        optional('entity_id', caller.entityId),
        member('token_type', text(caller.type)),
        caller.creationTtl === 0 ? '' : member('token_ttl', String(caller.creationTtl)),
        member('token_issue_time', text(new Date(caller.creationTime).toISOString())),
      ),
    )
  }

  function grantMember(grantedBy: readonly string[]): string {
    return remembered(grants, grantedBy, () => {
      const policies = grantedBy.map((name) => ({ name, namespace_id: 'root', type: name === 'root' ? '' : 'acl' }))
      return member('policy_results', JSON.stringify({ allowed: true, granting_policies: policies }))
    })
  }

  function authMember(request: AuditedRequest): string {
    const { caller, grantedBy, clientToken } = request
    if (caller === undefined) {
      return clientToken === '' ? '' : member('auth', `{${member('client_token', text(hasher.text(clientToken)))}}`)
    }
    const uses = caller.numUses <= 0 ? '' : member('remaining_uses', String(caller.numUses))
    const results = grantedBy === undefined ? '' : grantMember(grantedBy)
    return member('auth', `{${members(callerMembers(request, caller), uses, results)}}`)
  }

  function mountMembers(mount: AuditedMount): string {
    return remembered(mounts, mount, () =>
      members(
        member('mount_point', text(mount.path)),
        member('mount_type', text(mount.type)),
        member('mount_accessor', text(mount.accessor)),
        member('mount_class', text(mount.class === 'auth' ? 'auth' : 'secret')),
      ),
    )
  }

  function requestMember(request: AuditedRequest): string {
    const { mount, caller, clientToken, data } = request
    return member(
      'request',
      `{${members(
        member('id', text(request.id)),
        // Vault gives those without an entity an id that it computes from their policies.
        caller === undefined ? '' : optional('client_id', caller.entityId),
        member('operation', text(request.operation)),
        mount === undefined ? '' : mountMembers(mount),
        clientToken === '' ? '' : member('client_token', text(hasher.text(clientToken))),
        caller === undefined ? '' : optional('client_token_accessor', caller.accessor, accessor),
        NAMESPACE,
        member('path', text(request.path)),
        data === undefined ? '' : member('data', hashed(data, mount?.config.auditNonHmacRequestKeys)),
        headersMember(request),
        member('remote_address', text(request.remoteAddress)),
        member('remote_port', String(request.remotePort)),
        request.wrapTtl === undefined || request.wrapTtl === 0 ? '' : member('wrap_ttl', String(request.wrapTtl)),
      )}}`,
    )
  }

  /** `auth` and `request`: the same in both lines. */
  function subject(request: AuditedRequest): string {
    return remembered(subjects, request, () => members(authMember(request), requestMember(request)))
  }

  function responseMember(request: AuditedRequest, { data, auth, warnings, wrapInfo }: AuditedResponse): string {
    const { mount } = request
    const inside = members(
      auth === undefined ? '' : member('auth', `{${loginMembers(auth)}}`),
      mount === undefined ? '' : mountMembers(mount),
      data === undefined ? '' : member('data', dataText(request, data)),
      warnings.length === 0 ? '' : member('warnings', JSON.stringify(warnings)),
      wrapInfo === undefined ? '' : member('wrap_info', `{${wrapMembers(wrapInfo)}}`),
    )
    return inside === '' ? '' : member('response', `{${inside}}`)
  }

  function wrapMembers(info: WrapInfo): string {
    return members(
      member('ttl', String(info.ttl)),
      member('token', text(hasher.text(info.token))),
      optional('accessor', info.accessor, accessor),
      member('creation_time', text(formatInstant(info.creationTime))),
      member('creation_path', text(info.creationPath)),
      optional('wrapped_accessor', info.wrappedAccessor, accessor),
    )
  }

  function loginMembers(auth: AuthBlock): string {
    return members(
      auth.clientToken === '' ? '' : member('client_token', text(hasher.text(auth.clientToken))),
      optional('accessor', auth.accessor, accessor),
      optional('display_name', auth.displayName),
      member('policies', JSON.stringify(auth.policies)),
      member('token_policies', JSON.stringify(auth.policies)),
      auth.noDefaultPolicy ? member('no_default_policy', 'true') : '',
      auth.metadata === null ? '' : member('metadata', JSON.stringify(auth.metadata)),
      auth.numUses === 0 ? '' : member('num_uses', String(auth.numUses)),
      optional('entity_id', auth.entityId),
      member('token_type', text(auth.tokenType)),
      auth.leaseDuration === 0 ? '' : member('token_ttl', String(auth.leaseDuration)),
    )
  }

  function dataText(request: AuditedRequest, data: JsonObject): string {
    const shown = isElided(request) ? elided(data) : data
    return hashed(shown, request.mount?.config.auditNonHmacResponseKeys)
  }

  /** `clear`: top-level keys whose values are left as they are. */
  function hashed(data: JsonObject, clear: readonly string[] = []): string {
    if (!clear.some((key) => Object.hasOwn(data, key))) return hasher.json(data)
    const entries = Object.entries(data).map(([key, value]) =>
      member(key, clear.includes(key) ? stringifyJson(value) : hasher.json(value)),
    )
    return `{${members(...entries)}}`
  }

  function headersMember({ headers }: AuditedRequest): string {
    if (headers.length === 0) return ''
    const entries = headers.map(({ name, value, hmac }) =>
      member(name, JSON.stringify([hmac ? hasher.text(value) : value])),
    )
    return member('headers', `{${members(...entries)}}`)
  }

  function line(type: 'request' | 'response', time: number, rest: readonly string[]): string {
    return `${prefix}{${members(member('time', text(new Date(time).toISOString())), member('type', text(type)), ...rest)}}\n`
  }

  const requestLine = (about: string, { time }: AuditedRequest, error: string | undefined): string =>
    line('request', time, [about, errorMember(error)])
  const responseLine = (
    about: string,
    request: AuditedRequest,
    response: AuditedResponse,
    error: string | undefined,
  ): string => line('response', response.time, [about, responseMember(request, response), errorMember(error)])

  function isElided({ operation }: AuditedRequest): boolean {
    return options.elideListResponses && (operation === 'list' || operation === 'scan')
  }

  return {
    /**
     * Does the long part of the work on the next line or lines of a request, letting others have their turn; `undefined`
     * when there is none.
     */
    prepare(request: AuditedRequest, response?: AuditedResponse): Promise<void> | undefined {
      return hasher.prepare(
        subjects.has(request) ? undefined : request.data,
        isElided(request) ? undefined : response?.data,
      )
    },
    /** The entry that shows a new device works. */
    test: (time: number): string => line('request', time, [TEST_REQUEST]),
    /** `error` when the request was refused before it reached a backend. */
    request: (request: AuditedRequest, error: string | undefined): string =>
      requestLine(subject(request), request, error),
    response: (request: AuditedRequest, response: AuditedResponse, error: string | undefined): string =>
      responseLine(subject(request), request, response, error),
    /** Both lines of one request. */
    exchange(
      request: AuditedRequest,
      refusal: string | undefined,
      response: AuditedResponse,
      error: string | undefined,
    ): string {
      const about = subject(request)
      return requestLine(about, request, refusal) + responseLine(about, request, response, error)
    },
  }
}

export type Entries = ReturnType<typeof createEntries>

/** Of a list only how long it is. */
function elided(data: JsonObject): JsonObject {
  const { keys, key_info: info } = data
  const out = Object.assign(Object.create(null) as JsonObject, data)
  if (Array.isArray(keys)) out['keys'] = keys.length
  if (typeof info === 'object' && info !== null) out['key_info'] = Object.keys(info).length
  return out
}

const TEST_REQUEST = member('request', '{"operation":"update","path":"sys/audit/test"}')
const NAMESPACE = member('namespace', '{"id":"root"}')

function errorMember(error: string | undefined): string {
  return error === undefined ? '' : member('error', text(error))
}

/** `"name":value`. An empty text stands for a member that is left out. */
function member(name: string, value: string): string {
  return `"${name}":${value}`
}
function optional(name: string, value: string, change: (value: string) => string = (same) => same): string {
  return value === '' ? '' : member(name, text(change(value)))
}
function members(...parts: readonly string[]): string {
  let out = ''
  for (const part of parts) if (part !== '') out += out === '' ? part : `,${part}`
  return out
}
function text(value: string): string {
  return JSON.stringify(value)
}

function remembered<K extends object>(kept: WeakMap<K, string>, key: K, make: () => string): string {
  const known = kept.get(key)
  if (known !== undefined) return known
  const made = make()
  kept.set(key, made)
  return made
}
