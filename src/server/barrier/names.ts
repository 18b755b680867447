/**
 * Names on disk: every segment of a path is encrypted, so that the store shows how many entries there are and not what
 * they are called (vault-api 13).
 *
 *     sys/policy/admin   ->   entries/<sys>/<policy>/<admin>
 *
 *     <segment>  =  base64url( IV, 16 | AES-256-CTR(name key, IV, segment) )
 *     IV         =  the first 16 bytes of HMAC-SHA-256(name MAC key, path up to and with the segment)
 *
 * The same path always gives the same key (it must be found again), and the same name below another folder gives
 * another one. Reading a name back checks it against its place: one that was altered or moved is an error.
 *
 * Visible on disk: the number of entries in a folder, the length of each name, and how deep it lies. A name that was
 * deleted goes unnoticed, as does an entry.
 */
import { type Cipher, createCipheriv, createHmac, timingSafeEqual } from 'node:crypto'
import QuickLRU from 'quick-lru'
import { corrupt } from './errors.ts'
import type { Keyring } from './keyring.ts'

const ROOT = 'entries'
const IV_BYTES = 16
/**
 * Names that were used last, in each direction: the cache keeps between this many and twice as many. One in exact order of
 * use and by weight took a sixth of the server's time where many entries are each used once.
 */
const REMEMBERED = 8192
/** Of a path, in characters: longer ones are rare, and are encrypted again each time. */
const LONGEST_REMEMBERED = 256

export class Names {
  readonly #macKey: Buffer
  /** One cipher for all names, block by block: making one for each name takes longer than encrypting it. */
  readonly #blocks: Cipher
  /** Clear path to stored key, neither with a slash at its end. */
  readonly #stored = newCache()
  /** Stored key to the last segment of the clear path; for listing. */
  readonly #clear = newCache()

  constructor({ nameMacKey, nameKey }: Keyring) {
    this.#macKey = nameMacKey
    this.#blocks = createCipheriv('aes-256-ecb', nameKey, null).setAutoPadding(false)
  }

  /** Where the entry at a clear path lies. */
  storedKey(path: string): string {
    const known = this.#stored.get(path)
    if (known !== undefined) return known
    const slash = path.lastIndexOf('/')
    const folder = slash === -1 ? ROOT : this.storedKey(path.slice(0, slash))
    const name = path.slice(slash + 1)
    const stored = `${folder}/${this.#encrypt(path, name)}`
    if (path.length <= LONGEST_REMEMBERED) this.#stored.set(path, stored)
    return stored
  }

  /** Where the entries below a clear prefix lie. */
  storedPrefix(prefix: string): string {
    return prefix === '' ? `${ROOT}/` : `${this.storedKey(prefix.slice(0, -1))}/`
  }

  /**
   * Names of a list, `before` of which were given already. Those of a long list are not remembered beyond what the cache
   * surely keeps: they would drive out everything else.
   * @throws {BarrierError} `barrier-corrupt` when one does not belong below this prefix.
   */
  clearNames(prefix: string, storedPrefix: string, names: readonly string[], before: number): string[] {
    return names.map((name, index) => this.#clearName(prefix, storedPrefix, name, before + index < REMEMBERED))
  }

  /** The last use: the cipher overwrites its copy of the key when it ends. */
  wipe(): void {
    this.#blocks.final()
    this.#stored.clear()
    this.#clear.clear()
  }

  #clearName(prefix: string, storedPrefix: string, name: string, remember: boolean): string {
    const isFolder = name.endsWith('/')
    const segment = isFolder ? name.slice(0, -1) : name
    const stored = storedPrefix + segment
    const clear = this.#clear.get(stored) ?? this.#decrypt(prefix, segment)
    if (remember && stored.length <= 2 * LONGEST_REMEMBERED) this.#clear.set(stored, clear)
    return isFolder ? `${clear}/` : clear
  }

  #encrypt(path: string, name: string): string {
    const iv = this.#iv(path)
    return Buffer.concat([iv, this.#mask(Buffer.from(name), iv)]).toString('base64url')
  }

  #decrypt(prefix: string, segment: string): string {
    const bytes = Buffer.from(segment, 'base64url')
    const iv = bytes.subarray(0, IV_BYTES)
    if (bytes.length <= IV_BYTES || bytes.toString('base64url') !== segment)
      throw corrupt(prefix, 'holds a name that is none')
    const name = this.#mask(bytes.subarray(IV_BYTES), iv).toString('utf8')
    if (!timingSafeEqual(iv, this.#iv(prefix + name))) throw corrupt(prefix, 'holds a name that does not belong there')
    return name
  }

  /** Counter mode: the block cipher over IV, IV + 1, ..., combined with the bytes. Its own inverse. */
  #mask(bytes: Buffer, iv: Buffer): Buffer {
    const counters = Buffer.alloc(Math.ceil(bytes.length / IV_BYTES) * IV_BYTES)
    for (let at = 0; at < counters.length; at += IV_BYTES) {
      iv.copy(counters, at)
      addTo(counters.subarray(at, at + IV_BYTES), at / IV_BYTES)
    }
    const stream = this.#blocks.update(counters)
    const masked = Buffer.alloc(bytes.length)
    for (let at = 0; at < bytes.length; at += 1) masked[at] = (bytes[at] ?? 0) ^ (stream[at] ?? 0)
    return masked
  }

  #iv(path: string): Buffer {
    return createHmac('sha256', this.#macKey).update(path).digest().subarray(0, IV_BYTES)
  }
}

/** Big-endian, as the counter of AES-CTR is. */
function addTo(block: Buffer, value: number): void {
  let carry = value
  for (let at = block.length - 1; at >= 0 && carry > 0; at -= 1) {
    carry += block[at] ?? 0
    block[at] = carry & 0xff
    carry >>>= 8
  }
}

function newCache(): QuickLRU<string, string> {
  return new QuickLRU({ maxSize: REMEMBERED })
}
