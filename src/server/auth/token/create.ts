/**
 * What a caller may have made: `auth/token/create`, `create-orphan` and `create/:role` (vault-api 7.1).
 *
 * Pure: the request and the caller's token in, the token to be made out. The checks run in Vault's order and the first
 * that fails answers. A child is never more than its parent unless the caller holds sudo on the path, or a role that
 * the caller may use says so (S39).
 */
import { type Fields, invalidRequest, type JsonObject, type TokenEntry } from '../../logical/index.ts'
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
  DEFAULT,
  isRoot,
  type LeaseTtl,
  type NewToken,
  refuseUnassignable,
  sanitizePolicies,
  withDefault,
} from '../../token/index.ts'
import { matchesAny, policiesThroughRole, restrictsPolicies } from './role-policies.ts'
import type { RoleTokenType, TokenRole } from './role.ts'

export interface CreationRequest {
  readonly data: JsonObject
  readonly caller: TokenEntry
  /** Root, or a rule with `sudo` on this path. */
  readonly sudo: boolean
  /** The whole path: `auth/token/create`. */
  readonly path: string
  /** The path itself asks for an orphan. */
  readonly orphan: boolean
  /** Of the path `create/:role`. Default: none. */
  readonly roleName?: string
}

export interface CreationSurroundings {
  readonly policyExists: (name: string) => boolean
  readonly roleNamed: (name: string) => TokenRole | undefined
  readonly leaseTtl: LeaseTtl
  readonly now: number
}

export interface PlannedCreation {
  readonly token: NewToken
  /** The name, in lower case, whose entity the token is to carry; `undefined` leaves the token's own. */
  readonly entityAlias: string | undefined
  readonly warnings: readonly string[]
}

/** What `planCreation` reads. */
export const CREATION_FIELDS: Fields = {
  id: { type: 'string', about: 'The token itself, chosen by the caller; needs sudo.' },
  type: { type: 'string', about: '`service` or `batch`.' },
  policies: { type: 'list', about: 'The policies of the token; those of the caller when none are named.' },
  meta: { type: 'map', about: 'Texts by name that the token carries, and the audit log with it.' },
  display_name: { type: 'string', about: 'What the token is called in the audit log.' },
  num_uses: { type: 'int', about: 'How many requests the token is good for; 0 for any number.' },
  ttl: { type: 'duration', about: 'How long the token lives; 0 for as long as the mount says.' },
  lease: { type: 'duration', about: 'The older name of ttl.', deprecated: true },
  explicit_max_ttl: { type: 'duration', about: 'An age that the token does not outlive; 0 for none.' },
  period: { type: 'duration', about: 'Makes a periodic token: every renewal gives it this long again; needs sudo.' },
  renewable: { type: 'bool', about: 'Whether the token can be renewed.' },
  no_parent: { type: 'bool', about: 'Makes an orphan; needs sudo.' },
  no_default_policy: { type: 'bool', about: 'Leaves out the policy `default`.' },
  entity_alias: { type: 'string', about: 'In whose name the token is made; the role must allow it.' },
}

/** @throws {LogicalError} 400 for everything the caller may not have, or has not put right */
export function planCreation(request: CreationRequest, surroundings: CreationSurroundings): PlannedCreation {
  const { data, caller, sudo } = request
  if (caller.type === 'batch') throw invalidRequest('batch tokens cannot create more tokens')
  if (caller.numUses !== 0) throw invalidRequest('restricted use token cannot generate child tokens')
  const role = findRole(request, surroundings)
  const type = readType(data, role)
  const wantedUses = intField(data, 'num_uses') ?? 0
  if (wantedUses < 0) throw invalidRequest('number of uses cannot be negative')
  const text = readCustomId(data, sudo)
  const noDefaultPolicy = boolField(data, 'no_default_policy') ?? false
  const policies = decidePolicies(data, request, { role, noDefaultPolicy })
  const root = isRoot(policies)
  if (root && type === 'batch') throw invalidRequest('batch tokens cannot be root tokens')
  const orphan = role === undefined ? decideOrphan(data, request) : role.orphan
  const { ttl, explicitMaxTtl, period, warnings: lesser } = limitByRole(readDurations(data, sudo), type, role)
  const endless = root && ttl === 0 && period === 0 && explicitMaxTtl === 0
  if (endless && caller.expireTime !== null) {
    throw invalidRequest('expiring root tokens cannot create non-expiring root tokens')
  }
  const entityAlias = readEntityAlias(stringField(data, 'entity_alias') ?? '', role)
  const lease = endless ? { seconds: 0, warnings: [] } : leaseOf({ ttl, explicitMaxTtl, period }, surroundings)
  const mayRenew = (boolField(data, 'renewable') ?? true) && role?.renewable !== false
  const token: NewToken = {
    type,
    parent: orphan ? undefined : caller,
    policies,
    path: role === undefined || role.pathSuffix === '' ? request.path : `${request.path}/${role.pathSuffix}`,
    meta: stringMapField(data, 'meta') ?? null,
    displayName: displayName(stringField(data, 'display_name') ?? ''),
    // Uses are counted in the store, where a batch token has no place.
    numUses: type === 'batch' ? 0 : lesserLimit(wantedUses, role?.numUses ?? 0),
    ttl: lease.seconds,
    explicitMaxTtl,
    period,
    renewable: type === 'service' && lease.seconds > 0 && mayRenew,
    boundCidrs: role === undefined || role.boundCidrs.length === 0 ? caller.boundCidrs : role.boundCidrs,
    entityId: orphan ? '' : caller.entityId,
    noDefaultPolicy,
    ...(role === undefined ? {} : { role: role.name }),
    ...(text === undefined ? {} : { text }),
  }
  const missing = policies.filter((name) => name !== 'root' && !surroundings.policyExists(name))
  const warnings = [
    ...lesser,
    ...lease.warnings,
    ...(text === undefined ? [] : ['a token ID that somebody chose is easier to guess than a generated one']),
    ...missing.map((name) => `Policy ${JSON.stringify(name)} does not exist`),
  ]
  return { token, entityAlias, warnings }
}

