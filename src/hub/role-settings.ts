/**
 * Settings of each kind of role, in Vault's own words (vault-api 8). Times in seconds; 0 means no limit.
 *
 * Every setting is given explicitly, defaults included, so that a role that was changed by hand compares unequal. Left
 * out are those that only narrow a role and that Vault reads back as null or [] (`secret_id_bound_cidrs`,
 * `token_bound_cidrs`: they may be set by hand), and `local_secret_ids`, which cannot be changed.
 */
import type { RolePurpose } from './access.ts'

export interface RoleSettings {
  readonly bind_secret_id: true
  readonly secret_id_num_uses: number
  readonly secret_id_ttl: number
  readonly token_explicit_max_ttl: number
  readonly token_max_ttl: number
  readonly token_no_default_policy: boolean
  readonly token_num_uses: number
  readonly token_period: number
  readonly token_policies: readonly string[]
  readonly token_ttl: number
  readonly token_type: 'batch' | 'service'
}

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

type Lifetimes = Pick<RoleSettings, 'secret_id_ttl' | 'token_max_ttl' | 'token_ttl' | 'token_type'>

const LIFETIMES: Readonly<Record<RolePurpose['kind'], Lifetimes>> = {
  /**
   * Airflow logs in once per process, and on Airflow 3.0 to 3.3.1 once per secret; it never renews, and logs in again
   * when a token is dead (airflow 1.5). Batch tokens are not stored, so such logins leave nothing behind, and an hour
   * bounds what a stolen one is worth: a batch token cannot be revoked. A change of the policy counts at once.
   * The secret-id does not expire: Airflow cannot fetch a new one, and when logins fail it falls back to environment
   * variables and its database without a word. It is replaced by hand or by `plenum up`.
   */
  airflow: { token_type: 'batch', token_ttl: HOUR, token_max_ttl: HOUR, secret_id_ttl: 0 },
  /**
   * Services are long-running and mostly renew (Vault Agent, client libraries): a service token for an hour, renewable
   * for a day, which dies with one call when it leaks. The secret-id does not expire, as nobody watches over each.
   */
  project: { token_type: 'service', token_ttl: HOUR, token_max_ttl: DAY, secret_id_ttl: 0 },
  /**
   * A job of minutes. A service token, so that it can be revoked at the end or in an emergency. The secret-id lies in the
   * settings of a pipeline, where secrets are forgotten: after 90 days it fails, loudly.
   */
  ci: { token_type: 'service', token_ttl: 15 * MINUTE, token_max_ttl: HOUR, secret_id_ttl: 90 * DAY },
  /** Runs for months and logs in anew every hour; beside it lies the password of Airflow's database. Expiry would stop it unseen. */
  sync: { token_type: 'service', token_ttl: HOUR, token_max_ttl: HOUR, secret_id_ttl: 0 },
  /** A working day at most, with renewals. The secret-id is made for a person, and forgotten on a disk sooner or later. */
  operator: { token_type: 'service', token_ttl: HOUR, token_max_ttl: 8 * HOUR, secret_id_ttl: 30 * DAY },
}

export function roleSettings(kind: RolePurpose['kind'], policies: readonly string[]): RoleSettings {
  const { secret_id_ttl, token_max_ttl, token_ttl, token_type } = LIFETIMES[kind]
  return {
    bind_secret_id: true,
    // Every process of Airflow, every run of a pipeline or a command logs in with the same secret-id.
    secret_id_num_uses: 0,
    secret_id_ttl,
    token_explicit_max_ttl: 0,
    token_max_ttl,
    // The default policy allows a token to look at, renew and revoke itself, and little else. Providers up to 4.8.0 look
    // their token up at every login and fail without it; with newer ones it could go, but then a downgrade of the
    // provider, or a version given as `4.8`, would break every look-up.
    token_no_default_policy: false,
    // Look-ups of the token itself count as uses, too. Batch tokens cannot be limited at all.
    token_num_uses: 0,
    token_period: 0,
    token_policies: policies,
    token_ttl,
    token_type,
  }
}

/** What a request that writes a role may hold. */
export const SETTING_NAMES: readonly string[] = Object.keys(roleSettings('airflow', []))
