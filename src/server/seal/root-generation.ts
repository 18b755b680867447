/**
 * A new root token for a quorum of the shares (vault-api 2, generate-root). One attempt at a time.
 *
 * Invariant: the token is made once per attempt, after the shares have proved to be this store's, and leaves here only
 * XORed with a one-time password of its own length, or encrypted for one PGP key: who sees the answer alone learns
 * nothing. The password, bytes in a Buffer, is overwritten with the attempt's end.
 *
 * Not here: who may ask (the pipeline), OpenPGP (`pgp.ts`).
 */
import { invalidRequest } from '../logical/index.ts'
import type { PgpRecipient } from './pgp.ts'
import { Quorum } from './quorum.ts'
import type { Seal } from './seal.ts'
import { decodeShare } from './shares.ts'
import { uuid } from './uuid.ts'

export interface RootGenerationStatus {
  readonly started: boolean
  /** Empty while none is under way. */
  readonly nonce: string
  readonly progress: number
  readonly required: number
  /** What a password must have: as many bytes as a token. */
  readonly otpLength: number
  /** Of the key that the token is for; empty for a password. */
  readonly pgpFingerprint: string
}

export interface RootGenerationStep extends RootGenerationStatus {
  readonly complete: boolean
  /**
   * The token XOR the password, base64 without padding, or an OpenPGP message, base64 with it; empty until it is complete.
   */
  readonly encodedToken: string
}

/** Every method throws a `LogicalError` of 400 with Vault's text for what a client does wrong. */
export interface RootGeneration {
  status(): RootGenerationStatus
  /** Without a password of the caller's one is made, and answered this once. */
  start(otp: string | undefined): RootGenerationStatus & { readonly otp: string }
  /** The token is encrypted for this key instead. */
  startFor(recipient: PgpRecipient): RootGenerationStatus
  /** No error when none is under way. */
  cancel(): void
  /** One share, in hex or base64. */
  submit(text: string, nonce: string): Promise<RootGenerationStep>
}

export interface RootGenerationOptions {
  readonly seal: Seal
  readonly random: (bytes: number) => Buffer
  readonly otpLength: number
  /** As many characters of one byte each. */
  readonly newOtp: () => string
  /** A root token of `otpLength` bytes. */
  readonly createRoot: () => Promise<string>
}

/** How the token leaves. */
type Cover = { readonly kind: 'otp'; readonly otp: Buffer } | { readonly kind: 'pgp'; readonly recipient: PgpRecipient }

interface Attempt {
  readonly nonce: string
  readonly cover: Cover
  readonly given: Quorum
}

export function createRootGeneration(options: RootGenerationOptions): RootGeneration {
  const { seal, random, otpLength, newOtp, createRoot } = options
  let attempt: Attempt | undefined

  function status(): RootGenerationStatus {
    return {
      started: attempt !== undefined,
      nonce: attempt?.nonce ?? '',
      progress: attempt?.given.progress ?? 0,
      required: seal.status().threshold,
      otpLength,
      pgpFingerprint: attempt?.cover.kind === 'pgp' ? attempt.cover.recipient.fingerprint : '',
    }
  }

  function begin(cover: Cover): RootGenerationStatus {
    if (attempt !== undefined) throw invalidRequest('root generation already in progress')
    attempt = { nonce: uuid(random), cover, given: new Quorum() }
    return status()
  }

  async function finish({ nonce, cover, given }: Attempt): Promise<RootGenerationStep> {
    const key = await given.combine()
    try {
      // Cancelled or sealed while the shares were combined, or another quorum was faster.
      if (attempt?.nonce !== nonce) throw invalidRequest('no root generation in progress')
      if (key === undefined || !seal.isKey(key))
        throw invalidRequest('root generation aborted: unable to authenticate: invalid key')
    } finally {
      key?.fill(0)
    }
    const { required, pgpFingerprint } = status()
    attempt = undefined
    try {
      // A key that ran out meanwhile must not leave a token behind that nobody has.
      if (cover.kind === 'pgp') await cover.recipient.encrypt(Buffer.alloc(otpLength))
      const encodedToken = await encode(await createRoot(), cover)
      const done = { started: true, nonce, progress: required, required, otpLength, pgpFingerprint }
      return { ...done, complete: true, encodedToken }
    } finally {
      forget(cover)
    }
  }

  return {
    status,
    start(wanted) {
      if (attempt !== undefined) throw invalidRequest('root generation already in progress')
      const text = wanted ?? newOtp()
      const otp = Buffer.from(text)
      if (otp.length !== otpLength) throw invalidRequest('OTP string is wrong length')
      return { ...begin({ kind: 'otp', otp }), otp: wanted === undefined ? text : '' }
    },
    startFor: (recipient) => begin({ kind: 'pgp', recipient }),
    cancel() {
      attempt?.given.forget()
      if (attempt !== undefined) forget(attempt.cover)
      attempt = undefined
    },
    async submit(text, nonce) {
      const share = decodeShare(text)
      const current = attempt
      if (current === undefined) throw refuse(share, 'no root generation in progress')
      if (nonce !== current.nonce)
        throw refuse(share, `incorrect nonce supplied; nonce for this root generation operation is "${current.nonce}"`)
      if (!current.given.add(share))
        throw invalidRequest('given key has already been provided during this generation operation')
      return current.given.progress >= seal.status().threshold
        ? finish(current)
        : { ...status(), complete: false, encodedToken: '' }
    },
  }
}

async function encode(token: string, cover: Cover): Promise<string> {
  const bytes = Buffer.from(token)
  if (cover.kind === 'pgp') return (await cover.recipient.encrypt(bytes)).toString('base64')
  const { otp } = cover
  if (bytes.length !== otp.length) throw new Error('a root token and its one-time password differ in length')
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = (bytes[at] ?? 0) ^ (otp[at] ?? 0)
  return bytes.toString('base64').replace(/=+$/, '')
}

function forget(cover: Cover): void {
  if (cover.kind === 'otp') cover.otp.fill(0)
}

function refuse(share: Buffer, text: string): Error {
  share.fill(0)
  return invalidRequest(text)
}
