/**
 * The JSON form of HCL -> the neutral syntax tree.
 *
 * Not `JSON.parse`: it keeps the last of two equal keys, so in a policy a second `"path"` object would silently drop
 * the first and with it a deny. Here both stay, with positions. Strict JSON otherwise: no comments, no trailing comma.
 */
import { MAX_DEPTH, malformed, type Position, type SyntaxEntry, type SyntaxNode, type SyntaxObject } from './syntax.ts'

const BLANK = /[ \t\r\n]*/y
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const WORD = /true|false|null/y

/** Whether a text is in the JSON form: its first character that is not blank opens an object. */
export function isJsonForm(source: string): boolean {
  return /^\uFEFF?\s*\{/.test(source)
}

/** @throws {HclSyntaxError} */
export function parseJsonForm(source: string): SyntaxObject {
  return new JsonFormParser(source).document()
}

class JsonFormParser {
  readonly #source: string
  #offset = 0
  #line = 1
  #lineStart = 0
  #depth = 0

  constructor(source: string) {
    this.#source = source
    if (source.startsWith('\uFEFF')) this.#offset = 1
  }

  document(): SyntaxObject {
    this.#skipBlank()
    const root = this.#object()
    this.#skipBlank()
    if (this.#offset < this.#source.length) throw malformed('expected the end of the text', this.#position())
    return root
  }

  #position(): Position {
    return { line: this.#line, column: this.#offset - this.#lineStart + 1 }
  }

  #skipBlank(): void {
    BLANK.lastIndex = this.#offset
    const blank = BLANK.exec(this.#source)?.[0] ?? ''
    for (let at = blank.indexOf('\n'); at !== -1; at = blank.indexOf('\n', at + 1)) {
      this.#line += 1
      this.#lineStart = this.#offset + at + 1
    }
    this.#offset += blank.length
  }

  #accept(char: string): boolean {
    this.#skipBlank()
    if (this.#source[this.#offset] !== char) return false
    this.#offset += 1
    return true
  }

  #value(): SyntaxNode {
    this.#skipBlank()
    const at = this.#position()
    const start = this.#source[this.#offset]
    if (start === '{') return this.#object()
    if (start === '[') return this.#list()
    if (start === '"') return { kind: 'string', value: this.#string(), at }
    const word = this.#take(WORD)
    if (word === 'null') return { kind: 'null', at }
    if (word !== undefined) return { kind: 'boolean', value: word === 'true', at }
    const number = this.#take(NUMBER)
    if (number === undefined) throw malformed('expected a JSON value', at)
    return { kind: 'number', text: number, at }
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#offset
    const text = pattern.exec(this.#source)?.[0]
    if (text !== undefined) this.#offset += text.length
    return text
  }

  #object(): SyntaxObject {
    const at = this.#open('{')
    const entries: SyntaxEntry[] = []
    if (!this.#accept('}')) {
      do entries.push(this.#entry())
      while (this.#accept(','))
      this.#close('}')
    }
    this.#depth -= 1
    return { kind: 'object', entries, at }
  }

  #entry(): SyntaxEntry {
    this.#skipBlank()
    const at = this.#position()
    const key = this.#string()
    if (!this.#accept(':')) throw malformed('expected : after a key', this.#position())
    return { key, at, value: this.#value() }
  }

  #list(): SyntaxNode {
    const at = this.#open('[')
    const items: SyntaxNode[] = []
    if (!this.#accept(']')) {
      do items.push(this.#value())
      while (this.#accept(','))
      this.#close(']')
    }
    this.#depth -= 1
    return { kind: 'list', items, at }
  }

  #open(bracket: string): Position {
    const at = this.#position()
    if (!this.#accept(bracket)) throw malformed(`expected ${bracket}`, at)
    this.#depth += 1
    if (this.#depth > MAX_DEPTH) throw malformed('nested too deep', at)
    return at
  }

  #close(bracket: string): void {
    if (!this.#accept(bracket)) throw malformed(`expected a comma or ${bracket}`, this.#position())
  }

  #string(): string {
    const at = this.#position()
    const from = this.#offset
    if (this.#source[from] !== '"') throw malformed('expected a string in double quotes', at)
    let end = from + 1
    for (; ; end += 1) {
      const char = this.#source[end]
      if (char === undefined || char < ' ') throw malformed('this string is not closed', at)
      if (char === '"') break
      if (char === '\\') end += 1
    }
    this.#offset = end + 1
    return decodeString(this.#source.slice(from, end + 1), at)
  }
}

function decodeString(literal: string, at: Position): string {
  try {
    return String(JSON.parse(literal))
  } catch {
    throw malformed('no such escape in a JSON string', at)
  }
}
