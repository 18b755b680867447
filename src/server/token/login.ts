/** From what a login handler grants to the token that it becomes (vault-api 9, last paragraph; S3, S19). Pure. */
import { invalidRequest } from '../logical/errors.ts'
import type { AuthGrant } from '../logical/logical.ts'
import type { NewToken } from './new-token.ts'
import { isRoot, refuseUnassignable, sanitizePolicies, withDefault } from './policies.ts'
import { calculateTtl, type LeaseTtl } from './ttl.ts'

export interface LoginOptions {
  /** The request's path: `auth/approle/login`. */
  readonly path: string
  /** `auth/approle/` */
  readonly mountPoint: string
  /** Effective lease TTLs of the mount. */
  readonly ttl: LeaseTtl
  /** The mount's own wish (`default-batch`, `service`, ...). Default: none. */
  readonly tokenType?: string
  /** Whose login it is; asked once it is clear that there will be a token (S19). Default: nobody's. */
  readonly entity?: () => string | Promise<string>
}

export interface PlannedToken {
  readonly token: NewToken
  readonly warnings: readonly string[]
}

/** @throws {LogicalError} 400 when the grant asks for what no login may give */
export function planLogin(grant: AuthGrant, options: LoginOptions, now: number): PlannedToken {
  const granted = sanitizePolicies(grant.policies)
  if (isRoot(granted)) throw invalidRequest('auth methods cannot create root tokens')
  refuseUnassignable(granted)
  const type = typeOf(grant.tokenType, options.tokenType ?? '')
  if (type === 'batch') refuseBatch(grant)
  const { seconds, warnings } = calculateTtl({
    increment: 0,
    backendTtl: grant.ttl,
    period: grant.period,
    backendMaxTtl: grant.maxTtl,
    explicitMaxTtl: grant.explicitMaxTtl,
    mount: options.ttl,
    issuedAt: now,
    now,
  })
  const token: NewToken = {
    type,
    parent: undefined,
    policies: grant.noDefaultPolicy ? granted : withDefault(granted),
    path: options.path,
    meta: grant.metadata,
    displayName: displayNameOf(options.mountPoint, grant.displayName),
    numUses: grant.numUses,
    ttl: seconds,
    explicitMaxTtl: grant.explicitMaxTtl,
    period: grant.period,
    renewable: type === 'service' && grant.renewable,
    boundCidrs: grant.boundCidrs,
    entityId: '',
    noDefaultPolicy: grant.noDefaultPolicy,
  }
  return { token, warnings }
}

/** `approle`, `userpass-bob`; of a mount at `auth/people/here/` it is `people-here-bob`. */
function displayNameOf(mountPoint: string, name: string): string {
  const mount = mountPoint
    .replace(/^auth\//, '')
    .replace(/\/$/, '')
    .replaceAll('/', '-')
  return name === '' ? mount : `${mount}-${name}`
}

/** `service` and `batch` on the mount decide; its `default-…` counts where the role has no wish (vault-api 3.2). */
function typeOf(role: AuthGrant['tokenType'], mount: string): 'service' | 'batch' {
  if (mount === 'service' || mount === 'batch') return mount
  if (role !== 'default') return role
  return mount === 'default-batch' ? 'batch' : 'service'
}

function refuseBatch(grant: AuthGrant): void {
  const limited: readonly (readonly [string, boolean])[] = [
    ['num_uses', grant.numUses !== 0],
    ['period', grant.period > 0],
  ]
  const field = limited.find(([, set]) => set)?.[0]
  if (field !== undefined) throw invalidRequest(`batch tokens cannot have ${JSON.stringify(field)} set`)
}
