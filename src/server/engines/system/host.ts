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
}

export interface AuditPort {
  list(): readonly AuditDeviceView[]
  enable(device: AuditDeviceView): Promise<void>
  disable(path: string): Promise<void>
  /** `undefined` when there is no such device. */
  hash(path: string, input: string): string | undefined
}

/** The key that encrypts what is written now, and when it is replaced. Times in unix milliseconds. */
export interface KeysPort {
  active(): { readonly term: number; readonly installed: number; readonly encryptions: number }
  rotation(): RotationView
  setRotation(rotation: RotationView): Promise<void>
  rotate(): Promise<void>
}

export interface RotationView {
  readonly enabled: boolean
  readonly maxOperations: number
  /** Milliseconds; 0 for none. */
  readonly interval: number
}

/** Rekeying (`server/seal/rekey.ts`). All methods throw Vault's refusals. */
export interface RekeyPort {
  status(): RekeyView
  start(options: { readonly shares: number; readonly threshold: number; readonly verify: boolean }): RekeyView
  cancel(): void
  submit(
    share: string,
    nonce: string,
  ): Promise<
    | { readonly kind: 'progress'; readonly status: RekeyView }
    | {
        readonly kind: 'complete'
        readonly nonce: string
        /** Whoever shows them overwrites them. */
        readonly keys: readonly Buffer[]
        readonly verificationNonce: string
      }
  >
  verification(): VerificationView
  verify(
    share: string,
    nonce: string,
  ): Promise<
    | { readonly kind: 'progress'; readonly status: VerificationView }
    | { readonly kind: 'complete'; readonly nonce: string }
  >
  restartVerification(): VerificationView
}

export interface VerificationView {
  readonly started: boolean
  readonly nonce: string
  readonly shares: number
  readonly threshold: number
  readonly progress: number
}

export interface RekeyView extends VerificationView {
  readonly required: number
  readonly verificationRequired: boolean
  /** Empty while there is nothing to verify. */
  readonly verificationNonce: string
}

/** A root token for a quorum of shares (`server/seal/root-generation.ts`). All methods throw Vault's refusals. */
export interface RootGenerationPort {
  status(): RootGenerationView
  start(otp: string | undefined): RootGenerationView & { readonly otp: string }
  cancel(): void
  submit(
    share: string,
    nonce: string,
  ): Promise<RootGenerationView & { readonly complete: boolean; readonly encodedToken: string }>
}

export interface RootGenerationView {
  readonly started: boolean
  readonly nonce: string
  readonly progress: number
  readonly required: number
  readonly otpLength: number
}

/** This node, as `sys/ha-status` shows it. */
export interface NodeView {
  readonly hostname: string
  readonly version: string
}

export interface SystemHost {
  readonly node: NodeView
  readonly keys: KeysPort
  readonly rekey: RekeyPort
  readonly rootGeneration: RootGenerationPort
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
