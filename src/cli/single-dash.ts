/**
 * Flags as Go programs take them, for the command that takes the place of `vault server`: `-dev`, `-config=FILE`,
 * `-dev=false`. Pure.
 *
 * Only behind `plenum server`: elsewhere `-qe prod` is two short options. What is no option stays wrong: `-dev-ha` becomes
 * `--dev-ha`, which is refused, and never `-d` with something behind it.
 */

const TRUE: ReadonlySet<string> = new Set(['1', 't', 'T', 'TRUE', 'true', 'True'])
const FALSE: ReadonlySet<string> = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False'])

/** `switches`: the long options that take no value, without dashes. */
export function withDoubleDashes(argv: readonly string[], switches: ReadonlySet<string>): string[] {
  const [node = '', file = '', command, ...words] = argv
  if (command !== 'server') return [...argv]
  return [node, file, command, ...words.flatMap((word) => doubleDashed(word, switches))]
}

function doubleDashed(word: string, switches: ReadonlySet<string>): string[] {
  const [, name = '', value] = /^--?([a-z][a-z0-9-]+)(?:=(.*))?$/s.exec(word) ?? []
  if (name === '') return [word]
  if (value === undefined) return [`--${name}`]
  if (switches.has(name) && TRUE.has(value)) return [`--${name}`]
  if (switches.has(name) && FALSE.has(value)) return []
  return [`--${name}=${value}`]
}
