import { describe, expect, it } from 'vitest'
import { make } from './family.case.ts'
import type { NewToken } from './new-token.ts'
import { createTokenWorld, START } from './shelf.case.ts'

describe('renewal', () => {
  const terms = { ttl: 100, maxTtl: 0, period: 0, mount: { default: 3600, max: 7200 } }

  it('counts from now, is capped from the issue, and survives a restart', async () => {
    const world = await createTokenWorld()
    world.tokens.onRenewal('auth/token/', () => terms)
    const { token, entry } = await make(world.tokens, { ttl: 100 })
    world.now += 50_000
    expect(await world.tokens.renew(entry, 0)).toMatchObject({ ttl: 100, warnings: [] })
    const capped = await world.tokens.renew(entry, 9000)
    expect(capped.ttl).toBe(7150)
    expect(capped.warnings).toHaveLength(1)
    const again = await world.reopen()
    expect(again.lookup(token)).toMatchObject({ expireTime: START + 7_200_000, lastRenewal: START + 50_000 })
    expect(world.shelf.keys().filter((key) => key.startsWith('expiry/'))).toHaveLength(1)
  })

  it.each<[string, Partial<NewToken>, string]>([
    ['not renewable', { renewable: false }, 'lease is not renewable'],
    ['without end', { ttl: 0 }, 'lease is not renewable'],
    ['of an auth method that is gone', { path: 'auth/gone/login' }, 'lease is not renewable'],
    ['batch', { type: 'batch' }, 'batch tokens cannot be renewed'],
  ])('is refused: %s', async (_, fields, text) => {
    const { tokens } = await createTokenWorld()
    tokens.onRenewal('auth/token/', () => terms)
    const { entry } = await make(tokens, fields)
    await expect(tokens.renew(entry, 0)).rejects.toThrow(text)
  })

  it('is refused for a token that is gone', async () => {
    const world = await createTokenWorld()
    world.tokens.onRenewal('auth/token/', () => terms)
    const { entry } = await make(world.tokens, { ttl: 10 })
    world.now += 10_000
    await expect(world.tokens.renew(entry, 0)).rejects.toThrow(/^token not found$/)
  })
})
