/**
 * When a login that fails too often locks its name, and for how long (vault-api 9). Durations in seconds. Pure.
 *
 * Three say it, field by field: how the mount is tuned, the configuration for its type, the configuration for all types;
 * then the defaults.
 */
export interface UserLockoutConfig {
  /** Failures that lock. */
  readonly threshold: number
  /** How long. */
  readonly duration: number
  /** Without a failure for so long, counting begins anew. */
  readonly counterReset: number
  readonly disabled: boolean
}

export const DEFAULT_USER_LOCKOUT: UserLockoutConfig = {
  threshold: 5,
  duration: 900,
  counterReset: 900,
  disabled: false,
}

/** Of a mount that is tuned in other fields: 0 and `false` leave it to the configuration. */
export const UNTUNED_USER_LOCKOUT: UserLockoutConfig = { threshold: 0, duration: 0, counterReset: 0, disabled: false }

/** Auth methods that know in whose name a login comes. */
export const LOCKOUT_TYPES: readonly string[] = ['userpass', 'approle']

/** Whom a part of the configuration is for, as Vault knows them. There is no `ldap` here. */
export const LOCKOUT_SCOPES = ['all', 'userpass', 'approle', 'ldap'] as const
export type LockoutScope = (typeof LOCKOUT_SCOPES)[number]

/** What a configuration says for one scope. Numbers are more than 0. */
export type SaidUserLockout = { readonly [K in keyof UserLockoutConfig]: UserLockoutConfig[K] | undefined }

/** What the server was started with. */
export type UserLockoutSettings = { readonly [S in LockoutScope]?: SaidUserLockout | undefined }

/** What holds for auth methods of a type, where their mount is not tuned. */
export function userLockoutOfType(type: string, settings: UserLockoutSettings): UserLockoutConfig {
  const scope = LOCKOUT_SCOPES.find((one) => one === type)
  const own = scope === undefined ? undefined : settings[scope]
  const { all } = settings
  const standard = DEFAULT_USER_LOCKOUT
  return {
    threshold: own?.threshold ?? all?.threshold ?? standard.threshold,
    duration: own?.duration ?? all?.duration ?? standard.duration,
    counterReset: own?.counterReset ?? all?.counterReset ?? standard.counterReset,
    disabled: own?.disabled ?? all?.disabled ?? standard.disabled,
  }
}

/** What holds for a mount. Tuning can turn locking off, and not on where the configuration turns it off: as in Vault. */
export function effectiveUserLockout(
  type: string,
  tuned: UserLockoutConfig | undefined,
  settings: UserLockoutSettings,
): UserLockoutConfig {
  const { threshold, duration, counterReset, disabled } = tuned ?? UNTUNED_USER_LOCKOUT
  const standard = userLockoutOfType(type, settings)
  return {
    threshold: threshold === 0 ? standard.threshold : threshold,
    duration: duration === 0 ? standard.duration : duration,
    counterReset: counterReset === 0 ? standard.counterReset : counterReset,
    disabled: disabled || standard.disabled,
  }
}
