/**
 * What a caller may have made: `auth/token/create` and `create-orphan` (vault-api 7.1).
 *
 * Pure: the request and the caller's token in, the token to be made out. The checks run in Vault's order and the first
 * that fails answers. A child is never more than its parent unless the caller holds sudo on the path (S39).
 */
import { invalidRequest, type JsonObject, type TokenEntry } from '../../logical/index.ts'
import {
  boolField,
  intField,
  signedDurationField,
  stringField,
  stringListField,
  stringMapField,
} from '../../logical/fields.ts'
import {
  calculateTtl,
  isRoot,
  type LeaseTtl,
  type NewToken,
  refuseUnassignable,
  sanitizePolicies,
  withDefault,
} from '../../token/index.ts'

export interface CreationRequest {
  readonly data: JsonObject
  readonly caller: TokenEntry
  /** Root, or a rule with `sudo` on this path. */
  readonly sudo: boolean
  /** The whole path: `auth/token/create`. */
  readonly path: string
  /** The path itself asks for an orphan. */
  readonly orphan: boolean
}

export interface CreationSurroundings {
  readonly policyExists: (name: string) => boolean
  readonly leaseTtl: LeaseTtl
  readonly now: number
}

export interface PlannedCreation {
  readonly token: NewToken
  readonly warnings: readonly string[]
}

/** @throws {LogicalError} 400 for everything the caller may not have, or has not put right */
export function planCreation(request: CreationRequest, surroundings: CreationSurroundings): PlannedCreation {
  const { data, caller, sudo } = request
  if (caller.type === 'batch') throw invalidRequest('batch tokens cannot create more tokens')
  if (caller.numUses !== 0) throw invalidRequest('restricted use token cannot generate child tokens')
  const type = readType(data)
  const numUses = intField(data, 'num_uses') ?? 0
  if (numUses < 0) throw invalidRequest('number of uses cannot be negative')
  const text = readCustomId(data, sudo)
  const noDefaultPolicy = boolField(data, 'no_default_policy') ?? false
  const policies = decidePolicies(data, request, noDefaultPolicy)
  const root = isRoot(policies)
  if (root && type === 'batch') throw invalidRequest('batch tokens cannot be root tokens')
  const orphan = decideOrphan(data, request)
  const { ttl, explicitMaxTtl, period } = readDurations(data, sudo)
  const endless = root && ttl === 0 && period === 0 && explicitMaxTtl === 0
  if (endless && caller.expireTime !== null) {
    throw invalidRequest('expiring root tokens cannot create non-expiring root tokens')
  }
  if ((stringField(data, 'entity_alias') ?? '') !== '') {
    throw invalidRequest("'entity_alias' is only allowed in combination with token role")
  }
  const lease = endless ? { seconds: 0, warnings: [] } : leaseOf({ ttl, explicitMaxTtl, period }, surroundings)
  const token: NewToken = {
    type,
    parent: orphan ? undefined : caller,
    policies,
    path: request.path,
    meta: stringMapField(data, 'meta') ?? null,
    displayName: displayName(stringField(data, 'display_name') ?? ''),
    numUses,
    ttl: lease.seconds,
    explicitMaxTtl,
    period,
    renewable: type === 'service' && lease.seconds > 0 && (boolField(data, 'renewable') ?? true),
    boundCidrs: caller.boundCidrs,
    entityId: orphan ? '' : caller.entityId,
    noDefaultPolicy,
    ...(text === undefined ? {} : { text }),
  }
  const missing = policies.filter((name) => name !== 'root' && !surroundings.policyExists(name))
  const warnings = [
    ...missing.map((name) => `Policy ${JSON.stringify(name)} does not exist`),
    ...(text === undefined ? [] : ['a token ID that somebody chose is easier to guess than a generated one']),
    ...lease.warnings,
  ]
  return { token, warnings }
}

