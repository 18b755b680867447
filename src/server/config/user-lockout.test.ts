import { describe, expect, it } from 'vitest'
import type { UserLockoutSettings } from '../logical/user-lockout.ts'
import { mergeUserLockouts, readServerConfig } from './index.ts'

function lockoutsOf(text: string): UserLockoutSettings {
  const read = readServerConfig(text)
  if (read.kind === 'problems') throw new Error(read.problems.map(({ message }) => message).join('; '))
  return read.config.userLockout
}

/** `2:3 message`, in order. */
function problemsOf(text: string): string[] {
  const read = readServerConfig(text)
  return read.kind === 'config' ? [] : read.problems.map(({ line, column, message }) => `${line}:${column} ${message}`)
}

const NOTHING = { threshold: undefined, duration: undefined, counterReset: undefined, disabled: undefined }

describe('user_lockout', () => {
  it('says it by type, in values as lenient as Vault takes them', () => {
    const text = `
      user_lockout "all" {
        lockout_threshold     = "10"
        lockout_duration      = "10m"
        lockout_counter_reset = 60
        disable_lockout       = "false"
      }
      user_lockout "UserPass" { lockout_threshold = 3 }
      user_lockout "approle" { disable_lockout = true }
      user_lockout "ldap" {}`
    expect(lockoutsOf(text)).toEqual({
      all: { threshold: 10, duration: 600, counterReset: 60, disabled: false },
      userpass: { ...NOTHING, threshold: 3 },
      approle: { ...NOTHING, disabled: true },
      ldap: NOTHING,
    })
  })

  it('may be JSON, and may be missing', () => {
    const text = '{"user_lockout": {"all": {"lockout_threshold": "4"}, "approle": {"lockout_duration": "1h"}}}'
    expect(lockoutsOf(text)).toEqual({
      all: { ...NOTHING, threshold: 4 },
      approle: { ...NOTHING, duration: 3600 },
    })
    expect(lockoutsOf('')).toEqual({})
  })

  it.each([
    [
      'user_lockout "github" {}',
      '1:23 user_lockout "github": logins are counted for all, userpass, approle, ldap, and no other type',
    ],
    [
      'user_lockout "all" {}\nuser_lockout "ALL" {}',
      '2:20 user_lockout "ALL": this type has a block already: say all of it in one',
    ],
    ['user_lockout "all" {\n lockout = 3\n}', '2:2 user_lockout "all": unknown key "lockout"'],
    [
      'user_lockout "all" {\n lockout_threshold = 0\n}',
      '2:22 user_lockout "all": lockout_threshold must be a whole number from 1 to 999999999',
    ],
    [
      'user_lockout "all" {\n lockout_threshold = -1\n}',
      '2:22 user_lockout "all": lockout_threshold must be a whole number from 1 to 999999999',
    ],
    [
      'user_lockout "all" {\n lockout_threshold = "few"\n}',
      '2:22 user_lockout "all": lockout_threshold must be a whole number from 1 to 999999999',
    ],
    [
      'user_lockout "all" {\n lockout_duration = "0s"\n}',
      '2:2 user_lockout "all": lockout_duration must be more than 0: to lock out nobody say disable_lockout = true',
    ],
    [
      'user_lockout "all" {\n lockout_counter_reset = 0\n}',
      '2:2 user_lockout "all": lockout_counter_reset must be more than 0: to lock out nobody say disable_lockout = true',
    ],
    [
      'user_lockout "all" {\n lockout_duration = "-5m"\n}',
      '2:21 user_lockout "all": lockout_duration must be a duration: "30s", "768h", or a number of seconds',
    ],
    [
      'user_lockout "all" {\n disable_lockout = "perhaps"\n}',
      '2:20 user_lockout "all": disable_lockout must be true or false',
    ],
    ['user_lockout = "all"', '1:16 user_lockout needs a type and a block: user_lockout "…" { … }'],
  ])('%j is refused', (text, problem) => {
    expect(problemsOf(text)).toEqual([problem])
  })
})

describe('several files', () => {
  it('say it together, field by field, the last one last', () => {
    const merged = mergeUserLockouts([
      { all: { ...NOTHING, threshold: 3, duration: 60 }, userpass: { ...NOTHING, disabled: true } },
      {},
      { all: { ...NOTHING, threshold: 4 }, approle: NOTHING },
    ])
    expect(merged).toEqual({
      all: { ...NOTHING, threshold: 4, duration: 60 },
      userpass: { ...NOTHING, disabled: true },
      approle: NOTHING,
    })
    expect(mergeUserLockouts([])).toEqual({})
  })
})
