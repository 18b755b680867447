/**
 * One value as Node reads it (`--env-file`, `util.parseEnv` of 20 to 24): quotes, backticks included, end at the next of
 * their kind, whatever stands before; in double quotes `\n` alone is an escape; a `#` outside of quotes begins a comment
 * with or without a blank. Nothing is put in for `${NAME}`.
 */

/** `rest`: from the first character of the value on, with a line end behind it. */
export function nodeValue(rest: string): string {
  const quote = rest.charAt(0)
  if (!['"', "'", '`'].includes(quote)) return unquoted(rest)
  const end = rest.indexOf(quote, 1)
  if (end === -1) return rest.split('\n', 1)[0] ?? ''
  const inner = rest.slice(1, end)
  return quote === '"' ? inner.replaceAll('\\n', '\n') : inner
}

function unquoted(rest: string): string {
  const [line = ''] = rest.split('\n', 1)
  const comment = line.indexOf('#')
  return (comment === -1 ? line : line.slice(0, comment)).trim()
}
