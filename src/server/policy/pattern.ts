/**
 * Path patterns of policy rules: parsed once, so that nothing after this file looks at `*` or `+` characters
 * (vault-api 10.1, 10.3).
 *
 * `*` counts only as the last character; `+` only as a whole segment. A path with a segment that merely starts with `+`
 * is filed with the wildcards, as Vault does, and still compares literally.
 */
export type Segment = { readonly literal: string } | { readonly any: true }

/** `text` is the path as written without leading slash and without the closing `*`. */
export type PathPattern =
  | { readonly kind: 'exact'; readonly text: string }
  | { readonly kind: 'prefix'; readonly text: string }
  | {
      readonly kind: 'segments'
      readonly text: string
      readonly segments: readonly Segment[]
      /** The last segment is a beginning, and more segments may follow. */
      readonly prefix: boolean
    }

export type SegmentsPattern = Extract<PathPattern, { kind: 'segments' }>

/** `+*` would be neither a segment nor a beginning. The caller reports it as `path "p": <message>`. */
export class PathPatternError extends Error {
  readonly code = 'path-pattern'
}

/** @throws {PathPatternError} when `+*` occurs anywhere. */
export function parsePattern(source: string): PathPattern {
  const path = source.startsWith('/') ? source.slice(1) : source
  if (path.includes('+*')) throw new PathPatternError("invalid use of wildcards ('+*' is forbidden)")
  const prefix = path.endsWith('*')
  const text = prefix ? path.slice(0, -1) : path
  if (path === '+' || path.startsWith('+/') || path.includes('/+')) {
    const segments = text.split('/').map((part): Segment => (part === '+' ? { any: true } : { literal: part }))
    return { kind: 'segments', text, segments, prefix }
  }
  return prefix ? { kind: 'prefix', text } : { kind: 'exact', text }
}

/** Two rules with equal keys are the same rule and merge (vault-api 10.2). */
export function patternKey(pattern: PathPattern): string {
  return `${pattern.kind}:${isOpen(pattern) ? '*' : '.'}${pattern.text}`
}

/** The pattern as a policy would write it. */
export function formatPattern(pattern: PathPattern): string {
  return isOpen(pattern) ? `${pattern.text}*` : pattern.text
}

/**
 * Positive when `a` is the more specific one. In order: an exact path beats all; the later first wildcard; no closing
 * `*`; fewer `+`; longer text; lexicographically greater (vault-api 10.3). Zero only for equal patterns.
 */
export function comparePrecedence(a: PathPattern, b: PathPattern): number {
  return (
    firstWildcard(a) - firstWildcard(b) ||
    Number(isOpen(b)) - Number(isOpen(a)) ||
    plusSigns(b) - plusSigns(a) ||
    Buffer.byteLength(a.text) - Buffer.byteLength(b.text) ||
    compareText(a.text, b.text)
  )
}

/** Whether a path that was split on `/` matches. `+` matches one segment, which may be empty. */
export function matchesSegments(pattern: SegmentsPattern, parts: readonly string[]): boolean {
  const { segments, prefix } = pattern
  const last = segments.length - 1
  if (prefix ? parts.length <= last : parts.length !== last + 1) return false
  for (let index = 0; index <= last; index += 1) {
    const segment = segments[index]
    const part = parts[index]
    if (segment === undefined || part === undefined) return false
    if ('any' in segment) continue
    if (prefix && index === last ? !part.startsWith(segment.literal) : part !== segment.literal) return false
  }
  return true
}

/** Whether the pattern can match the mount itself or any path below it. `mount` is given in segments, without the last slash. */
export function reachesBelow(pattern: SegmentsPattern, mount: readonly string[]): boolean {
  const { segments, prefix } = pattern
  for (const [index, part] of mount.entries()) {
    const segment = segments[index]
    if (segment === undefined) return false
    if ('any' in segment) continue
    if (prefix && index === segments.length - 1) return part.startsWith(segment.literal)
    if (part !== segment.literal) return false
  }
  return true
}

function isOpen(pattern: PathPattern): boolean {
  return pattern.kind === 'prefix' || (pattern.kind === 'segments' && pattern.prefix)
}

/** Vault counts bytes, and every `+` sign, also one inside a segment. */
function firstWildcard(pattern: PathPattern): number {
  if (pattern.kind === 'exact') return Number.MAX_SAFE_INTEGER
  const end = pattern.kind === 'prefix' ? pattern.text.length : pattern.text.indexOf('+')
  return Buffer.byteLength(pattern.text.slice(0, end))
}

function plusSigns(pattern: PathPattern): number {
  return pattern.kind === 'segments' ? pattern.text.split('+').length - 1 : 0
}

function compareText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
