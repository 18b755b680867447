/**
 * A token role: what it is, how it is stored, how requests change it and how it is shown (vault-api 7.2). Pure.
 *
 *     role/<name>   { "version": 1, "name", "allowedPolicies", "disallowedPolicies", "allowedPoliciesGlob",
 *                     "disallowedPoliciesGlob", "allowedEntityAliases", "orphan", "renewable", "pathSuffix", "period",
 *                     "explicitMaxTtl", "boundCidrs", "noDefaultPolicy", "numUses", "type",
 *                     "deprecated": { "period", "explicitMaxTtl", "boundCidrs" } }
 *
 * Policies and globs are kept trimmed and in lower case, as tokens carry them (S3). What a role lets a caller have is
 * `role-policies.ts`.
 */
import { parseCidrs } from '../../logical/cidr.ts'
import { boolField, durationField, intField, stringField, stringListField } from '../../logical/fields.ts'
import { type Fields, invalidRequest, type JsonObject } from '../../logical/index.ts'
import { type LeaseTtl, sanitizePolicies } from '../../token/index.ts'

/** `default-…`: what the caller gets who asks for no type. */
export type RoleTokenType = 'service' | 'batch' | 'default-service' | 'default-batch'

/** Durations in seconds; 0: the role says nothing. */
export interface TokenRole {
  readonly name: string
  readonly allowedPolicies: readonly string[]
  readonly disallowedPolicies: readonly string[]
  readonly allowedPoliciesGlob: readonly string[]
  readonly disallowedPoliciesGlob: readonly string[]
  /** Globs, in lower case. */
  readonly allowedEntityAliases: readonly string[]
  readonly orphan: boolean
  readonly renewable: boolean
  readonly pathSuffix: string
  readonly period: number
  readonly explicitMaxTtl: number
  readonly boundCidrs: readonly string[]
  readonly noDefaultPolicy: boolean
  /** 0: no limit. */
  readonly numUses: number
  readonly type: RoleTokenType
  /** Whether the setting was made under its old name, which then shows it too. */
  readonly deprecated: { readonly period: boolean; readonly explicitMaxTtl: boolean; readonly boundCidrs: boolean }
}

const VERSION = 1
const TYPES: readonly RoleTokenType[] = ['service', 'batch', 'default-service', 'default-batch']

/** What `changeTokenRole` reads. */
export const TOKEN_ROLE_FIELDS: Fields = {
  allowed_policies: {
    type: 'list',
    about: 'Policies that a token made with the role can have, whatever the caller has.',
  },
  disallowed_policies: { type: 'list', about: 'Policies that no token made with the role has.' },
  allowed_policies_glob: { type: 'list', about: 'As allowed_policies, with patterns that end or begin with `*`.' },
  disallowed_policies_glob: {
    type: 'list',
    about: 'As disallowed_policies, with patterns that end or begin with `*`.',
  },
  allowed_entity_aliases: { type: 'list', about: 'Names, or patterns of them, that a token can be made in.' },
  orphan: { type: 'bool', about: 'Whether tokens are made without a parent.' },
  renewable: { type: 'bool', about: 'Whether tokens can be renewed.' },
  path_suffix: { type: 'string', about: 'Follows the path that made a token, to revoke by it.' },
  token_period: { type: 'duration', about: 'Makes periodic tokens: every renewal gives them this long again.' },
  period: { type: 'duration', about: 'The older name of token_period.', deprecated: true },
  token_explicit_max_ttl: { type: 'duration', about: 'An age that no token outlives; 0 for none.' },
  explicit_max_ttl: { type: 'duration', about: 'The older name of token_explicit_max_ttl.', deprecated: true },
  token_bound_cidrs: { type: 'list', about: 'Networks that tokens can be used from.' },
  bound_cidrs: { type: 'list', about: 'The older name of token_bound_cidrs.', deprecated: true },
  token_no_default_policy: { type: 'bool', about: 'Whether tokens are made without the policy `default`.' },
  token_num_uses: { type: 'int', about: 'How many requests a token is good for; 0 for any number.' },
  token_type: {
    type: 'string',
    about: 'The type of the tokens, or with `default-` before it the one for who asks for none.',
  },
}

