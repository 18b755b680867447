import { describe, expect, it } from 'vitest'
import { make } from './family.case.ts'
import { TokenLeases } from './leases.ts'
import { createTokenWorld, START } from './shelf.case.ts'

describe('leases of tokens', () => {
  it('are found by the path that made the token and its id, and by nothing less', async () => {
    const { tokens } = await createTokenWorld()
    const leases = new TokenLeases(tokens)
    const { entry } = await make(tokens, { path: 'auth/approle/login', ttl: 60 })
    expect(leases.find(`auth/approle/login/${entry.id}`)).toEqual(entry)
    expect(leases.find(`auth/other/login/${entry.id}`)).toBeUndefined()
    expect(leases.find(entry.id)).toBeUndefined()
    expect(leases.find('auth/approle/login/hx')).toBeUndefined()
    expect(leases.find('')).toBeUndefined()
  })

  it('exist only for tokens that live and have an end', async () => {
    const world = await createTokenWorld()
    const leases = new TokenLeases(world.tokens)
    const root = await world.tokens.createRoot()
    const { entry } = await make(world.tokens, { path: 'auth/approle/login', ttl: 60 })
    expect(leases.find(`auth/token/root/${root.entry.id}`)).toBeUndefined()
    expect(await leases.namesBelow('auth/')).toEqual(['approle/'])
    world.now = START + 60_000
    expect(leases.find(`auth/approle/login/${entry.id}`)).toBeUndefined()
    expect(await leases.namesBelow('')).toEqual([])
  })

  it('are listed folder by folder, and the slash that a listing’s path ends in makes none', async () => {
    const { tokens } = await createTokenWorld()
    const leases = new TokenLeases(tokens)
    const one = await make(tokens, { path: 'auth/approle/login', ttl: 60 })
    const two = await make(tokens, { path: 'auth/approle/login', ttl: 60 })
    const wrapped = await make(tokens, { path: 'secret/metadata/', ttl: 60 })
    expect(await leases.namesBelow('')).toEqual(['auth/', 'secret/'])
    expect(await leases.namesBelow('auth/approle/login/')).toEqual([one.entry.id, two.entry.id].sort())
    expect(await leases.namesBelow('secret/metadata/')).toEqual([wrapped.entry.id])
    expect(await leases.namesBelow('auth/none/')).toEqual([])
  })

  it('end one by one, or with their folder, never with a neighbour of a longer name', async () => {
    const { tokens } = await createTokenWorld()
    const leases = new TokenLeases(tokens)
    const login = () => make(tokens, { path: 'auth/approle/login', ttl: 60 })
    const first = await login()
    const second = await login()
    const third = await login()
    const neighbour = await make(tokens, { path: 'auth/approle/login2', ttl: 60 })
    const root = await tokens.createRoot()
    await leases.revoke(`auth/approle/login/${first.entry.id}`)
    await leases.revoke('auth/approle/login/unknown')
    expect(tokens.lookup(first.token)).toBeUndefined()
    expect(tokens.lookup(second.token)).toBeDefined()
    await leases.revokeBelow(`auth/approle/login/${second.entry.id}`)
    expect(tokens.lookup(second.token)).toBeUndefined()
    expect(tokens.lookup(third.token)).toBeDefined()
    await leases.revokeBelow('auth/approle/login')
    expect(tokens.lookup(third.token)).toBeUndefined()
    expect(tokens.lookup(neighbour.token)).toBeDefined()
    await leases.revokeBelow('auth/')
    expect(tokens.lookup(neighbour.token)).toBeUndefined()
    expect(tokens.lookup(root.token)).toBeDefined()
  })
})
