import { describe, expect, it } from 'vitest'
import type { JsonObject, TokenEntry } from '../../logical/index.ts'
import { type CreationRequest, planCreation, type PlannedCreation } from './create.ts'

const CALLER: TokenEntry = {
  id: 'hcaller',
  type: 'service',
  accessor: 'a',
  parent: '',
  orphan: true,
  policies: ['default', 'reader', 'writer'],
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
const ROOT: TokenEntry = {
  ...CALLER,
  policies: ['root'],
  expireTime: null,
  creationTtl: 0,
  boundCidrs: [],
  entityId: '',
}
const SURROUNDINGS = {
  policyExists: (name: string) => name !== 'ghost',
  roleNamed: () => undefined,
  leaseTtl: { default: 2_764_800, max: 2_764_800 },
  now: 0,
}

function plan(data: JsonObject, request: Partial<CreationRequest> = {}): PlannedCreation {
  return planCreation(
    { data, caller: CALLER, sudo: false, path: 'auth/token/create', orphan: false, ...request },
    SURROUNDINGS,
  )
}
const byRoot = (data: JsonObject): PlannedCreation => plan(data, { caller: ROOT, sudo: true })

const refuse = (text: string, data: JsonObject, request: Partial<CreationRequest> = {}) =>
  it(`${JSON.stringify(data)}: ${text}`, () => {
    expect(() => plan(data, request)).toThrow(
      expect.objectContaining({ message: text, code: 'invalid-request', channel: 'bare' }) as Error,
    )
  })

describe('refusals, with Vault’s texts (vault-api 7.1)', () => {
  refuse('batch tokens cannot create more tokens', {}, { caller: { ...CALLER, type: 'batch' } })
  refuse('restricted use token cannot generate child tokens', {}, { caller: { ...CALLER, numUses: 3 } })
  refuse('restricted use token cannot generate child tokens', {}, { caller: { ...CALLER, numUses: -1 } })
  refuse("invalid 'token_type' value", { type: 'other' })
  refuse('batch tokens cannot have "explicit_max_ttl" set', { type: 'batch', explicit_max_ttl: '1h' })
  refuse('batch tokens cannot have "num_uses" set', { type: 'batch', num_uses: 2 })
  refuse('batch tokens cannot have "period" set', { type: 'batch', period: '1h' })
  refuse('batch tokens cannot have "id" set', { type: 'batch', id: 'x' })
  refuse('number of uses cannot be negative', { num_uses: -1 })
  refuse('root or sudo privileges required to specify token id', { id: 'x' })
  refuse("custom token ID cannot have the 'hvs.' prefix", { id: 'hvs.x' }, { sudo: true })
  refuse("custom token ID cannot have the 's.' prefix", { id: 's.x' }, { sudo: true })
  refuse("custom token ID cannot have a '.' in the value", { id: 'a.x' }, { sudo: true })
  refuse("custom token ID cannot have a '.' in the value", { id: 'hvb.x' }, { sudo: true })
  refuse('cannot assign policy "response-wrapping"', { policies: ['response-wrapping'] }, { sudo: true })
  refuse('root tokens may not be created without parent token being root', { policies: ['root'] }, { sudo: true })
  refuse('batch tokens cannot be root tokens', { type: 'batch' }, { caller: ROOT, sudo: true })
  refuse(
    'expiring root tokens cannot create non-expiring root tokens',
    {},
    { caller: { ...ROOT, expireTime: 5 }, sudo: true },
  )
  refuse('ttl must be positive', { ttl: '-1h' })
  refuse('explicit_max_ttl must be positive', { explicit_max_ttl: -1 })
  refuse('period must be positive', { period: -1 })
  refuse('unknown role absent', {}, { roleName: 'absent' })
  refuse("'entity_alias' is only allowed in combination with token role", { entity_alias: 'bob' })

  it('the first failure in Vault’s order answers', () => {
    const all = { type: 'other', num_uses: -1, id: 'x', policies: ['admin'], no_parent: true, period: '1h', ttl: -1 }
    const order: [keyof typeof all, string][] = [
      ['type', "invalid 'token_type' value"],
      ['num_uses', 'number of uses cannot be negative'],
      ['id', 'root or sudo privileges required to specify token id'],
      ['policies', 'child policies must be subset of parent'],
      ['no_parent', 'root or sudo privileges required to create orphan token'],
      ['period', 'root or sudo privileges required to create periodic token'],
      ['ttl', 'ttl must be positive'],
    ]
    const data: JsonObject = { ...all }
    for (const [field, text] of order) {
      expect(() => plan(data)).toThrow(text)
      delete data[field]
    }
  })
})

describe('S39: without sudo nobody makes more than they are', () => {
  refuse('child policies must be subset of parent', { policies: ['admin'] })
  refuse('child policies must be subset of parent', { policies: [' ADMIN '] })
  refuse('child policies must be subset of parent', { policies: 'reader,admin' })
  refuse('child policies must be subset of parent', { policies: ['root'] })
  refuse('child policies must be subset of parent', { policies: ['Root '] })
  refuse(
    'child policies must be subset of parent',
    { policies: ['default'] },
    { caller: { ...CALLER, policies: ['reader'] } },
  )
  refuse('root or sudo privileges required to create orphan token', { no_parent: true })
  refuse('root or sudo privileges required to create orphan token', {}, { orphan: true })
  refuse('root or sudo privileges required to create periodic token', { period: '1h' })

  it('a child does not gain default from a parent without it', () => {
    const caller = { ...CALLER, policies: ['reader'] }
    expect(plan({ policies: ['reader'] }, { caller }).token.policies).toEqual(['reader'])
    expect(plan({}, { caller }).token.policies).toEqual(['reader'])
  })

  it('bound networks come along', () => {
    expect(plan({}).token.boundCidrs).toEqual(['10.0.0.0/8'])
    expect(plan({}, { sudo: true, orphan: true }).token.boundCidrs).toEqual(['10.0.0.0/8'])
  })
})

describe('what is made', () => {
  it('by default is a child like its parent', () => {
    const { token, warnings } = plan({})
    expect(warnings).toEqual([])
    expect(token).toEqual({
      type: 'service',
      parent: CALLER,
      policies: ['default', 'reader', 'writer'],
      path: 'auth/token/create',
      meta: null,
      displayName: 'token',
      numUses: 0,
      ttl: 2_764_800,
      explicitMaxTtl: 0,
      period: 0,
      renewable: true,
      boundCidrs: ['10.0.0.0/8'],
      entityId: 'e1',
      noDefaultPolicy: false,
    })
  })

  it('takes its fields', () => {
    const { token } = byRoot({
      policies: ['b', 'A', 'b '],
      ttl: '1h',
      explicit_max_ttl: 7200,
      num_uses: '3',
      display_name: 'my app/1',
      meta: { team: 'x' },
      renewable: false,
      no_parent: true,
      type: 'service',
    })
    expect(token).toMatchObject({
      policies: ['a', 'b', 'default'],
      ttl: 3600,
      explicitMaxTtl: 7200,
      numUses: 3,
      displayName: 'token-my-app-1',
      renewable: false,
      parent: undefined,
    })
    expect({ ...token.meta }).toEqual({ team: 'x' })
  })

  it('`lease` is an old name of `ttl`', () => {
    expect(byRoot({ lease: '1h' }).token.ttl).toBe(3600)
    expect(byRoot({ lease: '1h', ttl: '2h' }).token.ttl).toBe(7200)
  })

  it('of a root token is a root token without end, or one with a TTL', () => {
    expect(byRoot({}).token).toMatchObject({ policies: ['root'], ttl: 0, renewable: false })
    expect(byRoot({ policies: ['root', 'reader'] }).token.policies).toEqual(['root'])
    expect(byRoot({ ttl: '1h' }).token).toMatchObject({ policies: ['root'], ttl: 3600, renewable: true })
    expect(byRoot({ explicit_max_ttl: '5m' }).token).toMatchObject({ policies: ['root'], ttl: 300 })
    expect(plan({ ttl: 60 }, { caller: { ...ROOT, expireTime: 5 }, sudo: true }).token.ttl).toBe(60)
  })

  it('without default, where that was asked for', () => {
    expect(byRoot({ policies: ['a'], no_default_policy: true }).token).toMatchObject({
      policies: ['a'],
      noDefaultPolicy: true,
    })
  })

  it('caps and warns', () => {
    const { token, warnings } = byRoot({ policies: ['a'], ttl: '30m', explicit_max_ttl: '5m' })
    expect(token.ttl).toBe(300)
    expect(warnings).toEqual(['TTL of "30m" exceeded the effective max_ttl of "5m"; TTL value is capped accordingly'])
  })

  it('is periodic for those who may', () =>
    expect(byRoot({ period: '30m' }).token).toMatchObject({ ttl: 1800, period: 1800 }))

  it('without default also where the parent has it, or it was named', () => {
    expect(plan({ no_default_policy: true }).token.policies).toEqual(['reader', 'writer'])
    expect(plan({ no_default_policy: true, policies: ['default', 'reader'] }).token.policies).toEqual(['reader'])
  })

  it.each([
    ['a b', 'token-a-b'],
    ['a b--', 'token-a-b-'],
    ['ä/', 'token--'],
    ['__', 'token-__'],
    ['', 'token'],
  ])('the display name %j becomes %j', (wanted, stored) =>
    expect(byRoot({ display_name: wanted }).token.displayName).toBe(stored),
  )

  it('warnings come in Vault’s order: limits, id, policies', () =>
    expect(byRoot({ policies: ['ghost'], id: 'chosen', ttl: '30m', explicit_max_ttl: '5m' }).warnings).toEqual([
      'TTL of "30m" exceeded the effective max_ttl of "5m"; TTL value is capped accordingly',
      'a token ID that somebody chose is easier to guess than a generated one',
      'Policy "ghost" does not exist',
    ]))

  it('warns of policies that do not exist, and of a chosen id', () => {
    expect(byRoot({ policies: ['ghost', 'a'] }).warnings).toEqual(['Policy "ghost" does not exist'])
    const { token, warnings } = byRoot({ id: 'chosen' })
    expect(token.text).toBe('chosen')
    expect(warnings).toEqual(['a token ID that somebody chose is easier to guess than a generated one'])
  })

  it('a batch token is not renewable', () => {
    const batch = { type: 'batch', renewable: false, ttl: 60 }
    expect(plan({ type: 'batch', ttl: 60 }).token).toMatchObject(batch)
    // Vault's CLI says so with every token.
    expect(plan({ type: 'batch', ttl: 60, renewable: true }).token).toMatchObject(batch)
  })
})
