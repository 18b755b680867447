/** Tokens that are made with a role: what the role adds, limits and overrides (vault-api 7.1). */
import { describe, expect, it } from 'vitest'
import type { JsonObject, TokenEntry } from '../../logical/index.ts'
import { type CreationRequest, planCreation, type PlannedCreation } from './create.ts'
import { newTokenRole, type TokenRole } from './role.ts'

const CALLER: TokenEntry = {
  id: 'hcaller',
  type: 'service',
  accessor: 'a',
  parent: '',
  orphan: true,
  policies: ['default', 'reader'],
  path: 'auth/approle/login',
  meta: null,
  displayName: 'approle',
  numUses: 0,
  creationTime: 0,
  creationTtl: 3600,
  expireTime: 3_600_000,
  explicitMaxTtl: 0,
  period: 0,
  renewable: true,
  lastRenewal: null,
  boundCidrs: ['10.0.0.0/8'],
  entityId: 'e1',
  noDefaultPolicy: false,
  role: '',
}
const ROOT: TokenEntry = { ...CALLER, policies: ['root'], expireTime: null, creationTtl: 0, boundCidrs: [] }

function plan(
  role: Partial<TokenRole>,
  data: JsonObject = {},
  request: Partial<CreationRequest> = {},
): PlannedCreation {
  return planCreation(
    { data, caller: CALLER, sudo: false, path: 'auth/token/create/ci', orphan: false, roleName: 'ci', ...request },
    {
      policyExists: () => true,
      roleNamed: () => ({ ...newTokenRole('ci'), ...role }),
      leaseTtl: { default: 3600, max: 36_000 },
      now: 0,
    },
  )
}
const sudo = { sudo: true }

