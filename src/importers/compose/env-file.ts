/**
 * The files that `env_file` names, and the project's `.env`, as docker compose reads them. Not python-dotenv's dialect
 * (`hub/dotenv.ts`):
 *
 * - `KEY=value`, `KEY: value`, `export KEY=value`; names of letters, digits and `_ . - [ ]`; a name alone takes what the
 *   environment has.
 * - Unquoted: to the end of the line; ` #` (a blank, then the sign) begins a comment; blanks at both ends go.
 * - 'single': literal, over several lines too; only `\'` is an escape.
 * - "double": escapes `\a \b \c? \f \n \r \t \v \\ \" \$` and `\0` with octal digits; then interpolation.
 * - Interpolation with every form of compose files, `$NAME` included, in unquoted and double-quoted values.
 *
 * One difference, on purpose: compose refuses the whole file for one bad line; here it is a problem and the rest is read.
 *
 * Invariant: values are wrapped as soon as they are read, and a problem names its line and never its text.
 */
import { type Sensitive, sensitive } from '../../sensitive/index.ts'
import { type Interpolated, interpolate, type LookUp } from './interpolation.ts'

export interface EnvFileValue {
  readonly value: Sensitive<string>
  /** From 1, both included. */
  readonly line: number
  readonly lastLine: number
  /** Variables that it holds and that are set nowhere. */
  readonly missing: readonly string[]
}

export interface EnvFileProblem {
  readonly line: number
  readonly name: string | undefined
  readonly text: string
}

export interface EnvFileContent {
  /** The last of several with one name wins. */
  readonly values: ReadonlyMap<string, EnvFileValue>
  readonly problems: readonly EnvFileProblem[]
}

/** A variable in a value is `lookUp`'s, else what stands above in the file, else what `before` has. */
export function parseEnvFile(text: string, lookUp: LookUp, before: LookUp = nothing): EnvFileContent {
  return new EnvFileParser(text, lookUp, before).parse()
}

function nothing(): undefined {
  return undefined
}

const KEY =
  /(?:export\s+)?(?<name>[\p{L}\p{N}_.\-[\]]+)[\t\v\f\r \u0085\u00a0]*(?:(?<sign>[=:])[\t\v\f\r \u0085\u00a0]*|(?=\n|$))/uy
const SINGLE = /'(?<inner>[^'\\]*(?:\\[^][^'\\]*)*)'/y
const DOUBLE = /"(?<inner>[^"\\]*(?:\\[^][^"\\]*)*)"/y
const LINE = /[^\n]*/y
const SKIPPED = /(?:\s+|#[^\n]*)*/y

class EnvFileParser {
  readonly #text: string
  readonly #lookUp: LookUp
  readonly #before: LookUp
  readonly #values = new Map<string, EnvFileValue>()
  readonly #problems: EnvFileProblem[] = []
  #offset = 0
  #line = 1

  constructor(text: string, lookUp: LookUp, before: LookUp) {
    this.#text = text
    this.#lookUp = lookUp
    this.#before = before
  }

  parse(): EnvFileContent {
    for (;;) {
      this.#read(SKIPPED)
      if (this.#offset >= this.#text.length) return { values: this.#values, problems: this.#problems }
      const line = this.#line
      const key = this.#read(KEY)?.groups
      const name = key?.['name']
      if (name === undefined) {
        this.#problem(line, undefined, 'this line is not NAME=value and is skipped')
        this.#read(LINE)
      } else if (key?.['sign'] === undefined) {
        const value = this.#lookUp(name)
        if (value !== undefined) this.#set(name, { value: sensitive(value), line, lastLine: line, missing: [] })
      } else {
        this.#assign(name, line)
      }
    }
  }

  #assign(name: string, line: number): void {
    const quote = this.#text.charAt(this.#offset)
    const clear = quote === "'" ? this.#single() : quote === '"' ? this.#double() : this.#unquoted()
    if (clear === undefined) {
      this.#problem(line, name, 'a quote is opened here and never closed')
      // Nothing tells where the value was meant to end; what follows may still be whole.
      this.#read(LINE)
    } else if (clear.kind === 'text') {
      const { text, missing } = clear
      this.#set(name, { value: sensitive(text), line, lastLine: this.#line, missing })
    } else {
      this.#problem(line, name, refusalText(clear))
    }
  }

  #single(): Interpolated | undefined {
    const inner = this.#read(SINGLE)?.groups?.['inner']
    return inner === undefined ? undefined : literal(inner.replaceAll("\\'", "'"))
  }

  #double(): Interpolated | undefined {
    const inner = this.#read(DOUBLE)?.groups?.['inner']
    return inner === undefined ? undefined : interpolate(unescape(inner), this.#valueOf)
  }

  #unquoted(): Interpolated | undefined {
    const [line = ''] = this.#read(LINE) ?? []
    const comment = line.indexOf(' #')
    return interpolate(withoutBlanksAtEnd(comment === -1 ? line : line.slice(0, comment)), this.#valueOf)
  }

  readonly #valueOf: LookUp = (name) =>
    this.#lookUp(name) ?? this.#values.get(name)?.value.reveal() ?? this.#before(name)

  #set(name: string, value: EnvFileValue): void {
    this.#values.set(name, value)
  }

  #problem(line: number, name: string | undefined, text: string): void {
    this.#problems.push({ line, name, text })
  }

  #read(expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = this.#offset
    const match = expression.exec(this.#text)
    if (match === null) return undefined
    this.#offset += match[0].length
    for (let at = match[0].indexOf('\n'); at !== -1; at = match[0].indexOf('\n', at + 1)) this.#line += 1
    return match
  }
}

/** Go's idea of a blank: no byte order mark, as JavaScript has it. */
function withoutBlanksAtEnd(text: string): string {
  let end = text.length
  while (end > 0 && /[^\S\uFEFF]|\u0085/.test(text.charAt(end - 1))) end -= 1
  return text.slice(0, end)
}

export function refusalText(refusal: Exclude<Interpolated, { kind: 'text' }>): string {
  return refusal.kind === 'required'
    ? `it requires the variable ${refusal.variable}, which is not set`
    : 'a ${…} in it is none that compose understands; a dollar sign that is meant is written $$'
}

function literal(text: string): Interpolated {
  return { kind: 'text', text, used: [], missing: [] }
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['a', '\u0007'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
  ['\\', '\\'],
])

/** `\"` first, then the others, as compose does it: `\\"` is a backslash and the end of the value nowhere. */
function unescape(inner: string): string {
  return inner
    .replaceAll('\\"', '"')
    .replaceAll(/\\(?:([abfnrtv$"\\])|0(\d{0,3}))/g, (_, letter?: string, octal?: string) => {
      // Interpolation makes one of it again.
      if (letter === '$') return '$$'
      if (letter !== undefined) return ESCAPES.get(letter) ?? letter
      const digits = octal ?? ''
      return /^[0-3][0-7]{2}$/.test(digits) ? String.fromCharCode(Number.parseInt(digits, 8)) : `\\${digits}`
    })
}
