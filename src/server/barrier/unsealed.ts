/**
 * What exists while the barrier is unsealed: keys, and what was made with them.
 *
 * Invariant: no key encrypts more often than its reservation in the stored keyring says, and none is reserved beyond
 * what random nonces allow; when a reservation cannot be stored, encryption stops (`barrier-exhausted`, or the reason)
 * and reading goes on. A term that would be reserved beyond its limit is followed by a new one, unasked.
 *
 * It opens with nothing reserved: what the last holder had left of its block counts as used.
 */
import type { Storage, Write } from '../storage/index.ts'
import { decryptSealed, encryptSealed, NoncePool, termOf } from './cipher.ts'
import { Entries } from './entries.ts'
import { keyCopy } from './key-bytes.ts'
import { BarrierError, corrupt } from './errors.ts'
import {
  activeTerm,
  decodeKeyring,
  encodeKeyring,
  isNewerKeyring,
  isRotationDue,
  type Keyring,
  limitOf,
  type Rotation,
  type TermKey,
  wipe,
  withNewTerm,
  withReserved,
} from './keyring.ts'
import { Names } from './names.ts'

export const KEYRING_KEY = 'core/keyring'
/** What the root key encrypts lies outside the terms of the keyring. */
const KEYRING_TERM = 0

export interface UnsealedOptions {
  readonly lower: Storage
  readonly random: (bytes: number) => Buffer
  readonly now: () => number
  /** Encryptions of one key. */
  readonly mostEncryptions: number
  /** Encryptions that are reserved at a time. */
  readonly reserveAtOnce: number
}

/** The key that encrypts what is written now. */
export interface ActiveKey {
  readonly term: number
  /** Unix milliseconds. */
  readonly installed: number
  /** Never too few; what a crash left unused of a block counts. */
  readonly encryptions: number
}

export class Unsealed {
  readonly names: Names
  readonly entries: Entries = new Entries()
  readonly #options: UnsealedOptions
  readonly #nonces: NoncePool
  #rootKey: Buffer
  #keyring: Keyring
  /** The active term and its key, apart for speed. */
  #active: TermKey
  readonly #keys = new Map<number, Buffer>()
  /** Of the active term, whoever made them. */
  #used: number
  /** Changes of the keyring happen one after another. */
  #changes: Promise<unknown> = Promise.resolve()
  #reserving: Promise<void> | undefined
  #wiped = false

  constructor(keyring: Keyring, rootKey: Buffer, options: UnsealedOptions) {
    this.#options = options
    this.#nonces = new NoncePool(options.random)
    this.#rootKey = rootKey
    this.#keyring = keyring
    this.#active = activeTerm(keyring)
    for (const { term, key } of keyring.terms) this.#keys.set(term, key)
    this.#used = this.#active.reserved
    this.names = new Names(keyring)
  }