describe('a token made with a role', () => {
  it('remembers it, in its path too', () => {
    expect(plan({}).token).toMatchObject({ role: 'ci', path: 'auth/token/create/ci', parent: CALLER })
    expect(plan({ pathSuffix: 'build' }).token.path).toBe('auth/token/create/ci/build')
  })

  it('S39: a role without lists adds no policy', () => {
    expect(() => plan({}, { policies: ['other'] })).toThrow('child policies must be subset of parent')
    expect(plan({}, { policies: ['reader'] }).token.policies).toEqual(['default', 'reader'])
    expect(plan({ noDefaultPolicy: true }, { policies: ['reader'] }).token.policies).toEqual(['reader'])
  })

  it('holds what the role gives, not what the parent has', () => {
    expect(plan({ allowedPolicies: ['other'] }).token.policies).toEqual(['default', 'other'])
    expect(plan({ allowedPolicies: ['other'] }, { no_default_policy: true }).token.policies).toEqual(['other'])
  })

  it.each<Partial<TokenRole>>([
    { allowedPolicies: ['root'] },
    { allowedPoliciesGlob: ['*'] },
    { disallowedPolicies: ['x'] },
  ])('S3, S39: is no root token but of a root token: %j', (role) => {
    for (const policies of [['root'], [' Root ']]) {
      expect(() => plan(role, { policies }, sudo)).toThrow(
        'root tokens may not be created without parent token being root',
      )
    }
    expect(plan(role, { policies: ['root'] }, { caller: ROOT, sudo: true }).token.policies).toEqual(['root'])
  })

  it('S39: gets no policy that only the server gives out', () => {
    expect(() => plan({ allowedPolicies: ['response-wrapping'] })).toThrow('cannot assign policy "response-wrapping"')
    expect(() => plan({ allowedPoliciesGlob: ['*'] }, { policies: ['response-wrapping'] }, sudo)).toThrow(
      'cannot assign policy "response-wrapping"',
    )
  })

  it('is an orphan when the role says so, without sudo, and only then', () => {
    expect(plan({ orphan: true }).token).toMatchObject({ parent: undefined, entityId: '' })
    expect(plan({}, { no_parent: true }).token).toMatchObject({ parent: CALLER, entityId: 'e1' })
  })

  it('S39: gives nobody a chosen id or a period of their own without sudo', () => {
    expect(() => plan({ orphan: true }, { id: 'x' })).toThrow('root or sudo privileges required to specify token id')
    expect(() => plan({ period: 60 }, { period: 30 })).toThrow(
      'root or sudo privileges required to create periodic token',
    )
  })

  it.each<[TokenRole['type'], string, 'service' | 'batch']>([
    ['service', 'batch', 'service'],
    ['batch', 'service', 'batch'],
    ['default-service', '', 'service'],
    ['default-service', 'batch', 'batch'],
    ['default-batch', '', 'batch'],
    ['default-batch', 'service', 'service'],
  ])('of a role of type %s, asked for %j, is %s', (type, wanted, made) =>
    expect(plan({ type }, { type: wanted }).token.type).toBe(made),
  )

  it('of no known type is refused where the caller’s wish counts', () => {
    expect(() => plan({}, { type: 'other' })).toThrow("invalid 'token_type' value")
    expect(plan({ type: 'service' }, { type: 'other' }).token.type).toBe('service')
  })

  it('lives by the role’s period and limit', () => {
    expect(plan({ period: 600 }).token).toMatchObject({ ttl: 600, period: 600 })
    expect(plan({ explicitMaxTtl: 900 }).token).toMatchObject({ ttl: 900, explicitMaxTtl: 900, period: 0 })
    expect(plan({ explicitMaxTtl: 99_999 }, { ttl: 40_000 })).toMatchObject({
      token: { ttl: 36_000 },
      warnings: ['TTL of "11h6m40s" exceeded the effective max_ttl of "10h"; TTL value is capped accordingly'],
    })
  })

  it('of two limits has the lesser, and says so', () => {
    const warnings = (max: number, period: number): string[] => [
      `Explicit max TTL specified both during creation call and in role; using the lesser value of ${max} seconds`,
      `Period specified both during creation call and in role; using the lesser value of ${period} seconds`,
    ]
    const lower = plan({ period: 600, explicitMaxTtl: 900 }, { period: 300, explicit_max_ttl: 450 }, sudo)
    expect(lower).toMatchObject({ token: { period: 300, explicitMaxTtl: 450 }, warnings: warnings(450, 300) })
    const higher = plan({ period: 600, explicitMaxTtl: 900 }, { period: 700, explicit_max_ttl: 1000 }, sudo)
    expect(higher).toMatchObject({ token: { period: 600, explicitMaxTtl: 900 }, warnings: warnings(900, 600) })
  })

  it.each([
    [0, 5, 5],
    [5, 0, 5],
    [5, 9, 5],
    [9, 5, 5],
    [0, 0, 0],
  ])('with uses limited to %i by the role and %i by the caller has %i', (ofRole, wanted, left) =>
    expect(plan({ numUses: ofRole }, { num_uses: wanted }).token.numUses).toBe(left),
  )

  it('as a batch token takes no limit from the role', () =>
    expect(plan({ type: 'default-batch', numUses: 3, period: 600, explicitMaxTtl: 60 }).token).toMatchObject({
      type: 'batch',
      numUses: 0,
      period: 0,
      explicitMaxTtl: 0,
      ttl: 3600,
      role: 'ci',
    }))

  it('is renewable when both want it', () => {
    const renewable = (ofRole: boolean, wanted?: boolean): boolean =>
      plan({ renewable: ofRole }, wanted === undefined ? {} : { renewable: wanted }).token.renewable
    expect([renewable(true), renewable(true, false), renewable(false), renewable(false, true)]).toEqual([
      true,
      false,
      false,
      false,
    ])
  })

  it('is bound to the role’s networks, else to the parent’s', () => {
    expect(plan({ boundCidrs: ['192.168.0.0/16'] }).token.boundCidrs).toEqual(['192.168.0.0/16'])
    expect(plan({ orphan: true }).token.boundCidrs).toEqual(['10.0.0.0/8'])
  })

  it('S39, S54: speaks for the entities that it may, in lower case', () => {
    const role = { allowedEntityAliases: ['bob', 'team-*'] }
    expect(() => plan(role, { entity_alias: 'eve' })).toThrow(/^invalid 'entity_alias' value$/)
    expect(plan(role, { entity_alias: 'BOB' }).entityAlias).toBe('bob')
    expect(plan(role, { entity_alias: 'Team-x' }).entityAlias).toBe('team-x')
    expect(plan(role, {}).entityAlias).toBeUndefined()
  })
})
