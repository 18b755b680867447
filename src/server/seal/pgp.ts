/**
 * Shares and root tokens for the holders of PGP keys: what is answered is of use to nobody else (vault-api 2).
 *
 * Invariant: a recipient is a public key that could take a message when it was read: alone in its text, in force,
 * neither revoked nor for signatures only. What is encrypted is bytes, overwritten when they have served; no refusal
 * repeats a key.
 *
 * OpenPGP itself is the package `openpgp`, an optional dependency (LGPL) that is loaded when the first key comes. Its own
 * copies of the bytes are out of reach.
 *
 * Not here: private keys, decryption.
 */
import { invalidRequest } from '../logical/index.ts'

export interface PgpRecipient {
  /** Of the primary key: hexadecimal, in lower case. */
  readonly fingerprint: string
  /**
   * A binary OpenPGP message. Takes the bytes over and overwrites them.
   * @throws {LogicalError} 400 when the key cannot take it, because it ran out meanwhile
   */
  encrypt(plain: Buffer): Promise<Buffer>
}

export interface PgpReadingOptions {
  /** Unix milliseconds. */
  readonly now: () => number
  /** What the refusal of a key begins with. Default: nothing. */
  readonly prefix?: string
  /** @throws when the package is not installed */
  readonly load?: () => Promise<OpenPgp>
}

/** What is used of the package. */
export interface OpenPgp {
  readKeys(
    options: { readonly binaryKeys: Uint8Array } | { readonly armoredKeys: string },
  ): Promise<readonly OpenPgpKey[]>
  encryptBytes(plain: Buffer, key: OpenPgpKey, date: Date): Promise<Uint8Array>
}

interface OpenPgpKey {
  isPrivate(): boolean
  getFingerprint(): string
  /** Rejects when no key of it may encrypt at that time. */
  getEncryptionKey(keyId: undefined, date: Date): Promise<unknown>
}

/** In characters. A key with the signatures of hundreds of people has less. */
const LONGEST = 1024 * 1024
const ARMOR = /^\s*-----BEGIN PGP /
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/**
 * One recipient a text, in their order: base64 of a binary public key, as Vault's command line sends it, or armoured.
 * @throws {LogicalError} 400 for a text that is no such key, and when the package is not installed
 */
export async function readPgpKeys(
  texts: readonly string[],
  { now, prefix = '', load = loadOpenPgp }: PgpReadingOptions,
): Promise<readonly PgpRecipient[]> {
  if (texts.length === 0) return []
  const openPgp = await requireOpenPgp(load)
  const recipients: PgpRecipient[] = []
  for (const [at, text] of texts.entries()) {
    const which = texts.length === 1 ? 'it' : `key ${at + 1} of ${texts.length}`
    // The same key may be given for several shares.
    const key = await readKey(text, { which, prefix, openPgp, date: new Date(now()) })
    recipients.push({
      fingerprint: key.getFingerprint(),
      async encrypt(plain) {
        try {
          return Buffer.from(await openPgp.encryptBytes(plain, key, new Date(now())))
        } catch (cause) {
          throw refusal('error encrypting with the given PGP key', which, 'cannot take a message any more', cause)
        } finally {
          plain.fill(0)
        }
      },
    })
  }
  return recipients
}

/** The digits of the bytes, as bytes: what Vault encrypts of a share. */
export function hexDigits(bytes: Uint8Array): Buffer {
  const digits = Buffer.alloc(bytes.length * 2)
  for (const [at, byte] of bytes.entries()) {
    digits[at * 2] = hexDigit(byte >> 4)
    digits[at * 2 + 1] = hexDigit(byte & 0x0f)
  }
  return digits
}

/** Each share for its recipient, as Vault does: its digits, encrypted. Overwrites the shares. */
export async function encryptShares(
  shares: readonly Buffer[],
  recipients: readonly PgpRecipient[],
): Promise<readonly Buffer[]> {
  try {
    if (shares.length !== recipients.length) throw new Error('not as many PGP keys as shares')
    return await Promise.all(
      recipients.map((recipient, at) => recipient.encrypt(hexDigits(shares[at] ?? Buffer.alloc(0)))),
    )
  } finally {
    for (const share of shares) share.fill(0)
  }
}

interface Reading {
  /** Which key, in the words of a refusal. */
  readonly which: string
  readonly prefix: string
  readonly openPgp: OpenPgp
  readonly date: Date
}

async function readKey(text: string, { which, prefix, openPgp, date }: Reading): Promise<OpenPgpKey> {
  const decoding = `${prefix}error decoding given PGP key`
  const parsing = `${prefix}error parsing given PGP key`
  if (text.length > LONGEST) throw refusal(decoding, which, `is longer than ${LONGEST} characters`)
  const armored = ARMOR.test(text)
  const base64 = armored ? '' : text.replaceAll(/\s/g, '')
  if (!armored && (base64 === '' || !BASE64.test(base64)))
    throw refusal(decoding, which, 'is neither base64 of a binary public key nor an armoured one')
  let keys: readonly OpenPgpKey[]
  try {
    keys = await openPgp.readKeys(armored ? { armoredKeys: text } : { binaryKeys: Buffer.from(base64, 'base64') })
  } catch (cause) {
    throw refusal(parsing, which, 'holds no OpenPGP public key', cause)
  }
  const [key, another] = keys
  if (key === undefined) throw refusal(parsing, which, 'holds no OpenPGP public key')
  if (another !== undefined) throw refusal(parsing, which, 'holds several keys: export one alone')
  if (key.isPrivate()) throw refusal(parsing, which, 'is a private key: give its public one, and keep this to yourself')
  try {
    await key.getEncryptionKey(undefined, date)
  } catch (cause) {
    throw refusal(parsing, which, 'cannot encrypt: it has expired, is revoked, or is for signatures only', cause)
  }
  return key
}

async function requireOpenPgp(load: () => Promise<OpenPgp>): Promise<OpenPgp> {
  try {
    return await load()
  } catch (cause) {
    throw invalidRequest(
      'encrypting with PGP needs the npm package openpgp 6, which Plenum brings as an optional dependency and which is not installed here: run `npm install openpgp@6` where the server is installed, start the server anew, and ask again',
      { cause },
    )
  }
}

async function loadOpenPgp(): Promise<OpenPgp> {
  const { createMessage, encrypt, readKeys } = await import('openpgp')
  type Key = Awaited<ReturnType<typeof readKeys>>[number]
  return {
    readKeys: (options) => ('armoredKeys' in options ? readKeys(options) : readKeys(options)),
    async encryptBytes(plain, key, date) {
      const message = await createMessage({ binary: plain, date })
      return encrypt({ message, encryptionKeys: key as Key, date, format: 'binary' })
    },
  }
}

function refusal(what: string, which: string, reason: string, cause?: unknown): Error {
  return invalidRequest(`${what}: ${which} ${reason}`, cause === undefined ? undefined : { cause })
}

function hexDigit(value: number): number {
  return value < 10 ? 0x30 + value : 0x61 + value - 10
}
