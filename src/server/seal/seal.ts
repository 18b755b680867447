/**
 * The seal: who may unseal the store (vault-api 2, 13).
 *
 *     shares  ->  seal key  ->  root key, at core/hsm/barrier-unseal-keys  ->  keyring, see the barrier
 *
 * The root key is stored in the barrier's layout under the seal key, bound to the store's id, so the record of another
 * store does not open here.
 *
 * Invariant: initialisation is complete or has not happened; its last write is `core/seal-config`. A change of the seal
 * key changes the root key with it, in one commit: before it the old shares open the store, after it the new ones alone.
 * Keys and shares live in Buffers that are overwritten as soon as they have served (a share that comes over HTTP has been
 * text before, and that is out of reach); progress is dropped by a wrong combination, a reset, a success and by sealing.
 *
 * Not here: who may change the seal key and how (`rekey.ts`), recovery keys, seals other than Shamir's.
 */
import { timingSafeEqual } from 'node:crypto'
import { type Barrier, decryptSealed, encryptSealed } from '../barrier/index.ts'
import { invalidRequest, type LogicalError } from '../logical/index.ts'
import type { Storage, Write } from '../storage/index.ts'
import {
  checkShares,
  decodeSealConfig,
  encodeSealConfig,
  isNewerSealConfig,
  SEAL_CONFIG_KEY,
  type SealConfig,
} from './config.ts'
import { Quorum } from './quorum.ts'
import { decodeShare, splitKey } from './shares.ts'
import { uuid } from './uuid.ts'

export interface SealStatus {
  readonly initialized: boolean
  readonly sealed: boolean
  /** 0 while uninitialised. */
  readonly threshold: number
  readonly shares: number
  /** Shares given so far. */
  readonly progress: number
  /** Of this attempt to unseal; empty when no share has been given. */
  readonly nonce: string
  /** Empty while uninitialised. */
  readonly storeId: string
}

/** How many shares there are, and how many of them make the key. */
export type Split = Pick<SealConfig, 'shares' | 'threshold'>

export interface Seal {
  status(): SealStatus
  /**
   * Makes a new seal and keyring. Stays sealed. The caller overwrites the keys when they have served.
   * @throws {LogicalError} 400 with Vault's texts
   */
  init(options: {
    readonly shares: number
    readonly threshold: number
  }): Promise<{ readonly keys: readonly Buffer[]; readonly rootKey: Buffer }>
  /** One share, in hex or base64; the last one that is needed unseals. @throws {LogicalError} 400 with Vault's texts */
  submitUnsealKey(text: string): Promise<SealStatus>
  resetUnseal(): SealStatus
  /** The whole seal key, which is the only share where there is one. @throws {LogicalError} 400 when it is another one */
  unsealWithKey(key: Buffer): Promise<void>
  /** @throws {LogicalError} 400 when it is not the seal key of this store */
  verifyKey(key: Buffer): void
  /** Whether it is the seal key of this store. @throws {LogicalError} 400 while uninitialised */
  isKey(key: Buffer): boolean
  /**
   * Another seal key, of which this takes no copy, and another root key under it. The barrier must be unsealed.
   * @throws {LogicalError} 400 with Vault's texts
   */
  changeSealKey(key: Buffer, split: Split): Promise<void>
  /** Seals the barrier and forgets the shares given so far. */
  sealNow(): void
  /**
   * Who can unseal another content of the store: whoever can unseal this one, somebody else, or nobody, for it is not one
   * that Plenum has sealed. @throws {SealError} when a later Plenum sealed it, or what it says of its seal is damaged
   */
  relationOf(other: Pick<Storage, 'get'>): 'same' | 'other' | 'none'
  /** The storage has another content now. Call it sealed. */
  forget(): void
}

export interface SealOptions {
  readonly lower: Storage
  readonly barrier: Barrier
  readonly random: (bytes: number) => Buffer
}

export type SealErrorCode =
  /** What the seal stored is not there or cannot be read. */
  | 'seal-corrupt'
  /** A later Plenum wrote it. */
  | 'seal-version'

export class SealError extends Error {
  readonly code: SealErrorCode
  constructor(code: SealErrorCode, text: string) {
    super(text)
    this.code = code
  }
}

const ROOT_KEY_KEY = 'core/hsm/barrier-unseal-keys'
/** The record lies outside the terms of the keyring. */
const SEAL_TERM = 0
const KEY_BYTES = 32

