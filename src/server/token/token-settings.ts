/**
 * The `token_*` settings that roles and users of every auth method share (vault-api 9, common token fields).
 *
 * Pure: request fields in, settings out. Absent fields keep their value, so one function serves create and update.
 */
import { boolField, intField, signedDurationField, stringField, stringListField } from '../logical/fields.ts'
import { parseCidrs } from '../logical/cidr.ts'
import { invalidRequest } from '../logical/errors.ts'
import type { Fields } from '../logical/declared-fields.ts'
import type { JsonObject } from '../logical/logical.ts'
import { sanitizePolicies } from './policies.ts'

/** Durations in seconds; 0 stands for the mount's own. */
export interface TokenSettings {
  readonly policies: readonly string[]
  readonly ttl: number
  readonly maxTtl: number
  readonly explicitMaxTtl: number
  readonly period: number
  readonly numUses: number
  readonly boundCidrs: readonly string[]
  readonly noDefaultPolicy: boolean
  readonly type: 'default' | 'service' | 'batch'
}

export const DEFAULT_TOKEN_SETTINGS: TokenSettings = {
  policies: [],
  ttl: 0,
  maxTtl: 0,
  explicitMaxTtl: 0,
  period: 0,
  numUses: 0,
  boundCidrs: [],
  noDefaultPolicy: false,
  type: 'default',
}

/** What `readTokenSettings` reads. */
export const TOKEN_FIELDS: Fields = {
  token_policies: { type: 'list', about: 'Policies that tokens from a login get, beside `default`.' },
  token_ttl: { type: 'duration', about: 'How long tokens live at first; 0 for as long as the mount says.' },
  token_max_ttl: {
    type: 'duration',
    about: 'How long tokens can be kept alive by renewals; 0 for the limit of the mount.',
  },
  token_explicit_max_ttl: {
    type: 'duration',
    about: 'An age that no token outlives, periodic ones included; 0 for none.',
  },
  token_period: { type: 'duration', about: 'Makes periodic tokens: every renewal gives them this long again.' },
  token_num_uses: { type: 'int', about: 'How many requests a token is good for; 0 for any number.' },
  token_bound_cidrs: { type: 'list', about: 'Networks that logins must come from, and that tokens can be used from.' },
  token_no_default_policy: { type: 'bool', about: 'Whether tokens are made without the policy `default`.' },
  token_type: {
    type: 'string',
    about: 'The type of the tokens: `service`, `batch`, or `default` for that of the mount.',
  },
}

const TYPES: ReadonlyMap<string, TokenSettings['type']> = new Map([
  ['', 'default'],
  ['default', 'default'],
  ['service', 'service'],
  ['batch', 'batch'],
  ['default-service', 'service'],
  ['default-batch', 'batch'],
])

/** @throws {LogicalError} 400 with Vault's text for each value or combination that cannot be */
export function readTokenSettings(
  data: JsonObject,
  current: TokenSettings,
): { readonly settings: TokenSettings; readonly warnings: readonly string[] } {
  const duration = (name: string, now: number): number => notNegative(name, signedDurationField(data, name) ?? now)
  const typeText = stringField(data, 'token_type')
  const type = typeText === undefined ? current.type : TYPES.get(typeText)
  if (type === undefined) throw invalidRequest("invalid 'token_type' value")
  const policies = stringListField(data, 'token_policies')
  const boundCidrs = stringListField(data, 'token_bound_cidrs')
  const settings: TokenSettings = {
    policies: policies === undefined ? current.policies : sanitizePolicies(policies),
    ttl: duration('token_ttl', current.ttl),
    maxTtl: duration('token_max_ttl', current.maxTtl),
    explicitMaxTtl: duration('token_explicit_max_ttl', current.explicitMaxTtl),
    period: duration('token_period', current.period),
    numUses: notNegative('token_num_uses', intField(data, 'token_num_uses') ?? current.numUses),
    boundCidrs: boundCidrs === undefined ? current.boundCidrs : parseCidrs(boundCidrs),
    noDefaultPolicy: boolField(data, 'token_no_default_policy') ?? current.noDefaultPolicy,
    type,
  }
  checkTogether(settings)
  const pointless = typeText === 'default-service' || typeText === 'default-batch'
  return { settings, warnings: pointless ? [`${typeText} has no useful meaning; adjusting to ${type}`] : [] }
}

/** As a role's answer shows them. */
export function showTokenSettings(settings: TokenSettings): JsonObject {
  return {
    token_bound_cidrs: [...settings.boundCidrs],
    token_explicit_max_ttl: settings.explicitMaxTtl,
    token_max_ttl: settings.maxTtl,
    token_no_default_policy: settings.noDefaultPolicy,
    token_num_uses: settings.numUses,
    token_period: settings.period,
    token_policies: [...settings.policies],
    token_ttl: settings.ttl,
    token_type: settings.type,
  }
}

function checkTogether({ ttl, maxTtl, type, numUses, period }: TokenSettings): void {
  if (maxTtl > 0 && ttl > maxTtl) throw invalidRequest("'token_ttl' cannot be greater than 'token_max_ttl'")
  if (type !== 'batch') return
  const refused = "'token_type' cannot be 'batch' or 'default_batch' when set to generate"
  if (numUses > 0) throw invalidRequest(`${refused} tokens with limited use count`)
  if (period > 0) throw invalidRequest(`${refused} periodic tokens`)
}

function notNegative(name: string, value: number): number {
  if (value < 0) throw invalidRequest(`'${name}' cannot be negative`)
  return value
}
