/**
 * Where a compose file sets environment variables: entries of mappings (`NAME: value`) and of lists (`- NAME=value`),
 * with the lines or the span of a flow collection that each takes. Pure.
 *
 * Any mapping and any list may hold them (`environment`, an `x-…` block that is merged elsewhere): what a name in a line
 * means was decided by whoever read the file.
 *
 * Invariant: removing the whole of `start` to `end` of a block entry takes away that entry and nothing else; where the
 * entry shares its first line with something, `isAlone` is false.
 */
import { type Alias, type CST, type Document, isAlias, isMap, isScalar, isSeq, parseDocument, type Scalar } from 'yaml'
import type { YAMLMap, YAMLSeq } from 'yaml'
import { type Sensitive, sensitive } from '../sensitive/index.ts'

export interface Item {
  readonly name: string
  readonly form: 'map' | 'list'
  readonly collection: YAMLMap | YAMLSeq
  /** Among the collection's items. */
  readonly index: number
  /** Undefined in block style; otherwise the outermost flow collection around it. */
  readonly flowStart: number | undefined
  /** Block: from the first column of the entry to the end of its last line. Flow: the entry without its commas. */
  readonly start: number
  readonly end: number
  /** Nothing but blanks stands before it on its line. */
  readonly isAlone: boolean
  /** Undefined for a name without a value, and for an alias. */
  readonly value: Sensitive<string> | undefined
  readonly alias: AnchorUse | undefined
  /** Below a key `x-…` of the file. */
  readonly isExtension: boolean
}

export interface Anchor {
  readonly name: string
  readonly offset: number
  /** The entry of which it is the name or the value. */
  host: Item | undefined
}

export interface AnchorUse {
  readonly offset: number
  readonly anchor: Anchor | undefined
}

export interface ComposeItems {
  readonly document: Document.Parsed
  readonly items: readonly Item[]
  readonly uses: readonly AnchorUse[]
  readonly anchors: readonly Anchor[]
  /** Where `{}` goes when a block collection loses all its entries; undefined: nowhere. */
  readonly emptyAt: ReadonlyMap<YAMLMap | YAMLSeq, number>
}

/** Undefined when the text is no YAML. */
export function composeItems(text: string): ComposeItems | undefined {
  const document = parseDocument(text, { keepSourceTokens: true, uniqueKeys: false, prettyErrors: false })
  if (document.errors.length > 0) return undefined
  const walker = new Walker(text)
  walker.walk(document.contents, undefined, undefined, false)
  return { document, items: walker.items, uses: walker.uses, anchors: walker.anchors, emptyAt: walker.emptyAt }
}

type Tokens = readonly CST.SourceToken[]
type Collection = YAMLMap | YAMLSeq

class Walker {
  readonly items: Item[] = []
  readonly uses: AnchorUse[] = []
  readonly anchors: Anchor[] = []
  readonly emptyAt: Map<Collection, number> = new Map()
  readonly #text: string
  readonly #latest = new Map<string, Anchor>()
  #depth = 0

  constructor(text: string) {
    this.#text = text
  }

