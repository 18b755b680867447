/**
 * The seal: who may unseal the store (vault-api 2, 13).
 *
 *     shares  ->  seal key  ->  root key, at core/hsm/barrier-unseal-keys  ->  keyring, see the barrier
 *
 * The root key is stored in the barrier's layout under the seal key, bound to the store's id, so the record of another
 * store does not open here.
 *
 * Invariant: initialisation is complete or has not happened; its last write is `core/seal-config`. Keys and shares live in
 * Buffers that are overwritten as soon as they have served (a share that comes over HTTP has been text before, and that
 * is out of reach); progress is dropped by a wrong combination, a reset, a
 * success and by sealing.
 *
 * Not here: rekeying, recovery keys, seals other than Shamir's.
 */
import { timingSafeEqual } from 'node:crypto'
import { type Barrier, decryptSealed, encryptSealed } from '../barrier/index.ts'
import { invalidRequest, type LogicalError } from '../logical/index.ts'
import type { Storage } from '../storage/index.ts'
import { checkShares, decodeSealConfig, encodeSealConfig, SEAL_CONFIG_KEY, type SealConfig } from './config.ts'
import { combineShares, decodeShare, splitKey } from './shares.ts'

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
  /** Seals the barrier and forgets the shares given so far. */
  sealNow(): void
}

export interface SealOptions {
  readonly lower: Storage
  readonly barrier: Barrier
  readonly random: (bytes: number) => Buffer
}

/** What the seal stored is not there or cannot be read. */
export class SealError extends Error {
  readonly code = 'seal-corrupt'
}

const ROOT_KEY_KEY = 'core/hsm/barrier-unseal-keys'
/** The record lies outside the terms of the keyring. */
const SEAL_TERM = 0
const KEY_BYTES = 32

export function createSeal({ lower, barrier, random }: SealOptions): Seal {
  let config: SealConfig | undefined
  let given: Buffer[] = []
  let nonce = ''

  /** Read until it is there; it never changes then. */
  function findConfig(): SealConfig | undefined {
    if (config !== undefined) return config
    const bytes = lower.get(SEAL_CONFIG_KEY)
    if (bytes === undefined) return undefined
    config = decodeSealConfig(bytes)
    if (config === undefined)
      throw new SealError(`the stored entry ${SEAL_CONFIG_KEY} is damaged: restore the store from a backup`)
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
      progress: given.length,
      nonce,
      storeId: found?.storeId ?? '',
    }
  }

  function forgetShares(): void {
    for (const share of given) share.fill(0)
    given = []
    nonce = ''
  }

  /** @throws {LogicalError} when the key is not this store's */
  function openRootKey(key: Buffer | undefined): Buffer {
    const { storeId } = requireConfig()
    const bytes = lower.get(ROOT_KEY_KEY)
    if (bytes === undefined)
      throw new SealError(`the stored entry ${ROOT_KEY_KEY} is missing: restore the store from a backup`)
    const rootKey = key?.length === KEY_BYTES ? decryptSealed(bytes, key, contextOf(storeId)) : undefined
    if (rootKey === undefined) throw wrongKey()
    return rootKey
  }

  async function unsealWith(key: Buffer | undefined): Promise<void> {
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
    const shares = given
    given = []
    forgetShares()
    const key = await combineShares(shares)
    for (const share of shares) share.fill(0)
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
        const parts = { term: SEAL_TERM, key: sealKey, nonce: random(12), context: contextOf(storeId) }
        await lower.commit([
          { kind: 'put', key: ROOT_KEY_KEY, value: encryptSealed(rootKey, parts) },
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
      const isKnown = given.some((other) => other.length === share.length && timingSafeEqual(other, share))
      if (!barrier.sealed || isKnown) {
        share.fill(0)
        return status()
      }
      if (given.length === 0) nonce = uuid(random)
      given.push(share)
      if (given.length >= threshold) await unsealWithShares()
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
    sealNow() {
      barrier.seal()
      forgetShares()
    },
  }
}

function contextOf(storeId: string): string {
  return `${ROOT_KEY_KEY}\0${storeId}`
}

function wrongKey(): LogicalError {
  return invalidRequest('unseal failed, invalid key')
}

/** Version 4, from the generator that was given. */
function uuid(random: (bytes: number) => Buffer): string {
  const bytes = random(16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
