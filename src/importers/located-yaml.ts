/**
 * YAML text -> a tree in which everything knows its lines, with aliases and merges (`<<`) resolved.
 *
 * Invariants: the tree is small however often aliases repeat a part (they share it), has no cycles, and is not deeper
 * than people write. What is wrong is a finding with its place, and the rest of the file is read; only a file that is no
 * YAML at all gives nothing. Findings never quote the file, so texts of the YAML library are not passed on.
 *
 * Scalars stay as they are written; what a reader makes of `0123` or `yes` is the reader's (`plain-scalar.ts`).
 */
import {
  type CST,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseAllDocuments,
  Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import { describeSyntaxError } from '../hub/syntax-errors.ts'
import type { Finding } from './found.ts'

export interface Span {
  readonly line: number
  readonly column: number
  readonly lastLine: number
  /** Nothing else stands on these lines, and nothing elsewhere needs them: they may be taken out. */
  readonly isRemovable: boolean
}

export interface YamlItem {
  readonly node: YamlNode
  /** From the key, or the dash, to the end of the value. */
  readonly span: Span
}

export interface YamlScalar {
  readonly kind: 'scalar'
  readonly text: string
  /** Without quotes: it may mean a number, a boolean or nothing. */
  readonly isPlain: boolean
  readonly tag: string | undefined
}

export interface YamlMap {
  readonly kind: 'map'
  readonly entries: ReadonlyMap<string, YamlItem>
  readonly tag: string | undefined
}

export interface YamlList {
  readonly kind: 'list'
  readonly items: readonly YamlItem[]
  readonly tag: string | undefined
}

export type YamlNode = YamlScalar | YamlMap | YamlList

export interface LocatedYamlOptions {
  /** As people know it, for findings. */
  readonly shown: string
  readonly text: string
  /** Line of the file at which the text begins, for YAML inside of YAML. Default: 1. */
  readonly firstLine?: number
  readonly findings: Finding[]
}

/** The documents of a text, without empty ones. None when it is no YAML. */
export function readLocatedYaml({ shown, text, firstLine = 1, findings }: LocatedYamlOptions): YamlNode[] {
  const lines = new LineCounter()
  const parsed = parseAllDocuments(text, {
    lineCounter: lines,
    keepSourceTokens: true,
    prettyErrors: false,
    schema: 'failsafe',
    // Duplicates are found below: the library compares each key with all others of its mapping.
    uniqueKeys: false,
  })
  const documents: Document.Parsed[] = Array.isArray(parsed) ? parsed : []
  const reader = new TreeReader({ shown, text, firstLine, findings, lines })
  const errors = documents.flatMap((document) => document.errors)
  for (const { code, pos } of errors.slice(0, MOST_ERRORS))
    reader.report(pos[0], 'import-yaml', describeSyntaxError(code))
  if (errors.length > 0) return []
  return documents.flatMap(({ contents }) => (contents === null ? [] : [reader.read(contents)]))
}

/** One slip of the pen may make many. */
const MOST_ERRORS = 5
/** Far beyond any file that people write; keeps aliases from multiplying into gigabytes. */
const MOST_NODES = 1_000_000
const DEEPEST = 64
const MERGE = '<<'

const NOTHING: YamlScalar = { kind: 'scalar', text: '', isPlain: true, tag: undefined }

interface Built {
  readonly node: YamlNode
  /** With everything that aliases repeat. */
  readonly nodes: number
}

class TreeReader {
  readonly #shown: string
  readonly #text: string
  readonly #firstLine: number
  readonly #findings: Finding[]
  readonly #lines: LineCounter
  readonly #anchors = new Map<string, Node>()
  readonly #built = new Map<Node, Built>()
  readonly #open = new Set<Node>()
  #nodes = 0
  #isFull = false

  constructor(options: Required<LocatedYamlOptions> & { readonly lines: LineCounter }) {
    this.#shown = options.shown
    this.#text = options.text
    this.#firstLine = options.firstLine
    this.#findings = options.findings
    this.#lines = options.lines
  }

  report(
    offset: number,
    code: string,
    { text, hint }: { readonly text: string; readonly hint?: string | undefined },
  ): void {
    const { line, column } = this.#position(offset)
    this.#findings.push({
      severity: 'error',
      code,
      where: `${this.#shown}:${line}:${column}`,
      id: undefined,
      text,
      hint,
    })
  }

  read(node: Node): YamlNode {
    const target = this.#meet(node)
    if (target === undefined) return this.#refuse(node, 'this alias has no anchor above it')
    if (this.#open.has(target)) return this.#refuse(node, 'this alias stands inside of what it means')
    if (this.#open.size > DEEPEST) return this.#refuse(node, `this is nested deeper than ${DEEPEST} levels`)
    const known = this.#built.get(target)
    const nodes = known?.nodes ?? 1
    if (this.#nodes + nodes > MOST_NODES) return this.#overflow(node)
    this.#nodes += nodes
    if (known !== undefined) return known.node
    const before = this.#nodes
    this.#open.add(target)
    const built = this.#build(target)
    this.#open.delete(target)
    if (anchorOf(target) !== undefined) this.#built.set(target, { node: built, nodes: this.#nodes - before + 1 })
    return built
  }

  #build(target: Node): YamlNode {
    if (isMap(target)) return this.#map(target as YAMLMap<Node, Node | null>)
    if (isSeq(target)) return this.#list(target as YAMLSeq<Node>)
    if (!isScalar(target)) return NOTHING
    return {
      kind: 'scalar',
      text: typeof target.value === 'string' ? target.value : (target.source ?? ''),
      isPlain: target.type === Scalar.PLAIN || target.type === undefined,
      tag: target.tag,
    }
  }

  #list(list: YAMLSeq<Node>): YamlList {
    const items = list.items.map((item, index): YamlItem => {
      const source = (list.srcToken as CST.BlockSequence | CST.FlowCollection | undefined)?.items[index]
      return { node: this.read(item), span: this.#span(source, item, list.flow === true) }
    })
    return { kind: 'list', items, tag: list.tag }
  }

  #map(map: YAMLMap<Node, Node | null>): YamlMap {
    const own = new Map<string, YamlItem>()
    const merged = new Map<string, YamlItem>()
    const seen = new Map<string, number>()
    for (const pair of map.items) {
      const name = this.#keyOf(pair)
      if (name === undefined) continue
      const span = this.#span(pair.srcToken, pair.value ?? pair.key, map.flow === true)
      const first = seen.get(name)
      if (first === undefined) seen.set(name, span.line)
      else this.report(pair.key.range?.[0] ?? 0, 'import-duplicate-key', duplicate(first))
      const node = pair.value === null ? NOTHING : this.read(pair.value)
      if (name === MERGE) this.#merge(pair, node, merged)
      else own.set(name, { node, span })
    }
    return { kind: 'map', entries: new Map([...merged, ...own]), tag: map.tag }
  }

  /** What stands in the mapping itself wins, then the first of a list. */
  #merge(pair: Pair<Node, Node | null>, node: YamlNode, merged: Map<string, YamlItem>): void {
    const sources = node.kind === 'list' ? node.items.map((item) => item.node) : [node]
    for (const source of sources) {
      if (source.kind !== 'map') {
        this.report(pair.key.range?.[0] ?? 0, 'import-yaml', {
          text: 'only a mapping, or a list of mappings, can be merged',
          hint: 'write <<: *anchor, or <<: [*first, *second]',
        })
        continue
      }
      for (const [name, item] of source.entries) if (!merged.has(name)) merged.set(name, item)
    }
  }

  #keyOf({ key }: Pair<Node, Node | null>): string | undefined {
    const target = this.#meet(key)
    if (isScalar(target)) return typeof target.value === 'string' ? target.value : (target.source ?? '')
    this.report(key.range?.[0] ?? 0, 'import-yaml', { text: 'this cannot be a key', hint: 'write a plain name' })
    return undefined
  }

  /** Nodes have to be met in the order of the file: an alias means the last anchor of its name above it. */
  #meet(node: Node): Node | undefined {
    if (isAlias(node)) return this.#anchors.get(node.source)
    const anchor = anchorOf(node)
    if (anchor !== undefined) this.#anchors.set(anchor, node)
    return node
  }

  #span(source: CST.CollectionItem | undefined, end: Node, isFlow: boolean): Span {
    const mark = source?.start.find(({ type }) => type === 'seq-item-ind' || type === 'explicit-key-ind')
    const start = mark?.offset ?? source?.key?.offset ?? end.range?.[0] ?? 0
    // A block scalar ends behind its line break; blank lines below it go with nobody.
    const stop = start + this.#text.slice(start, Math.max(end.range?.[1] ?? start, start + 1)).trimEnd().length
    const { line, column } = this.#position(start)
    const lastLine = this.#position(Math.max(stop - 1, start)).line
    return { line, column, lastLine, isRemovable: !isFlow && this.#beginsLine(start) && anchorOf(end) === undefined }
  }

  #beginsLine(offset: number): boolean {
    return offset === 0 || this.#text.slice(this.#text.lastIndexOf('\n', offset - 1) + 1, offset).trim() === ''
  }

  #position(offset: number): { readonly line: number; readonly column: number } {
    const { line, col } = this.#lines.linePos(offset)
    return { line: Math.max(line, 1) + this.#firstLine - 1, column: Math.max(col, 1) }
  }

  #refuse(node: Node, text: string): YamlScalar {
    this.report(node.range?.[0] ?? 0, 'import-yaml', { text })
    return NOTHING
  }

  #overflow(node: Node): YamlScalar {
    if (!this.#isFull) {
      const text = 'aliases make this file too large; what this one means is left out'
      this.report(node.range?.[0] ?? 0, 'import-yaml-size', { text })
    }
    this.#isFull = true
    return NOTHING
  }
}

function duplicate(first: number): { readonly text: string; readonly hint: string } {
  return { text: `this key stands twice in its mapping; the first is in line ${first}`, hint: 'remove one of the two' }
}

function anchorOf(node: Node | undefined): string | undefined {
  return isScalar(node) || isMap(node) || isSeq(node) ? node.anchor : undefined
}
