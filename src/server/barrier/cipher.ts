/**
 * AES-256-GCM over what is stored, in Vault's layout (vault-api 13):
 *
 *     | term, 4, big-endian | 2 | nonce, 12 | ciphertext | tag, 16 |
 *
 * The 2 is the version of the layout: the place of the entry is authenticated with it, so bytes that were moved to
 * another place do not open. The term is not: another term is another key, and does not open them either.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto'

const VERSION = 2
const NONCE_AT = 5
const NONCE_BYTES = 12
const HEADER_BYTES = NONCE_AT + NONCE_BYTES
const TAG_BYTES = 16
const ALGORITHM = 'aes-256-gcm'
const OPTIONS = { authTagLength: TAG_BYTES }

export interface SealedParts {
  readonly term: number
  readonly key: Buffer
  /** Twelve bytes that this key has never been used with. */
  readonly nonce: Uint8Array
  /** Where the bytes belong: they open with the same context only. */
  readonly context: string
}

export function encryptSealed(plain: Uint8Array, { term, key, nonce, context }: SealedParts): Buffer {
  const cipher = createCipheriv(ALGORITHM, key, nonce, OPTIONS)
  cipher.setAAD(Buffer.from(context))
  const sealed = Buffer.allocUnsafe(HEADER_BYTES + plain.length + TAG_BYTES)
  sealed.writeUInt32BE(term, 0)
  sealed[NONCE_AT - 1] = VERSION
  sealed.set(nonce, NONCE_AT)
  sealed.set(cipher.update(plain), HEADER_BYTES)
  cipher.final()
  sealed.set(cipher.getAuthTag(), HEADER_BYTES + plain.length)
  return sealed
}

/** The term of the key that opens these bytes; `undefined` when they are not of this layout. */
export function termOf(sealed: Uint8Array): number | undefined {
  if (sealed.length < HEADER_BYTES + TAG_BYTES || sealed[NONCE_AT - 1] !== VERSION) return undefined
  return new DataView(sealed.buffer, sealed.byteOffset).getUint32(0)
}

/** `undefined` when a bit of them, the key, or the context is not the one they were made with. */
export function decryptSealed(sealed: Uint8Array, key: Buffer, context: string): Buffer | undefined {
  if (termOf(sealed) === undefined) return undefined
  const end = sealed.length - TAG_BYTES
  const decipher = createDecipheriv(ALGORITHM, key, sealed.subarray(NONCE_AT, HEADER_BYTES), OPTIONS)
  decipher.setAAD(Buffer.from(context))
  decipher.setAuthTag(sealed.subarray(end))
  const plain = decipher.update(sealed.subarray(HEADER_BYTES, end))
  try {
    decipher.final()
    return plain
  } catch {
    // Never handed out: it did not authenticate.
    plain.fill(0)
    return undefined
  }
}

/** Random nonces, drawn from the generator in one piece and handed out once each. */
export class NoncePool {
  readonly #random: (bytes: number) => Buffer
  #pool: Buffer = Buffer.alloc(0)
  #next = 0

  constructor(random: (bytes: number) => Buffer) {
    this.#random = random
  }

  take(): Uint8Array {
    if (this.#next + NONCE_BYTES > this.#pool.length) {
      this.#pool = this.#random(NONCE_BYTES * 512)
      this.#next = 0
    }
    this.#next += NONCE_BYTES
    return this.#pool.subarray(this.#next - NONCE_BYTES, this.#next)
  }
}
