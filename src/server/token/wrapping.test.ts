import { describe, expect, it } from 'vitest'
import { make } from './family.case.ts'
import { TokenRecordError } from './record.ts'
import { createTokenWorld, START, type TokenWorld } from './shelf.case.ts'
import { WrappingTokens } from './wrapping.ts'

const ANSWER = {
  status: 200,
  body: '{"data":{"password":"planted"}}\n',
  creationPath: 'secret/data/a',
  creationTtl: 60,
}

async function world(): Promise<TokenWorld & { readonly wrapping: WrappingTokens }> {
  const made = await createTokenWorld()
  const wrapping = new WrappingTokens({ tokens: made.tokens, storage: made.shelf, now: () => made.now })
  return Object.assign(made, { wrapping })
}

describe('a wrapping token', () => {
  it('is an orphan of one use, with its own policy, that cannot be renewed', async () => {
    const { wrapping, tokens } = await world()
    const info = await wrapping.wrap(ANSWER, 'inner')
    expect(info).toMatchObject({
      ttl: 60,
      creationPath: 'secret/data/a',
      creationTime: START,
      wrappedAccessor: 'inner',
    })
    expect(tokens.lookup(info.token)).toMatchObject({
      accessor: info.accessor,
      policies: ['response-wrapping'],
      orphan: true,
      numUses: 1,
      renewable: false,
      creationTtl: 60,
      explicitMaxTtl: 60,
      expireTime: START + 60_000,
      path: 'secret/data/a',
    })
  })

  it('S29: a look at it spends nothing, and what has expired is as unknown as what never was', async () => {
    const made = await world()
    const { token } = await made.wrapping.wrap(ANSWER, '')
    for (const _ of [1, 2, 3]) expect(made.wrapping.find(token)).toEqual({ ...ANSWER, creationTime: START })
    made.now = START + 60_000
    expect(made.wrapping.find(token)).toBeUndefined()
    expect(await made.wrapping.take(token)).toBeUndefined()
    expect(made.wrapping.find('hvs.never')).toBeUndefined()
  })

  it('S28: gives its answer once, and nothing of it is left in the store', async () => {
    const { wrapping, tokens, shelf } = await world()
    const before = shelf.keys()
    const { token } = await wrapping.wrap(ANSWER, '')
    expect(shelf.keys().some((key) => key.startsWith('wrapped/'))).toBe(true)
    expect(await wrapping.take(token)).toMatchObject(ANSWER)
    expect(await wrapping.take(token)).toBeUndefined()
    expect(tokens.lookup(token)).toBeUndefined()
    expect(shelf.keys()).toEqual(before)
  })

  it('S37: of many who take at once exactly one gets it', async () => {
    const { wrapping } = await world()
    const { token } = await wrapping.wrap(ANSWER, '')
    const taken = await Promise.all(Array.from({ length: 50 }, () => wrapping.take(token)))
    expect(taken.filter((answer) => answer !== undefined)).toHaveLength(1)
  })

  it('S28: a token of another kind is neither opened nor spent', async () => {
    const { wrapping, tokens } = await world()
    const { token } = await make(tokens, { numUses: 1 })
    expect(wrapping.find(token)).toBeUndefined()
    expect(await wrapping.take(token)).toBeUndefined()
    expect(tokens.lookup(token)?.numUses).toBe(1)
  })

  it('gives its answer to the caller who spent it, and to nobody who did not', async () => {
    const { wrapping, tokens } = await world()
    const { token } = await wrapping.wrap(ANSWER, '')
    const entry = tokens.lookup(token)
    if (entry === undefined) throw new Error('the wrapping token is gone')
    expect(wrapping.takeSpent(entry)).toBeUndefined()
    const spent = await tokens.useOnce(entry)
    if (spent === undefined) throw new Error('the use could not be spent')
    expect(wrapping.takeSpent(spent)).toMatchObject(ANSWER)
    await tokens.revoke(spent)
    expect(wrapping.takeSpent(spent)).toBeUndefined()
  })

  it('leaves nothing behind when it expires or is revoked, or when the power goes in the middle', async () => {
    const made = await world()
    const before = made.shelf.keys()
    await made.wrapping.wrap(ANSWER, '')
    made.now = START + 61_000
    await made.tokens.sweep(made.now)
    expect(made.shelf.keys()).toEqual(before)

    const { token } = await made.wrapping.wrap(ANSWER, '')
    made.shelf.cutPowerAfter(1)
    await expect(made.wrapping.take(token)).rejects.toThrow('power cut')
    made.shelf.restorePower()
    const again = await made.reopen()
    expect(again.lookup(token)).toBeUndefined()
    expect(made.shelf.keys()).toEqual(before)

    made.shelf.cutPowerAfter(0)
    await expect(made.wrapping.wrap(ANSWER, '')).rejects.toThrow('power cut')
    made.shelf.restorePower()
    expect(made.shelf.keys()).toEqual(before)
  })

  it('S28: rewrapped, its answer is with exactly one token, also when the power goes at any moment', async () => {
    for (let commits = 0; ; commits += 1) {
      const made = await world()
      const { token } = await made.wrapping.wrap(ANSWER, '')
      made.shelf.cutPowerAfter(commits)
      const [rewrapped] = await Promise.allSettled([made.wrapping.rewrap(token, 30)])
      made.shelf.restorePower()
      const wrapping = new WrappingTokens({ tokens: await made.reopen(), storage: made.shelf, now: () => made.now })
      expect(made.shelf.keys().filter((key) => key.startsWith('wrapped/'))).toHaveLength(1)
      if (rewrapped.status === 'rejected') {
        expect(await wrapping.take(token)).toMatchObject(ANSWER)
        continue
      }
      expect(wrapping.find(token)).toBeUndefined()
      expect(await wrapping.rewrap(token, 0)).toBeUndefined()
      expect(await wrapping.take(rewrapped.value?.token ?? '')).toMatchObject({ ...ANSWER, creationTtl: 30 })
      expect(commits).toBeGreaterThan(0)
      break
    }
  })

  it('S37: of many who rewrap and take at once exactly one gets it', async () => {
    const { wrapping, shelf } = await world()
    const { token } = await wrapping.wrap(ANSWER, '')
    const got = await Promise.all(
      Array.from({ length: 40 }, (_, n) => (n % 2 === 0 ? wrapping.rewrap(token, 0) : wrapping.take(token))),
    )
    expect(got.filter((one) => one !== undefined)).toHaveLength(1)
    expect(shelf.keys().filter((key) => key.startsWith('wrapped/'))).toHaveLength(1)
  })

  it('is the same after a restart', async () => {
    const made = await world()
    const { token } = await made.wrapping.wrap(ANSWER, '')
    const again = new WrappingTokens({ tokens: await made.reopen(), storage: made.shelf, now: () => made.now })
    expect(await again.take(token)).toMatchObject(ANSWER)
  })

  it('of another format version is not guessed at', async () => {
    const { wrapping, shelf } = await world()
    const { token } = await wrapping.wrap(ANSWER, '')
    const key = shelf.keys().find((name) => name.startsWith('wrapped/')) ?? ''
    await shelf.commit([{ kind: 'put', key, value: Buffer.from('{"version":2}') }])
    expect(() => wrapping.find(token)).toThrow(TokenRecordError)
  })
})
