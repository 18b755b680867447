/** The parts of one assignment as it is written, for readers that are not python-dotenv. */

export interface Assignment {
  readonly name: string
  readonly isNameQuoted: boolean
  /** Around the equals sign. */
  readonly hasBlanks: boolean
  /** From the first character of the value to the end of its last line, comment and all. */
  readonly rest: string
  readonly quote: '"' | "'" | undefined
}

const HEAD =
  /^\s*(?:export[^\S\r\n]+)?(?:'(?<quoted>[^']+)'|(?<bare>[^\s=#]+))(?<before>[^\S\r\n]*)=(?<after>[^\S\r\n]*)/

/** Undefined for what is none; python-dotenv would not have read it. */
export function assignmentOf(written: string): Assignment | undefined {
  const head = HEAD.exec(written)
  const quoted = head?.groups?.['quoted']
  const name = quoted ?? head?.groups?.['bare']
  if (head === null || name === undefined) return undefined
  const rest = written.slice(head[0].length)
  const first = rest.charAt(0)
  return {
    name,
    isNameQuoted: quoted !== undefined,
    hasBlanks: `${head.groups?.['before']}${head.groups?.['after']}` !== '' && rest !== '' && first !== '#',
    rest,
    quote: first === '"' || first === "'" ? first : undefined,
  }
}