  get activeKey(): ActiveKey {
    const { term, installed } = this.#active
    return { term, installed, encryptions: this.#used }
  }

  get rotation(): Rotation {
    return this.#keyring.rotation
  }

  /** @throws {BarrierError} `barrier-exhausted` when nothing is reserved: `reserve` first. */
  encrypt(context: string, plain: Uint8Array): Buffer {
    if (this.#used >= this.#active.reserved) {
      this.#reserveAhead()
      throw new BarrierError(
        'barrier-exhausted',
        'the encryption key has no uses left until a new block of them is stored: try again',
      )
    }
    this.#used += 1
    if (this.#active.reserved - this.#used < this.#options.reserveAtOnce / 2) this.#reserveAhead()
    return encryptSealed(plain, { term: this.#active.term, key: this.#active.key, nonce: this.#nonces.take(), context })
  }

  /** `undefined` when the bytes were not made here for this context. */
  decrypt(context: string, bytes: Uint8Array): Buffer | undefined {
    const term = termOf(bytes)
    const key = term === undefined ? undefined : this.#keys.get(term)
    return key === undefined ? undefined : decryptSealed(bytes, key, context)
  }

  encryptUnderRoot(context: string, plain: Uint8Array): Buffer {
    return encryptSealed(plain, { term: KEYRING_TERM, key: this.#rootKey, nonce: this.#nonces.take(), context })
  }

  decryptUnderRoot(context: string, bytes: Uint8Array): Buffer | undefined {
    return decryptSealed(bytes, this.#rootKey, context)
  }

  /** @throws {BarrierError} `barrier-corrupt` */
  open(path: string, bytes: Uint8Array): Buffer {
    const plain = this.decrypt(path, bytes)
    if (plain !== undefined) return plain
    const term = termOf(bytes)
    if (term === undefined) throw corrupt(path, 'is not an encrypted entry')
    throw corrupt(path, this.#keys.has(term) ? 'does not authenticate' : 'names a key that the keyring does not hold')
  }

  /** Whether `count` encryptions can follow without waiting. */
  has(count: number): boolean {
    return this.#active.reserved - this.#used >= count
  }

  /** One more block of encryptions. Ask `has` again afterwards: others may have used it up. Rejects when it cannot be stored. */
  reserve(count: number): Promise<void> {
    this.#reserving ??= this.#change(() => this.#withMore(count)).finally(() => {
      this.#reserving = undefined
    })
    return this.#reserving
  }

  rotate(): Promise<void> {
    return this.#change(() => this.#withNewTerm(this.#options.reserveAtOnce))
  }

  setRotation(rotation: Rotation): Promise<void> {
    return this.#change(() => ({ ...this.#keyring, rotation }))
  }

  async rotateIfDue(): Promise<void> {
    if (isRotationDue(this.#keyring, this.#used, this.#options.now())) await this.rotate()
  }

  /** The keyring under another root key, of which this takes a copy, in one commit with `alongside`. */
  changeRootKey(rootKey: Buffer, alongside: readonly Write[]): Promise<void> {
    return this.#change(() => this.#keyring, { rootKey: keyCopy(rootKey), alongside })
  }

  wipe(): void {
    this.#wiped = true
    wipe(this.#keyring)
    this.#rootKey.fill(0)
    this.#keys.clear()
    this.names.wipe()
    this.entries.forget()
  }

  #reserveAhead(): void {
    // Whoever needs the block and does not get it tries again and sees the reason.
    this.reserve(1).catch(() => undefined)
  }

  #withMore(count: number): Keyring {
    const { mostEncryptions, reserveAtOnce } = this.#options
    const most = limitOf(this.#keyring.rotation, mostEncryptions)
    if (count > most) throw new BarrierError('barrier-exhausted', 'a batch holds more writes than one key may encrypt')
    const block = Math.max(count, reserveAtOnce)
    const reserved = this.#active.reserved + block
    return reserved > most ? this.#withNewTerm(block) : withReserved(this.#keyring, reserved)
  }

  #withNewTerm(reserved: number): Keyring {
    return withNewTerm(this.#keyring, this.#options.random(32), reserved, this.#options.now())
  }

  /** One change of the keyring after another; none depends on the success of the one before it. */
  #change(next: () => Keyring, newRoot?: NewRoot): Promise<void> {
    const change = this.#replace(next, this.#changes, newRoot)
    this.#changes = change.catch(() => undefined)
    return change
  }

  /** Stores a keyring, then uses it. */
  async #replace(next: () => Keyring, before: Promise<unknown>, newRoot: NewRoot | undefined): Promise<void> {
    await before
    if (this.#wiped) {
      newRoot?.rootKey.fill(0)
      throw sealed()
    }
    const keyring = next()
    const { rootKey = this.#rootKey, alongside = [] } = newRoot ?? {}
    try {
      await storeKeyring(keyring, rootKey, this.#nonces.take(), this.#options.lower, alongside)
      // Sealed meanwhile: a new root key counts all the same, for it is stored, and whoever asked must learn of it.
      if (this.#wiped && newRoot === undefined) throw sealed()
    } catch (error) {
      newRoot?.rootKey.fill(0)
      if (activeTerm(keyring).key !== this.#active.key) activeTerm(keyring).key.fill(0)
      throw error
    }
    if (newRoot !== undefined) {
      this.#rootKey.fill(0)
      this.#rootKey = rootKey
    }
    if (this.#wiped) {
      rootKey.fill(0)
      return
    }
    this.#use(keyring)
  }

  #use(keyring: Keyring): void {
    const active = activeTerm(keyring)
    if (active.term !== this.#active.term) this.#used = 0
    this.#keyring = keyring
    this.#active = active
    this.#keys.set(active.term, active.key)
  }
}

interface NewRoot {
  readonly rootKey: Buffer
  readonly alongside: readonly Write[]
}

export function sealed(): BarrierError {
  return new BarrierError('barrier-sealed', 'the barrier is sealed')
}

export async function storeKeyring(
  keyring: Keyring,
  rootKey: Buffer,
  nonce: Uint8Array,
  lower: Storage,
  alongside: readonly Write[] = [],
): Promise<void> {
  const plain = encodeKeyring(keyring)
  const value = encryptSealed(plain, { term: KEYRING_TERM, key: rootKey, nonce, context: KEYRING_KEY })
  plain.fill(0)
  await lower.commit([{ kind: 'put', key: KEYRING_KEY, value }, ...alongside])
}

/** Without one, nothing in a store can be read. */
export function hasKeyring(storage: Pick<Storage, 'get'>): boolean {
  return storage.get(KEYRING_KEY) !== undefined
}

/** @throws {BarrierError} `barrier-corrupt`, `barrier-wrong-key` */
export function loadKeyring(rootKey: Buffer, lower: Storage): Keyring {
  const bytes = lower.get(KEYRING_KEY)
  if (bytes === undefined) throw corrupt(KEYRING_KEY, 'is missing')
  if (termOf(bytes) !== KEYRING_TERM) throw corrupt(KEYRING_KEY, 'is not a keyring')
  const plain = decryptSealed(bytes, rootKey, KEYRING_KEY)
  if (plain === undefined) {
    throw new BarrierError(
      'barrier-wrong-key',
      'the keyring does not open with this root key: it is the key of another store, or the keyring was altered',
    )
  }
  const keyring = decodeKeyring(plain)
  const isNewer = isNewerKeyring(plain)
  plain.fill(0)
  if (isNewer) {
    throw new BarrierError(
      'barrier-version',
      'the keyring of this store was written by a later Plenum: use that one, or a later one still',
    )
  }
  if (keyring === undefined) throw corrupt(KEYRING_KEY, 'is of a format that this Plenum does not know')
  return keyring
}
