/**
 * The auth method `userpass`: people log in with a name and a password (vault-api 9).
 *
 * It issues no token: a login is granted here and made into a token by the pipeline (S19), which also counts failures
 * (`auth/lockout.ts`). Passwords are stored as scrypt hashes only; names are in lower case everywhere (S2).
 */
import { type Backend, internalError, invalidRequest, NAME, router } from '../../logical/index.ts'
import type { Storage } from '../../storage/index.ts'
import { type LeaseTtl, sanitizePolicies, type TokenStore } from '../../token/index.ts'
import { createLogin } from './login.ts'
import { PASSWORD_COST, type PasswordCost } from './password.ts'
import { userExists, USERNAME, userRoutes } from './user-routes.ts'
import { UserStore } from './user-store.ts'

export interface UserpassOptions {
  /** A view of its own. */
  readonly storage: Storage
  readonly random: (bytes: number) => Buffer
  /** Effective values of the mount, in seconds. */
  readonly leaseTtl: () => LeaseTtl
  /** To be asked when one of its tokens is renewed. */
  readonly tokens: Pick<TokenStore, 'onRenewal'>
  /** `auth/userpass/` */
  readonly mountPoint: string
  /** Of new hashes. Default: `PASSWORD_COST`. */
  readonly cost?: PasswordCost
}

const LOGIN_PATH = new RegExp(`^login/(${NAME})$`)

export function createUserpass(options: UserpassOptions): Backend {
  const { storage, random, leaseTtl, tokens, mountPoint, cost = PASSWORD_COST } = options
  const users = new UserStore(storage)

  tokens.onRenewal(mountPoint, ({ meta, policies }) => {
    const user = users.get(meta?.['username'] ?? '')
    if (user === undefined) throw invalidRequest('lease is not renewable')
    if (!samePolicies(user.token.policies, policies)) throw internalError('policies have changed, not renewing')
    const { ttl, maxTtl, period } = user.token
    return { ttl, maxTtl, period, mount: leaseTtl() }
  })

  return {
    type: 'userpass',
    about: 'People log in with a name and a password.',
    isUnauthenticated: (path) => path.startsWith('login/'),
    needsSudo: () => false,
    exists: (path) => userExists(users, path),
    aliasOf: (path) => LOGIN_PATH.exec(path)?.[1]?.toLowerCase(),
    handle: router([
      {
        pattern: new RegExp(`login/(?<username>${NAME})`),
        about: 'Logs a user in.',
        fields: { username: USERNAME, password: { type: 'string', about: 'The password of the user.' } },
        operations: { update: createLogin(users, cost) },
      },
      ...userRoutes({ users, random, cost }),
    ]),
  }
}

/** `default` comes and goes by other rules. */
function samePolicies(a: readonly string[], b: readonly string[]): boolean {
  const text = (policies: readonly string[]): string =>
    sanitizePolicies(policies.filter((policy) => policy !== 'default')).join()
  return text(a) === text(b)
}
