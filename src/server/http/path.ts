/**
 * The canonical path of a request: decoded once, checked, slashes collapsed. Every later step (policy, audit, routing,
 * storage) sees this one text, so no two of them can understand a path differently (vault-api 1.3; S7, S8).
 */

/** Longer decoded paths are refused. In bytes of UTF-8; Vault leaves this to its storage. */
const LONGEST_PATH = 2048

export type CanonicalPath =
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'refused'; readonly status: 400 | 404 | 414; readonly text: string | undefined }

const PREFIX = '/v1/'
/**
 * What the fast way accepts as it is: nothing to decode, no dot segment, no double slash. Each character has one way to
 * match, so a path that does not match is known in one pass, however long it is.
 */
const PLAIN = /^[\w\-~:@!$&'()*+,;=]+(?:[./][\w\-~:@!$&'()*+,;=]+)*\/?$/

/** `target` is the request target up to the query, as it came over the wire. Gives the path below `/v1/`. */
export function canonicalPath(target: string): CanonicalPath {
  if (!target.startsWith(PREFIX)) return { kind: 'refused', status: 404, text: undefined }
  const raw = target.slice(PREFIX.length)
  if (raw.length <= LONGEST_PATH && PLAIN.test(raw)) return { kind: 'path', path: raw }

  let decoded: string
  try {
    decoded = decodeURIComponent(raw)
  } catch (error) {
    if (!(error instanceof URIError)) throw error
    return { kind: 'refused', status: 400, text: undefined }
  }
  if (Buffer.byteLength(decoded) > LONGEST_PATH) return { kind: 'refused', status: 414, text: 'path is too long' }
  if (!isPrintable(decoded)) return { kind: 'refused', status: 400, text: 'path contains unprintable characters' }
  const collapsed = decoded.replace(/\/{2,}/g, '/').replace(/^\//, '')
  for (const segment of collapsed.split('/')) {
    if (segment === '.' || segment === '..') {
      return { kind: 'refused', status: 400, text: 'relative paths not supported' }
    }
  }
  return { kind: 'path', path: collapsed }
}

/** Go's unicode.IsPrint, nearly: letters, marks, numbers, punctuation, symbols, and of the spaces only U+0020. */
function isPrintable(text: string): boolean {
  return /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]*$/u.test(text)
}
