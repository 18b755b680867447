import { describe, expect, it } from 'vitest'
import type { AuthGrant } from '../logical/logical.ts'
import { type LoginOptions, planLogin } from './login.ts'
import { createTokenWorld, START } from './shelf.case.ts'

const GRANT: AuthGrant = {
  displayName: '',
  policies: ['reader'],
  metadata: { role_name: 'airflow' },
  tokenType: 'default',
  ttl: 0,
  maxTtl: 0,
  explicitMaxTtl: 0,
  period: 0,
  numUses: 0,
  renewable: true,
  boundCidrs: [],
  noDefaultPolicy: false,
}
const OPTIONS: LoginOptions = {
  path: 'auth/approle/login',
  mountPoint: 'auth/approle/',
  ttl: { default: 3600, max: 7200 },
}
const plan = (grant: Partial<AuthGrant>, options: Partial<LoginOptions> = {}) =>
  planLogin({ ...GRANT, ...grant }, { ...OPTIONS, ...options }, START)

describe('a login', () => {
  it('S3: spells policies one way and adds default', () => {
    expect(plan({ policies: [' Reader', 'writer', 'READER', ''] }).token.policies).toEqual([
      'default',
      'reader',
      'writer',
    ])
    expect(plan({ noDefaultPolicy: true }).token.policies).toEqual(['reader'])
  })

  it.each(['root', 'Root', ' root ', 'ROOT '])('S3: never gives %j', (policy) => {
    expect(() => plan({ policies: ['reader', policy] })).toThrow(/^auth methods cannot create root tokens$/)
  })

  it('cannot give what only the server gives out', () => {
    expect(() => plan({ policies: ['response-wrapping'] })).toThrow('cannot assign policy "response-wrapping"')
  })

  it.each<[AuthGrant['tokenType'], string, 'service' | 'batch']>([
    ['default', '', 'service'],
    ['default', 'default-service', 'service'],
    ['default', 'default-batch', 'batch'],
    ['service', 'default-batch', 'service'],
    ['batch', 'default-service', 'batch'],
    ['batch', 'service', 'service'],
    ['service', 'batch', 'batch'],
  ])('role %s on a mount of %j is %s', (role, mount, type) => {
    expect(plan({ tokenType: role }, { tokenType: mount }).token.type).toBe(type)
  })

  it('refuses limited batch tokens', () => {
    expect(() => plan({ tokenType: 'batch', numUses: 3 })).toThrow('batch tokens cannot have "num_uses" set')
    expect(() => plan({ tokenType: 'batch', period: 3 })).toThrow('batch tokens cannot have "period" set')
  })

  it('caps what the role asks for and says so', () => {
    const { token, warnings } = plan({ ttl: 9000 })
    expect(token.ttl).toBe(7200)
    expect(warnings).toEqual(['TTL of "2h30m" exceeded the effective max_ttl of "2h"; TTL value is capped accordingly'])
  })

  it('answers with the token it made', async () => {
    const { tokens } = await createTokenWorld()
    const { auth, warnings } = await tokens.login(GRANT, OPTIONS)
    expect(warnings).toEqual([])
    expect(auth).toEqual({
      clientToken: expect.stringMatching(/^hvs\.[0-9A-Za-z]{24}$/) as string,
      accessor: expect.stringMatching(/^[0-9A-Za-z]{24}$/) as string,
      policies: ['default', 'reader'],
      metadata: { role_name: 'airflow' },
      leaseDuration: 3600,
      renewable: true,
      entityId: '',
      tokenType: 'service',
      orphan: true,
      displayName: 'approle',
      noDefaultPolicy: false,
      numUses: 0,
    })
    expect(tokens.lookup(auth.clientToken)).toMatchObject({
      path: 'auth/approle/login',
      displayName: 'approle',
      expireTime: START + 3_600_000,
    })
  })

  it('is named after its mount and who it is', () => {
    expect(plan({}).token.displayName).toBe('approle')
    expect(plan({ displayName: 'bob' }, { mountPoint: 'auth/people/here/' }).token.displayName).toBe('people-here-bob')
  })

  it('S19: asks whose it is, and not before it is clear that there will be a token', async () => {
    const { tokens } = await createTokenWorld()
    let asked = 0
    const entity = (): string => {
      asked += 1
      return 'e1'
    }
    await expect(tokens.login({ ...GRANT, policies: ['root'] }, { ...OPTIONS, entity })).rejects.toThrow('root tokens')
    expect(asked).toBe(0)
    const { auth } = await tokens.login(GRANT, { ...OPTIONS, entity })
    expect([auth.entityId, tokens.lookup(auth.clientToken)?.entityId]).toEqual(['e1', 'e1'])
  })

  it('with a batch token stores nothing', async () => {
    const { tokens, shelf } = await createTokenWorld()
    const before = shelf.commits
    const { auth } = await tokens.login({ ...GRANT, tokenType: 'batch' }, OPTIONS)
    expect(auth).toMatchObject({ tokenType: 'batch', accessor: '', renewable: false, leaseDuration: 3600 })
    expect(shelf.commits).toBe(before)
    expect(tokens.lookup(auth.clientToken)).toMatchObject({ type: 'batch', id: '', policies: ['default', 'reader'] })
  })
})
