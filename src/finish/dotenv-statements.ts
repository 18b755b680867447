/**
 * Where the assignments of a `.env` file begin and end: the grammar of `hub/dotenv.ts`, for places instead of values.
 *
 * A test holds the two together over arbitrary text, and `dotenv-edit.ts` reads every edited text back with the other
 * one: where they should ever differ nothing is edited.
 */

export interface Statement {
  readonly name: string
  /** False for a name without `=`, which sets nothing. */
  readonly isSet: boolean
  /** Begins with `export`. */
  readonly isExported: boolean
  /** Of `export` or the name. */
  readonly start: number
  /** Behind the value and its comment, before the end of the line. */
  readonly end: number
  /** Behind the `=`. */
  readonly valueStart: number
}

const SPACE = /\s*/y
const EXPORT = /(?:export[^\S\r\n]+)?/y
const NAME = /(?:'(?<quoted>[^']+)'|(?<bare>(?!')[^\s=#]+))[^\S\r\n]*(?<equals>=[^\S\r\n]*)?/y
const SINGLE_QUOTED = /'[^'\\]*(?:\\[^][^'\\]*)*'/y
const DOUBLE_QUOTED = /"[^"\\]*(?:\\[^][^"\\]*)*"/y
const LINE = /[^\r\n]*/y
const COMMENT = /[^\S\r\n]*(?:#[^\r\n]*)?/y
const LINE_END = /\r\n|[\r\n]|$/y

export function statementsOf(text: string): Statement[] {
  const statements: Statement[] = []
  let at = 0
  const read = (expression: RegExp): RegExpExecArray | undefined => {
    expression.lastIndex = at
    const match = expression.exec(text) ?? undefined
    at += match?.[0].length ?? 0
    return match
  }
  /** A comment and the end of the line; nothing is read when something else stands there. */
  const readRest = (): number | undefined => {
    const before = at
    read(COMMENT)
    const end = at
    if (read(LINE_END) !== undefined) return end
    at = before
    return undefined
  }
  const readStatement = (): Statement | undefined => {
    const start = at
    const isExported = read(EXPORT)?.[0] !== ''
    const groups = read(NAME)?.groups
    const name = groups?.['quoted'] ?? groups?.['bare']
    if (name === undefined) return undefined
    const isSet = groups?.['equals'] !== undefined
    const from = at
    if (isSet && read(valueAt(text.charAt(at))) === undefined) return undefined
    const end = readRest()
    return end === undefined ? undefined : { name, isSet, isExported, start, end, valueStart: from }
  }
  for (;;) {
    read(SPACE)
    if (at >= text.length) return statements
    if (readRest() !== undefined) continue
    const statement = readStatement()
    if (statement === undefined) read(LINE)
    else statements.push(statement)
  }
}

function valueAt(first: string): RegExp {
  return first === "'" ? SINGLE_QUOTED : first === '"' ? DOUBLE_QUOTED : LINE
}
