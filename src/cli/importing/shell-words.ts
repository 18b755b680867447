/**
 * A command line as words, as Python's `shlex.split` has them: that is how Airflow runs its `_CMD` settings, without a
 * shell. Quotes and backslashes count; nothing is put in, expanded or piped.
 */

/** Undefined for a quote that has no end, or a backslash at the end. */
export function shellWords(text: string): readonly string[] | undefined {
  const words: string[] = []
  let rest = text.trimStart()
  while (rest !== '') {
    const match = WORD.exec(rest)
    if (match === null) return undefined
    const [word] = match
    words.push(word.replaceAll(PART, unquoted))
    rest = rest.slice(word.length)
    if (rest !== '' && !/^\s/.test(rest)) return undefined
    rest = rest.trimStart()
  }
  return words
}

const WORD = /^(?:[^\s'"\\]|\\[^]|'[^']*'|"(?:[^"\\]|\\[^])*")+/
const PART = /\\([^])|'([^']*)'|"((?:[^"\\]|\\[^])*)"/g

function unquoted(_: string, escaped?: string, single?: string, double?: string): string {
  // In double quotes a backslash is one, but before a quote and before itself.
  return escaped ?? single ?? (double ?? '').replaceAll(/\\(["\\])/g, '$1')
}
