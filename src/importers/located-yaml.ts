/**
 * YAML text -> the tree of `located-tree.ts`: aliases and merges (`<<`) resolved, everything knows its lines, scalars
 * stay as they are written, because what `no` or `012` means depends on who reads the file.
 *
 * Invariants: the work is bounded whatever the text holds (depth before the parser recurses, size with every alias
 * counted in full); a document that is not well formed gives nothing but a finding; findings name places and never quote
 * the text. What an alias or a merge brings has the place where it is written out.
 */
import {
  Composer,
  type CST,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  Parser,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import type { Finding } from './found.ts'
import type { Span, YamlItem, YamlMap, YamlNode } from './located-tree.ts'

export interface LocatedYamlOptions {
  /** As people know it, for findings. */
  readonly shown: string
  readonly text: string
  readonly findings: Finding[]
}

const DEEPEST = 64
const MOST_NODES = 100_000

/** Every document of the text; none, with findings, where it is no YAML. */
export function readLocatedYaml({ shown, text, findings }: LocatedYamlOptions): readonly YamlNode[] {
  const lines = new LineCounter()
  const tokens = [...new Parser(lines.addNewLine).parse(text)]
  const finding = (offset: number, code: string, said: string, hint: string): Finding => {
    const { line, col } = lines.linePos(offset)
    return { severity: 'error', code, where: `${shown}:${line}:${col}`, id: undefined, text: said, hint }
  }
  const deep = tooDeep(tokens)
  if (deep !== undefined) {
    findings.push(finding(deep, 'import-yaml-size', `this is nested deeper than ${DEEPEST} levels`, FLATTEN))
    return []
  }
  // `failsafe`: every scalar is text.
  const composer = new Composer({ schema: 'failsafe', uniqueKeys: false, prettyErrors: false, keepSourceTokens: true })
  return [...composer.compose(tokens)].flatMap((document) => {
    const [error] = document.errors
    if (error !== undefined) {
      const said = PROBLEMS[error.code] ?? 'the YAML is not well formed here'
      findings.push(finding(error.pos[0], 'import-yaml', said, 'correct it; nothing of this document was read'))
      return []
    }
    const tree = new Tree(lines)
    try {
      const node = tree.root(document)
      for (const { offset, first } of tree.duplicates) {
        const said = `this key stands twice in its mapping; the first is in line ${first}, and this one is taken`
        findings.push(finding(offset, 'import-duplicate-key', said, 'remove one of the two'))
      }
      return [node]
    } catch (problem) {
      if (!(problem instanceof YamlProblem)) throw problem
      findings.push(finding(problem.offset, problem.code, problem.message, problem.hint))
      return []
    }
  })
}

const FLATTEN = 'no file that people write needs that; nothing of it was read'

/** By the parser's code; its own words quote the text. */
const PROBLEMS: Readonly<Record<string, string>> = {
  BAD_ALIAS: 'an alias names no anchor, or stands where none may stand',
  BAD_INDENT: 'the indentation is wrong here',
  BLOCK_AS_IMPLICIT_KEY: 'a key of several lines stands here; is a colon or a line break missing above?',
  MISSING_CHAR: 'a closing quote, bracket or comma is missing here',
  MULTILINE_IMPLICIT_KEY: 'a key runs over several lines here; is a colon missing?',
  TAB_AS_INDENT: 'a tab stands where only blanks may indent',
  UNEXPECTED_TOKEN: 'something stands here that YAML does not allow; does a text need quotes?',
}

/** Leaves the recursion; never leaves this file. */
class YamlProblem extends Error {
  readonly code: 'import-yaml' | 'import-yaml-size'
  readonly offset: number
  readonly hint: string

  constructor(code: 'import-yaml' | 'import-yaml-size', offset: number, message: string, hint: string) {
    super(message)
    this.code = code
    this.offset = offset
    this.hint = hint
  }
}

/** Where the tokens are nested too deep, found without recursion: the composer recurses. */
function tooDeep(tokens: readonly CST.Token[]): number | undefined {
  let level: CST.Token[] = tokens.flatMap((token) => (token.type === 'document' && token.value ? [token.value] : []))
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > DEEPEST) return level[0]?.offset
    level = level.flatMap((token) =>
      'items' in token ? token.items.flatMap(({ key, value }) => [key, value].filter(isThere)) : [],
    )
  }
  return undefined
}

function isThere(token: CST.Token | null | undefined): token is CST.Token {
  return token !== null && token !== undefined
}

/** A node, and how many it is with every alias written out. */
interface Sized {
  readonly node: YamlNode
  readonly size: number
}

class Tree {
  readonly duplicates: { readonly offset: number; readonly first: number }[] = []
  readonly #lines: LineCounter
  readonly #anchors = new Map<string, Sized | 'open'>()

  constructor(lines: LineCounter) {
    this.#lines = lines
  }

  root({ contents }: Document.Parsed): YamlNode {
    return this.#read(contents).node
  }

