/**
 * How tokens are written down.
 *
 *     id/<h + HMAC of the token>   the record of a service token, as JSON:
 *         { "version": 1, "type": "service", "accessor", "parent", "orphan", "policies", "path", "meta",
 *           "displayName", "numUses", "creationTime", "creationTtl", "expireTime", "explicitMaxTtl", "period",
 *           "renewable", "lastRenewal", "boundCidrs", "entityId", "noDefaultPolicy", "role" }
 *         numUses: uses left, 0 unlimited, -1 the last one is spent. Times are unix milliseconds, durations seconds.
 *     accessor/<h + HMAC of the accessor>      the id
 *     parent/<id of the parent>/<id>           empty
 *     expiry/<hour>/<second>/<id>              empty; unix hours and seconds, zero-padded
 *     cubbyhole/<id>/...                       what the token keeps for itself (engines/cubbyhole); goes with it
 *     revoking/<id>                            empty; what is left below this token is to be removed
 *     wrapped/<id>                             what a wrapping token holds, see wrapping.ts; goes with the token
 *     salt                                     see salt.ts
 *
 * A batch token is the same record without a place in the store: `hvb.` + base64url of the encrypted JSON.
 */
import type { TokenEntry } from '../logical/logical.ts'
import type { Write } from '../storage/storage.ts'
import { isWrapping } from './policies.ts'
import { BATCH_PREFIX } from './token-text.ts'

/** What lies in the store cannot be read as a token. Nothing is guessed: the request fails. */
export class TokenRecordError extends Error {
  readonly code = 'token-record'
}

export interface TokenCipher {
  encrypt(context: string, plain: Uint8Array): Buffer
  /** `undefined` when the bytes are not ours or were altered. */
  decrypt(context: string, bytes: Uint8Array): Buffer | undefined
}

/** Folder of a folder for each token that keeps something. */
export const KEPT = 'cubbyhole/'
const VERSION = 1
const BATCH_CONTEXT = 'batch-token'
const EMPTY = Buffer.alloc(0)

type StoredToken = Omit<TokenEntry, 'id'> & { readonly version: number }

function encodeRecord(entry: TokenEntry): Buffer {
  return Buffer.from(JSON.stringify({ version: VERSION, ...entry, id: undefined }))
}

/** @throws {TokenRecordError} for another format than this version's */
export function decodeRecord(id: string, bytes: Uint8Array): TokenEntry {
  const { version, ...entry } = JSON.parse(Buffer.from(bytes).toString('utf8')) as StoredToken
  if (version !== VERSION)
    throw new TokenRecordError(`a stored token has format version ${version}, expected ${VERSION}`)
  return { id, ...entry }
}

export function sealBatchToken(entry: TokenEntry, cipher: TokenCipher): string {
  return BATCH_PREFIX + cipher.encrypt(BATCH_CONTEXT, encodeRecord(entry)).toString('base64url')
}

/** `undefined` for what this server did not make, or what was altered in any way (S38). */
export function openBatchToken(token: string, cipher: TokenCipher): TokenEntry | undefined {
  const text = token.slice(BATCH_PREFIX.length)
  const bytes = Buffer.from(text, 'base64url')
  // The decoder is lenient; only the one spelling that we gave out counts.
  if (text === '' || bytes.toString('base64url') !== text) return undefined
  const plain = cipher.decrypt(BATCH_CONTEXT, bytes)
  return plain === undefined ? undefined : decodeRecord('', plain)
}

export function recordKey(id: string): string {
  return `id/${id}`
}
export function accessorKey(name: string): string {
  return `accessor/${name}`
}
export function childrenPrefix(parent: string): string {
  return `parent/${parent}/`
}
export function keptPrefix(id: string): string {
  return `${KEPT}${id}/`
}
export function revokingKey(id: string): string {
  return `revoking/${id}`
}
export function wrappedKey(id: string): string {
  return `wrapped/${id}`
}
export function hourOf(time: number): string {
  return String(Math.floor(time / 3_600_000)).padStart(8, '0')
}
export function secondOf(time: number): string {
  return String(Math.floor(time / 1000)).padStart(12, '0')
}
export function expiryKey(time: number, id: string): string {
  return `expiry/${hourOf(time)}/${secondOf(time)}/${id}`
}

export function putRecord(entry: TokenEntry): Write {
  return { kind: 'put', key: recordKey(entry.id), value: encodeRecord(entry) }
}

/** Indexes first: a store that applied only the beginning would hold garbage, not a token that cannot be revoked. */
export function insertWrites(entry: TokenEntry, accessorName: string, more: readonly Write[]): Write[] {
  return [
    ...more,
    { kind: 'put', key: accessorKey(accessorName), value: Buffer.from(entry.id) },
    ...indexKeys(entry).map((key): Write => ({ kind: 'put', key, value: EMPTY })),
    putRecord(entry),
  ]
}

export function removeWrites(entry: TokenEntry, accessorName: string): Write[] {
  const wrapped = isWrapping(entry) ? [wrappedKey(entry.id)] : []
  return [recordKey(entry.id), accessorKey(accessorName), ...indexKeys(entry), ...wrapped].map(
    (key): Write => ({ kind: 'delete', key }),
  )
}

function indexKeys({ id, parent, expireTime }: TokenEntry): string[] {
  return [
    ...(parent === '' ? [] : [childrenPrefix(parent) + id]),
    ...(expireTime === null ? [] : [expiryKey(expireTime, id)]),
  ]
}

export function markWrite(key: string): Write {
  return { kind: 'put', key, value: EMPTY }
}
