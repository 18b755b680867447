/**
 * JSON text -> the tree of `located-tree.ts`: everything knows its lines, and numbers stay as they are written, because
 * JavaScript cannot keep all of them.
 *
 * Takes what Python's `json` writes and reads: `NaN` and `Infinity` as well. The last of several equal keys wins, with a
 * finding. Findings name places and never quote the text.
 */
import type { Finding } from './found.ts'
import type { Span, YamlItem, YamlNode, YamlScalar } from './located-tree.ts'

export interface LocatedJsonOptions {
  /** As people know it, for findings. */
  readonly shown: string
  readonly text: string
  readonly findings: Finding[]
}

/** Undefined when it is no JSON; a finding says where. */
export function readLocatedJson({ shown, text, findings }: LocatedJsonOptions): YamlNode | undefined {
  const reader = new JsonReader(text)
  try {
    const node = reader.readAll()
    for (const { line, first } of reader.duplicates) {
      findings.push({
        ...at(shown, line, 1, 'import-duplicate-key'),
        text: `this key stands twice in its object; the first is in line ${first}`,
        hint: 'remove one of the two',
      })
    }
    return node
  } catch (error) {
    if (!(error instanceof JsonProblem)) throw error
    findings.push({
      ...at(shown, error.line, error.column, 'import-json'),
      text: error.message,
      hint: 'export it again, or correct it here',
    })
    return undefined
  }
}

function at(shown: string, line: number, column: number, code: string): Omit<Finding, 'text' | 'hint'> {
  return { severity: 'error', code, where: `${shown}:${line}:${column}`, id: undefined }
}

/** Leaves the recursion; never leaves this file. */
class JsonProblem extends Error {
  readonly line: number
  readonly column: number

  constructor(message: string, line: number, column: number) {
    super(message)
    this.line = line
    this.column = column
  }
}

const DEEPEST = 64
const SPACE = /[ \t\n\r]*/y
const PLAIN = /-?(?:\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|Infinity)|true|false|null|NaN/y

interface Point {
  readonly line: number
  readonly column: number
}

class JsonReader {
  readonly duplicates: { readonly line: number; readonly first: number }[] = []
  readonly #text: string
  #offset = 0
  #depth = 0
  /** The line of `#counted`. */
  #line = 1
  #counted = 0

  constructor(text: string) {
    this.#text = text
  }

  readAll(): YamlNode {
    this.#space()
    if (this.#offset === this.#text.length) throw this.#problem('there is nothing in it')
    const node = this.#value()
    this.#space()
    if (this.#offset < this.#text.length) throw this.#problem('something stands behind the end of the JSON')
    return node
  }

  #value(): YamlNode {
    this.#depth += 1
    if (this.#depth > DEEPEST) throw this.#problem(`this is nested deeper than ${DEEPEST} levels`)
    const node = this.#nodeAt(this.#text.charAt(this.#offset))
    this.#depth -= 1
    return node
  }

  #nodeAt(first: string): YamlNode {
    if (first === '{') return this.#object()
    if (first === '[') return this.#array()
    if (first === '"') return scalar(this.#string(), false)
    const plain = this.#match(PLAIN)
    if (plain === undefined || plain === '') throw this.#problem('a value is expected here')
    return scalar(plain, true)
  }

  #object(): YamlNode {
    const entries = new Map<string, YamlItem>()
    for (const start of this.#members('}')) {
      if (this.#text.charAt(this.#offset) !== '"') throw this.#problem('a key in double quotes is expected here')
      const name = this.#string()
      this.#space()
      this.#take(':')
      this.#space()
      const node = this.#value()
      const first = entries.get(name)
      if (first !== undefined) this.duplicates.push({ line: start.line, first: first.span.line })
      entries.set(name, { node, span: this.#span(start) })
    }
    return { kind: 'map', entries, tag: undefined }
  }

  #array(): YamlNode {
    const items: YamlItem[] = []
    for (const start of this.#members(']')) items.push({ node: this.#value(), span: this.#span(start) })
    return { kind: 'list', items, tag: undefined }
  }

  /** Stands at the beginning of each member in turn. */
  *#members(end: '}' | ']'): Generator<Point> {
    this.#offset += 1
    this.#space()
    if (this.#text.charAt(this.#offset) === end) {
      this.#offset += 1
      return
    }
    for (;;) {
      yield this.#point()
      this.#space()
      if (this.#text.charAt(this.#offset) === end) break
      this.#take(',')
      this.#space()
    }
    this.#offset += 1
  }

  /** Searches for the end instead of matching it: a value may be megabytes long. */
  #string(): string {
    const start = this.#offset
    for (let end = this.#text.indexOf('"', start + 1); end !== -1; end = this.#text.indexOf('"', end + 1)) {
      let first = end
      while (this.#text.charAt(first - 1) === '\\') first -= 1
      if ((end - first) % 2 === 1) continue
      const value = parseString(this.#text.slice(start, end + 1))
      if (value === undefined) throw this.#problem('a text holds a line break or an escape that JSON does not have')
      this.#offset = end + 1
      return value
    }
    throw this.#problem('the text that begins here has no closing quote')
  }

  #take(sign: string): void {
    if (this.#text.charAt(this.#offset) !== sign) throw this.#problem(`a "${sign}" is expected here`)
    this.#offset += 1
  }

  #space(): void {
    this.#match(SPACE)
  }

  #match(expression: RegExp): string | undefined {
    expression.lastIndex = this.#offset
    const match = expression.exec(this.#text)?.[0]
    this.#offset += match?.length ?? 0
    return match
  }

  /** Lines are counted on the way: offsets only grow. */
  #point(): Point {
    for (let next = this.#text.indexOf('\n', this.#counted); next !== -1 && next < this.#offset; ) {
      this.#line += 1
      this.#counted = next + 1
      next = this.#text.indexOf('\n', this.#counted)
    }
    return { line: this.#line, column: this.#offset - this.#counted + 1 }
  }

  #span(start: Point): Span {
    return { ...start, lastLine: this.#point().line }
  }

  #problem(message: string): JsonProblem {
    const { line, column } = this.#point()
    return new JsonProblem(message, line, column)
  }
}

function scalar(text: string, isPlain: boolean): YamlScalar {
  return { kind: 'scalar', text, isPlain, tag: undefined }
}

function parseString(token: string): string | undefined {
  try {
    const value: unknown = JSON.parse(token)
    return typeof value === 'string' ? value : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
