/**
 * `.env` files as python-dotenv 1.2.4 reads them, so that a value means here what it means to the hub's own code.
 *
 * - `KEY=value`, `export KEY=value`, `KEY = value`, `'KEY'=value`; a key alone sets nothing. The last of several wins.
 * - Unquoted: to the end of the line; a `#` after a blank begins a comment; blanks at both ends are dropped.
 * - 'single': taken as it is, over several lines too; only `\\` and `\'` are escapes.
 * - "double": escapes `\\ \' \" \a \b \f \n \r \t \v`, over several lines too.
 * - `${NAME}` and `${NAME:-default}` in unquoted and double-quoted values: the process environment, then what stands
 *   above in the file, then the default, else nothing. A `$NAME` without braces stays as it is.
 *
 * Nothing is executed. One difference from python-dotenv, on purpose: it expands `${NAME}` in single quotes as well,
 * which garbles passwords that hold a `${`; here single quotes keep what is in them.
 *
 * Invariant: values are wrapped as soon as they are read, and a problem names its line and never its text.
 */
import { type Sensitive, sensitive } from '../sensitive/index.ts'
import type { EnvSource } from './env-layers.ts'

export interface DotenvValue {
  readonly value: Sensitive<string>
  /** Starts at 1. */
  readonly line: number
}

export interface Dotenv {
  readonly values: ReadonlyMap<string, DotenvValue>
  /** Lines that python-dotenv would skip, too. */
  readonly problems: readonly { readonly line: number; readonly text: string }[]
}

const EXPORT = /(?:export[^\S\r\n]+)?/y
/** The key (quoted or not) and, where there is one, the equals sign with the blanks behind it. */
const NAME = /(?:'(?<quoted>[^']+)'|(?<bare>(?!')[^\s=#]+))[^\S\r\n]*(?<equals>=[^\S\r\n]*)?/y
/** A backslash takes the next character with it, so that `\\` at the end does not hide the closing quote. */
const SINGLE_QUOTED = /'(?<inner>[^'\\]*(?:\\[^][^'\\]*)*)'/y
const DOUBLE_QUOTED = /"(?<inner>[^"\\]*(?:\\[^][^"\\]*)*)"/y
const LINE = /[^\r\n]*/y
const COMMENT_AND_END = /[^\S\r\n]*(?:#[^\r\n]*)?(?:\r\n|[\r\n]|$)/y
const SPACE = /\s*/y

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['a', '\u0007'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
])

/** `env` is the process environment, for `${NAME}`. */
export function parseDotenv(text: string, env: EnvSource): Dotenv {
  const values = new Map<string, DotenvValue>()
  const problems: { line: number; text: string }[] = []
  const reader = new Reader(text.replace(/^\uFEFF/, ''))
  for (;;) {
    reader.read(SPACE)
    if (reader.atEnd) return { values, problems }
    const line = reader.line
    if (reader.read(COMMENT_AND_END) !== undefined) continue
    const assignment = readAssignment(reader)
    if (assignment === undefined) {
      reader.read(LINE)
      problems.push({ line, text: 'this line is not KEY=value and is skipped' })
    } else if (assignment.value === undefined) {
      values.delete(assignment.key)
    } else {
      const { key, value, expand } = assignment
      const clear = expand ? expandVariables(value, (name) => env.get(name) ?? values.get(name)?.value.reveal()) : value
      values.set(key, { value: sensitive(clear), line })
    }
  }
}

interface Assignment {
  readonly key: string
  /** Undefined for a key without `=`. */
  readonly value: string | undefined
  readonly expand: boolean
}

/** Undefined when the line is none. */
function readAssignment(reader: Reader): Assignment | undefined {
  reader.read(EXPORT)
  const name = reader.read(NAME)
  const key = name?.groups?.['quoted'] ?? name?.groups?.['bare']
  if (key === undefined) return undefined
  const equals = name?.groups?.['equals']
  const quote = reader.peek()
  const value = equals === undefined ? undefined : readValue(reader, quote, equals.length > 1)
  if (equals !== undefined && value === undefined) return undefined
  if (reader.read(COMMENT_AND_END) === undefined) return undefined
  return { key, value, expand: quote !== "'" }
}

function readValue(reader: Reader, first: string, afterBlank: boolean): string | undefined {
  switch (first) {
    case "'":
      return reader.read(SINGLE_QUOTED)?.groups?.['inner']?.replace(/\\([\\'])/g, '$1')
    case '"': {
      const inner = reader.read(DOUBLE_QUOTED)?.groups?.['inner']
      return inner?.replace(/\\([\\'"abfnrtv])/g, (_, letter: string) => ESCAPES.get(letter) ?? letter)
    }
    case '#':
      // `KEY= # comment` is empty; `KEY=#text` is the text with its sign.
      return afterBlank ? '' : readUnquoted(reader)
    default:
      return readUnquoted(reader)
  }
}

function readUnquoted(reader: Reader): string | undefined {
  const [line] = reader.read(LINE) ?? []
  return line?.replace(/\s+#.*/, '').trimEnd()
}

function expandVariables(value: string, lookUp: (name: string) => string | undefined): string {
  return value.replace(
    /\$\{([^}:]*)(?::-([^}]*))?\}/g,
    (_, name: string, fallback: string | undefined) => lookUp(name) ?? fallback ?? '',
  )
}

/** Reads forward with sticky expressions. */
class Reader {
  readonly #text: string
  #offset = 0
  #line = 1

  constructor(text: string) {
    this.#text = text
  }

  get atEnd(): boolean {
    return this.#offset >= this.#text.length
  }

  /** Of the next character. */
  get line(): number {
    return this.#line
  }

  peek(): string {
    return this.#text.charAt(this.#offset)
  }

  read(expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = this.#offset
    const match = expression.exec(this.#text)
    if (match === null) return undefined
    this.#offset += match[0].length
    this.#line += match[0].match(/\r\n|[\r\n]/g)?.length ?? 0
    return match
  }
}
