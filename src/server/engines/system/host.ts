/**
 * What the system backend asks of the core. An interface, so that `sys/` can be read and tested without one.
 */
import type { TokenEntry } from '../../logical/index.ts'

/** A mount as `sys/mounts` and `sys/auth` speak of it. TTLs in seconds, 0 inherits. */
export interface MountView {
  /** With trailing slash, without `auth/`. */
  readonly path: string
  readonly type: string
  readonly description: string
  readonly accessor: string
  readonly uuid: string
  readonly options: Readonly<Record<string, string>> | null
  readonly config: {
    readonly defaultLeaseTtl: number
    readonly maxLeaseTtl: number
    readonly listingVisibility: '' | 'hidden' | 'unauth'
    readonly tokenType: string
  }
}

export interface MountsPort {
  list(): readonly MountView[]
  get(path: string): MountView | undefined
  enable(mount: Pick<MountView, 'path' | 'type' | 'description' | 'options' | 'config'>): Promise<void>
  disable(path: string): Promise<void>
  change(path: string, changes: Partial<Pick<MountView, 'description' | 'config'>>): Promise<void>
}

export interface AuditDeviceView {
  /** With trailing slash. */
  readonly path: string
  readonly type: string
  readonly description: string
  readonly options: Readonly<Record<string, string>>
  /** Not replicated. Kept and shown, and means nothing here. Absent: false. */
  readonly local?: boolean
}

export interface AuditPort {
  list(): readonly AuditDeviceView[]
  /** Warnings for whoever asked. */
  enable(device: AuditDeviceView): Promise<readonly string[]>
  disable(path: string): Promise<void>
  /** `undefined` when there is no such device. */
  hash(path: string, input: string): string | undefined
}

export interface SystemHost {
  readonly secrets: MountsPort
  readonly auths: MountsPort
  readonly audit: AuditPort
  /** System-wide lease TTLs in seconds, for tuning reads. */
  readonly leaseTtl: { readonly default: number; readonly max: number }
  tokenByText(token: string): TokenEntry | undefined
  tokenByAccessor(accessor: string): TokenEntry | undefined
  /** Sorted; `['root']`, `['deny']`, or what the policies allow. */
  capabilities(token: TokenEntry, path: string): readonly string[]
  /** Whether the token may do anything at or below a mount's path (`auth/` included). */
  sees(token: TokenEntry, mountPath: string): boolean
  /** The secret or auth mount a path lies in, with its full path. */
  mountOf(path: string): { readonly view: MountView; readonly fullPath: string } | undefined
  seal(): Promise<void>
}
