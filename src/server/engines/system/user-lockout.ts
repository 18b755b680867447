/** `sys/locked-users`, and `user_lockout_config` of auth mounts (vault-api 9). */
import { boolField, durationField, intField, objectField, stringField } from '../../logical/fields.ts'
import {
  invalidRequest,
  type JsonObject,
  type LogicalResponse,
  type LoginName,
  type Route,
} from '../../logical/index.ts'
import { LOCKOUT_TYPES, UNTUNED_USER_LOCKOUT, type UserLockoutConfig } from '../../logical/user-lockout.ts'
import type { MountView, SystemHost } from './host.ts'

export function lockedUserRoutes({ lockout }: Pick<SystemHost, 'lockout'>): Route[] {
  return [
    {
      pattern: /locked-users\/?/,
      about: 'The names that are locked out after too many failures.',
      fields: {
        mount_accessor: { type: 'string', in: 'query', about: 'Only those of the auth method with this accessor.' },
      },
      operations: { read: ({ data }) => lockedUsers(lockout.locked(), stringField(data, 'mount_accessor')) },
    },
    {
      // The alias is what the auth method says it is: it may hold slashes.
      pattern: /locked-users\/(?<mount_accessor>[^/]+)\/unlock\/(?<alias_identifier>.+)/,
      about: 'Lets a name log in again.',
      fields: {
        mount_accessor: { type: 'string', in: 'path', about: 'The accessor of the auth method.' },
        alias_identifier: { type: 'string', in: 'path', about: 'The name, as the list tells it.' },
      },
      operations: {
        update: (_, { mount_accessor: accessor = '', alias_identifier: alias = '' }) => {
          lockout.unlock(accessor, alias)
          return { kind: 'none' }
        },
      },
    },
  ]
}

function lockedUsers(locked: readonly LoginName[], only: string | undefined): LogicalResponse {
  const byAccessor = new Map<string, string[]>(only === undefined ? [] : [[only, []]])
  for (const { accessor, alias } of locked) {
    if (only !== undefined && accessor !== only) continue
    byAccessor.set(accessor, [...(byAccessor.get(accessor) ?? []), alias])
  }
  const total = [...byAccessor.values()].reduce((sum, aliases) => sum + aliases.length, 0)
  const accessors = [...byAccessor].map(([accessor, aliases]) => ({
    mount_accessor: accessor,
    counts: aliases.length,
    alias_identifiers: aliases,
  }))
  const root = { namespace_id: 'root', namespace_path: '', counts: total, mount_accessors: accessors }
  return { kind: 'data', data: { by_namespace: accessors.length === 0 ? [] : [root], total } }
}

/**
 * What a mount's tuning says of the lockout; absent fields keep their value.
 * @throws {LogicalError} 400 for a mount whose logins are not counted, and for values that cannot be
 */
export function readUserLockout(
  data: JsonObject,
  type: string,
  current: UserLockoutConfig | undefined,
): UserLockoutConfig | undefined {
  const fields = objectField(data, 'user_lockout_config')
  if (fields === undefined) return current
  if (!LOCKOUT_TYPES.includes(type))
    throw invalidRequest(`tuning of user lockout configuration for auth type ${JSON.stringify(type)} not allowed`)
  const { threshold, duration, counterReset, disabled } = current ?? UNTUNED_USER_LOCKOUT
  const wanted = intField(fields, 'lockout_threshold') ?? threshold
  if (wanted < 0) throw invalidRequest('lockout_threshold cannot be negative')
  return {
    threshold: wanted,
    duration: durationField(fields, 'lockout_duration') ?? duration,
    counterReset: durationField(fields, 'lockout_counter_reset_duration') ?? counterReset,
    disabled: boolField(fields, 'lockout_disable') ?? disabled,
  }
}

/** As tuning and the table of mounts show it; nothing where nothing was tuned. */
export function showUserLockout({ config: { userLockout } }: MountView): JsonObject {
  if (userLockout === undefined) return {}
  return {
    user_lockout_counter_reset_duration: userLockout.counterReset,
    user_lockout_disable: userLockout.disabled,
    user_lockout_duration: userLockout.duration,
    user_lockout_threshold: userLockout.threshold,
  }
}
