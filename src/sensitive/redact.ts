/**
 * Redaction: the last net, not the first. Secrets stay in `Sensitive`; this removes them from text that came from
 * elsewhere (an error of a library, a server's answer) before it is shown.
 */
import type { Sensitive } from './sensitive.ts'

const MASK = '[sensitive]'

/** Values shorter than this would blank ordinary words and are left alone. In characters. */
const SHORTEST = 4

/** A run of so many characters that a text shares with a value is a piece of it, cut or written in a form unknown here. */
const PIECE = 12

/**
 * A function that replaces every occurrence of the given values (also percent-encoded and JSON-escaped) by `[sensitive]`,
 * and then cuts the text to `longest` characters. A text that still holds a piece of a value is not shown at all.
 */
export function redactor(values: Iterable<Sensitive<string>>): (text: string, longest?: number) => string {
  const clears: string[] = []
  const needles = new Set<string>()
  for (const value of values) {
    const clear = value.reveal()
    if (clear.length < SHORTEST) continue
    clears.push(clear)
    needles.add(clear)
    needles.add(encodeURIComponent(clear))
    needles.add(JSON.stringify(clear).slice(1, -1))
  }
  // The longest first, so that a value which contains another leaves no remainder.
  const ordered = [...needles].sort((a, b) => b.length - a.length)
  return (text, longest) => {
    const left = ordered.reduce((rest, needle) => rest.split(needle).join(MASK), text).slice(0, longest)
    return hasPiece(left, clears) ? MASK : left
  }
}

function hasPiece(text: string, clears: readonly string[]): boolean {
  for (let start = 0; start + PIECE <= text.length; start += 1) {
    const run = text.slice(start, start + PIECE)
    if (clears.some((clear) => clear.includes(run))) return true
  }
  return false
}
