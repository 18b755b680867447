/**
 * The keyring: every key that entries were ever encrypted with, and the two that hide names. Pure, but for `wipe`.
 *
 * Stored at `core/keyring` under the root key. In clear, all numbers big-endian:
 *
 *     | 1 | name MAC key, 32 | name key, 32 | count, 2 | count x ( term, 4 | installed, 8 | reserved, 8 | key, 32 ) |
 *
 * The 1 is the version of the format. Terms ascend, the last one encrypts, the others are kept for reading. `installed`
 * is in Unix milliseconds. `reserved` is how many encryptions with the key may have happened: it is stored before they
 * do, in blocks, so a crash can only make it too large.
 *
 * Key bytes are in Buffers and never in text, so that `wipe` reaches them (S45).
 */
export interface TermKey {
  readonly term: number
  readonly installed: number
  readonly reserved: number
  readonly key: Buffer
}

export interface Keyring {
  readonly nameMacKey: Buffer
  readonly nameKey: Buffer
  /** Ascending, at least one. */
  readonly terms: readonly [TermKey, ...TermKey[]]
}

const FORMAT = 1
const KEY_BYTES = 32
const COUNT_AT = 1 + 2 * KEY_BYTES
const TERMS_AT = COUNT_AT + 2
const TERM_BYTES = 4 + 8 + 8 + KEY_BYTES
/** What a key may be used for with random nonces, with room to spare below 2^32 (vault-api 13). */
export const MOST_ENCRYPTIONS = 3_865_470_566

export function newKeyring(random: (bytes: number) => Buffer, now: number): Keyring {
  return {
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

/** The caller overwrites the bytes when they are encrypted. */
export function encodeKeyring({ nameMacKey, nameKey, terms }: Keyring): Buffer {
  const bytes = Buffer.alloc(TERMS_AT + terms.length * TERM_BYTES)
  bytes[0] = FORMAT
  bytes.set(nameMacKey, 1)
  bytes.set(nameKey, 1 + KEY_BYTES)
  bytes.writeUInt16BE(terms.length, COUNT_AT)
  terms.forEach(({ term, installed, reserved, key }, index) => {
    const at = TERMS_AT + index * TERM_BYTES
    bytes.writeUInt32BE(term, at)
    bytes.writeBigUInt64BE(BigInt(installed), at + 4)
    bytes.writeBigUInt64BE(BigInt(reserved), at + 12)
    bytes.set(key, at + 20)
  })
  return bytes
}

/** Copies every key, so that the caller can overwrite `bytes`. `undefined` when they are not a keyring of this format. */
export function decodeKeyring(bytes: Buffer): Keyring | undefined {
  if (bytes.length < TERMS_AT || bytes[0] !== FORMAT) return undefined
  const count = bytes.readUInt16BE(COUNT_AT)
  if (count === 0 || bytes.length !== TERMS_AT + count * TERM_BYTES) return undefined
  const terms = Array.from({ length: count }, (_, index) => decodeTerm(bytes, TERMS_AT + index * TERM_BYTES))
  const [first, ...rest] = terms
  if (first === undefined) return undefined
  return { nameMacKey: copyKey(bytes, 1), nameKey: copyKey(bytes, 1 + KEY_BYTES), terms: [first, ...rest] }
}

function decodeTerm(bytes: Buffer, at: number): TermKey {
  return {
    term: bytes.readUInt32BE(at),
    installed: Number(bytes.readBigUInt64BE(at + 4)),
    reserved: Number(bytes.readBigUInt64BE(at + 12)),
    key: copyKey(bytes, at + 20),
  }
}

/** Not from Node's pool of small buffers, which is shared with everything else. */
function copyKey(bytes: Buffer, at: number): Buffer {
  const key = Buffer.alloc(KEY_BYTES)
  bytes.copy(key, 0, at, at + KEY_BYTES)
  return key
}

export function wipe({ nameMacKey, nameKey, terms }: Keyring): void {
  nameMacKey.fill(0)
  nameKey.fill(0)
  for (const { key } of terms) key.fill(0)
}
