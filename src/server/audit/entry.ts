/**
 * The lines of the audit log, as Vault writes them: one JSON object a line, keys omitted when empty (vault-api 12).
 *
 * Pure: facts and a hasher in, text out. Errors stand in clear, so no error text may hold a submitted value (S10).
 */
import type { JsonObject } from '../json/index.ts'
import type { AuthBlock, Operation, TokenEntry } from '../logical/index.ts'
import type { Hasher } from './hash.ts'

/** What is known of a request when its line is written. */
export interface AuditedRequest {
  readonly id: string
  readonly operation: Operation
  /** Without `/v1/`. */
  readonly path: string
  readonly data: JsonObject | undefined
  readonly clientToken: string
  readonly caller: TokenEntry | undefined
  readonly remoteAddress: string
  readonly remotePort: number
  readonly mount: AuditedMount | undefined
  /** Names of the policies that allowed it; `undefined` while nothing has been decided. */
  readonly grantedBy: readonly string[] | undefined
  /** Unix milliseconds. */
  readonly time: number
}

export interface AuditedMount {
  readonly path: string
  readonly type: string
  readonly accessor: string
  readonly class: 'secret' | 'auth' | 'system'
}

export interface AuditedResponse {
  readonly data: JsonObject | undefined
  readonly auth: AuthBlock | undefined
  readonly warnings: readonly string[]
  readonly time: number
}

export interface EntryOptions {
  /** Default true. */
  readonly hmacAccessor: boolean
  readonly elideListResponses: boolean
}

/** Builds lines for one device. Keeps what is the same for every request of one token. */
export function createEntries(hasher: Hasher, options: EntryOptions) {
  const callers = new WeakMap<TokenEntry, string>()
  const accessor = (value: string) => (options.hmacAccessor ? hasher.text(value) : value)

  function callerPart(request: AuditedRequest, caller: TokenEntry): string {
    const known = callers.get(caller)
    if (known !== undefined) return known
    const part =
      member('client_token', text(hasher.text(request.clientToken))) +
      optional('accessor', caller.accessor, accessor) +
      optional('display_name', caller.displayName) +
      member('policies', JSON.stringify(caller.policies)) +
      member('token_policies', JSON.stringify(caller.policies)) +
      (caller.noDefaultPolicy ? member('no_default_policy', 'true') : '') +
      (caller.meta === null ? '' : member('metadata', JSON.stringify(caller.meta))) +
      optional('entity_id', caller.entityId) +
      member('token_type', text(caller.type)) +
      (caller.creationTtl === 0 ? '' : member('token_ttl', String(caller.creationTtl))) +
      member('token_issue_time', text(new Date(caller.creationTime).toISOString()))
    callers.set(caller, part)
    return part
  }

  function authPart(request: AuditedRequest): string {
    const { caller, grantedBy } = request
    if (caller === undefined) {
      return request.clientToken === ''
        ? ''
        : member('auth', `{${cut(member('client_token', text(hasher.text(request.clientToken))))}}`)
    }
    const results =
      grantedBy === undefined
        ? ''
        : member(
            'policy_results',
            JSON.stringify({
              allowed: true,
              granting_policies: grantedBy.map((name) => ({
                name,
                namespace_id: 'root',
                type: name === 'root' ? '' : 'acl',
              })),
            }),
          )
    const uses = caller.numUses <= 0 ? '' : member('remaining_uses', String(caller.numUses))
    return member('auth', `{${cut(callerPart(request, caller) + uses + results)}}`)
  }

  function requestPart(request: AuditedRequest): string {
    const { mount, caller } = request
    return member(
      'request',
      `{${cut(
        member('id', text(request.id)) +
          member('operation', text(request.operation)) +
          (mount === undefined ? '' : mountPart(mount)) +
          (request.clientToken === '' ? '' : member('client_token', text(hasher.text(request.clientToken)))) +
          (caller === undefined ? '' : optional('client_token_accessor', caller.accessor, accessor)) +
          member('namespace', '{"id":"root"}') +
          member('path', text(request.path)) +
          (request.data === undefined ? '' : member('data', hasher.json(request.data))) +
          member('remote_address', text(request.remoteAddress)) +
          member('remote_port', String(request.remotePort)),
      )}}`,
    )
  }

  function responsePart(request: AuditedRequest, response: AuditedResponse): string {
    const { data, auth, warnings } = response
    const parts =
      (auth === undefined ? '' : member('auth', loginPart(auth))) +
      (request.mount === undefined ? '' : mountPart(request.mount)) +
      (data === undefined ? '' : member('data', dataPart(request, data))) +
      (warnings.length === 0 ? '' : member('warnings', JSON.stringify(warnings)))
    return parts === '' ? '' : member('response', `{${cut(parts)}}`)
  }

  function loginPart(auth: AuthBlock): string {
    return `{${cut(
      (auth.clientToken === '' ? '' : member('client_token', text(hasher.text(auth.clientToken)))) +
        optional('accessor', auth.accessor, accessor) +
        member('policies', JSON.stringify(auth.policies)) +
        member('token_policies', JSON.stringify(auth.policies)) +
        (auth.metadata === null ? '' : member('metadata', JSON.stringify(auth.metadata))) +
        optional('entity_id', auth.entityId) +
        member('token_type', text(auth.tokenType)) +
        (auth.leaseDuration === 0 ? '' : member('token_ttl', String(auth.leaseDuration))),
    )}}`
  }

  function dataPart(request: AuditedRequest, data: JsonObject): string {
    return hasher.json(options.elideListResponses && request.operation === 'list' ? elided(data) : data)
  }

  return {
    /** `error` when the request was refused before it reached a backend. */
    request(request: AuditedRequest, error: string | undefined): string {
      return `{"time":${text(new Date(request.time).toISOString())},"type":"request"${authPart(request)}${requestPart(request)}${errorPart(error)}}\n`
    },
    response(request: AuditedRequest, response: AuditedResponse, error: string | undefined): string {
      return `{"time":${text(new Date(response.time).toISOString())},"type":"response"${authPart(request)}${requestPart(request)}${responsePart(request, response)}${errorPart(error)}}\n`
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

function mountPart(mount: AuditedMount): string {
  return (
    member('mount_point', text(mount.path)) +
    member('mount_type', text(mount.type)) +
    member('mount_accessor', text(mount.accessor)) +
    member('mount_class', text(mount.class === 'auth' ? 'auth' : 'secret'))
  )
}

function errorPart(error: string | undefined): string {
  return error === undefined ? '' : member('error', text(error))
}

/** `,"name":value`; the first comma of an object is cut off by `cut`. */
function member(name: string, value: string): string {
  return `,"${name}":${value}`
}
function optional(name: string, value: string, change: (value: string) => string = (same) => same): string {
  return value === '' ? '' : member(name, text(change(value)))
}
function cut(members: string): string {
  return members.slice(1)
}
function text(value: string): string {
  return JSON.stringify(value)
}
