/**
 * Shares of the seal key, in Vault's format: 32 bytes of data and one that tells the shares apart (vault-api 13). With a
 * single share, the share is the key itself.
 *
 * Too few or wrong shares give a wrong key and no error: whoever combines them must try the key.
 */
import { combine, split } from 'shamir-secret-sharing'
import { keyCopy } from '../barrier/index.ts'
import { invalidRequest } from '../logical/index.ts'

const SHORTEST = 16
const LONGEST = 33

export async function splitKey(
  key: Buffer,
  { shares, threshold }: { readonly shares: number; readonly threshold: number },
): Promise<Buffer[]> {
  if (shares === 1) return [keyCopy(key)]
  const plain = plainCopy(key)
  try {
    return (await split(plain, shares, threshold)).map(takeOver)
  } finally {
    plain.fill(0)
  }
}

/** `undefined` when they do not belong together. */
export async function combineShares(shares: readonly Buffer[]): Promise<Buffer | undefined> {
  const [only] = shares
  if (shares.length === 1 && only !== undefined) return keyCopy(only)
  const plain = shares.map(plainCopy)
  try {
    return takeOver(await combine(plain))
  } catch {
    // Of different lengths, or one of them twice.
    return undefined
  } finally {
    for (const share of plain) share.fill(0)
  }
}

/** The library takes nothing but plain arrays. */
function plainCopy(key: Buffer): Uint8Array {
  return new Uint8Array(keyCopy(key).buffer)
}

/** The same bytes as a Buffer. */
function takeOver(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}

/** Hex when that gives a key of the right size, else base64. @throws {LogicalError} 400 with Vault's texts */
export function decodeShare(text: string): Buffer {
  const hex = /^(?:[0-9a-f]{2})+$/i.test(text) ? Buffer.from(text, 'hex') : undefined
  if (hex !== undefined && hex.length >= SHORTEST && hex.length <= LONGEST) return hex
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) {
    throw invalidRequest("'key' must be a valid hex or base64 string")
  }
  const key = Buffer.from(text, 'base64')
  if (key.length < SHORTEST) throw invalidRequest(`invalid key: key is shorter than minimum ${SHORTEST} bytes`)
  if (key.length > LONGEST) throw invalidRequest(`invalid key: key is longer than maximum ${LONGEST} bytes`)
  return key
}
