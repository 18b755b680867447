/**
 * What the system backend asks of the core. An interface, so that `sys/` can be read and tested without one.
 */
import type { JsonObject, LoginName, TokenEntry, WrapInfo } from '../../logical/index.ts'
import type { UserLockoutConfig } from '../../logical/user-lockout.ts'
import type { FactsPort } from './facts.ts'
import type { ConfigPort } from './config.ts'
import type { LoggersPort } from './loggers.ts'
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
  /** Auth mounts only, and only where it is tuned: `UNTUNED_USER_LOCKOUT` and what was asked for. */
  readonly userLockout?: UserLockoutConfig
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

/** An answer that lies wrapped. `creationTtl` in seconds, `creationTime` in unix milliseconds. */
export interface WrappedAnswer {
  readonly status: number
  readonly body: string
  readonly creationPath: string
  readonly creationTtl: number
  readonly creationTime: number
}

export interface WrappingPort {
  /** Ends the token, and gives another that holds its answer for `ttl` seconds at most; 0: as long as before. */
  rewrap(token: string, ttl: number): Promise<WrapInfo | undefined>
  /** Spends nothing. `undefined` for everything but a wrapping token that still holds its answer. */
  find(token: string): WrappedAnswer | undefined
  /** Ends the token. */
  take(token: string): Promise<WrappedAnswer | undefined>
  /** For a caller that has spent the token by calling with it. */
  takeSpent(caller: TokenEntry): WrappedAnswer | undefined
}

export interface LeasePort {
  find(leaseId: string): TokenEntry | undefined
  /** `prefix` is empty or ends in `/`. */
  namesBelow(prefix: string): Promise<readonly string[]>
  revoke(leaseId: string): Promise<void>
  revokeBelow(prefix: string): Promise<void>
  tidy(): Promise<void>
}

export interface ToolsPort {
  random(bytes: number): Buffer
  /** `algorithm` is one of Node's names. */
  digest(algorithm: string, input: Uint8Array): Buffer
}

/** What `sys/plenum/status` tells. Times in unix milliseconds. */
export interface StatusPort {
  about(): AboutView
  auditDevices(): readonly AuditDeviceStatusView[]
}

export interface AboutView {
  readonly started: number
  readonly version: string
  readonly apiVersion: string
  readonly storageType: string
  readonly listeners: readonly string[]
}

export interface AuditDeviceStatusView {
  readonly path: string
  readonly type: string
  readonly place: string
  readonly stored: number
  readonly refused: number
  readonly failingSince: number | undefined
  readonly lastFailure: { readonly reason: string; readonly time: number } | undefined
  /** In bytes; `undefined` where it is not known, or where there is none. */
  readonly disk:
    | { readonly free: number | undefined; readonly reserve: number; readonly held: number | undefined }
    | undefined
}

export interface LockoutPort {
  /** Who is locked out now. Sorted. */
  locked(): readonly LoginName[]
  unlock(accessor: string, alias: string): void
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
  /** One a key, in their order. */
  readPgpKeys(keys: readonly string[]): Promise<readonly PgpRecipientView[]>
  start(options: {
    readonly shares: number
    readonly threshold: number
    readonly verify: boolean
    readonly pgp: { readonly recipients: readonly PgpRecipientView[]; readonly backup: boolean } | undefined
  }): RekeyView
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
        readonly pgpFingerprints: readonly string[] | undefined
        readonly backup: boolean
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
  /** Encrypted shares in hexadecimal, by fingerprint; `undefined` when none are kept. */
  backup(): { readonly nonce: string; readonly keys: Readonly<Record<string, readonly string[]>> } | undefined
  forgetBackup(): Promise<void>
}

/** A PGP key that may be encrypted for. */
export interface PgpRecipientView {
  readonly fingerprint: string
  encrypt(plain: Buffer): Promise<Buffer>
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
  readonly pgpFingerprints: readonly string[] | undefined
  readonly backup: boolean
}

/** A root token for a quorum of shares (`server/seal/root-generation.ts`). All methods throw Vault's refusals. */
export interface RootGenerationPort {
  status(): RootGenerationView
  start(otp: string | undefined): RootGenerationView & { readonly otp: string }
  startFor(pgpKey: string): Promise<RootGenerationView>
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
  readonly pgpFingerprint: string
}

export interface SnapshotsPort {
  /** Nothing is held before the first byte is asked for. */
  save(): AsyncIterable<Uint8Array>
  /**
   * Replaces the store; the server is sealed when it resolves. `force`: also by a snapshot of other unseal keys.
   * @throws {LogicalError} 400 for a snapshot that cannot be taken; nothing has changed then
   */
  restore(upload: AsyncIterable<Uint8Array>, force: boolean): Promise<void>
}

/** This node, as `sys/ha-status` shows it. */
export interface NodeView {
  readonly hostname: string
  readonly version: string
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
  readonly node: NodeView
  readonly facts: FactsPort
  readonly keys: KeysPort
  readonly rekey: RekeyPort
  readonly rootGeneration: RootGenerationPort
  readonly secrets: MountsPort
  readonly auths: MountsPort
  readonly audit: AuditPort
  readonly lockout: LockoutPort
  readonly quotas: QuotasPort
  readonly config: ConfigPort
  readonly status: StatusPort
  /** `undefined` where the program keeps no log. */
  readonly loggers: LoggersPort | undefined
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
  readonly wrapping: WrappingPort
  readonly leases: LeasePort
  readonly tools: ToolsPort
  readonly snapshots: SnapshotsPort
  /** Unix milliseconds. */
  readonly now: () => number
  /**
   * Gives a mount another path. Both as in a request path (`auth/` included), with trailing slash. When it resolves, all
   * that was given out under the old path is revoked.
   * @throws {LogicalError} when `from` is no mount that can move, or `to` is not free
   */
  remount(from: string, to: string): Promise<void>
  uuid(): string
  seal(): Promise<void>
}
