/**
 * Rekeying: a quorum of the shares makes new ones, and a new root key with them (vault-api 2, 13). One at a time.
 *
 * Invariant: the old shares open the store until the moment the new ones do. With verification that moment comes only
 * when a quorum of the new shares has been given back; without it, when the last old share is given, and whoever loses
 * that answer has no shares at all, unless a backup was asked for: that is stored before. A backup holds shares for
 * PGP keys alone. The new seal key waits in memory alone and is overwritten when it has served, when the rekey is
 * cancelled, and by sealing. Nonces tell one rekey from another and are no secret.
 *
 * Not here: who may ask (the pipeline), OpenPGP (`pgp.ts`).
 */
import { timingSafeEqual } from 'node:crypto'
import { keySpace } from '../barrier/index.ts'
import { invalidRequest } from '../logical/index.ts'
import { checkShares } from './config.ts'
import { encryptShares, type PgpRecipient } from './pgp.ts'
import { Quorum } from './quorum.ts'
import type { Seal, Split } from './seal.ts'
import { decodeShare, splitKey } from './shares.ts'
import { uuid } from './uuid.ts'

export interface RekeyStatus extends Split {
  readonly started: boolean
  /** Empty, as `shares` and `threshold` are 0, while none is under way. */
  readonly nonce: string
  readonly progress: number
  /** Of today's shares. */
  readonly required: number
  readonly verificationRequired: boolean
  /** Empty until the new shares are made. */
  readonly verificationNonce: string
  /** Of the keys that the new shares are for, one a share; `undefined` when they are answered in clear. */
  readonly pgpFingerprints: readonly string[] | undefined
  readonly backup: boolean
}

/** New shares for the holders of PGP keys. */
export interface PgpDelivery {
  /** One a share. */
  readonly recipients: readonly PgpRecipient[]
  /** Whether the encrypted shares are kept as well. */
  readonly backup: boolean
}

/** The encrypted shares of the last rekey that kept them. */
export interface ShareBackup {
  readonly nonce: string
  /** By fingerprint; in hexadecimal. */
  readonly keys: Readonly<Record<string, readonly string[]>>
}

export type RekeyStep =
  | { readonly kind: 'progress'; readonly status: RekeyStatus }
  /** The new shares, encrypted where PGP keys were given. The caller overwrites them when they have served. */
  | ({
      readonly kind: 'complete'
      readonly nonce: string
      readonly keys: readonly Buffer[]
      readonly verificationNonce: string
    } & Pick<RekeyStatus, 'pgpFingerprints' | 'backup'>)

export interface VerificationStatus extends Split {
  readonly started: boolean
  readonly nonce: string
  readonly progress: number
}

export type VerificationStep =
  | { readonly kind: 'progress'; readonly status: VerificationStatus }
  | { readonly kind: 'complete'; readonly nonce: string }

/** Every method throws a `LogicalError` of 400 with Vault's text for what a client does wrong. */
export interface Rekey {
  status(): RekeyStatus
  start(options: Split & { readonly verify: boolean; readonly pgp?: PgpDelivery | undefined }): RekeyStatus
  /** No error when none is under way. */
  cancel(): void
  /** One of today's shares, in hex or base64. */
  submit(text: string, nonce: string): Promise<RekeyStep>
  verification(): VerificationStatus
  /** One of the new shares. */
  verify(text: string, nonce: string): Promise<VerificationStep>
  /** Begins the verification anew, under another nonce. */
  restartVerification(): VerificationStatus
}

interface Attempt extends Split {
  readonly nonce: string
  readonly verify: boolean
  readonly pgp: PgpDelivery | undefined
  readonly given: Quorum
  /** The seal key that waits for its shares to be given back. */
  pending: Pending | undefined
}

interface Pending {
  nonce: string
  readonly key: Buffer
  readonly given: Quorum
}

const KEY_BYTES = 32

export interface RekeyOptions {
  readonly seal: Seal
  readonly random: (bytes: number) => Buffer
  /** Resolves once it is stored; it replaces the one before. */
  readonly keepBackup: (backup: ShareBackup) => Promise<void>
}

