import { describe, expect, it } from 'vitest'
import {
  DEFAULT_USER_LOCKOUT,
  effectiveUserLockout,
  type SaidUserLockout,
  UNTUNED_USER_LOCKOUT,
  type UserLockoutSettings,
} from './user-lockout.ts'

const NOTHING: SaidUserLockout = {
  threshold: undefined,
  duration: undefined,
  counterReset: undefined,
  disabled: undefined,
}

const SETTINGS: UserLockoutSettings = {
  all: { ...NOTHING, threshold: 7, duration: 70 },
  userpass: { ...NOTHING, threshold: 3 },
  approle: { ...NOTHING, disabled: true },
}

describe('what holds for a mount', () => {
  it('is the default where nobody says anything', () => {
    expect(effectiveUserLockout('userpass', undefined, {})).toEqual(DEFAULT_USER_LOCKOUT)
    expect(effectiveUserLockout('userpass', UNTUNED_USER_LOCKOUT, {})).toEqual(DEFAULT_USER_LOCKOUT)
  })

  it('is what is said of its type before what is said of all, field by field', () => {
    const untuned = (type: string) => effectiveUserLockout(type, undefined, SETTINGS)
    expect(untuned('userpass')).toEqual({ threshold: 3, duration: 70, counterReset: 900, disabled: false })
    expect(untuned('approle')).toEqual({ threshold: 7, duration: 70, counterReset: 900, disabled: true })
    // A type that has no part of its own, and one that cannot have any.
    for (const type of ['ldap', 'token', 'all'])
      expect(untuned(type)).toEqual({ threshold: 7, duration: 70, counterReset: 900, disabled: false })
  })

  it('is the tuning before all of them, where it is not 0', () => {
    const tuned = { ...UNTUNED_USER_LOCKOUT, threshold: 2, counterReset: 20 }
    expect(effectiveUserLockout('userpass', tuned, SETTINGS)).toEqual({
      threshold: 2,
      duration: 70,
      counterReset: 20,
      disabled: false,
    })
  })

  it('is off where tuning or configuration turns it off; a type can turn on what is off for all', () => {
    const off = { ...UNTUNED_USER_LOCKOUT, disabled: true }
    expect(effectiveUserLockout('userpass', off, SETTINGS).disabled).toBe(true)
    expect(effectiveUserLockout('approle', UNTUNED_USER_LOCKOUT, SETTINGS).disabled).toBe(true)
    const but: UserLockoutSettings = { all: { ...NOTHING, disabled: true }, userpass: { ...NOTHING, disabled: false } }
    expect(effectiveUserLockout('userpass', undefined, but).disabled).toBe(false)
    expect(effectiveUserLockout('approle', undefined, but).disabled).toBe(true)
  })
})
