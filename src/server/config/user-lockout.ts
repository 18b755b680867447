/** `user_lockout "all" { … }`: after how many failed logins a name is locked out, by type of auth method. */
import {
  LOCKOUT_SCOPES,
  type LockoutScope,
  type SaidUserLockout,
  type UserLockoutSettings,
} from '../logical/user-lockout.ts'
import type { Section } from './section.ts'

const MOST_FAILURES = 999_999_999

export function readUserLockouts(file: Section): UserLockoutSettings {
  const said = new Map<LockoutScope, SaidUserLockout>()
  for (const { label, section } of file.blocks('user_lockout')) {
    const scope = LOCKOUT_SCOPES.find((one) => one === label.toLowerCase())
    const read = readUserLockout(section)
    if (scope === undefined) section.refuse(`logins are counted for ${LOCKOUT_SCOPES.join(', ')}, and no other type`)
    // In Vault the last one wins, and what the first says is lost without a word.
    else if (said.has(scope)) section.refuse('this type has a block already: say all of it in one')
    else said.set(scope, read)
  }
  return Object.fromEntries(said)
}

/** What several files say together: field by field, the last that says it. */
export function mergeUserLockouts(files: readonly UserLockoutSettings[]): UserLockoutSettings {
  const merged = LOCKOUT_SCOPES.flatMap((scope) => {
    const said = files.flatMap((file) => file[scope] ?? [])
    const last = <K extends keyof SaidUserLockout>(key: K): SaidUserLockout[K] =>
      said.map((one) => one[key]).findLast((value) => value !== undefined)
    const together: SaidUserLockout = {
      threshold: last('threshold'),
      duration: last('duration'),
      counterReset: last('counterReset'),
      disabled: last('disabled'),
    }
    return said.length === 0 ? [] : [[scope, together] as const]
  })
  return Object.fromEntries(merged)
}

function readUserLockout(section: Section): SaidUserLockout {
  const read = {
    threshold: section.whole('lockout_threshold', { least: 1, most: MOST_FAILURES }),
    duration: positive(section, 'lockout_duration'),
    counterReset: positive(section, 'lockout_counter_reset'),
    disabled: section.flag('disable_lockout'),
  }
  section.end()
  return read
}

/** Vault takes 0 for no lock at all, as it takes a threshold of 0 for one after the first failure: neither is meant. */
function positive(section: Section, key: string): number | undefined {
  const seconds = section.duration(key)
  if (seconds !== 0) return seconds
  return section.refuse(
    `${key} must be more than 0: to lock out nobody say disable_lockout = true`,
    section.placeOf(key),
  )
}