export function createRekey({ seal, random, keepBackup }: RekeyOptions): Rekey {
  let attempt: Attempt | undefined

  function status(): RekeyStatus {
    return {
      started: attempt !== undefined,
      nonce: attempt?.nonce ?? '',
      shares: attempt?.shares ?? 0,
      threshold: attempt?.threshold ?? 0,
      progress: attempt?.given.progress ?? 0,
      required: seal.status().threshold,
      verificationRequired: attempt?.verify ?? false,
      verificationNonce: attempt?.pending?.nonce ?? '',
      ...delivered(attempt?.pgp),
    }
  }

  function verification(): VerificationStatus {
    if (attempt === undefined) throw invalidRequest('no rekey configuration found')
    const { shares, threshold, pending } = attempt
    const { nonce = '', given } = pending ?? {}
    return { started: pending !== undefined, nonce, shares, threshold, progress: given?.progress ?? 0 }
  }

  function cancel(): void {
    attempt?.given.forget()
    attempt?.pending?.given.forget()
    attempt?.pending?.key.fill(0)
    attempt = undefined
  }

  /** @throws when it was cancelled, sealed, or completed by others while shares were combined */
  function requireCurrent(current: Attempt, pending: Pending | undefined): void {
    if (attempt !== current || current.pending !== pending) throw invalidRequest('no barrier rekey in progress')
  }

  async function makeKeys(current: Attempt): Promise<RekeyStep> {
    const { shares, threshold, nonce, verify, pgp } = current
    const oldKey = await current.given.combine()
    try {
      requireCurrent(current, undefined)
      if (oldKey === undefined || !seal.isKey(oldKey)) throw invalidRequest('rekey failed, invalid key')
    } finally {
      oldKey?.fill(0)
    }
    const key = random(KEY_BYTES)
    let keys: readonly Buffer[] = []
    try {
      keys = await splitKey(key, { shares, threshold })
      if (pgp !== undefined) keys = await encryptShares(keys, pgp.recipients)
      requireCurrent(current, undefined)
      if (pgp?.backup === true) {
        await keepBackup({ nonce, keys: byFingerprint(keys, pgp.recipients) })
        requireCurrent(current, undefined)
      }
      if (verify) {
        current.pending = { nonce: uuid(random), key: keySpace(KEY_BYTES), given: new Quorum() }
        key.copy(current.pending.key)
        return { kind: 'complete', nonce, keys, verificationNonce: current.pending.nonce, ...delivered(pgp) }
      }
      // Taken away first: of two quorums that are complete at the same time, one changes the key.
      attempt = undefined
      await seal.changeSealKey(key, { shares, threshold })
      return { kind: 'complete', nonce, keys, verificationNonce: '', ...delivered(pgp) }
    } catch (error) {
      for (const share of keys) share.fill(0)
      throw error
    } finally {
      key.fill(0)
    }
  }

  return {
    status,
    start({ shares, threshold, verify, pgp }) {
      if (attempt !== undefined) throw invalidRequest('rekey already in progress')
      checkShares({ shares, threshold }, 'rekey seal configuration')
      attempt = { shares, threshold, verify, pgp, nonce: uuid(random), given: new Quorum(), pending: undefined }
      return status()
    },
    cancel,
    async submit(text, nonce) {
      const share = decodeShare(text)
      const current = attempt
      if (current === undefined) throw refuse(share, 'no barrier rekey in progress')
      if (nonce !== current.nonce)
        throw refuse(share, `incorrect nonce supplied; nonce for this rekey operation is "${current.nonce}"`)
      if (current.pending !== undefined) {
        const must = 'rekey operation already finished; verification must be performed'
        throw refuse(share, `${must}; nonce for the verification operation is "${current.pending.nonce}"`)
      }
      if (!current.given.add(share))
        throw invalidRequest('given key has already been provided during this generation operation')
      return current.given.progress >= seal.status().threshold
        ? makeKeys(current)
        : { kind: 'progress', status: status() }
    },
    verification,
    async verify(text, nonce) {
      const share = decodeShare(text)
      const current = attempt
      if (current === undefined) throw refuse(share, 'no rekey in progress')
      const { pending, shares, threshold } = current
      if (pending === undefined) throw refuse(share, 'no rekey verification in progress')
      if (nonce !== pending.nonce)
        throw refuse(share, `incorrect nonce supplied; nonce for this verify operation is "${pending.nonce}"`)
      if (!pending.given.add(share))
        throw invalidRequest('given key has already been provided during this verify operation')
      if (pending.given.progress < threshold) return { kind: 'progress', status: verification() }
      const key = await pending.given.combine()
      try {
        requireCurrent(current, pending)
        if (key?.length !== KEY_BYTES || !timingSafeEqual(key, pending.key))
          throw invalidRequest('rekey verification failed; incorrect shares supplied')
        attempt = undefined
        await seal.changeSealKey(key, { shares, threshold })
        return { kind: 'complete', nonce: pending.nonce }
      } finally {
        key?.fill(0)
        if (attempt !== current) pending.key.fill(0)
      }
    },
    restartVerification() {
      const pending = attempt?.pending
      if (attempt === undefined || pending === undefined) throw invalidRequest('no rekey configuration found')
      pending.given.forget()
      pending.nonce = uuid(random)
      return verification()
    },
  }
}

function delivered(pgp: PgpDelivery | undefined): Pick<RekeyStatus, 'pgpFingerprints' | 'backup'> {
  return {
    pgpFingerprints: pgp?.recipients.map(({ fingerprint }) => fingerprint),
    backup: pgp?.backup ?? false,
  }
}

function byFingerprint(keys: readonly Buffer[], recipients: readonly PgpRecipient[]): ShareBackup['keys'] {
  const found: Record<string, string[]> = {}
  for (const [at, { fingerprint }] of recipients.entries())
    (found[fingerprint] ??= []).push(keys[at]?.toString('hex') ?? '')
  return found
}

function refuse(share: Buffer, text: string): Error {
  share.fill(0)
  return invalidRequest(text)
}
