/**
 * Adds keys to the mappings of a YAML text without touching anything else in it: comments, blank lines, order, quotes,
 * styles, line ends and the end of the file stay as they are.
 *
 * Additions are spliced into the text at positions that the parser names; the text is never printed anew. Nothing is
 * removed but an empty `{}` (or `null`) that has to become a block, and where a mapping in braces gets longer its line
 * changes.
 *
 * What cannot be edited in this way (an alias, odd layouts) is either refused here or found out by the caller, who reads
 * the text again: see `declare.ts`.
 */
import { isAlias, isMap, isScalar, LineCounter, type Node, type Pair, parseDocument, type YAMLMap } from 'yaml'
import { keyText } from './node-index.ts'
import { quotedKey } from './yaml-words.ts'

/** Keys to add; a text is the value as it is to be written. */
export type Branch = ReadonlyMap<string, Branch | string>

/** The text has something where nothing can be added. */
export class NotEditable extends Error {
  override readonly name = 'NotEditable'
}

/** @throws {NotEditable} */
export function insertKeys(text: string, branch: Branch): string {
  return new Inserter(text).insert(branch)
}

interface Splice {
  readonly from: number
  readonly to: number
  readonly text: string
}

/** Lines get no longer than this when keys are added to a mapping in braces. */
const WIDEST_LINE = 120

class Inserter {
  readonly #text: string
  readonly #eol: string
  readonly #root: Node | null
  readonly #lines = new LineCounter()
  readonly #splices: Splice[] = []
  /** Columns from one level to the next. */
  #step = 2

  constructor(text: string) {
    this.#text = text
    this.#eol = /\r?\n/.exec(text)?.[0] ?? '\n'
    const document = parseDocument(text, { lineCounter: this.#lines, uniqueKeys: false, prettyErrors: false })
    if (document.errors.length > 0) throw new NotEditable('it is not YAML that can be read')
    this.#root = document.contents
  }

  insert(branch: Branch): string {
    if (!isMap(this.#root)) throw new NotEditable('it is no mapping')
    this.#step = this.#stepOf(this.#root)
    this.#edit(this.#root, branch)
    // The later ones first, so that positions hold; of one place the order of their coming.
    const ordered = this.#splices.map((splice, index) => ({ ...splice, index }))
    ordered.sort((a, b) => b.from - a.from || b.index - a.index)
    return ordered.reduce((text, { from, to, text: added }) => text.slice(0, from) + added + text.slice(to), this.#text)
  }

  /** Deeper additions come before those of the mapping itself, which end up behind them. */
  #edit(map: YAMLMap, branch: Branch): void {
    const pairs = new Map((map.items as Pair<Node, Node | null>[]).map((pair) => [keyText(pair.key), pair] as const))
    const missing = new Map([...branch].filter(([key]) => !pairs.has(key)))
    for (const [key, below] of branch) {
      const pair = pairs.get(key)
      if (pair !== undefined && typeof below !== 'string') this.#below(map, pair, below)
    }
    if (missing.size === 0) return
    if (isBraced(map)) this.#intoBraces(map, missing)
    else this.#intoBlock(map, missing)
  }

  #below(map: YAMLMap, pair: Pair<Node, Node | null>, branch: Branch): void {
    const { key, value } = pair
    if (isAlias(value)) throw new NotEditable(`${keyText(key) ?? 'a key'} is an alias`)
    const isEmpty = isNull(value) || (isMap(value) && value.items.length === 0 && this.#isPlainBraces(value))
    if (isEmpty && !isBraced(map)) this.#intoEmpty(map, pair, branch)
    else if (isMap(value)) this.#edit(value, branch)
    else throw new NotEditable(`${keyText(key) ?? 'a key'} is no mapping`)
  }

  #intoBlock(map: YAMLMap, added: Branch): void {
    const column = this.#columnAt(startOf(map))
    const gap = this.#hasGaps(map) ? this.#eol : ''
    const blocks = [...added].map(([key, value]) => gap + this.#blockLines(new Map([[key, value]]), column))
    this.#splice(this.#lineEndAfter(this.#endOf(map)), blocks.join(''))
  }

  /** `key:`, `key: {}` and `key: null` become `key:` with lines below. What is on the line behind them stays. */
  #intoEmpty(map: YAMLMap, { key, value }: Pair<Node, Node | null>, branch: Branch): void {
    const column = this.#columnAt(startOf(map)) + this.#step
    const [from, to] = value?.range ?? [0, 0]
    const isWritten = value !== null && to > from
    if (isWritten) {
      const before = /[ \t]*$/.exec(this.#text.slice(0, from))?.[0].length ?? 0
      this.#splices.push({ from: from - before, to, text: '' })
    }
    const end = isWritten ? to : (key.range?.[1] ?? 0)
    this.#splice(this.#lineEndAfter(end), this.#blockLines(branch, column))
  }

  #intoBraces(map: YAMLMap, added: Branch): void {
    const [start, end] = map.range ?? [0, 0]
    const isJson = this.#usesJsonKeys(map)
    const items = [...added].map(([key, value]) => bracedPair(key, value, isJson))
    const last = (map.items as Pair<Node, Node | null>[]).at(-1)
    const lastEnd = last === undefined ? start + 1 : this.#pairEnd(last)
    const comma = last === undefined ? undefined : this.#commaBetween(lastEnd, end - 1)
    const separator = last === undefined || comma !== undefined ? '' : ','
    const at = comma === undefined ? lastEnd : comma + 1
    const isOneLine = !this.#text.slice(start, end).includes('\n')
    const inline = `${separator} ${items.join(', ')}${last === undefined && this.#text[at] === '}' ? ' ' : ''}`
    if (isOneLine && this.#lineLength(start) + inline.length <= WIDEST_LINE) {
      this.#splice(at, inline)
      return
    }
    const indent = ' '.repeat(this.#indentInside(map, isOneLine))
    const lines = items.map((item) => this.#eol + indent + item).join(',')
    if (separator !== '') this.#splice(lastEnd, separator)
    const isClosedOnTheLine = this.#lineEndAfter(at) >= end
    this.#splice(isClosedOnTheLine ? at : this.#lineEndAfter(at), lines + (comma === undefined ? '' : ','))
  }

  #blockLines(branch: Branch, column: number): string {
    return [...branch]
      .map(([key, value]) => {
        const line = `${this.#eol}${' '.repeat(column)}${quotedKey(key)}:`
        return typeof value === 'string' ? `${line} ${value}` : line + this.#blockLines(value, column + this.#step)
      })
      .join('')
  }

  #splice(at: number, text: string): void {
    this.#splices.push({ from: at, to: at, text })
  }

  /** Of the last character that belongs to the mapping: comments and blank lines behind it do not. */
  #endOf(node: Node | null): number {
    if (isMap(node) && !isBraced(node)) {
      const last = (node.items as Pair<Node, Node | null>[]).at(-1)
      if (last !== undefined) return this.#pairEnd(last)
    }
    return node?.range?.[1] ?? 0
  }

  #pairEnd({ key, value }: Pair<Node, Node | null>): number {
    const isAbsent = value === null || (isNull(value) && value.range?.[0] === value.range?.[1])
    return isAbsent ? (key.range?.[1] ?? 0) : this.#endOf(value)
  }

  /** Before the line break; a block text has that behind it already. */
  #lineEndAfter(offset: number): number {
    const next = this.#text[offset - 1] === '\n' ? offset - 1 : this.#text.indexOf('\n', offset)
    if (next === -1) return this.#text.length
    return this.#text[next - 1] === '\r' ? next - 1 : next
  }

