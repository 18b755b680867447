/**
 * HCL1 text -> tokens.
 *
 * Each character is looked at a constant number of times, so a text of 1 MiB costs linear time whatever it holds.
 * Left out on purpose: `${…}` has no meaning here and a quote inside one ends the string; numbers with a leading zero
 * (octal in HCL1) are refused, because nobody means octal seconds.
 */
import { malformed, type Position } from './syntax.ts'

export type TokenKind = 'identifier' | 'string' | 'heredoc' | 'number' | 'punctuation' | 'end'

export interface Token {
  readonly kind: TokenKind
  /** Decoded for strings and heredocs, as written for all else, empty at the end. */
  readonly text: string
  readonly at: Position
}

const IDENTIFIER = /[\p{L}_][\p{L}\p{Nd}_.-]*/uy
const NUMBER = /-?(?:0[xX][0-9a-fA-F]+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/y
const HEREDOC = /<<(-?)([\p{L}\p{Nd}_]+)[ \t]*\r?\n/uy
const HEREDOC_END = /^[ \t]*([\p{L}\p{Nd}_]+)\r?$/u
const PUNCTUATION = new Set('{}[],=')

const SIMPLE_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['a', '\u0007'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
  ['\\', '\\'],
  ['"', '"'],
])
const CODED_ESCAPE = /x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})/y

export class Scanner {
  readonly #source: string
  #offset = 0
  #line = 1
  #lineStart = 0

  constructor(source: string) {
    this.#source = source
    if (source.startsWith('\uFEFF')) this.#offset = 1
  }

  next(): Token {
    this.#skipBlank()
    const at = this.#position()
    const start = this.#source[this.#offset]
    if (start === undefined) return { kind: 'end', text: '', at }
    if (PUNCTUATION.has(start)) {
      this.#offset += 1
      return { kind: 'punctuation', text: start, at }
    }
    if (start === '"') return { kind: 'string', text: this.#string(at), at }
    if (start === '<') return { kind: 'heredoc', text: this.#heredoc(at), at }
    const identifier = this.#take(IDENTIFIER)
    if (identifier !== undefined) return { kind: 'identifier', text: identifier[0], at }
    const number = this.#take(NUMBER)
    if (number === undefined) throw malformed('a character that has no meaning here', at)
    this.#checkNumber(number[0], at)
    return { kind: 'number', text: number[0], at }
  }

  #position(): Position {
    return { line: this.#line, column: this.#offset - this.#lineStart + 1 }
  }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#offset
    const match = pattern.exec(this.#source)
    if (match === null) return undefined
    this.#offset = pattern.lastIndex
    return match
  }

  #newLine(next: number): void {
    this.#line += 1
    this.#lineStart = next
  }

  #skipBlank(): void {
    for (;;) {
      const char = this.#source[this.#offset]
      if (char === '\n') {
        this.#offset += 1
        this.#newLine(this.#offset)
      } else if (char === ' ' || char === '\t' || char === '\r') {
        this.#offset += 1
      } else if (char === '#' || (char === '/' && this.#source[this.#offset + 1] === '/')) {
        const end = this.#source.indexOf('\n', this.#offset)
        this.#offset = end === -1 ? this.#source.length : end
      } else if (char === '/' && this.#source[this.#offset + 1] === '*') {
        this.#blockComment()
      } else {
        return
      }
    }
  }

  #blockComment(): void {
    const end = this.#source.indexOf('*/', this.#offset + 2)
    if (end === -1) throw malformed('this comment is not closed: add */', this.#position())
    for (let at = this.#source.indexOf('\n', this.#offset); at !== -1 && at < end; ) {
      this.#newLine(at + 1)
      at = this.#source.indexOf('\n', at + 1)
    }
    this.#offset = end + 2
  }

  #string(at: Position): string {
    const source = this.#source
    const pieces: string[] = []
    let from = this.#offset + 1
    for (let index = from; ; index += 1) {
      const char = source[index]
      if (char === undefined || char === '\n') throw malformed('this string is not closed on its line: add a quote', at)
      if (char === '"') {
        pieces.push(source.slice(from, index))
        this.#offset = index + 1
        return pieces.join('')
      }
      if (char !== '\\') continue
      pieces.push(source.slice(from, index))
      this.#offset = index + 1
      pieces.push(this.#escape())
      from = this.#offset
      index = from - 1
    }
  }

  #escape(): string {
    const at = this.#position()
    const simple = SIMPLE_ESCAPES.get(this.#source[this.#offset] ?? '')
    if (simple !== undefined) {
      this.#offset += 1
      return simple
    }
    const coded = this.#take(CODED_ESCAPE)
    const hex = coded?.[1] ?? coded?.[2] ?? coded?.[3]
    const octal = coded?.[4]
    const point = hex === undefined ? Number.parseInt(octal ?? '', 8) : Number.parseInt(hex, 16)
    if (!(point <= 0x10ffff)) throw malformed('no such escape in a string; write \\\\ for a backslash', at)
    return String.fromCodePoint(point)
  }

  /** `<<EOF` to a line that holds only `EOF`; `<<-EOF` also takes the end marker's indentation off every line. */
  #heredoc(at: Position): string {
    const opening = this.#take(HEREDOC)
    if (opening === undefined) throw malformed('a heredoc opens with << and a marker at the end of the line', at)
    const indented = opening[1] === '-'
    this.#newLine(this.#offset)
    const lines: string[] = []
    for (;;) {
      const found = this.#source.indexOf('\n', this.#offset)
      const end = found === -1 ? this.#source.length : found
      const line = this.#source.slice(this.#offset, end)
      if (HEREDOC_END.exec(line)?.[1] === opening[2] && (indented || !/^[ \t]/.test(line))) {
        this.#offset = end
        return joinHeredoc(lines, indented ? line.slice(0, line.indexOf(opening[2] ?? '')) : '')
      }
      if (found === -1) throw malformed('this heredoc is not closed: its marker must stand alone on a line', at)
      lines.push(line)
      this.#offset = found + 1
      this.#newLine(this.#offset)
    }
  }

  #checkNumber(text: string, at: Position): void {
    if (/^-?0\d/.test(text)) throw malformed('a number may not start with 0', at)
    if (/[\p{L}\p{Nd}_.]/u.test(this.#source[this.#offset] ?? '')) throw malformed('this is not a number', at)
  }
}

function joinHeredoc(lines: readonly string[], indent: string): string {
  const strip = lines.every((line) => line.startsWith(indent))
  return lines.map((line) => `${strip ? line.slice(indent.length) : line}\n`).join('')
}
