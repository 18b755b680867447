/**
 * Patterns for ids: `*` is any text, `?` one character, all else means itself, case included. `variable:report_*` is for
 * variables alone; the kinds are connection, variable, secret and name.
 *
 * No id may hold a colon, so a kind in front cannot be mistaken for a part of the id. Matching takes no regular
 * expression: a pattern of many stars costs pattern times id at most.
 */
import type { Found } from './found.ts'

export type FoundKind = Found['kind']

const KINDS: readonly FoundKind[] = ['connection', 'variable', 'secret', 'name']

export function matches(pattern: string, id: string, kind: FoundKind): boolean {
  const { only, text } = splitPattern(pattern)
  return (only === undefined || only === kind) && matchesText(text, id)
}

/** Without `*` and `?`: it means one id. */
export function isExact(pattern: string): boolean {
  return !/[*?]/.test(pattern)
}

/** `only`: the kind in front. */
export function splitPattern(pattern: string): { readonly only: FoundKind | undefined; readonly text: string } {
  const only = KINDS.find((kind) => pattern.startsWith(`${kind}:`))
  return { only, text: only === undefined ? pattern : pattern.slice(only.length + 1) }
}

/** On a mismatch the last star takes one character more: earlier stars never have to be tried again. */
function matchesText(pattern: string, text: string): boolean {
  let at = 0
  let patternAt = 0
  let star: { readonly afterStar: number; readonly textAt: number } | undefined
  while (at < text.length) {
    const wanted = pattern[patternAt]
    if (wanted === '*') {
      star = { afterStar: patternAt + 1, textAt: at }
      patternAt += 1
    } else if (wanted === '?' || wanted === text[at]) {
      patternAt += 1
      at += 1
    } else if (star !== undefined) {
      star = { ...star, textAt: star.textAt + 1 }
      patternAt = star.afterStar
      at = star.textAt
    } else {
      return false
    }
  }
  while (pattern[patternAt] === '*') patternAt += 1
  return patternAt === pattern.length
}
