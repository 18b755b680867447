import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../logical/index.ts'
import {
  changeTokenRole,
  type ChangedTokenRole,
  decodeTokenRole,
  encodeTokenRole,
  newTokenRole,
  showTokenRole,
  type TokenRole,
  TokenRoleRecordError,
} from './role.ts'

const change = (data: JsonObject, current: TokenRole = newTokenRole('ci')): ChangedTokenRole =>
  changeTokenRole(data, current, { default: 3600, max: 7200 })

const FULL: JsonObject = {
  allowed_policies: ['B', 'a ', 'a'],
  disallowed_policies: 'X,y',
  allowed_policies_glob: 'T-*',
  disallowed_policies_glob: ['z*'],
  allowed_entity_aliases: 'Bob,al*',
  orphan: true,
  renewable: false,
  path_suffix: 'sfx',
  token_period: '1h',
  token_explicit_max_ttl: '2h',
  token_bound_cidrs: '127.0.0.1,10.1.0.0/16',
  token_no_default_policy: true,
  token_num_uses: 3,
  token_type: 'service',
}

describe('a token role', () => {
  it('has Vault’s defaults', () =>
    expect(showTokenRole(newTokenRole('ci'))).toEqual({
      name: 'ci',
      allowed_policies: [],
      disallowed_policies: [],
      allowed_policies_glob: [],
      disallowed_policies_glob: [],
      allowed_entity_aliases: null,
      orphan: false,
      renewable: true,
      path_suffix: '',
      period: 0,
      explicit_max_ttl: 0,
      token_period: 0,
      token_explicit_max_ttl: 0,
      token_no_default_policy: false,
      token_type: 'default-service',
    }))

  it('takes all its fields, shows them, and reads back from the store', () => {
    const { role, warnings } = change(FULL)
    expect(warnings).toEqual([])
    const shown = {
      name: 'ci',
      allowed_policies: ['a', 'b'],
      disallowed_policies: ['x', 'y'],
      allowed_policies_glob: ['t-*'],
      disallowed_policies_glob: ['z*'],
      allowed_entity_aliases: ['al*', 'bob'],
      orphan: true,
      renewable: false,
      path_suffix: 'sfx',
      period: 0,
      explicit_max_ttl: 0,
      token_period: 3600,
      token_explicit_max_ttl: 7200,
      token_bound_cidrs: ['127.0.0.1', '10.1.0.0/16'],
      token_no_default_policy: true,
      token_num_uses: 3,
      token_type: 'service',
    }
    expect(showTokenRole(role)).toEqual(shown)
    expect(decodeTokenRole(encodeTokenRole(role))).toEqual(role)
  })

  it('keeps what a change does not name', () => {
    const { role } = change(FULL)
    expect(change({}, role).role).toEqual(role)
    expect(change({ orphan: false, path_suffix: '', token_num_uses: 0, allowed_policies: '' }, role).role).toEqual({
      ...role,
      orphan: false,
      pathSuffix: '',
      numUses: 0,
      allowedPolicies: [],
    })
  })

  it('S3: the policy root is one, however it is written', () => {
    expect(change({ allowed_policies: [' Root', 'a'] }).role.allowedPolicies).toEqual(['root'])
    expect(change({ disallowed_policies: 'ROOT ,a' }).role.disallowedPolicies).toEqual(['a', 'root'])
  })

  it('knows three settings under their old names too', () => {
    const { role, warnings } = change({ period: '10m', explicit_max_ttl: 900, bound_cidrs: '10.0.0.0/8' })
    expect(warnings).toEqual([])
    expect(showTokenRole(role)).toMatchObject({
      period: 600,
      token_period: 600,
      explicit_max_ttl: 900,
      token_explicit_max_ttl: 900,
      bound_cidrs: ['10.0.0.0/8'],
      token_bound_cidrs: ['10.0.0.0/8'],
    })
    const later = change({ token_period: '20m', token_bound_cidrs: '' }, role)
    expect(showTokenRole(later.role)).toMatchObject({ period: 0, token_period: 1200, explicit_max_ttl: 900 })
    expect(showTokenRole(later.role)).not.toHaveProperty('bound_cidrs')
  })

  it('under both names the new one counts, and says so', () => {
    const { role, warnings } = change({
      period: 1,
      token_period: 2,
      explicit_max_ttl: 3,
      token_explicit_max_ttl: 4,
      bound_cidrs: '10.0.0.0/8',
      token_bound_cidrs: '127.0.0.1',
    })
    expect(role).toMatchObject({ period: 2, explicitMaxTtl: 4, boundCidrs: ['127.0.0.1'] })
    expect(warnings).toEqual(
      ['period', 'bound_cidrs', 'explicit_max_ttl'].map(
        (name) => `Both 'token_${name}' and deprecated '${name}' value supplied, ignoring the deprecated value`,
      ),
    )
  })

  it('warns of a limit that the mount does not allow', () =>
    expect(change({ token_explicit_max_ttl: 9000 }).warnings).toEqual([
      'Given explicit max TTL of 9000 is greater than system/mount allowed value of 7200 seconds; tokens made with this role are capped accordingly',
    ]))

  const batch = { token_type: 'batch', orphan: true, renewable: false }
  it.each<[string, JsonObject]>([
    ["'token_type' cannot be 'batch' when role is set to generate non-orphan tokens", { ...batch, orphan: false }],
    ["'token_type' cannot be 'batch' when role is set to generate periodic tokens", { ...batch, token_period: 1 }],
    ["'token_type' cannot be 'batch' when role is set to generate renewable tokens", { ...batch, renewable: true }],
    [
      "'token_type' cannot be 'batch' when role is set to generate tokens with an explicit max TTL",
      { ...batch, token_explicit_max_ttl: 1 },
    ],
    ["invalid 'token_type' value", { token_type: 'default' }],
    ["'token_num_uses' cannot be negative", { token_num_uses: -1 }],
    [String.raw`given role path suffix contains invalid characters; must match \w[\w-.]+\w`, { path_suffix: 'a/bcd' }],
    [String.raw`given role path suffix contains invalid characters; must match \w[\w-.]+\w`, { path_suffix: 'ab' }],
    ['error registering path suffix: path cannot contain parent references', { path_suffix: 'a..b' }],
    ['invalid CIDR blocks', { token_bound_cidrs: 'nowhere' }],
  ])('refuses: %s', (text, data) =>
    expect(() => change(data)).toThrow(
      expect.objectContaining({ message: text, code: 'invalid-request', channel: 'bare' }) as Error,
    ),
  )

  it.each(['token_period', 'token_explicit_max_ttl', 'period'])('refuses a negative %s', (field) =>
    expect(() => change({ [field]: -1 })).toThrow('expected a duration that is not negative'),
  )

  it('may be of every type', () => {
    expect(change(batch).role.type).toBe('batch')
    const types = ['service', 'default-service', 'default-batch', ''].map(
      (type) => change({ token_type: type }, change(FULL).role).role.type,
    )
    expect(types).toEqual(['service', 'default-service', 'default-batch', 'default-service'])
  })

  it('of another format is not guessed', () =>
    expect(() => decodeTokenRole(Buffer.from('{"version":2}'))).toThrow(
      expect.objectContaining({ code: 'token-role-record', constructor: TokenRoleRecordError }) as Error,
    ))
})
