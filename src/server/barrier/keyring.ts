/**
 * The keyring: every key that entries were ever encrypted with, and the two that hide names. Pure, but for `wipe`.
 *
 * Stored at `core/keyring` under the root key. In clear, all numbers big-endian:
 *
 *     | 2 | name MAC key, 32 | name key, 32 | rotation: enabled, 1 | operations, 8 | interval, 8 |
 *         | count, 2 | count x ( term, 4 | installed, 8 | reserved, 8 | key, 32 ) |
 *
 * The 2 is the version of the format; 1 had no rotation settings, is still read, and becomes 2 when it is next stored.
 * Terms ascend, the last one encrypts, the others are kept for reading. `installed` and `interval` are in milliseconds.
 * `reserved` is how many encryptions with the key may have happened: it is stored before they do, in blocks, so a crash
 * can only make it too large.
 *
 * Key bytes are in Buffers and never in text, so that `wipe` reaches them (S45).
 */
import { keyCopy } from './key-bytes.ts'

export interface TermKey {
  readonly term: number
  readonly installed: number
  readonly reserved: number
  readonly key: Buffer
}

/** When a key is replaced unasked (vault-api 2, `sys/rotate/config`). */
export interface Rotation {
  /** Off: only what random nonces allow limits a key. */
  readonly enabled: boolean
  /** Encryptions of one key. */
  readonly maxOperations: number
  /** Milliseconds; 0 for no limit. */
  readonly interval: number
}

export interface Keyring {
  readonly rotation: Rotation
  readonly nameMacKey: Buffer
  readonly nameKey: Buffer
  /** Ascending, at least one. */
  readonly terms: readonly [TermKey, ...TermKey[]]
}

const FORMAT = 2
const WITHOUT_ROTATION = 1
const KEY_BYTES = 32
const ROTATION_AT = 1 + 2 * KEY_BYTES
const ROTATION_BYTES = 1 + 8 + 8
const TERM_BYTES = 4 + 8 + 8 + KEY_BYTES
/** What a key may be used for with random nonces, with room to spare below 2^32 (vault-api 13). */
export const MOST_ENCRYPTIONS = 3_865_470_566

const ROTATION: Rotation = { enabled: true, maxOperations: MOST_ENCRYPTIONS, interval: 0 }

export function newKeyring(random: (bytes: number) => Buffer, now: number): Keyring {
  return {
    rotation: ROTATION,
    nameMacKey: random(KEY_BYTES),
    nameKey: random(KEY_BYTES),
    terms: [{ term: 1, installed: now, reserved: 0, key: random(KEY_BYTES) }],
  }
}

export function activeTerm({ terms }: Keyring): TermKey {
  return terms.at(-1) ?? terms[0]
}

/** A new key for what is encrypted from now on. */
export function withNewTerm(keyring: Keyring, key: Buffer, reserved: number, now: number): Keyring {
  const { term } = activeTerm(keyring)
  return { ...keyring, terms: [...keyring.terms, { term: term + 1, installed: now, reserved, key }] }
}

/** The same keys, with more encryptions reserved for the active one. */
export function withReserved(keyring: Keyring, reserved: number): Keyring {
  const [first, ...rest] = keyring.terms
  const last = rest.pop()
  if (last === undefined) return { ...keyring, terms: [{ ...first, reserved }] }
  return { ...keyring, terms: [first, ...rest, { ...last, reserved }] }
}

/** How often the active key may encrypt. */
export function limitOf({ enabled, maxOperations }: Rotation, mostEncryptions: number): number {
  return enabled ? Math.min(maxOperations, mostEncryptions) : mostEncryptions
}

/** Whether the active key has served long or often enough. */
export function isRotationDue({ rotation, terms }: Keyring, used: number, now: number): boolean {
  const { installed } = terms.at(-1) ?? terms[0]
  const { enabled, maxOperations, interval } = rotation
  return enabled && (used >= maxOperations || (interval > 0 && now - installed >= interval))
}

/** The caller overwrites the bytes when they are encrypted. */
export function encodeKeyring({ nameMacKey, nameKey, rotation, terms }: Keyring): Buffer {
  const countAt = ROTATION_AT + ROTATION_BYTES
  const bytes = Buffer.alloc(countAt + 2 + terms.length * TERM_BYTES)
  bytes[0] = FORMAT
  bytes.set(nameMacKey, 1)
  bytes.set(nameKey, 1 + KEY_BYTES)
  bytes[ROTATION_AT] = rotation.enabled ? 1 : 0
  bytes.writeBigUInt64BE(BigInt(rotation.maxOperations), ROTATION_AT + 1)
  bytes.writeBigUInt64BE(BigInt(rotation.interval), ROTATION_AT + 9)
  bytes.writeUInt16BE(terms.length, countAt)
  terms.forEach(({ term, installed, reserved, key }, index) => {
    const at = countAt + 2 + index * TERM_BYTES
    bytes.writeUInt32BE(term, at)
    bytes.writeBigUInt64BE(BigInt(installed), at + 4)
    bytes.writeBigUInt64BE(BigInt(reserved), at + 12)
    bytes.set(key, at + 20)
  })
  return bytes
}

/** Whether a later Plenum wrote it. */
export function isNewerKeyring(bytes: Buffer): boolean {
  return (bytes[0] ?? 0) > FORMAT
}

/** Copies every key, so that the caller can overwrite `bytes`. `undefined` when they are no keyring that is known here. */
export function decodeKeyring(bytes: Buffer): Keyring | undefined {
  const format = bytes[0]
  if (format !== FORMAT && format !== WITHOUT_ROTATION) return undefined
  const countAt = ROTATION_AT + (format === FORMAT ? ROTATION_BYTES : 0)
  const termsAt = countAt + 2
  if (bytes.length < termsAt) return undefined
  const count = bytes.readUInt16BE(countAt)
  if (count === 0 || bytes.length !== termsAt + count * TERM_BYTES) return undefined
  const terms = Array.from({ length: count }, (_, index) => decodeTerm(bytes, termsAt + index * TERM_BYTES))
  const [first, ...rest] = terms
  if (first === undefined) return undefined
  return {
    rotation: format === FORMAT ? decodeRotation(bytes) : ROTATION,
    nameMacKey: copyKey(bytes, 1),
    nameKey: copyKey(bytes, 1 + KEY_BYTES),
    terms: [first, ...rest],
  }
}

function decodeRotation(bytes: Buffer): Rotation {
  return {
    enabled: bytes[ROTATION_AT] === 1,
    maxOperations: Number(bytes.readBigUInt64BE(ROTATION_AT + 1)),
    interval: Number(bytes.readBigUInt64BE(ROTATION_AT + 9)),
  }
}

function decodeTerm(bytes: Buffer, at: number): TermKey {
  return {
    term: bytes.readUInt32BE(at),
    installed: Number(bytes.readBigUInt64BE(at + 4)),
    reserved: Number(bytes.readBigUInt64BE(at + 12)),
    key: copyKey(bytes, at + 20),
  }
}

function copyKey(bytes: Buffer, at: number): Buffer {
  return keyCopy(bytes.subarray(at, at + KEY_BYTES))
}

export function wipe({ nameMacKey, nameKey, terms }: Keyring): void {
  nameMacKey.fill(0)
  nameKey.fill(0)
  for (const { key } of terms) key.fill(0)
}