function readType(data: JsonObject): 'service' | 'batch' {
  const type = stringField(data, 'type') ?? ''
  if (type === '' || type === 'service') return 'service'
  if (type !== 'batch') throw invalidRequest("invalid 'token_type' value")
  const refused: readonly (readonly [string, boolean])[] = [
    ['explicit_max_ttl', (signedDurationField(data, 'explicit_max_ttl') ?? 0) !== 0],
    ['num_uses', (intField(data, 'num_uses') ?? 0) !== 0],
    ['period', (signedDurationField(data, 'period') ?? 0) !== 0],
    ['id', (stringField(data, 'id') ?? '') !== ''],
    ['renewable', boolField(data, 'renewable') ?? false],
  ]
  const field = refused.find(([, set]) => set)?.[0]
  if (field !== undefined) throw invalidRequest(`batch tokens cannot have ${JSON.stringify(field)} set`)
  return 'batch'
}

function readCustomId(data: JsonObject, sudo: boolean): string | undefined {
  const id = stringField(data, 'id') ?? ''
  if (id === '') return undefined
  if (!sudo) throw invalidRequest('root or sudo privileges required to specify token id')
  const prefix = ['hvs.', 's.'].find((candidate) => id.startsWith(candidate))
  if (prefix !== undefined) throw invalidRequest(`custom token ID cannot have the '${prefix}' prefix`)
  if (id.includes('.')) throw invalidRequest("custom token ID cannot have a '.' in the value")
  return id
}

function decidePolicies(
  data: JsonObject,
  { caller, sudo }: CreationRequest,
  noDefaultPolicy: boolean,
): readonly string[] {
  const wanted = sanitizePolicies(stringListField(data, 'policies') ?? [])
  refuseUnassignable(wanted)
  if (wanted.length === 0) return caller.policies
  if (!sudo && wanted.some((name) => !caller.policies.includes(name))) {
    throw invalidRequest('child policies must be subset of parent')
  }
  if (isRoot(wanted)) {
    if (!isRoot(caller.policies)) throw invalidRequest('root tokens may not be created without parent token being root')
    return wanted
  }
  // `default` is a policy like any other: who does not hold it cannot give it to a child.
  const mayHaveDefault = sudo || caller.policies.includes('default')
  return noDefaultPolicy || !mayHaveDefault ? wanted : withDefault(wanted)
}

function decideOrphan(data: JsonObject, { orphan, sudo }: CreationRequest): boolean {
  const wanted = orphan || (boolField(data, 'no_parent') ?? false)
  if (wanted && !sudo) throw invalidRequest('root or sudo privileges required to create orphan token')
  return wanted
}

interface Durations {
  readonly ttl: number
  readonly explicitMaxTtl: number
  readonly period: number
}

function readDurations(data: JsonObject, sudo: boolean): Durations {
  const period = signedDurationField(data, 'period') ?? 0
  if (period > 0 && !sudo) throw invalidRequest('root or sudo privileges required to create periodic token')
  const ttl = signedDurationField(data, 'ttl') ?? signedDurationField(data, 'lease') ?? 0
  const explicitMaxTtl = signedDurationField(data, 'explicit_max_ttl') ?? 0
  if (ttl < 0) throw invalidRequest('ttl must be positive')
  if (explicitMaxTtl < 0) throw invalidRequest('explicit_max_ttl must be positive')
  if (period < 0) throw invalidRequest('period must be positive')
  return { ttl, explicitMaxTtl, period }
}

function leaseOf(
  { ttl, explicitMaxTtl, period }: Durations,
  { leaseTtl, now }: CreationSurroundings,
): ReturnType<typeof calculateTtl> {
  return calculateTtl({
    increment: ttl,
    backendTtl: 0,
    period,
    backendMaxTtl: 0,
    explicitMaxTtl,
    mount: leaseTtl,
    issuedAt: now,
    now,
  })
}

function displayName(wanted: string): string {
  return wanted === '' ? 'token' : `token-${wanted.replace(/[^\w-]/g, '-')}`
}