const PATH_SUFFIX = /^\w[\w.-]+\w$/

export function newTokenRole(name: string): TokenRole {
  return {
    name,
    allowedPolicies: [],
    disallowedPolicies: [],
    allowedPoliciesGlob: [],
    disallowedPoliciesGlob: [],
    allowedEntityAliases: [],
    orphan: false,
    renewable: true,
    pathSuffix: '',
    period: 0,
    explicitMaxTtl: 0,
    boundCidrs: [],
    noDefaultPolicy: false,
    numUses: 0,
    type: 'default-service',
    deprecated: { period: false, explicitMaxTtl: false, boundCidrs: false },
  }
}

export interface ChangedTokenRole {
  readonly role: TokenRole
  readonly warnings: readonly string[]
}

/**
 * Absent fields keep their value. `mount` holds the effective lease TTLs.
 * @throws {LogicalError} 400 for each setting or combination that cannot be
 */
export function changeTokenRole(data: JsonObject, current: TokenRole, mount: LeaseTtl): ChangedTokenRole {
  const period = renamed(data, 'period')
  const cidrs = renamed(data, 'bound_cidrs')
  const explicitMax = renamed(data, 'explicit_max_ttl')
  const given = stringListField(data, cidrs.field)
  const role: TokenRole = {
    name: current.name,
    allowedPolicies: policyNames(data, 'allowed_policies') ?? current.allowedPolicies,
    disallowedPolicies: lowerCased(data, 'disallowed_policies') ?? current.disallowedPolicies,
    allowedPoliciesGlob: lowerCased(data, 'allowed_policies_glob') ?? current.allowedPoliciesGlob,
    disallowedPoliciesGlob: lowerCased(data, 'disallowed_policies_glob') ?? current.disallowedPoliciesGlob,
    allowedEntityAliases: lowerCased(data, 'allowed_entity_aliases') ?? current.allowedEntityAliases,
    orphan: boolField(data, 'orphan') ?? current.orphan,
    renewable: boolField(data, 'renewable') ?? current.renewable,
    pathSuffix: readPathSuffix(data) ?? current.pathSuffix,
    period: durationField(data, period.field) ?? current.period,
    explicitMaxTtl: durationField(data, explicitMax.field) ?? current.explicitMaxTtl,
    boundCidrs: given === undefined ? current.boundCidrs : parseCidrs(given),
    noDefaultPolicy: boolField(data, 'token_no_default_policy') ?? current.noDefaultPolicy,
    numUses: intField(data, 'token_num_uses') ?? current.numUses,
    type: readType(data) ?? current.type,
    deprecated: {
      period: period.deprecated ?? current.deprecated.period,
      explicitMaxTtl: explicitMax.deprecated ?? current.deprecated.explicitMaxTtl,
      boundCidrs: cidrs.deprecated ?? current.deprecated.boundCidrs,
    },
  }
  if (role.numUses < 0) throw invalidRequest("'token_num_uses' cannot be negative")
  if (role.type === 'batch') refuseBatch(role)
  const warnings = [...period.warnings, ...cidrs.warnings, ...explicitMax.warnings]
  if (role.explicitMaxTtl > mount.max) {
    warnings.push(
      `Given explicit max TTL of ${role.explicitMaxTtl} is greater than system/mount allowed value of ${mount.max} seconds; tokens made with this role are capped accordingly`,
    )
  }
  return { role, warnings }
}