  walk(node: unknown, above: Tokens | undefined, flowStart: number | undefined, isExtension: boolean): void {
    if (isAlias(node)) {
      this.uses.push(this.#use(node))
      return
    }
    if (!isScalar(node) && !isMap(node) && !isSeq(node)) return
    this.#meet(node)
    if (isScalar(node)) return
    const at = above === undefined ? undefined : endOfProperties(above)
    if (at !== undefined) this.emptyAt.set(node, at)
    const outer = flowStart ?? (node.flow === true ? node.range?.[0] : undefined)
    this.#depth += 1
    if (isMap(node)) this.#map(node, outer, isExtension)
    else this.#list(node, outer, isExtension)
    this.#depth -= 1
  }

  #map(map: YAMLMap, flowStart: number | undefined, isExtension: boolean): void {
    for (const [index, pair] of map.items.entries()) {
      const { key, value, srcToken } = pair
      const name = isScalar(key) ? keyText(key) : undefined
      const isBelow = isExtension || (this.#depth === 1 && name?.startsWith('x-') === true)
      this.walk(key, undefined, flowStart, isBelow)
      const sep = srcToken?.sep ?? []
      this.walk(value, sep, flowStart, isBelow)
      const [from] = isScalar(key) ? (key.range ?? []) : []
      if (name === undefined || from === undefined || isMap(value) || isSeq(value)) continue
      const start = firstProperty(srcToken?.start ?? []) ?? from
      const text = isScalar(value) && value.source !== '' ? sensitive(textOf(value)) : undefined
      const content = endOfValue(value) ?? endOfProperties(sep) ?? endOfValue(key) ?? from
      this.#add({ name, form: 'map', collection: map, index, value: text, isExtension: isBelow }, start, content, {
        key,
        value,
        flowStart,
      })
    }
  }

  #list(list: YAMLSeq, flowStart: number | undefined, isExtension: boolean): void {
    const tokens = list.srcToken !== undefined && 'items' in list.srcToken ? list.srcToken.items : []
    for (const [index, node] of list.items.entries()) {
      const before = tokens[index]?.start ?? []
      this.walk(node, before, flowStart, isExtension)
      const text = isScalar(node) ? textOf(node) : isAlias(node) ? this.#aliasedText(node) : undefined
      const from = startOfValue(node)
      if (text === undefined || from === undefined) continue
      const equals = text.indexOf('=')
      const name = equals === -1 ? text : text.slice(0, equals)
      const value = equals === -1 ? undefined : sensitive(text.slice(equals + 1))
      const dash = before.find(({ type }) => type === 'seq-item-ind')?.offset
      const start = dash ?? firstProperty(before) ?? from
      this.#add({ name, form: 'list', collection: list, index, value, isExtension }, start, endOfValue(node) ?? from, {
        key: undefined,
        value: node,
        flowStart,
      })
    }
  }

  #add(
    item: Omit<Item, 'start' | 'end' | 'isAlone' | 'alias' | 'flowStart'>,
    start: number,
    content: number,
    {
      key,
      value,
      flowStart,
    }: { readonly key: unknown; readonly value: unknown; readonly flowStart: number | undefined },
  ): void {
    const lineStart = this.#text.lastIndexOf('\n', start - 1) + 1
    const alias = isAlias(value) ? this.uses.at(-1) : undefined
    const added: Item = {
      ...item,
      flowStart,
      start,
      end: flowStart === undefined ? this.#endOfLine(start, content) : content,
      isAlone: start === 0 || /^[ \t]*$/.test(this.#text.slice(lineStart, start)),
      alias,
    }
    this.items.push(added)
    for (const node of [key, value]) {
      const anchor = isScalar(node) && node.anchor !== undefined ? this.#latest.get(node.anchor) : undefined
      if (anchor !== undefined) anchor.host = added
    }
  }

  #meet(node: Scalar | Collection): void {
    if (node.anchor === undefined) return
    const anchor: Anchor = { name: node.anchor, offset: node.range?.[0] ?? 0, host: undefined }
    this.anchors.push(anchor)
    this.#latest.set(node.anchor, anchor)
    if (isScalar(node)) this.#scalars.set(anchor, node)
  }

  readonly #scalars = new Map<Anchor, Scalar>()

  #use(alias: Alias): AnchorUse {
    return { offset: alias.range?.[0] ?? 0, anchor: this.#latest.get(alias.source) }
  }

  #aliasedText(alias: Alias): string | undefined {
    const anchor = this.#latest.get(alias.source)
    const scalar = anchor === undefined ? undefined : this.#scalars.get(anchor)
    return scalar === undefined ? undefined : textOf(scalar)
  }

  /** A block scalar ends with its line; behind everything else a comment may stand. */
  #endOfLine(start: number, content: number): number {
    if (content > start && this.#text[content - 1] === '\n') return content
    const next = this.#text.indexOf('\n', content)
    return next === -1 ? this.#text.length : next + 1
  }
}

function keyText({ value, source }: Scalar): string | undefined {
  if (typeof value === 'string') return value
  return source === undefined || source === '' ? undefined : source
}

function textOf({ value, source }: Scalar): string {
  return typeof value === 'string' ? value : (source ?? '')
}

function startOfValue(node: unknown): number | undefined {
  return isScalar(node) || isAlias(node) ? node.range?.[0] : undefined
}

/** Undefined for an empty value: its place is somewhere behind. */
function endOfValue(node: unknown): number | undefined {
  if (isAlias(node)) return node.range?.[1]
  return isScalar(node) && node.source !== '' ? node.range?.[1] : undefined
}

const LAYOUT: ReadonlySet<string> = new Set(['space', 'newline', 'comment', 'comma'])

function firstProperty(tokens: Tokens): number | undefined {
  return tokens.find(({ type }) => !LAYOUT.has(type))?.offset
}

/** Behind the colon or dash, the anchor and the tag. */
function endOfProperties(tokens: Tokens): number | undefined {
  const last = tokens.findLast(({ type }) => !LAYOUT.has(type))
  return last === undefined ? undefined : last.offset + last.source.length
}