  #read(source: unknown): Sized {
    if (isAlias(source)) return this.#aliased(source.source, source.range?.[0] ?? 0)
    const anchor = isMap(source) || isSeq(source) || isScalar(source) ? source.anchor : undefined
    if (anchor !== undefined) this.#anchors.set(anchor, 'open')
    const read = this.#plainRead(source)
    if (read.size > MOST_NODES) {
      const said = `this is more than ${MOST_NODES} values when its aliases are written out`
      throw new YamlProblem('import-yaml-size', offsetOf(source), said, FLATTEN)
    }
    if (anchor !== undefined) this.#anchors.set(anchor, read)
    return read
  }

  #plainRead(source: unknown): Sized {
    if (isMap(source)) return this.#map(source)
    if (isSeq(source)) return this.#list(source)
    if (isScalar(source)) {
      const { type, tag } = source
      return { node: { kind: 'scalar', text: source.source ?? '', isPlain: type === 'PLAIN', tag }, size: 1 }
    }
    return { node: NOTHING, size: 1 }
  }

  #aliased(name: string, offset: number): Sized {
    const anchored = this.#anchors.get(name)
    if (anchored !== undefined && anchored !== 'open') return anchored
    const said =
      anchored === 'open' ? 'an alias stands inside of what it stands for' : 'an alias names no anchor above it'
    throw new YamlProblem('import-yaml', offset, said, 'write it out; nothing of this document was read')
  }

  #list(source: YAMLSeq): Sized {
    const dashes = dashesOf(source)
    let size = 1
    const items = source.items.map((item, index): YamlItem => {
      const read = this.#read(item)
      size += read.size
      const offset = dashes?.[index] ?? offsetOf(item)
      return { node: read.node, span: this.#span(offset, endOf(item) ?? offset) }
    })
    return { node: { kind: 'list', items, tag: source.tag }, size }
  }

  #map(source: YAMLMap): Sized {
    const entries = new Map<string, YamlItem>()
    const merged: YamlMap[] = []
    let size = 1
    for (const { key, value } of source.items as readonly Pair[]) {
      const name = this.#key(key)
      const read = this.#read(value)
      size += read.size + 1
      if (name === '<<' && isPlainScalar(key)) {
        merged.push(...this.#mergeable(read.node, offsetOf(key)))
        continue
      }
      const offset = offsetOf(key)
      const first = entries.get(name)
      if (first !== undefined) this.duplicates.push({ offset, first: first.span.line })
      entries.set(name, { node: read.node, span: this.#span(offset, endOf(value) ?? endOf(key) ?? offset) })
    }
    // What the mapping has itself wins, then what is merged first.
    for (const { entries: more } of merged) {
      for (const [name, item] of more) if (!entries.has(name)) entries.set(name, item)
    }
    return { node: { kind: 'map', entries, tag: source.tag }, size }
  }

  #key(key: unknown): string {
    const { node } = this.#read(key)
    if (node.kind === 'scalar') return node.text
    throw new YamlProblem('import-yaml', offsetOf(key), 'this key is no text', 'write a name as key')
  }

  #mergeable(node: YamlNode, offset: number): readonly YamlMap[] {
    if (node.kind === 'map') return [node]
    if (node.kind === 'list') return node.items.flatMap((item) => this.#mergeable(item.node, offset))
    throw new YamlProblem('import-yaml', offset, 'what is merged here is no mapping', 'name the anchor of a mapping')
  }

  #span(start: number, end: number): Span {
    const { line, col } = this.#lines.linePos(start)
    // The end is behind the last character, which may be the line break.
    const last = this.#lines.linePos(Math.max(start, end - 1)).line
    return { line, column: col, lastLine: last }
  }
}

/** Where each item of a block list begins; a flow list has no dashes. */
function dashesOf({ srcToken: token }: YAMLSeq): readonly (number | undefined)[] {
  if (token?.type !== 'block-seq') return []
  return token.items.map(({ start }) => start.find(({ type }) => type === 'seq-item-ind')?.offset)
}

const NOTHING: YamlNode = { kind: 'scalar', text: '', isPlain: true, tag: undefined }

function isPlainScalar(node: unknown): boolean {
  return isScalar(node) && node.type === 'PLAIN' && node.tag === undefined
}

function rangeOf(node: unknown): readonly [number, number, number] | undefined {
  return isAlias(node) || isMap(node) || isSeq(node) || isScalar(node) ? (node.range ?? undefined) : undefined
}

function offsetOf(node: unknown): number {
  return rangeOf(node)?.[0] ?? 0
}

function endOf(node: unknown): number | undefined {
  return rangeOf(node)?.[1]
}

const INTEGER = /^(?<sign>[-+]?)(?<digits>\d+)$/
const BASED = /^0(?:o[0-7]+|x[\da-fA-F]+)$/
const FLOAT = /^(?<sign>[-+]?)(?<body>(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?)$/

/**
 * What a plain scalar means by the core schema of YAML 1.2, as JSON text that keeps every digit; undefined where it is
 * text. Infinities and NaN are written as Python's `json` writes them.
 */
export function yamlPlain(text: string): string | undefined {
  if (/^(?:~|null|Null|NULL|)$/.test(text)) return 'null'
  if (/^(?:true|True|TRUE|false|False|FALSE)$/.test(text)) return text.toLowerCase()
  if (BASED.test(text)) return BigInt(text).toString()
  const integer = INTEGER.exec(text)?.groups
  if (integer !== undefined) return `${minus(integer['sign'])}${integer['digits']?.replace(/^0+(?=\d)/, '')}`
  const float = FLOAT.exec(text)?.groups
  if (float !== undefined) return `${minus(float['sign'])}${jsonFloat(float['body'] ?? '')}`
  if (/^[-+]?\.(?:inf|Inf|INF)$/.test(text)) return `${minus(text.charAt(0))}Infinity`
  return /^\.(?:nan|NaN|NAN)$/.test(text) ? 'NaN' : undefined
}

function minus(sign: string | undefined): string {
  return sign === '-' ? '-' : ''
}

/** JSON wants a digit on both sides of the point, and no zeros before. */
function jsonFloat(body: string): string {
  const [whole, rest] = splitAt(body, body.search(/[.eE]/))
  const digits = whole.replace(/^0+(?=\d)/, '')
  return `${digits === '' ? '0' : digits}${rest.replace(/^\.(?=$|[eE])/, '')}`
}

function splitAt(text: string, at: number): readonly [string, string] {
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at)]
}