  #columnAt(offset: number): number {
    return this.#lines.linePos(offset).col - 1
  }

  #lineLength(offset: number): number {
    const start = this.#text.lastIndexOf('\n', offset - 1) + 1
    return this.#lineEndAfter(offset) - start
  }

  /** Of its own keys, where they stand below each other; else one step in from its line. */
  #indentInside(map: YAMLMap, isOneLine: boolean): number {
    const last = (map.items as Pair<Node>[]).at(-1)
    const start = isOneLine ? undefined : last?.key.range?.[0]
    const line = (offset: number): string => this.#text.slice(this.#text.lastIndexOf('\n', offset - 1) + 1, offset)
    if (start !== undefined && /^\s*$/.test(line(start))) return line(start).length
    const own = /^ */.exec(line(startOf(map)))?.[0].length ?? 0
    return own + this.#step
  }

  /** Whether its last two keys have a blank line between them. */
  #hasGaps(map: YAMLMap): boolean {
    const [before, last] = (map.items as Pair<Node, Node | null>[]).slice(-2)
    if (before === undefined || last === undefined) return false
    return /\n[ \t]*\r?\n/.test(this.#text.slice(this.#pairEnd(before), last.key.range?.[0] ?? 0))
  }

  #stepOf(root: YAMLMap): number {
    for (const { value } of root.items as Pair<Node, Node | null>[]) {
      if (!isMap(value) || isBraced(value)) continue
      const step = this.#columnAt(startOf(value)) - this.#columnAt(startOf(root))
      if (step > 0) return step
    }
    return 2
  }

  /** `{}`, with nothing but blanks in it. */
  #isPlainBraces(map: YAMLMap): boolean {
    const [start = 0, end = 0] = map.range ?? []
    return map.anchor === undefined && map.tag === undefined && /^\{[ \t]*\}$/.test(this.#text.slice(start, end))
  }

  #usesJsonKeys(map: YAMLMap): boolean {
    const own = map.items.at(-1)?.key
    const [first] = isMap(this.#root) && isBraced(this.#root) ? this.#root.items : []
    const key = own ?? first?.key
    return isScalar(key) && key.type === 'QUOTE_DOUBLE'
  }

  /** Of a comma behind the last key; what stands in comments is none. */
  #commaBetween(from: number, to: number): number | undefined {
    const text = this.#text.slice(from, to).replaceAll(/#[^\n]*/g, (comment) => ' '.repeat(comment.length))
    const at = text.indexOf(',')
    return at === -1 ? undefined : from + at
  }
}

function bracedPair(key: string, value: Branch | string, isJson: boolean): string {
  const name = isJson ? JSON.stringify(key) : quotedKey(key)
  if (typeof value !== 'string') {
    const inner = [...value].map(([below, one]) => bracedPair(below, one, isJson))
    return `${name}: { ${inner.join(', ')} }`
  }
  return `${name}: ${isJson ? value.replaceAll(/\b([a-z]+):/g, '"$1":') : value}`
}

function isBraced(map: YAMLMap): boolean {
  return map.flow === true
}

function isNull(node: Node | null | undefined): boolean {
  return node === null || node === undefined || (isScalar(node) && node.value === null)
}

function startOf(node: Node): number {
  return node.range?.[0] ?? 0
}
