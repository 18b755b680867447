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
  /** Of a quoted value over several lines; else `line`. */
  readonly lastLine: number
  /** Lines above that set the same name, and lose. */
  readonly earlier: readonly number[]
  /** What `${NAME}` in it took, in order. */
  readonly references: readonly DotenvReference[]
}

export interface DotenvReference {
  readonly name: string
  readonly from: 'environment' | 'file' | 'default' | 'nowhere'
}

export interface DotenvProblem {
  readonly line: number
  /** Where an equals sign shows that it is one. */
  readonly name: string | undefined
  readonly text: string
}

export interface Dotenv {
  readonly values: ReadonlyMap<string, DotenvValue>
  /** Lines that python-dotenv would skip, too. */
  readonly problems: readonly DotenvProblem[]
  /** Lines with a name alone, which set nothing; a value from above is taken away. */
  readonly bare: readonly number[]
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
  const problems: DotenvProblem[] = []
  const bare: number[] = []
  const reader = new Reader(text.replace(/^\uFEFF/, ''))
  for (;;) {
    reader.read(SPACE)
    if (reader.atEnd) return { values, problems, bare }
    const line = reader.line
    if (reader.read(COMMENT_AND_END) !== undefined) continue
    const statement = readStatement(reader)
    switch (statement.kind) {
      case 'problem':
        reader.read(LINE)
        problems.push({ line, name: statement.name, text: statement.text })
        break
      case 'bare':
        values.delete(statement.key)
        bare.push(line)
        break
      case 'assignment': {
        const { key, value, expand, lastLine } = statement
        const lookUp: LookUp = (name) => lookUpIn(name, env, values)
        const { text: clear, references } = expand ? expandVariables(value, lookUp) : { text: value, references: [] }
        const before = values.get(key)
        const earlier = before === undefined ? [] : [...before.earlier, before.line]
        values.set(key, { value: sensitive(clear), line, lastLine, earlier, references })
      }
    }
  }
}

type Statement =
  | {
      readonly kind: 'assignment'
      readonly key: string
      readonly value: string
      readonly expand: boolean
      readonly lastLine: number
    }
  | { readonly kind: 'bare'; readonly key: string }
  | { readonly kind: 'problem'; readonly name: string | undefined; readonly text: string }

const NO_ASSIGNMENT = 'this line is not KEY=value and is skipped'
const UNCLOSED = 'a quote is opened here and never closed; this line is skipped'
const BEHIND_QUOTE = 'something stands behind the closing quote; this line is skipped'

function readStatement(reader: Reader): Statement {
  reader.read(EXPORT)
  const name = reader.read(NAME)
  const key = name?.groups?.['quoted'] ?? name?.groups?.['bare']
  if (key === undefined) return { kind: 'problem', name: undefined, text: NO_ASSIGNMENT }
  const equals = name?.groups?.['equals']
  if (equals === undefined) {
    const isAlone = reader.read(COMMENT_AND_END) !== undefined
    return isAlone ? { kind: 'bare', key } : { kind: 'problem', name: undefined, text: NO_ASSIGNMENT }
  }
  const quote = reader.peek()
  const value = readValue(reader, quote, equals.length > 1)
  if (value === undefined) return { kind: 'problem', name: key, text: UNCLOSED }
  const lastLine = reader.line
  if (reader.read(COMMENT_AND_END) === undefined) return { kind: 'problem', name: key, text: BEHIND_QUOTE }
  return { kind: 'assignment', key, value, expand: quote !== "'", lastLine }
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

type LookUp = (name: string) => { readonly text: string; readonly from: 'environment' | 'file' } | undefined

function lookUpIn(name: string, env: EnvSource, above: ReadonlyMap<string, DotenvValue>): ReturnType<LookUp> {
  const set = env.get(name)
  if (set !== undefined) return { text: set, from: 'environment' }
  const text = above.get(name)?.value.reveal()
  return text === undefined ? undefined : { text, from: 'file' }
}

function expandVariables(
  value: string,
  lookUp: LookUp,
): { readonly text: string; readonly references: readonly DotenvReference[] } {
  const references: DotenvReference[] = []
  let text = ''
  let behind = 0
  for (const { name, fallback, start, end } of referencesIn(value)) {
    const found = lookUp(name)
    references.push({ name, from: found?.from ?? (fallback === undefined ? 'nowhere' : 'default') })
    text += value.slice(behind, start) + (found?.text ?? fallback ?? '')
    behind = end
  }
  return { text: text + value.slice(behind), references }
}

interface WrittenReference {
  readonly name: string
  readonly fallback: string | undefined
  readonly start: number
  readonly end: number
}

/**
 * `${NAME}` and `${NAME:-fallback}`, from the left. The next brace and colon are looked for once and kept: an expression
 * would look for them anew from every `${`, and a line of thousands that never close would take a minute.
 */
function* referencesIn(value: string): Generator<WrittenReference> {
  let [brace, colon, at] = [-1, -1, 0]
  for (;;) {
    const start = value.indexOf('${', at)
    const from = start + 2
    if (start === -1) return
    if (brace < from) brace = value.indexOf('}', from)
    if (brace === -1) return
    if (colon < from) colon = value.indexOf(':', from)
    if (colon === -1) colon = value.length
    const isBare = brace < colon
    if (isBare || value[colon + 1] === '-') {
      const fallback = isBare ? undefined : value.slice(colon + 2, brace)
      yield { name: value.slice(from, isBare ? brace : colon), fallback, start, end: brace + 1 }
      at = brace + 1
    } else {
      at = from
    }
  }
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
