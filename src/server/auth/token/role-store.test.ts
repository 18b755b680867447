import { describe, expect, it } from 'vitest'
import { createShelf } from '../../token/shelf.case.ts'
import { newTokenRole, type TokenRole } from './role.ts'
import { TokenRoleStore } from './role-store.ts'

const added = (current: TokenRole | undefined): TokenRole => {
  const role = current ?? newTokenRole('ci')
  return { ...role, numUses: role.numUses + 1 }
}

describe('stored token roles', () => {
  it('are there after a restart, and gone when removed', async () => {
    const shelf = createShelf()
    await new TokenRoleStore(shelf).change('ci', added)
    const again = new TokenRoleStore(shelf)
    expect(again.get('ci')).toEqual({ ...newTokenRole('ci'), numUses: 1 })
    expect(again.names()).toEqual(['ci'])
    await again.remove('ci')
    expect([again.get('ci'), again.names(), shelf.keys()]).toEqual([undefined, [], []])
  })

  it('are not told of before they are stored', async () => {
    const shelf = createShelf()
    const roles = new TokenRoleStore(shelf)
    await roles.change('ci', added)
    shelf.cutPowerAfter(0)
    await expect(roles.change('ci', added)).rejects.toThrow('power cut')
    await expect(roles.remove('ci')).rejects.toThrow('power cut')
    expect(roles.get('ci')).toMatchObject({ numUses: 1 })
  })

  it('lose no change of several at once', async () => {
    const roles = new TokenRoleStore(createShelf())
    await Promise.all(Array.from({ length: 10 }, () => roles.change('ci', added)))
    expect(roles.get('ci')).toMatchObject({ numUses: 10 })
  })

  it('named like a member of every object are roles like any other', async () => {
    const roles = new TokenRoleStore(createShelf())
    expect(roles.get('__proto__')).toBeUndefined()
    await roles.change('__proto__', () => newTokenRole('__proto__'))
    expect(roles.get('__proto__')).toEqual(newTokenRole('__proto__'))
    expect(roles.get('constructor')).toBeUndefined()
  })

  it('that cannot be stored change nothing', async () => {
    const roles = new TokenRoleStore(createShelf())
    await expect(
      roles.change('ci', () => {
        throw new Error('refused')
      }),
    ).rejects.toThrow('refused')
    expect(roles.names()).toEqual([])
  })
})
