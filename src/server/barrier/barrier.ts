/**
 * The barrier: all that is stored below it is encrypted, values and names, and every byte that comes back was written
 * by it, at that place (vault-api 13).
 *
 * Invariant: an entry that is not what was written is an error, never "absent" and never other data (S46). Not
 * detectable here: one entry rolled back to an older value of the same place, or deleted; whoever must notice that keeps
 * a revision in a second entry, as KV does. Nor the rollback of the whole store.
 *
 * Sealed, it holds no key and no clear value (S45).
 */
import type { Storage, Write } from '../storage/index.ts'
import { keyCopy } from './key-bytes.ts'
import { MOST_ENCRYPTIONS, newKeyring, type Rotation, wipe } from './keyring.ts'
import { type ActiveKey, loadKeyring, sealed, storeKeyring, Unsealed } from './unsealed.ts'
import { createView } from './view.ts'

export interface Barrier {
  readonly sealed: boolean
  /**
   * Reads the keyring with the root key, of which it takes a copy. No effect when it is unsealed already.
   * @throws {BarrierError} `barrier-wrong-key`, `barrier-corrupt`
   */
  unseal(rootKey: Buffer): void
  /**
   * Resolves when `encrypt` can be called: an unsealed barrier first stores how often it may use its key. Resolves as
   * well when that cannot be stored: reading works then, and whoever writes is told why.
   */
  ready(): Promise<void>
  /** Overwrites the keys and drops all caches. */
  seal(): void
  /** The entries below a prefix (empty, or ending in `/`) as a storage. Its `close` does nothing. */
  view(prefix: string): Storage
  /** A new key for what is written from now on. The old ones stay for reading. */
  rotate(): Promise<void>
  /** A new key, if this one has served as long or as often as `rotation` says. */
  rotateIfDue(): Promise<void>
  readonly rotation: Rotation
  /** Stored with the keyring. */
  setRotation(rotation: Rotation): Promise<void>
  readonly activeKey: ActiveKey
  /**
   * The keyring under a new root key, of which it takes a copy; `alongside` is written in the same commit, as it is.
   * From then on the old root key opens nothing.
   */
  changeRootKey(rootKey: Buffer, alongside: readonly Write[]): Promise<void>
  /** For what is not stored here (batch tokens). The result opens with the same context only. */
  encrypt(context: string, plain: Uint8Array): Buffer
  /** `undefined` when the bytes are not from here, not of this context, or altered. */
  decrypt(context: string, bytes: Uint8Array): Buffer | undefined
  /** For what leaves with the whole store and may come back with it: the result opens under the same root key and context only. */
  encryptUnderRoot(context: string, plain: Uint8Array): Buffer
  /** `undefined` when the bytes were made under another root key, for another context, or altered. */
  decryptUnderRoot(context: string, bytes: Uint8Array): Buffer | undefined
  /** Stores a new keyring under a root key. Stays sealed. */
  createKeyring(rootKey: Buffer): Promise<void>
}

export interface BarrierOptions {
  readonly lower: Storage
  readonly random: (bytes: number) => Buffer
  /** Unix milliseconds. */
  readonly now: () => number
  /** After how many encryptions a key is replaced, whatever `rotation` says. Default 3,865,470,566, Vault's. */
  readonly mostEncryptions?: number
  /** Encryptions reserved in one write of the keyring. Default 65,536. */
  readonly reserveAtOnce?: number
}

const RESERVE_AT_ONCE = 65_536

export function createBarrier(options: BarrierOptions): Barrier {
  const { lower, random, now, mostEncryptions = MOST_ENCRYPTIONS, reserveAtOnce = RESERVE_AT_ONCE } = options
  let state: Unsealed | undefined

  function unsealed(): Unsealed {
    if (state === undefined) throw sealed()
    return state
  }

  return {
    get sealed() {
      return state === undefined
    },
    unseal(rootKey) {
      if (state !== undefined) return
      const keyring = loadKeyring(rootKey, lower)
      state = new Unsealed(keyring, keyCopy(rootKey), {
        lower,
        random,
        now,
        mostEncryptions,
        reserveAtOnce: Math.min(reserveAtOnce, mostEncryptions),
      })
    },
    async ready() {
      const current = unsealed()
      if (!current.has(1)) await current.reserve(1).catch(() => undefined)
    },
    seal() {
      state?.wipe()
      state = undefined
    },
    view: (prefix) => createView(prefix, lower, unsealed),
    rotate: async () => unsealed().rotate(),
    rotateIfDue: async () => unsealed().rotateIfDue(),
    get rotation() {
      return unsealed().rotation
    },
    setRotation: async (rotation) => unsealed().setRotation(rotation),
    get activeKey() {
      return unsealed().activeKey
    },
    changeRootKey: async (rootKey, alongside) => unsealed().changeRootKey(rootKey, alongside),
    // No path holds a NUL, so nothing encrypted here can be put into the store, or the other way round.
    encrypt: (context, plain) => unsealed().encrypt(`\0${context}`, plain),
    decrypt: (context, bytes) => unsealed().decrypt(`\0${context}`, bytes),
    encryptUnderRoot: (context, plain) => unsealed().encryptUnderRoot(`\0${context}`, plain),
    decryptUnderRoot: (context, bytes) => unsealed().decryptUnderRoot(`\0${context}`, bytes),
    async createKeyring(rootKey) {
      const keyring = newKeyring(random, now())
      await storeKeyring(keyring, rootKey, random(12), lower)
      wipe(keyring)
    },
  }
}
