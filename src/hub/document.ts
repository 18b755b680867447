/**
 * YAML text -> plain data, with the position of everything in it.
 *
 * Invariant: what comes out is JSON (no dates, no infinities, no numbers that lost digits, no aliases, keys are texts),
 * or there is an error that says where it is not. Texts of the YAML library are not passed on: they may quote the file.
 *
 * YAML 1.2 core. Anchors and aliases work; merge keys (`<<`) do not.
 */
import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  type YAMLMap,
} from 'yaml'
import type { Json } from '../sensitive/index.ts'
import type { Position } from './hub.ts'
import { type Complaint, type DocPath, Findings, type Spot } from './messages.ts'
import { hasAnchor, keyText, NodeIndex } from './node-index.ts'
import { describeSyntaxError } from './syntax-errors.ts'

export interface HubDocument {
  /** Undefined when the text is not YAML, or has something that JSON has not. */
  readonly plain: Json | undefined
  /** Every later message is added to these. */
  readonly findings: Findings
  /** Of the key or value, or of the nearest thing around it. */
  locate(spot: Spot): Position
  /** Whether the file has something there, be it of the wrong kind. */
  has(path: DocPath): boolean
}

/** Far beyond any hub; keeps aliases from multiplying into gigabytes and nesting from exhausting the stack. */
const MOST_NODES = 1_000_000
const DEEPEST = 64

/** What the YAML library makes of a text; whoever reads it does not change it. */
export interface ParsedText {
  readonly document: Document.Parsed
  readonly lines: LineCounter
}

/** The dear part of reading: a text that is to be read twice is parsed once. */
export function parseText(text: string): ParsedText {
  const lines = new LineCounter()
  // Duplicates are found below: the library compares each key with all others of its mapping.
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: false, prettyErrors: false })
  return { document, lines }
}

export function readDocument(file: string, { document, lines }: ParsedText): HubDocument {
  const root: Node | undefined = document.contents ?? undefined
  const positionOf = (offset: number): Position => {
    const { line, col } = lines.linePos(offset)
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const index = new NodeIndex(root)
  const locate = (spot: Spot): Position => positionOf(index.offsetOf(spot))
  const findings = new Findings(locate)
  const broken = [...document.errors, ...document.warnings]
  for (const { code, pos } of broken) findings.errorAt(positionOf(pos[0]), [], describeSyntaxError(code))
  if (broken.length > 0) return { plain: undefined, findings, locate, has: () => false }
  const reader = new NodeReader(index, findings, positionOf)
  const plain = reader.read(root)
  return {
    plain: reader.isRefused ? undefined : plain,
    findings,
    locate,
    has: (path) => index.find(path) !== undefined,
  }
}

class NodeReader {
  readonly #index: NodeIndex
  readonly #findings: Findings
  readonly #positionOf: (offset: number) => Position
  readonly #done = new Map<Node, { readonly value: Json; readonly nodes: number }>()
  readonly #open = new Set<Node>()
  /** Of the node that is being read. */
  readonly #path: (string | number)[] = []
  #nodes = 0
  #isRefused = false

  constructor(index: NodeIndex, findings: Findings, positionOf: (offset: number) => Position) {
    this.#index = index
    this.#findings = findings
    this.#positionOf = positionOf
  }

  /** Something in the file has no counterpart in JSON: the data has a hole there. */
  get isRefused(): boolean {
    return this.#isRefused
  }

  read(node: Node | null | undefined): Json {
    if (node === null || node === undefined || this.#nodes > MOST_NODES) return null
    const target = this.#index.meet(node)
    if (target === undefined) return this.#refuse('this alias has no anchor above it')
    if (this.#open.has(target)) return this.#refuse('this alias stands inside of what it means')
    if (this.#path.length > DEEPEST) return this.#refuse(`this is nested deeper than ${DEEPEST} levels`)
    const before = this.#nodes
    const known = this.#done.get(target)
    this.#nodes += known === undefined ? 1 : known.nodes
    if (this.#nodes > MOST_NODES) return this.#refuse('aliases make this file too large')
    if (known !== undefined) return known.value
    if (isScalar(target)) return this.#scalar(target)
    this.#open.add(target)
    const value = isMap(target) ? this.#map(target) : isSeq(target) ? this.#list(target.items as Node[]) : null
    this.#open.delete(target)
    if (hasAnchor(target)) this.#done.set(target, { value, nodes: this.#nodes - before })
    return value
  }

  #below(part: string | number, node: Node | null | undefined): Json {
    this.#path.push(part)
    const value = this.read(node)
    this.#path.pop()
    return value
  }

  #list(items: readonly (Node | null)[]): Json {
    return items.map((item, position) => this.#below(position, item))
  }

  #map(map: YAMLMap): Json {
    const plain: Record<string, Json> = {}
    const slots = this.#index.slotsOf(map)
    for (const { key, value } of map.items as Pair<Node, Node | null>[]) {
      this.#index.meet(key)
      const name = keyText(key)
      if (name === undefined || name === '__proto__') {
        this.#isRefused = true
        this.#findings.errorAt(this.#start(key), [...this.#path], BAD_KEY)
      } else if (slots.get(name)?.key === key) {
        plain[name] = this.#below(name, value)
      } else {
        const { line } = this.#start(slots.get(name)?.key)
        const text = `this key stands twice in its mapping; the first is in line ${line}`
        const complaint = { code: 'hub-duplicate-key', text, hint: 'remove one of the two' } as const
        this.#findings.errorAt(this.#start(key), [...this.#path, name], complaint)
      }
    }
    return plain
  }

  #start(node: Node | undefined): Position {
    return this.#positionOf(node?.range?.[0] ?? 0)
  }

  #scalar(scalar: Scalar): Json {
    const { value } = scalar
    if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value
    if (typeof value !== 'number')
      return this.#refuse('this is no text, number, true, false or null', 'put it in quotes')
    const complaint = numberComplaint(value, scalar.source ?? '')
    if (complaint === undefined) return value
    const { text, lossy } = complaint
    const hint = 'put it in quotes to keep it as it is written'
    const spot = { path: [...this.#path], on: 'value' } as const
    this.#findings[lossy ? 'error' : 'warning'](spot, { code: 'hub-number', text, hint })
    return lossy ? 0 : value
  }

  #refuse(text: string, hint?: string): null {
    this.#isRefused = true
    this.#findings.error({ path: [...this.#path], on: 'value' }, { code: 'hub-yaml', text, hint })
    return null
  }
}

const BAD_KEY: Complaint = { code: 'hub-yaml', text: 'this cannot be a key', hint: 'write a plain name' }

interface NumberComplaint {
  readonly text: string
  /** What was written cannot be told from what was read. */
  readonly lossy: boolean
}

function numberComplaint(value: number, source: string): NumberComplaint | undefined {
  if (!Number.isFinite(value)) return { text: 'infinity and "not a number" cannot be stored', lossy: true }
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    return { text: 'this number has more digits than can be kept', lossy: true }
  }
  if (String(value) === source) return undefined
  // `007`, `1.10`, `0x1F`: YAML reads a number, and what was meant may be a text.
  return { text: 'this is read as a number and loses the form in which it is written', lossy: false }
}
