/**
 * Redaction: the last net, not the first. Secrets stay in `Sensitive`; this removes them from text that came from
 * elsewhere (an error of a library, a server's answer) before it is shown.
 */
import type { Sensitive } from './sensitive.ts'

/** Values shorter than this would blank ordinary words and are left alone. In characters. */
const SHORTEST = 4

/** A function that replaces every occurrence of the given values (also percent-encoded and JSON-escaped) by `[sensitive]`. */
export function redactor(values: Iterable<Sensitive<string>>): (text: string) => string {
  const needles = new Set<string>()
  for (const value of values) {
    const clear = value.reveal()
    if (clear.length < SHORTEST) continue
    needles.add(clear)
    needles.add(encodeURIComponent(clear))
    needles.add(JSON.stringify(clear).slice(1, -1))
  }
  // The longest first, so that a value which contains another leaves no remainder.
  const ordered = [...needles].sort((a, b) => b.length - a.length)
  return (text) => ordered.reduce((rest, needle) => rest.split(needle).join('[sensitive]'), text)
}
