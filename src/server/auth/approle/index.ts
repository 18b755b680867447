/**
 * The auth method `approle`: machines log in with a role-id and a secret-id (vault-api 8).
 *
 * It issues no token: a login is granted here and made into a token by the pipeline (S19). Secret-ids are stored as
 * HMAC only; tokens are renewed on the terms that the role has by then.
 */
import { type Backend, internalError, type LogicalResponse, router } from '../../logical/index.ts'
import type { Storage } from '../../storage/index.ts'
import type { LeaseTtl, TokenStore } from '../../token/index.ts'
import { createLogin, LOGIN_FIELDS, roleIdOf } from './login.ts'
import { roleExists, roleRoutes } from './role-routes.ts'
import { RoleStore } from './role-store.ts'
import { secretIdRoutes } from './secret-id-routes.ts'
import { SecretIdStore } from './secret-id-store.ts'

export interface AppRoleOptions {
  /** A view of its own. */
  readonly storage: Storage
  /** Unix milliseconds. */
  readonly now: () => number
  readonly random: (bytes: number) => Buffer
  /** Effective values of the mount, in seconds. */
  readonly leaseTtl: () => LeaseTtl
  /** To be asked when one of its tokens is renewed. */
  readonly tokens: Pick<TokenStore, 'onRenewal'>
  /** `auth/approle/` */
  readonly mountPoint: string
}

export function createAppRole({ storage, now, random, leaseTtl, tokens, mountPoint }: AppRoleOptions): Backend {
  const roles = new RoleStore(storage, random)
  const secretIds = new SecretIdStore({ storage, now, salt: () => roles.salt() })
  let tidying = false

  tokens.onRenewal(mountPoint, ({ meta }) => {
    const name = meta?.['role_name'] ?? ''
    const role = roles.get(name)
    if (role === undefined) throw internalError(`role ${JSON.stringify(name)} does not exist during renewal`)
    const { ttl, maxTtl, period } = role.token
    return { ttl, maxTtl, period, mount: leaseTtl() }
  })

  async function tidy(): Promise<LogicalResponse> {
    if (tidying) return { kind: 'accepted', warnings: ['Tidy operation already in progress.'] }
    tidying = true
    try {
      await secretIds.tidy(new Set(roles.all().map(({ folder }) => folder)))
    } finally {
      tidying = false
    }
    return { kind: 'accepted', warnings: ['Tidy operation successfully started.'] }
  }

  return {
    type: 'approle',
    about: 'Machines log in with a role-id and a secret-id.',
    isUnauthenticated: (path) => path === 'login',
    needsSudo: () => false,
    exists: (path) => roleExists(roles, path),
    // Of roles that exist: others have nothing to guess, and their number has no bound.
    aliasOf: (path, data) => (path === 'login' ? roles.byRoleId(roleIdOf(data))?.roleId : undefined),
    handle: router([
      {
        pattern: /login/,
        about: 'Logs a machine in.',
        fields: LOGIN_FIELDS,
        operations: { update: createLogin(roles, secretIds) },
      },
      {
        pattern: /tidy\/secret-id/,
        about: 'Takes away secret-ids that have expired, and what belonged to them.',
        fields: {},
        operations: { update: tidy },
      },
      ...roleRoutes({ roles, secretIds, random, leaseTtl }),
      ...secretIdRoutes({ roles, secretIds, now, random, leaseTtl }),
    ]),
  }
}
