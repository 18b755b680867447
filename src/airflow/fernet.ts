/**
 * Fernet, with which Airflow encrypts what it keeps in its own database (airflow 3.2).
 *
 *   token  base64url( 0x80 | time, 8 bytes | IV, 16 | AES-128-CBC, PKCS7 | HMAC-SHA256 over all before, 32 )
 *   key    base64url( signing key, 16 bytes | encryption key, 16 )
 *
 * Several keys, as `[core] fernet_key` may hold: the first encrypts, each is tried to decrypt.
 *
 * Invariant: nothing is decrypted before its HMAC is checked, in constant time. Age is not checked: Airflow does not.
 *
 * Left out: the empty key, with which Airflow stores clear text. Whether a row is encrypted its flags say, not its look.
 */
import { createCipheriv, createDecipheriv, createHmac, timingSafeEqual } from 'node:crypto'
import { type Sensitive, sensitive } from '../sensitive/index.ts'

export class FernetError extends Error {
  override readonly name = 'FernetError'
  readonly code: 'airflow-fernet-key' | 'airflow-fernet-token'

  constructor(code: FernetError['code'], message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
  }
}

export interface FernetOptions {
  /** Unix ms; the token holds whole seconds. */
  readonly now: number
  /** 16 random bytes, never used before. */
  readonly iv: Uint8Array
}

interface Key {
  readonly sign: Buffer
  readonly encrypt: Buffer
}

const VERSION = 0x80
const IV_AT = 9
const TEXT_AT = IV_AT + 16
const MAC_BYTES = 32
const SHORTEST = TEXT_AT + 16 + MAC_BYTES

export class Fernet {
  readonly #first: Key
  readonly #keys: readonly Key[]

  /** @param keys One or more, separated by commas. */
  constructor(keys: Sensitive<string>) {
    const parsed = keys.reveal().split(',').map(parseKey)
    const [first] = parsed
    if (first === undefined) throw new FernetError('airflow-fernet-key', 'there is no Fernet key')
    this.#first = first
    this.#keys = parsed
  }

  encrypt(plain: Sensitive<string>, { now, iv }: FernetOptions): string {
    if (iv.length !== 16) throw new RangeError(`a Fernet IV has 16 bytes, not ${iv.length}`)
    const time = Buffer.alloc(8)
    time.writeBigUInt64BE(BigInt(Math.floor(now / 1000)))
    const cipher = createCipheriv('aes-128-cbc', this.#first.encrypt, iv)
    const text = Buffer.concat([cipher.update(plain.reveal(), 'utf8'), cipher.final()])
    const signed = Buffer.concat([Buffer.of(VERSION), time, iv, text])
    return toBase64Url(Buffer.concat([signed, macOf(this.#first, signed)]))
  }

  /** @throws {FernetError} 'airflow-fernet-token' when no key fits, or the token was altered or is none. */
  decrypt(token: string): Sensitive<string> {
    const bytes = fromBase64Url(token)
    if (bytes === undefined || bytes.length < SHORTEST || bytes[0] !== VERSION) {
      throw new FernetError('airflow-fernet-token', 'this is not a Fernet token; is the value encrypted at all?')
    }
    const signed = bytes.subarray(0, -MAC_BYTES)
    const key = this.#keys.find((candidate) => timingSafeEqual(macOf(candidate, signed), bytes.subarray(-MAC_BYTES)))
    if (key === undefined) {
      throw new FernetError(
        'airflow-fernet-token',
        `none of the ${this.#keys.length} Fernet keys opens this token: the key is another one, or the token was altered`,
      )
    }
    return sensitive(open(key, signed))
  }
}

function open(key: Key, signed: Buffer): string {
  try {
    const decipher = createDecipheriv('aes-128-cbc', key.encrypt, signed.subarray(IV_AT, TEXT_AT))
    const plain = Buffer.concat([decipher.update(signed.subarray(TEXT_AT)), decipher.final()])
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(plain)
  } catch (cause) {
    // Signed with our key, and still no Fernet: who made it did not follow the format.
    throw new FernetError('airflow-fernet-token', 'the Fernet token is signed and what it holds is no text', cause)
  }
}

function parseKey(text: string, index: number, { length }: readonly string[]): Key {
  const bytes = fromBase64Url(text.trim())
  if (bytes?.length !== 32) {
    const which = length === 1 ? 'the Fernet key' : `Fernet key ${index + 1} of ${length}`
    throw new FernetError('airflow-fernet-key', `${which} is not 32 bytes of base64url with padding (44 characters)`)
  }
  return { sign: bytes.subarray(0, 16), encrypt: bytes.subarray(16) }
}

function macOf({ sign }: Key, signed: Uint8Array): Buffer {
  return createHmac('sha256', sign).update(signed).digest()
}

function toBase64Url(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('+', '-').replaceAll('/', '_')
}

/** Padding is needed; both alphabets are taken, as Python does. */
function fromBase64Url(text: string): Buffer | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9_+/-]+={0,2}$/.test(text)) return undefined
  return Buffer.from(text, 'base64')
}
