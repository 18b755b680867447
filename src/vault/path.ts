/**
 * Paths below `/v1/`.
 *
 * Invariant: an encoded path stays below the prefix that it is appended to, whatever the text was: no empty segment,
 * no `.` and `..`, no query, no fragment, and nothing that one percent-decoding (vault-api 1.3) turns into a separator
 * beyond those that were there.
 */
import { VaultUsageError } from './errors.ts'

/** Each segment percent-encoded, `/` kept. Throws VaultUsageError for an empty segment, `.`, `..` or a lone surrogate. */
export function encodePath(path: string): string {
  return path
    .split('/')
    .map((segment) => encodeSegment(segment, path))
    .join('/')
}

/** As `encodePath`; one `/` at the end is allowed and dropped, as mounts (`secret/`) and folders (`a/b/`) are written. */
export function encodeFolder(path: string): string {
  return encodePath(path.endsWith('/') ? path.slice(0, -1) : path)
}

/** One name that may hold no `/`: a policy, a role. */
export function encodeName(name: string): string {
  if (name.includes('/')) throw refused(name, 'a name may not hold "/"')
  return encodeSegment(name, name)
}

/** What `VaultClient.request` takes as a path: text that `encodePath` may have made. The last net against a raw path. */
export function checkEncoded(path: string): void {
  if (!/^[\w\-.!~*'()%:@+,;=$&]+(?:\/[\w\-.!~*'()%:@+,;=$&]+)*$/.test(path)) {
    throw refused(path, 'it is empty or not percent-encoded: use encodePath')
  }
  if (/(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)/i.test(path)) throw refused(path, 'it has a relative segment')
}

function encodeSegment(segment: string, path: string): string {
  if (segment === '') throw refused(path, 'it has an empty segment: no "/" at either end, no "//"')
  if (segment === '.' || segment === '..') throw refused(path, 'it has a relative segment')
  if (/\p{Surrogate}/u.test(segment)) throw refused(path, 'it holds half a surrogate pair')
  return encodeURIComponent(segment)
}

function refused(path: string, why: string): VaultUsageError {
  return new VaultUsageError('vault-path', path, `the Vault path ${JSON.stringify(path)} cannot be used: ${why}`)
}