export function createSeal({ lower, barrier, random }: SealOptions): Seal {
  let config: SealConfig | undefined
  const given = new Quorum()
  let nonce = ''
  /** A change of the seal key under way. Whoever unseals meanwhile would go on with the old root key. */
  let changing: Promise<unknown> = Promise.resolve()

  /** Read until it is there; only `changeSealKey` changes it then. */
  function findConfig(): SealConfig | undefined {
    if (config !== undefined) return config
    config = configIn(lower)
    return config
  }

  function requireConfig(): SealConfig {
    const found = findConfig()
    if (found === undefined) throw invalidRequest('Vault is not initialized')
    return found
  }

  function status(): SealStatus {
    const found = findConfig()
    return {
      initialized: found !== undefined,
      sealed: barrier.sealed,
      threshold: found?.threshold ?? 0,
      shares: found?.shares ?? 0,
      progress: given.progress,
      nonce,
      storeId: found?.storeId ?? '',
    }
  }

  function forgetShares(): void {
    given.forget()
    nonce = ''
  }

  function rootKeyRecord(rootKey: Buffer, key: Buffer, storeId: string): Write {
    const value = encryptSealed(rootKey, { term: SEAL_TERM, key, nonce: random(12), context: contextOf(storeId) })
    return { kind: 'put', key: ROOT_KEY_KEY, value }
  }

  /** @throws {LogicalError} when the key is not this store's */
  function openRootKey(key: Buffer | undefined): Buffer {
    const rootKey = tryKey(key)
    if (rootKey === undefined) throw wrongKey()
    return rootKey
  }

  /** The root key, which the caller overwrites. */
  function tryKey(key: Buffer | undefined): Buffer | undefined {
    const { storeId } = requireConfig()
    const bytes = lower.get(ROOT_KEY_KEY)
    if (bytes === undefined)
      throw new SealError(
        'seal-corrupt',
        `the stored entry ${ROOT_KEY_KEY} is missing: restore the store from a backup`,
      )
    return key?.length === KEY_BYTES ? decryptSealed(bytes, key, contextOf(storeId)) : undefined
  }

  async function unsealWith(key: Buffer | undefined): Promise<void> {
    await changing
    const rootKey = openRootKey(key)
    try {
      barrier.unseal(rootKey)
    } finally {
      rootKey.fill(0)
    }
    forgetShares()
    await barrier.ready()
  }

  /** Takes the shares that were given, so that a wrong combination starts over. */
  async function unsealWithShares(): Promise<void> {
    const combining = given.combine()
    forgetShares()
    const key = await combining
    try {
      await unsealWith(key)
    } finally {
      key?.fill(0)
    }
  }

  return {
    status,
    async init({ shares, threshold }) {
      checkShares({ shares, threshold })
      if (findConfig() !== undefined) throw invalidRequest('Vault is already initialized')
      const storeId = uuid(random)
      const rootKey = random(KEY_BYTES)
      const sealKey = random(KEY_BYTES)
      try {
        await barrier.createKeyring(rootKey)
        const keys = await splitKey(sealKey, { shares, threshold })
        await lower.commit([
          rootKeyRecord(rootKey, sealKey, storeId),
          { kind: 'put', key: SEAL_CONFIG_KEY, value: encodeSealConfig({ shares, threshold, storeId }) },
        ])
        return { keys, rootKey }
      } catch (error) {
        rootKey.fill(0)
        throw error
      } finally {
        sealKey.fill(0)
      }
    },
    async submitUnsealKey(text) {
      const { threshold } = requireConfig()
      const share = decodeShare(text)
      if (!barrier.sealed) {
        share.fill(0)
        return status()
      }
      if (given.progress === 0) nonce = uuid(random)
      if (given.add(share) && given.progress >= threshold) await unsealWithShares()
      return status()
    },
    resetUnseal() {
      forgetShares()
      return status()
    },
    unsealWithKey: unsealWith,
    verifyKey(key) {
      openRootKey(key).fill(0)
    },
    isKey(key) {
      const rootKey = tryKey(key)
      rootKey?.fill(0)
      return rootKey !== undefined
    },
    async changeSealKey(key, { shares, threshold }) {
      checkShares({ shares, threshold })
      const next: SealConfig = { shares, threshold, storeId: requireConfig().storeId }
      const rootKey = random(KEY_BYTES)
      const change = barrier.changeRootKey(rootKey, [
        rootKeyRecord(rootKey, key, next.storeId),
        { kind: 'put', key: SEAL_CONFIG_KEY, value: encodeSealConfig(next) },
      ])
      changing = change.catch(() => undefined)
      try {
        await change
        config = next
      } finally {
        rootKey.fill(0)
      }
    },
    sealNow() {
      barrier.seal()
      forgetShares()
    },
    relationOf(other) {
      const records = [SEAL_CONFIG_KEY, ROOT_KEY_KEY].map((key) => ({ ours: lower.get(key), theirs: other.get(key) }))
      if (configIn(other) === undefined || records.some(({ theirs }) => theirs === undefined)) return 'none'
      // A change of the shares changes the root key, and so its record.
      return records.every(({ ours, theirs }) => isEqual(ours, theirs)) ? 'same' : 'other'
    },
    forget() {
      config = undefined
      forgetShares()
    },
  }
}

function isEqual(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a !== undefined && a.length === b?.length && timingSafeEqual(a, b)
}

/** @throws {SealError} */
function configIn(storage: Pick<Storage, 'get'>): SealConfig | undefined {
  const bytes = storage.get(SEAL_CONFIG_KEY)
  if (bytes === undefined) return undefined
  const config = decodeSealConfig(bytes)
  if (config !== undefined) return config
  if (isNewerSealConfig(bytes))
    throw new SealError(
      'seal-version',
      'the seal of this store was written by a later Plenum: use that one, or a later one still',
    )
  throw new SealError('seal-corrupt', `the stored entry ${SEAL_CONFIG_KEY} is damaged: restore the store from a backup`)
}

function contextOf(storeId: string): string {
  return `${ROOT_KEY_KEY}\0${storeId}`
}

function wrongKey(): LogicalError {
  return invalidRequest('unseal failed, invalid key')
}
