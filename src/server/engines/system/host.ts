/**
 * What the system backend asks of the core. An interface, so that `sys/` can be read and tested without one.
 */
import type { JsonObject, TokenEntry } from '../../logical/index.ts'
import type { ConfigPort } from './config.ts'
import type { QuotasPort } from './quotas.ts'

/** What can be tuned of a mount. TTLs in seconds, 0 inherits. */
export interface MountConfig {
  readonly defaultLeaseTtl: number
  readonly maxLeaseTtl: number
  /** Kept and shown; there is no cache in front of a mount that it could switch off. */
  readonly forceNoCache: boolean
  readonly listingVisibility: '' | 'hidden' | 'unauth'
  /** Names of top-level fields that stand in clear in the audit log. */
  readonly auditNonHmacRequestKeys: readonly string[]
  readonly auditNonHmacResponseKeys: readonly string[]
  /** For plugins that read or answer headers of their own: kept and shown. */
  readonly passthroughRequestHeaders: readonly string[]
  readonly allowedResponseHeaders: readonly string[]
  /** Auth mounts only; empty is `default-service`. */
  readonly tokenType: string
}

/** A mount as `sys/mounts` and `sys/auth` speak of it. */
export interface MountView {
  /** With trailing slash, without `auth/`. */
  readonly path: string
  readonly type: string
  readonly description: string
  readonly accessor: string
  readonly uuid: string
  /** These three mean something in a cluster or with a hardware module: kept and shown, as Vault does without one. */
  readonly local: boolean
  readonly sealWrap: boolean
  readonly externalEntropyAccess: boolean
  readonly options: Readonly<Record<string, string>> | null
  readonly config: MountConfig
}

export interface MountsPort {
  list(): readonly MountView[]
  get(path: string): MountView | undefined
  enable(mount: Omit<MountView, 'accessor' | 'uuid'>): Promise<void>
  disable(path: string): Promise<void>
  /** `decide` may refuse by throwing; it is shown the mount as it is by then. */
  change(
    path: string,
    decide: (view: MountView) => Partial<Pick<MountView, 'description' | 'config' | 'options'>>,
  ): Promise<void>
}

export interface AuditDeviceView {
  /** With trailing slash. */
  readonly path: string
  readonly type: string
  readonly description: string
  readonly options: Readonly<Record<string, string>>
}

export interface AuditPort {
  list(): readonly AuditDeviceView[]
  enable(device: AuditDeviceView): Promise<void>
  disable(path: string): Promise<void>
  /** `undefined` when there is no such device. */
  hash(path: string, input: string): string | undefined
}

export interface ResultantRules {
  readonly root: boolean
  readonly exact: readonly ResultantRule[]
  readonly patterns: readonly ResultantRule[]
}

interface ResultantRule {
  readonly path: string
  readonly capabilities: readonly string[]
}

export interface SystemHost {
  readonly secrets: MountsPort
  readonly auths: MountsPort
  readonly audit: AuditPort
  readonly quotas: QuotasPort
  readonly config: ConfigPort
  /** System-wide lease TTLs in seconds, for tuning reads. */
  readonly leaseTtl: { readonly default: number; readonly max: number }
  tokenByText(token: string): TokenEntry | undefined
  tokenByAccessor(accessor: string): TokenEntry | undefined
  /** Sorted; `['root']`, `['deny']`, or what the policies allow. */
  capabilities(token: TokenEntry, path: string): readonly string[]
  /** What the token's policies say, path by path. */
  rules(token: TokenEntry): ResultantRules
  /** Whether the token may do anything at or below a mount's path (`auth/` included). */
  sees(token: TokenEntry, mountPath: string): boolean
  /** The OpenAPI document of what a token may see; without one, of nothing that was mounted (S50). */
  openApi(token: TokenEntry | undefined): JsonObject
  /** The secret or auth mount a path lies in, with its full path. */
  mountOf(path: string): { readonly view: MountView; readonly fullPath: string } | undefined
  /**
   * Gives a mount another path. Both as in a request path (`auth/` included), with trailing slash. When it resolves, all
   * that was given out under the old path is revoked.
   * @throws {LogicalError} when `from` is no mount that can move, or `to` is not free
   */
  remount(from: string, to: string): Promise<void>
  uuid(): string
  seal(): Promise<void>
}
