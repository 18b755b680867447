import { expect, it } from 'vitest'
import { userLockoutOf } from './user-lockout.ts'

it.each([
  [undefined, true],
  ['', true],
  ['false', true],
  ['0', true],
  ['yes', true],
  ['true', false],
  ['1', false],
])('VAULT_DISABLE_USER_LOCKOUT %j: locks out %s', (text, locksOut) => {
  expect(userLockoutOf(text === undefined ? {} : { VAULT_DISABLE_USER_LOCKOUT: text })).toBe(locksOut)
})
