/**
 * A sum over all that a store holds, kept in it and written in the same transaction as each change.
 *
 * Invariant: whoever adds up an undamaged file comes to the sum in it. An entry that rotted away, got another key, or fell
 * back to what it was before (a write that the disk lost) is found when the store is opened, and is no "absent" and no old
 * value then. It is no signature: whoever writes to the file on purpose can write the sum as well.
 *
 *     key     one NUL byte, which no key of a storage begins with
 *     value   | 1 | number of entries, 6 | sum of their CRC-32 over key and value, modulo 2^48, 6 |     big-endian
 */
import { crc32 } from 'node:zlib'

export interface ContentSum {
  readonly count: number
  readonly sum: number
}

export const SUM_KEY: Buffer = Buffer.from([0])
export const NOTHING: ContentSum = { count: 0, sum: 0 }

const FORMAT = 1
const BYTES = 13
const MODULUS = 2 ** 48

export function isSumKey(key: Uint8Array): boolean {
  return key.length === 1 && key[0] === 0
}

/** What an entry adds. */
export function entryDigest(key: Uint8Array, value: Uint8Array): number {
  return crc32(value, crc32(key))
}

export function withEntry({ count, sum }: ContentSum, digest: number): ContentSum {
  return { count: count + 1, sum: (sum + digest) % MODULUS }
}

export function withoutEntry({ count, sum }: ContentSum, digest: number): ContentSum {
  return { count: count - 1, sum: (sum + MODULUS - digest) % MODULUS }
}

export function encodeContentSum({ count, sum }: ContentSum): Buffer {
  const bytes = Buffer.alloc(BYTES)
  bytes[0] = FORMAT
  bytes.writeUIntBE(count, 1, 6)
  bytes.writeUIntBE(sum, 7, 6)
  return bytes
}

/** `undefined` for what is none. */
export function decodeContentSum(bytes: Buffer): ContentSum | undefined {
  if (bytes.length !== BYTES || bytes[0] !== FORMAT) return undefined
  return { count: bytes.readUIntBE(1, 6), sum: bytes.readUIntBE(7, 6) }
}
