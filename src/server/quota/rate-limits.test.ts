import { describe, expect, it } from 'vitest'
import { createMemoryStorage } from '../storage/index.ts'
import { Limiter } from './bucket.ts'
import { type RateLimitRule, RateLimits } from './rate-limits.ts'

const rule = (name: string, mount: string, suffix: string, more: Partial<RateLimitRule> = {}): RateLimitRule => ({
  name,
  mount,
  suffix,
  rate: 1,
  intervalSeconds: 1,
  blockIntervalSeconds: 0,
  ...more,
})

async function limits(...rules: RateLimitRule[]): Promise<RateLimits> {
  const made = new RateLimits(createMemoryStorage())
  for (const one of rules) await made.put(one)
  return made
}
const kind = (of: RateLimits, path: string, client = 'a', now = 0): string => of.take(path, client, now).kind

describe('a limiter', () => {
  it('gives as many at once as the rate says, and refills evenly', () => {
    const limiter = new Limiter({ rate: 4, intervalSeconds: 2, blockIntervalSeconds: 0 })
    const take = (now: number): boolean => limiter.take('a', now).allowed
    expect([take(0), take(0), take(0), take(0), take(0)]).toEqual([true, true, true, true, false])
    expect([take(499), take(500), take(500)]).toEqual([false, true, false])
    expect(limiter.take('a', 10_000)).toEqual({ allowed: true, remaining: 3, waitSeconds: 1 })
  })

  it('counts each client by itself', () => {
    const limiter = new Limiter({ rate: 1, intervalSeconds: 1, blockIntervalSeconds: 0 })
    expect([limiter.take('a', 0).allowed, limiter.take('b', 0).allowed, limiter.take('a', 0).allowed]).toEqual([
      true,
      true,
      false,
    ])
  })

  it('blocks who went over for as long as it says', () => {
    const limiter = new Limiter({ rate: 10, intervalSeconds: 1, blockIntervalSeconds: 60 })
    for (let count = 0; count < 10; count += 1) limiter.take('a', 0)
    expect(limiter.take('a', 0)).toEqual({ allowed: false, remaining: 0, waitSeconds: 60 })
    expect(limiter.take('a', 59_999)).toEqual({ allowed: false, remaining: 0, waitSeconds: 1 })
    expect(limiter.take('a', 60_000).allowed).toBe(true)
  })

  it('lets one request in time through with a rate below one', () => {
    const limiter = new Limiter({ rate: 0.5, intervalSeconds: 1, blockIntervalSeconds: 0 })
    expect([0, 1999, 2000].map((now) => limiter.take('a', now).allowed)).toEqual([true, false, true])
  })

  it('gives nothing for a clock that goes back', () => {
    const limiter = new Limiter({ rate: 1, intervalSeconds: 1, blockIntervalSeconds: 0 })
    expect([5000, 0, 500, 1000].map((now) => limiter.take('a', now).allowed)).toEqual([true, false, false, true])
  })
})

describe('rate limits', () => {
  it('cost nothing and refuse nothing without a rule', async () => {
    expect(kind(await limits(), 'secret/data/x')).toBe('unlimited')
  })

  it('let the most specific rule count', async () => {
    const many = { rate: 100 }
    const all = await limits(
      rule('all', '', '', many),
      rule('mount', 'secret/', '', many),
      rule('short', 'secret/', 'data/*', many),
      rule('long', 'secret/', 'data/app*', many),
      rule('exact', 'secret/', 'data/app/x'),
    )
    expect(all.take('secret/data/app/x', 'a', 0)).toMatchObject({ kind: 'within', limit: 1 })
    expect(kind(all, 'secret/data/app/x')).toBe('exceeded')
    for (const path of ['secret/data/app/y', 'secret/data/other', 'secret/metadata/x', 'sys/mounts'])
      expect([path, all.take(path, 'a', 0)]).toEqual([path, expect.objectContaining({ kind: 'within', limit: 100 })])
  })

  it.each([
    ['secret/data/x', 'secret/data/x/'],
    ['secret/', 'secret'],
  ])('S30: a list falls under the rule of %s', async (written, asked) => {
    const of = await limits(rule('r', 'secret/', written.slice('secret/'.length)))
    expect([kind(of, asked), kind(of, written)]).toEqual(['within', 'exceeded'])
  })

  it('S30: know a client by both ways to write its address', async () => {
    const of = await limits(rule('r', 'secret/', ''))
    expect([kind(of, 'secret/x', '10.0.0.1'), kind(of, 'secret/x', '::ffff:10.0.0.1')]).toEqual(['within', 'exceeded'])
  })

  it('do not reach into a mount with a longer name', async () => {
    const of = await limits(rule('r', 'secret/', ''))
    expect(kind(of, 'secrets/data/x')).toBe('unlimited')
  })

  it('leave exempt paths alone', async () => {
    const of = await limits(rule('all', '', ''))
    await of.configure((now) => ({ ...now, exemptPaths: ['sys/health', 'auth/token/*'] }))
    for (const path of ['sys/health', 'auth/token/lookup-self', 'auth/token/create'])
      expect([path, kind(of, path)]).toEqual([path, 'unlimited'])
    expect([kind(of, 'sys/healthy'), kind(of, 'sys/healthy')]).toEqual(['within', 'exceeded'])
  })

  it('refuse a second rule for one path, and take the same rule again', async () => {
    const of = await limits(rule('one', 'secret/', ''))
    await expect(of.put(rule('two', 'secret/', ''))).rejects.toThrow('exists under the name "one"')
    await of.put(rule('one', 'secret/', '', { rate: 5 }))
    expect(of.list().map(({ name, rate }) => [name, rate])).toEqual([['one', 5]])
  })

  it('go on counting when another rule changes', async () => {
    const of = await limits(rule('one', 'secret/', ''))
    kind(of, 'secret/x')
    await of.put(rule('two', 'other/', ''))
    expect(kind(of, 'secret/x')).toBe('exceeded')
  })

  it('move and go with their mount', async () => {
    const of = await limits(rule('r', 'old/', 'data/x'), rule('all', '', ''))
    await of.mountMoved('old/', 'new/')
    expect(of.get('r')).toMatchObject({ mount: 'new/', suffix: 'data/x' })
    await of.mountMoved('new/', undefined)
    expect(of.list().map(({ name }) => name)).toEqual(['all'])
  })

  it('are there again after a restart', async () => {
    const storage = createMemoryStorage()
    const before = new RateLimits(storage)
    await before.put(rule('r', 'secret/', 'x*', { rate: 1.5, blockIntervalSeconds: 3 }))
    await before.configure((now) => ({ ...now, auditRefusals: true }))
    const after = new RateLimits(storage)
    expect([after.list(), after.config]).toEqual([before.list(), before.config])
    expect(after.take('secret/x', 'a', 0).kind).toBe('within')
  })
})
