/**
 * Names out of a compose file. Pure.
 *
 * A place is named by the line that it begins in; the same place reached through an anchor by several services is one.
 * A value that stands under an anchor of an `x-…` block goes with the last entry that took it. A mapping that loses all
 * its entries becomes `{}`, a list `[]`: compose takes no empty `environment:`.
 *
 * Invariant: read again, the edited file is what it was without the entries that went. Where it is not, nothing is
 * edited and every name is left.
 */
import { isAlias, isMap, isScalar, isSeq } from 'yaml'
import type { Sensitive } from '../sensitive/index.ts'
import { type ComposeItems, composeItems, type Item } from './compose-items.ts'
import { edited, type FileEdits, type Kept, type Target } from './dotenv-edit.ts'
import { flowEdits } from './flow-edit.ts'
import { movedComment, onOneLine, type TextEdit, type TextMode } from './text-edit.ts'

export interface PlacedTarget extends Target {
  /** From 1, both included. */
  readonly line: number
  readonly lastLine: number
}

/** `hasComments`: false for a compose file in JSON, from which names can only be removed. */
export function editCompose(
  text: string,
  targets: readonly PlacedTarget[],
  mode: TextMode,
  hasComments: boolean = true,
): FileEdits {
  const found = composeItems(text)
  if (found === undefined) return keepAll(targets, 'the file is no YAML')
  const lineOf = lineCounter(text)
  const going = new Map<Item, Target>()
  const kept: Kept[] = []
  for (const target of targets) {
    const items = found.items.filter(({ name, start, end }) => {
      const isThere = lineOf(start) <= target.lastLine && lineOf(Math.max(start, end - 1)) >= target.line
      return name === target.name && isThere
    })
    const [odd] = items.filter(({ isAlone, flowStart }) => flowStart === undefined && !isAlone)
    if (items.length === 0)
      kept.push({ name: target.name, text: 'it does not stand there as NAME: value or NAME=value' })
    else if (odd !== undefined) kept.push({ name: target.name, text: 'it shares its line with something else' })
    else for (const item of items.flatMap((one) => sameNamed(found, one))) going.set(item, target)
  }
  kept.push(...keepAnchors(found, going))
  const notes = takeAnchors(found, going, lineOf)
  // Blank lines behind an entry that goes may join a block scalar above it; a comment keeps them apart.
  const modes: readonly TextMode[] = hasComments ? [mode, 'comment'] : ['remove']
  for (const one of modes) {
    const edits = editsOf(text, found, going, one)
    if (edits === undefined || !isSafe(found, going, edited(text, edits))) continue
    return { edits, kept, notes: [...interpolations(going.keys()), ...notes], values: valuesOf(going.keys()) }
  }
  const rest = [...going.values()].map(({ name }) => ({ name, text: 'without it the rest of the file would change' }))
  return { edits: [], kept: [...kept, ...rest], notes: [], values: new Map() }
}

function keepAll(targets: readonly Target[], why: string): FileEdits {
  return { edits: [], kept: targets.map(({ name }) => ({ name, text: why })), notes: [], values: new Map() }
}

/** An entry that a later one of the same collection hides would come to life. */
function sameNamed({ items }: ComposeItems, { collection, name }: Item): Item[] {
  return items.filter((other) => other.collection === collection && other.name === name)
}

/** An entry whose value others take by an alias stays. */
function keepAnchors({ anchors, uses }: ComposeItems, going: Map<Item, Target>): Kept[] {
  const kept: Kept[] = []
  for (let before = -1; before !== kept.length; ) {
    before = kept.length
    for (const [item, { name }] of going) {
      const own = anchors.filter(({ host }) => host === item)
      const isTaken = uses.some(
        ({ offset, anchor }) => anchor !== undefined && own.includes(anchor) && !isGoing(going, offset),
      )
      if (!isTaken) continue
      going.delete(item)
      kept.push({ name, text: 'what stays takes its value by an alias' })
    }
  }
  return kept
}

function takeAnchors({ uses }: ComposeItems, going: Map<Item, Target>, lineOf: (at: number) => number): string[] {
  const notes: string[] = []
  for (const [{ name, alias }, target] of going) {
    const anchor = alias?.anchor
    if (anchor === undefined || (anchor.host !== undefined && going.has(anchor.host))) continue
    const isLast = uses.every((use) => use.anchor !== anchor || isGoing(going, use.offset))
    const { host } = anchor
    if (isLast && host?.isExtension === true && (host.isAlone || host.flowStart !== undefined)) going.set(host, target)
    else notes.push(`${onOneLine(name)}: its value stays in line ${lineOf(anchor.offset)}, as &${anchor.name}`)
  }
  return notes
}

