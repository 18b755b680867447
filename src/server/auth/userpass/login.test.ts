import { describe, expect, it, vi } from 'vitest'
import type { LogicalResponse } from '../../logical/index.ts'
import { hashPassword, PASSWORD_COST, passwordMatches } from './password.ts'
import { COST, createUserpassWorld, MOUNT_POINT, PASSWORD, type UserpassWorld } from './world.case.ts'

const WRONG = { code: 'invalid-credentials', message: 'invalid username or password', channel: 'bare' }

/** The token that the pipeline would make of a login. */
async function tokenOf(world: UserpassWorld, response: LogicalResponse): Promise<string> {
  if (response.kind !== 'grant') throw new Error(`expected a grant, got ${response.kind}`)
  const { auth } = await world.tokens.tokens.login(response.grant, {
    path: `${MOUNT_POINT}login/bob`,
    mountPoint: MOUNT_POINT,
    ttl: { default: 3600, max: 86_400 },
  })
  return auth.clientToken
}

describe('a userpass login', () => {
  it('S19: grants, and issues nothing itself', async () => {
    const world = await createUserpassWorld()
    await world.user('Bob', {
      token_policies: 'reader',
      token_ttl: 60,
      token_max_ttl: 600,
      token_num_uses: 3,
      token_bound_cidrs: '127.0.0.0/8',
      token_no_default_policy: true,
      token_explicit_max_ttl: 500,
      token_type: 'service',
    })
    expect(await world.login('BOB', PASSWORD)).toEqual({
      kind: 'grant',
      grant: {
        displayName: 'bob',
        policies: ['reader'],
        metadata: { username: 'bob' },
        tokenType: 'service',
        ttl: 60,
        maxTtl: 600,
        explicitMaxTtl: 500,
        period: 0,
        numUses: 3,
        renewable: true,
        boundCidrs: ['127.0.0.0/8'],
        noDefaultPolicy: true,
      },
    })
  })

  it('needs no token, and nothing else is open', async () => {
    const { backend } = await createUserpassWorld()
    expect(
      ['login/bob', 'login', 'users', 'users/login', 'users/login/password'].filter((path) =>
        backend.isUnauthenticated(path),
      ),
    ).toEqual(['login/bob'])
    expect(backend.needsSudo('users/x')).toBe(false)
  })

  it('S1: an unknown user and a wrong password are one answer, wherever they come from', async () => {
    const world = await createUserpassWorld()
    await world.user('bob', { token_bound_cidrs: '10.0.0.0/8' })
    await expect(world.login('bob', 'wrong')).rejects.toMatchObject(WRONG)
    await expect(world.login('none', PASSWORD)).rejects.toMatchObject(WRONG)
    await expect(world.login('bob', PASSWORD)).rejects.toMatchObject({ code: 'permission-denied' })
    for (const name of ['bob', 'none'])
      await expect(world.login(name, '')).rejects.toMatchObject({
        code: 'invalid-request',
        message: 'missing password',
      })
  })

  it('renews on the terms of the user, as long as the policies are the same', async () => {
    const world = await createUserpassWorld()
    await world.user('bob', { token_policies: 'a,b', token_ttl: 60 })
    const { tokens } = world.tokens
    const token = await tokenOf(world, await world.login('bob', PASSWORD))
    const renew = () => tokens.renew(tokens.lookup(token) ?? expect.fail('the token is gone'), 0)
    await world.ask('update', 'users/bob', { token_ttl: 120, token_policies: 'default,b,a' })
    expect((await renew()).ttl).toBe(120)
    await world.ask('update', 'users/bob/policies', { token_policies: 'a' })
    await expect(renew()).rejects.toMatchObject({ code: 'internal', message: 'policies have changed, not renewing' })
    await world.ask('delete', 'users/bob')
    await expect(renew()).rejects.toMatchObject({ code: 'invalid-request', message: 'lease is not renewable' })
  })

  it('fails where the record is of another version', async () => {
    const world = await createUserpassWorld()
    await world.shelf.commit([{ kind: 'put', key: 'user/bob', value: Buffer.from('{"version":2}') }])
    await expect(world.login('bob', PASSWORD)).rejects.toMatchObject({ code: 'userpass-record' })
  })
})

describe('a password', () => {
  const random = (bytes: number): Buffer => Buffer.alloc(bytes, 7)

  it('is compared whole, at the cost that its hash was made at', async () => {
    const stored = await hashPassword(PASSWORD, { n: 4, r: 2, p: 2 }, random)
    expect(stored).toMatchObject({ n: 4, r: 2, p: 2 })
    expect(await passwordMatches(PASSWORD, stored, COST)).toBe(true)
    for (const wrong of ['', `${PASSWORD}x`, PASSWORD.slice(0, -1), PASSWORD.toUpperCase()])
      expect(await passwordMatches(wrong, stored, COST)).toBe(false)
  })

  it('is hashed at a cost that is worth it', async () => {
    const { hash } = await hashPassword(PASSWORD, PASSWORD_COST, random)
    expect([PASSWORD_COST.n * PASSWORD_COST.r * 128, hash.length]).toEqual([32 * 1024 * 1024, 32])
  })

  it('S1: of nobody costs one hash as well, and never matches', async () => {
    const work = vi.spyOn(await import('../../../concurrency/index.ts').then(({ Turns }) => Turns.prototype), 'run')
    try {
      expect(await passwordMatches(PASSWORD, undefined, COST)).toBe(false)
      await passwordMatches(PASSWORD, await hashPassword(PASSWORD, COST, random), COST)
      expect(work).toHaveBeenCalledTimes(3)
    } finally {
      work.mockRestore()
    }
  })
})
