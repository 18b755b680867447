/**
 * The auth method `token`: making, looking up, renewing and revoking tokens (vault-api 7).
 *
 * It holds no token: `server/token` does. Which tokens may be made is `create.ts`; the roles by which some callers may
 * have more are `role.ts`.
 */
import {
  type Backend,
  internalError,
  invalidRequest,
  LogicalError,
  type LogicalRequest,
  type LogicalResponse,
  NAME,
  permissionDenied,
  router,
  type TokenEntry,
} from '../../logical/index.ts'
import { signedDurationField, stringField } from '../../logical/fields.ts'
import type { Storage } from '../../storage/index.ts'
import { authBlock, type LeaseTtl, type TokenStore } from '../../token/index.ts'
import { planCreation } from './create.ts'
import { lookupData } from './lookup.ts'
import { tokenRoleExists, tokenRoleRoutes } from './role-routes.ts'
import { TokenRoleStore } from './role-store.ts'

export interface TokenBackendOptions {
  readonly tokens: TokenStore
  /** A view of its own, for the roles. */
  readonly storage: Storage
  /** To warn of policies that do not exist. */
  readonly policies: { get(name: string): unknown }
  /** Unix milliseconds. */
  readonly now: () => number
  /** Effective values of the mount, in seconds. */
  readonly leaseTtl: () => LeaseTtl
  /** The id of the entity of a name at this mount, made now if the name is new. */
  readonly entityOf: (alias: string) => string | Promise<string>
}

const MOUNT_POINT = 'auth/token/'
const NEEDS_SUDO = /^(?:revoke-orphan|accessors|tidy)(?:\/.*)?$/

export function createTokenBackend(options: TokenBackendOptions): Backend {
  const { tokens, storage, policies, now, leaseTtl, entityOf } = options
  const roles = new TokenRoleStore(storage)
  let tidying = false

  tokens.onRenewal(MOUNT_POINT, ({ creationTtl, period, role: name }) => {
    const role = name === '' ? undefined : roles.get(name)
    if (name !== '' && role === undefined) {
      throw internalError(
        `failed to renew entry: original token role ${JSON.stringify(name)} could not be found, not renewing`,
      )
    }
    return { ttl: creationTtl, maxTtl: 0, period: role === undefined ? period : role.period, mount: leaseTtl() }
  })

  async function create(
    request: LogicalRequest,
    how: { orphan: boolean; roleName?: string },
  ): Promise<LogicalResponse> {
    const path = request.mountPoint + request.path
    const surroundings = {
      policyExists: (name: string) => policies.get(name) !== undefined,
      roleNamed: (name: string) => roles.get(name),
      leaseTtl: leaseTtl(),
      now: now(),
    }
    const { data, sudo } = request
    const planned = planCreation({ data, caller: callerOf(request), sudo, path, ...how }, surroundings)
    const { entityAlias } = planned
    const entityId = entityAlias === undefined ? planned.token.entityId : await entityOf(entityAlias)
    const { token, entry } = await tokens.create({ ...planned.token, entityId })
    return { kind: 'auth', auth: authBlock(token, entry, planned.token.ttl), warnings: planned.warnings }
  }

  async function renew(entry: TokenEntry, { data }: LogicalRequest, shown: string): Promise<LogicalResponse> {
    const renewal = await tokens.renew(entry, Math.max(0, signedDurationField(data, 'increment') ?? 0))
    return { kind: 'auth', auth: authBlock(shown, renewal.entry, renewal.ttl), warnings: renewal.warnings }
  }

  async function revoke(entry: TokenEntry | undefined): Promise<LogicalResponse> {
    if (entry !== undefined) await tokens.revoke(entry)
    return { kind: 'none' }
  }

  async function revokeOrphan(request: LogicalRequest): Promise<LogicalResponse> {
    const entry = tokens.lookup(tokenField(request))
    if (entry === undefined) throw invalidRequest('token to revoke not found')
    if (!request.sudo) throw invalidRequest('root or sudo privileges required to revoke and orphan')
    await tokens.revokeOrphan(entry)
    return { kind: 'none' }
  }

  function byAccessor({ data }: LogicalRequest): TokenEntry {
    const accessor = stringField(data, 'accessor') ?? ''
    if (accessor === '') throw new LogicalError('invalid-request', 'missing accessor', 'wrapped')
    const entry = tokens.byAccessor(accessor)
    if (entry === undefined) throw new LogicalError('invalid-request', 'invalid accessor', 'wrapped')
    return entry
  }

  function lookup(request: LogicalRequest): LogicalResponse {
    const token = tokenField(request)
    const entry = tokens.lookup(token)
    if (entry === undefined) throw new LogicalError('permission-denied', 'bad token', 'bare')
    return { kind: 'data', data: lookupData(entry, token, now()) }
  }

  function lookupSelf(request: LogicalRequest): LogicalResponse {
    return { kind: 'data', data: lookupData(callerOf(request), request.clientToken, now()) }
  }

  async function tidy(): Promise<LogicalResponse> {
    if (tidying) return { kind: 'accepted', warnings: ['Tidy operation already in progress.'] }
    tidying = true
    try {
      await tokens.tidy()
    } finally {
      tidying = false
    }
    return { kind: 'accepted', warnings: ['Tidy operation successfully started.'] }
  }

  return {
    type: 'token',
    isUnauthenticated: () => false,
    needsSudo: (path) => NEEDS_SUDO.test(path),
    exists: (path) => tokenRoleExists(roles, path),
    handle: router([
      { pattern: /create/, operations: { update: (request) => create(request, { orphan: false }) } },
      { pattern: /create-orphan/, operations: { update: (request) => create(request, { orphan: true }) } },
      {
        pattern: new RegExp(`create/(?<name>${NAME})`),
        operations: { update: (request, { name = '' }) => create(request, { orphan: false, roleName: name }) },
      },
      ...tokenRoleRoutes(roles, leaseTtl),
      { pattern: /lookup/, operations: { read: lookup, update: lookup } },
      { pattern: /lookup-self/, operations: { read: lookupSelf, update: lookupSelf } },
      {
        pattern: /lookup-accessor/,
        operations: { update: (request) => ({ kind: 'data', data: lookupData(byAccessor(request), '', now()) }) },
      },
      {
        pattern: /renew/,
        operations: {
          update: (request) => {
            const token = tokenField(request)
            const entry = tokens.lookup(token)
            if (entry === undefined) throw invalidRequest('token not found')
            return renew(entry, request, token)
          },
        },
      },
      {
        pattern: /renew-self/,
        operations: { update: (request) => renew(callerOf(request), request, request.clientToken) },
      },
      { pattern: /renew-accessor/, operations: { update: (request) => renew(byAccessor(request), request, '') } },
      { pattern: /revoke/, operations: { update: (request) => revoke(tokens.lookup(tokenField(request))) } },
      { pattern: /revoke-self/, operations: { update: (request) => revoke(callerOf(request)) } },
      { pattern: /revoke-accessor/, operations: { update: (request) => revoke(byAccessor(request)) } },
      { pattern: /revoke-orphan/, operations: { update: revokeOrphan } },
      { pattern: /accessors\/?/, operations: { list: async () => ({ kind: 'list', keys: await tokens.accessors() }) } },
      { pattern: /tidy/, operations: { update: tidy } },
    ]),
  }
}

function callerOf({ caller }: LogicalRequest): TokenEntry {
  if (caller === undefined) throw permissionDenied()
  return caller
}

function tokenField({ data }: LogicalRequest): string {
  const token = stringField(data, 'token') ?? ''
  if (token === '') throw invalidRequest('missing token ID')
  return token
}