function isGoing(going: ReadonlyMap<Item, Target>, offset: number): boolean {
  return [...going.keys()].some((item) => isWithin(item, offset))
}

function isWithin({ start, end }: Item, offset: number): boolean {
  return offset >= start && offset < end
}

/** Undefined when a collection would be empty and cannot say so. */
function editsOf(
  text: string,
  { emptyAt }: ComposeItems,
  going: ReadonlyMap<Item, Target>,
  mode: TextMode,
): TextEdit[] | undefined {
  const edits: TextEdit[] = []
  for (const collection of new Set([...going.keys()].map((item) => item.collection))) {
    const items = [...going].filter(([item]) => item.collection === collection)
    if (items[0]?.[0].flowStart !== undefined) {
      edits.push(...flowEdits(text, items, mode === 'comment'))
      continue
    }
    edits.push(...items.map(([item, target]) => blockEdit(text, item, target, mode)))
    if (items.length < collection.items.length) continue
    const at = emptyAt.get(collection)
    if (at === undefined) return undefined
    edits.push(emptied(text, at, isMap(collection) ? ' {}' : ' []', items[0]?.[0].name ?? ''))
  }
  return edits
}

function blockEdit(text: string, item: Item, { path }: Target, mode: TextMode): TextEdit {
  const { name, start, end } = item
  const lineStart = text.lastIndexOf('\n', start - 1) + 1
  const indent = text.slice(lineStart, start)
  const source = text.slice(start, end)
  const lines = source.replace(/\r?\n$/, '').split('\n').length
  const minus = [`${indent}${shownItem(item)}`, ...Array.from({ length: lines - 1 }, () => '…')]
  if (mode === 'remove') return { name, start: lineStart, end, text: '', minus, plus: [] }
  const comment = movedComment(name, path)
  const newline = /\r?\n$/.exec(source)?.[0] ?? ''
  return { name, start, end: end - newline.length, text: comment, minus, plus: [`${indent}${comment}`] }
}

/** With its value hidden. */
function shownItem({ form, name, value, alias }: Item): string {
  const isBare = value === undefined && alias === undefined
  if (form === 'map') return `${onOneLine(name)}:${isBare ? '' : ' …'}`
  return `- ${onOneLine(name)}${isBare ? '' : '=…'}`
}

function emptied(text: string, at: number, empty: string, name: string): TextEdit {
  const line = text.slice(text.lastIndexOf('\n', at - 1) + 1, at)
  return { name, start: at, end: at, text: empty, minus: [line], plus: [`${line}${empty}`] }
}

function isSafe(before: ComposeItems, going: ReadonlyMap<Item, Target>, after: string): boolean {
  const again = composeItems(after)
  if (again === undefined) return false
  const gone = new Set([...going.keys()].map(({ collection, index }) => collection.items[index]))
  return shape(before.document.contents, gone) === shape(again.document.contents, new Set())
}

/** Everything that a document says, aliases as they stand, without what is `gone`. */
function shape(node: unknown, gone: ReadonlySet<unknown>): string {
  if (isAlias(node)) return `*${JSON.stringify(node.source)}`
  const anchor = isMap(node) || isSeq(node) || isScalar(node) ? `&${JSON.stringify(node.anchor ?? '')} ` : ''
  if (isMap(node)) {
    const pairs = node.items.filter((pair) => !gone.has(pair))
    return `${anchor}{${pairs.map(({ key, value }) => `${shape(key, gone)}:${shape(value, gone)}`).join()}}`
  }
  if (isSeq(node))
    return `${anchor}[${node.items
      .filter((item) => !gone.has(item))
      .map((item) => shape(item, gone))
      .join()}]`
  if (!isScalar(node)) return 'null'
  return `${anchor}${typeof node.value} ${JSON.stringify(String(node.value))}`
}

function valuesOf(items: Iterable<Item>): Map<string, Sensitive<string>> {
  return new Map([...items].flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])))
}

/** What compose takes from elsewhere is still there. */
function interpolations(items: Iterable<Item>): string[] {
  return [...items].flatMap(({ name, value }) => {
    const text = value?.reveal() ?? ''
    const from = [...text.matchAll(/(?<!\$)(?:\$\$)*\$\{?([A-Za-z_]\w*)/g)].map(([, variable = '']) => variable)
    return from.length === 0
      ? []
      : [`${onOneLine(name)}: its value came from ${[...new Set(from)].join(', ')}, which stays where it is set`]
  })
}

/** The line (from 1) of a place in the text. */
export function lineCounter(text: string): (at: number) => number {
  const starts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)]
  return (at) => {
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      if ((starts[middle] ?? 0) <= at) low = middle
      else high = middle - 1
    }
    return low + 1
  }
}
