/** How an auth mount is tuned to lock out whoever fails to log in too often (vault-api 9). Durations in seconds. */
export interface UserLockoutConfig {
  /** Failures that lock. 0: the default. */
  readonly threshold: number
  /** How long. 0: the default. */
  readonly duration: number
  /** Without a failure for so long, counting begins anew. 0: the default. */
  readonly counterReset: number
  readonly disabled: boolean
}

export const DEFAULT_USER_LOCKOUT: UserLockoutConfig = {
  threshold: 5,
  duration: 900,
  counterReset: 900,
  disabled: false,
}

/** Auth methods that know in whose name a login comes. */
export const LOCKOUT_TYPES: readonly string[] = ['userpass', 'approle']
