import { describe, expect, it } from 'vitest'
import { DEFAULT_USER_LOCKOUT, type UserLockoutConfig } from '../logical/user-lockout.ts'
import { Lockout } from './lockout.ts'

const BOB = { accessor: 'auth_userpass_1', alias: 'bob' }
const MINUTE = 60_000
const fail = (lockout: Lockout, times: number, at: number, config: UserLockoutConfig = DEFAULT_USER_LOCKOUT): void => {
  for (let time = 0; time < times; time += 1) lockout.failed(BOB, config, at)
}

describe('user lockout', () => {
  it('locks at the fifth failure, for 15 minutes from then', () => {
    const lockout = new Lockout()
    fail(lockout, 4, 0)
    expect(lockout.isLocked(BOB, DEFAULT_USER_LOCKOUT, 0)).toBe(false)
    fail(lockout, 1, MINUTE)
    const locked = (minutes: number) => lockout.isLocked(BOB, DEFAULT_USER_LOCKOUT, minutes * MINUTE)
    expect([locked(1), locked(15.9), locked(16)]).toEqual([true, true, false])
  })

  it('is not made longer by guessing on, and begins anew when it is over', () => {
    const lockout = new Lockout()
    fail(lockout, 5, 0)
    fail(lockout, 50, 14 * MINUTE)
    expect(lockout.isLocked(BOB, DEFAULT_USER_LOCKOUT, 15 * MINUTE)).toBe(false)
    fail(lockout, 4, 15 * MINUTE)
    expect(lockout.isLocked(BOB, DEFAULT_USER_LOCKOUT, 15 * MINUTE)).toBe(false)
    fail(lockout, 1, 15 * MINUTE)
    expect(lockout.isLocked(BOB, DEFAULT_USER_LOCKOUT, 15 * MINUTE)).toBe(true)
  })

  it('counts anew after 15 minutes without a failure', () => {
    const lockout = new Lockout()
    fail(lockout, 4, 0)
    fail(lockout, 4, 15 * MINUTE)
    expect(lockout.isLocked(BOB, DEFAULT_USER_LOCKOUT, 15 * MINUTE)).toBe(false)
    fail(lockout, 1, 29 * MINUTE)
    expect(lockout.isLocked(BOB, DEFAULT_USER_LOCKOUT, 29 * MINUTE)).toBe(true)
  })

  it('is cleared by a login, for that name of that mount alone', () => {
    const lockout = new Lockout()
    const others = [
      { ...BOB, alias: 'ann' },
      { ...BOB, accessor: 'auth_userpass_2' },
    ]
    fail(lockout, 5, 0)
    for (const other of others) {
      expect(lockout.isLocked(other, DEFAULT_USER_LOCKOUT, 0)).toBe(false)
      lockout.clear(other)
    }
    expect(lockout.isLocked(BOB, DEFAULT_USER_LOCKOUT, 0)).toBe(true)
    lockout.clear(BOB)
    expect(lockout.isLocked(BOB, DEFAULT_USER_LOCKOUT, 0)).toBe(false)
  })

  it('follows the settings', () => {
    const lockout = new Lockout()
    const tuned = { threshold: 2, duration: 10, counterReset: 5, disabled: false }
    fail(lockout, 1, 0, tuned)
    fail(lockout, 1, 5000, tuned)
    expect(lockout.isLocked(BOB, tuned, 5000)).toBe(false)
    fail(lockout, 1, 6000, tuned)
    expect([lockout.isLocked(BOB, tuned, 15_999), lockout.isLocked(BOB, tuned, 16_000)]).toEqual([true, false])
  })

  it('can be turned off for a mount, and lists who is locked', () => {
    const lockout = new Lockout()
    const off = { ...DEFAULT_USER_LOCKOUT, disabled: true }
    fail(lockout, 9, 0, off)
    expect(lockout.isLocked(BOB, DEFAULT_USER_LOCKOUT, 0)).toBe(false)
    fail(lockout, 5, 0)
    for (let time = 0; time < 5; time += 1) lockout.failed({ ...BOB, alias: 'ann' }, DEFAULT_USER_LOCKOUT, 0)
    lockout.failed({ ...BOB, alias: 'eve' }, DEFAULT_USER_LOCKOUT, 0)
    expect(lockout.isLocked(BOB, off, 0)).toBe(false)
    const list = (config: UserLockoutConfig | undefined, now = 0) =>
      lockout.locked(() => config, now).map(({ alias }) => alias)
    expect([list(DEFAULT_USER_LOCKOUT), list(off), list(undefined), list(DEFAULT_USER_LOCKOUT, 15 * MINUTE)]).toEqual([
      ['ann', 'bob'],
      [],
      [],
      [],
    ])
  })
})
