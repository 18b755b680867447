/**
 * `sys/leases` and its older spellings (`sys/renew`, `sys/revoke`, ...): one table, so that both have the same checks
 * (vault-api 4.2; S17). What a lease is here is `token/leases.ts`.
 */
import {
  type Field,
  invalidRequest,
  type JsonObject,
  type LogicalRequest,
  type LogicalResponse,
  type PathParameters,
  type Route,
  type TokenEntry,
} from '../../logical/index.ts'
import { formatInstant } from '../../logical/duration.ts'
import { stringField } from '../../logical/fields.ts'
import type { LeasePort } from './host.ts'

export interface LeaseSurroundings {
  readonly leases: LeasePort
  /** Unix milliseconds. */
  readonly now: () => number
}

/** Whoever may end or see what others have (vault-api 4.2). */
export const LEASE_SUDO: RegExp =
  /^(?:leases(?:\/count)?|leases\/lookup\/.*|(?:leases\/)?revoke-(?:prefix|force)(?:\/.*)?)$/

const LEASE_ID: Field = { type: 'string', about: 'The lease that is meant.' }
const URL_LEASE_ID: Field = { type: 'string', in: 'path', about: 'The lease that is meant; counts before lease_id.' }
const PREFIX: Field = { type: 'string', in: 'path', about: 'The path that made the leases, or the beginning of it.' }
const TYPE: Field = { type: 'string', in: 'query', about: '`irrevocable`, the only one that can be asked for.' }

export function leaseRoutes({ leases, now }: LeaseSurroundings): Route[] {
  return [
    {
      pattern: /leases/,
      about: 'Leases that could not be ended.',
      fields: { type: TYPE },
      operations: { read: (request) => irrevocable(request, { leases: [] }) },
    },
    {
      pattern: /leases\/count/,
      about: 'How many leases could not be ended.',
      fields: { type: TYPE },
      operations: { read: (request) => irrevocable(request, { counts: {} }) },
    },
    {
      pattern: /leases\/lookup/,
      about: 'What is known of a lease.',
      fields: { lease_id: LEASE_ID },
      operations: { update: (request) => lookup(leases, request, now()) },
    },
    {
      pattern: /leases\/lookup\/(?<prefix>.*)/,
      about: 'The leases below a path.',
      fields: { prefix: PREFIX },
      operations: {
        list: async (_, { prefix = '' }) => ({ kind: 'list', keys: await leases.namesBelow(prefix) }),
      },
    },
    {
      pattern: /(?:leases\/)?renew(?:\/(?<url_lease_id>.+))?/,
      about: 'Renews a lease: refused for those of tokens, which are renewed at auth/token.',
      fields: { url_lease_id: URL_LEASE_ID, lease_id: LEASE_ID },
      operations: { update: (request, parameters) => renew(leases, leaseId(request, parameters)) },
    },
    {
      pattern: /(?:leases\/)?revoke(?:\/(?<url_lease_id>.+))?/,
      about: 'Ends a lease, and what it was for.',
      fields: { url_lease_id: URL_LEASE_ID, lease_id: LEASE_ID },
      operations: {
        update: async (request, parameters) => {
          await leases.revoke(leaseId(request, parameters))
          return { kind: 'none' }
        },
      },
    },
    {
      // Force means: forget the lease even if the backend cannot end it. Here it always can.
      pattern: /(?:leases\/)?revoke-(?:prefix|force)\/(?<prefix>.+?)\/?/,
      about: 'Ends all leases below a path.',
      fields: { prefix: PREFIX },
      operations: {
        update: async (_, { prefix = '' }) => {
          await leases.revokeBelow(prefix)
          return { kind: 'none' }
        },
      },
    },
    {
      pattern: /leases\/tidy/,
      about: 'Takes away what leases that are gone have left behind.',
      fields: {},
      operations: {
        update: async () => {
          await leases.tidy()
          return { kind: 'accepted', warnings: ['Tidy operation successfully started.'] }
        },
      },
    },
  ]
}

/** The path names the lease before the body does. */
function leaseId({ data }: LogicalRequest, { url_lease_id: id }: PathParameters): string {
  const leaseId = id ?? stringField(data, 'lease_id') ?? ''
  if (leaseId === '') throw invalidRequest('lease_id must be specified')
  return leaseId
}

function lookup(leases: LeasePort, request: LogicalRequest, now: number): LogicalResponse {
  const id = leaseId(request, {})
  const entry = leases.find(id)
  if (entry === undefined) throw invalidRequest('invalid lease')
  return { kind: 'data', data: leaseData(id, entry, now) }
}

function leaseData(id: string, entry: TokenEntry, now: number): JsonObject {
  const { creationTime, expireTime, lastRenewal, renewable } = entry
  return {
    id,
    issue_time: formatInstant(creationTime),
    expire_time: expireTime === null ? null : formatInstant(expireTime),
    last_renewal: lastRenewal === null ? null : formatInstant(lastRenewal),
    renewable,
    ttl: expireTime === null ? 0 : Math.max(0, Math.floor((expireTime - now) / 1000)),
  }
}

/** Every lease here is a token's, and those are renewed at `auth/token`. */
function renew(leases: LeasePort, id: string): never {
  throw invalidRequest(
    leases.find(id) === undefined ? 'lease not found' : 'tokens cannot be renewed through this endpoint',
  )
}

/** Leases that could not be ended. To end a token takes only the store, so there are none. */
function irrevocable({ data }: LogicalRequest, none: JsonObject): LogicalResponse {
  if (stringField(data, 'type') !== 'irrevocable') return { kind: 'none' }
  return { kind: 'data', data: { lease_count: 0, ...none } }
}