/** As a read of the role shows it: what is not set is left out where Vault leaves it out. */
export function showTokenRole(role: TokenRole): JsonObject {
  const { deprecated, boundCidrs, allowedEntityAliases } = role
  const bound = boundCidrs.length > 0
  return {
    name: role.name,
    allowed_policies: [...role.allowedPolicies],
    disallowed_policies: [...role.disallowedPolicies],
    allowed_policies_glob: [...role.allowedPoliciesGlob],
    disallowed_policies_glob: [...role.disallowedPoliciesGlob],
    allowed_entity_aliases: allowedEntityAliases.length === 0 ? null : [...allowedEntityAliases],
    orphan: role.orphan,
    renewable: role.renewable,
    path_suffix: role.pathSuffix,
    period: deprecated.period ? role.period : 0,
    explicit_max_ttl: deprecated.explicitMaxTtl ? role.explicitMaxTtl : 0,
    token_period: role.period,
    token_explicit_max_ttl: role.explicitMaxTtl,
    token_no_default_policy: role.noDefaultPolicy,
    token_type: role.type,
    ...(bound ? { token_bound_cidrs: [...boundCidrs] } : {}),
    ...(bound && deprecated.boundCidrs ? { bound_cidrs: [...boundCidrs] } : {}),
    ...(role.numUses === 0 ? {} : { token_num_uses: role.numUses }),
  }
}

export function encodeTokenRole(role: TokenRole): Buffer {
  return Buffer.from(JSON.stringify({ version: VERSION, ...role }))
}

/** @throws {TokenRoleRecordError} for another format than this version's */
export function decodeTokenRole(bytes: Uint8Array): TokenRole {
  const { version, ...role } = JSON.parse(Buffer.from(bytes).toString('utf8')) as TokenRole & { version: number }
  if (version !== VERSION)
    throw new TokenRoleRecordError(`a stored token role has format version ${version}, expected ${VERSION}`)
  return role
}

/** What lies in the store cannot be read as a token role. Nothing is guessed: the request fails. */
export class TokenRoleRecordError extends Error {
  readonly code = 'token-role-record'
}

interface Renamed {
  /** The field that counts. */
  readonly field: string
  /** Whether the old name set it; `undefined` when neither did. */
  readonly deprecated: boolean | undefined
  readonly warnings: readonly string[]
}

/** A setting that is now called `token_<old>`; the new name wins. */
function renamed(data: JsonObject, old: string): Renamed {
  const field = `token_${old}`
  const isGiven = (name: string): boolean => data[name] !== undefined && data[name] !== null
  if (!isGiven(old)) return { field, deprecated: isGiven(field) ? false : undefined, warnings: [] }
  if (!isGiven(field)) return { field: old, deprecated: true, warnings: [] }
  const warning = `Both '${field}' and deprecated '${old}' value supplied, ignoring the deprecated value`
  return { field, deprecated: false, warnings: [warning] }
}

function policyNames(data: JsonObject, field: string): readonly string[] | undefined {
  const names = stringListField(data, field)
  return names === undefined ? undefined : sanitizePolicies(names)
}

function lowerCased(data: JsonObject, field: string): readonly string[] | undefined {
  const texts = stringListField(data, field)
  if (texts === undefined) return undefined
  return [...new Set(texts.map((text) => text.toLowerCase()).filter((text) => text !== ''))].sort()
}

function readPathSuffix(data: JsonObject): string | undefined {
  const suffix = stringField(data, 'path_suffix')
  if (suffix === undefined || suffix === '') return suffix
  if (!PATH_SUFFIX.test(suffix)) {
    throw invalidRequest(String.raw`given role path suffix contains invalid characters; must match \w[\w-.]+\w`)
  }
  if (suffix.includes('..')) {
    throw invalidRequest('error registering path suffix: path cannot contain parent references')
  }
  return suffix
}

function readType(data: JsonObject): RoleTokenType | undefined {
  const text = stringField(data, 'token_type')
  if (text === undefined) return undefined
  if (text === '') return 'default-service'
  const type = TYPES.find((known) => known === text)
  if (type === undefined) throw invalidRequest("invalid 'token_type' value")
  return type
}

function refuseBatch({ orphan, period, renewable, explicitMaxTtl }: TokenRole): void {
  const refused: readonly (readonly [string, boolean])[] = [
    ['non-orphan tokens', !orphan],
    ['periodic tokens', period > 0],
    ['renewable tokens', renewable],
    ['tokens with an explicit max TTL', explicitMaxTtl > 0],
  ]
  const what = refused.find(([, set]) => set)?.[0]
  if (what !== undefined) throw invalidRequest(`'token_type' cannot be 'batch' when role is set to generate ${what}`)
}