function findRole({ roleName }: CreationRequest, { roleNamed }: CreationSurroundings): TokenRole | undefined {
  if (roleName === undefined) return undefined
  const role = roleNamed(roleName)
  if (role === undefined) throw invalidRequest(`unknown role ${roleName}`)
  return role
}

/** What the caller's wish becomes under each type of role. */
const TYPE_UNDER: Readonly<Record<RoleTokenType, (wanted: string) => string>> = {
  service: () => 'service',
  batch: () => 'batch',
  'default-service': (wanted) => wanted,
  'default-batch': (wanted) => (wanted === '' ? 'batch' : wanted),
}

function readType(data: JsonObject, role: TokenRole | undefined): 'service' | 'batch' {
  const wanted = stringField(data, 'type') ?? ''
  const type = role === undefined ? wanted : TYPE_UNDER[role.type](wanted)
  if (type === '' || type === 'service') return 'service'
  if (type !== 'batch') throw invalidRequest("invalid 'token_type' value")
  // Not `renewable`: Vault's own CLI sends it along with every token. A batch token never is.
  const refused: readonly (readonly [string, boolean])[] = [
    ['explicit_max_ttl', (signedDurationField(data, 'explicit_max_ttl') ?? 0) !== 0],
    ['num_uses', (intField(data, 'num_uses') ?? 0) !== 0],
    ['period', (signedDurationField(data, 'period') ?? 0) !== 0],
    ['id', (stringField(data, 'id') ?? '') !== ''],
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

interface PolicyTerms {
  readonly role: TokenRole | undefined
  readonly noDefaultPolicy: boolean
}

function decidePolicies(data: JsonObject, request: CreationRequest, terms: PolicyTerms): readonly string[] {
  const { caller } = request
  const wanted = sanitizePolicies(stringListField(data, 'policies') ?? [])
  const { role, noDefaultPolicy } = terms
  const policies =
    role !== undefined && restrictsPolicies(role)
      ? policiesThroughRole(role, { wanted, ofParent: caller.policies, noDefaultPolicy })
      : policiesOfChild(wanted, request, terms)
  // From here on nothing is added: these checks look at what the token will hold.
  refuseUnassignable(policies)
  if (isRoot(policies) && !isRoot(caller.policies)) {
    throw invalidRequest('root tokens may not be created without parent token being root')
  }
  return noDefaultPolicy ? policies.filter((name) => name !== DEFAULT) : policies
}

function policiesOfChild(
  wanted: readonly string[],
  { caller, sudo }: CreationRequest,
  { role, noDefaultPolicy }: PolicyTerms,
): readonly string[] {
  if (wanted.length === 0) return caller.policies
  if (!sudo && wanted.some((name) => !caller.policies.includes(name))) {
    throw invalidRequest('child policies must be subset of parent')
  }
  // `default` is a policy like any other: who does not hold it cannot give it to a child.
  const mayHaveDefault = sudo || caller.policies.includes(DEFAULT)
  const leavesOut = noDefaultPolicy || role?.noDefaultPolicy === true
  return leavesOut || !mayHaveDefault ? wanted : withDefault(wanted)
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

/** What role and caller both limit is limited by the lesser. Nothing of it holds for batch tokens. */
function limitByRole(
  wanted: Durations,
  type: 'service' | 'batch',
  role: TokenRole | undefined,
): Durations & { readonly warnings: readonly string[] } {
  if (role === undefined || type === 'batch') return { ...wanted, warnings: [] }
  const explicitMaxTtl = lesserLimit(wanted.explicitMaxTtl, role.explicitMaxTtl)
  const period = lesserLimit(wanted.period, role.period)
  const told = (what: string, own: number, ofRole: number, used: number): string[] =>
    own === 0 || ofRole === 0
      ? []
      : [`${what} specified both during creation call and in role; using the lesser value of ${used} seconds`]
  return {
    ttl: wanted.ttl,
    explicitMaxTtl,
    period,
    warnings: [
      ...told('Explicit max TTL', wanted.explicitMaxTtl, role.explicitMaxTtl, explicitMaxTtl),
      ...told('Period', wanted.period, role.period, period),
    ],
  }
}

/** Of two limits the one that counts; 0 is none. */
function lesserLimit(a: number, b: number): number {
  return a === 0 || b === 0 ? a + b : Math.min(a, b)
}

function readEntityAlias(text: string, role: TokenRole | undefined): string | undefined {
  if (text === '') return undefined
  const alias = text.toLowerCase()
  if (role === undefined) throw invalidRequest("'entity_alias' is only allowed in combination with token role")
  if (!matchesAny(role.allowedEntityAliases, alias)) throw invalidRequest("invalid 'entity_alias' value")
  return alias
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
  return wanted === '' ? 'token' : `token-${wanted}`.replace(/[^\w-]/g, '-').replace(/-$/, '')
}
