/**
 * Entries out of a flow collection: `{A: x, B: y}`, `["A=x", "B=y"]`, also over several lines and in JSON. Pure.
 *
 * An entry goes with the comma before it, the first ones with the comma behind. What they leave between them (line
 * ends, comments) stays. A comment cannot stand inside of one line, so it goes above the outermost collection.
 */
import type { CST } from 'yaml'
import type { Item } from './compose-items.ts'
import type { Target } from './dotenv-edit.ts'
import { movedComment, onOneLine, type TextEdit } from './text-edit.ts'

/** `going`: entries of one collection. */
export function flowEdits(
  text: string,
  going: readonly (readonly [Item, Target])[],
  withComments: boolean,
): TextEdit[] {
  const [first] = going
  if (first === undefined) return []
  const [{ collection }] = going[0] ?? first
  const [from = 0, to = 0] = collection.range ?? []
  const indices = new Set(going.map(([item]) => item.index))
  const comments = withComments ? going.map(([item, target]) => commentAbove(text, item, target)) : []
  if (indices.size === collection.items.length) {
    // Also line ends and a comma at the end.
    const minus = going.map(([item]) => shown(text, item))
    const [{ name }] = first
    return [...comments, { name, start: from + 1, end: to - 1, text: '', minus, plus: [] }]
  }
  const token = collection.srcToken
  const starts = token?.type === 'flow-collection' ? token.items.map(({ start }) => start) : []
  const lead = Array.from(collection.items.keys()).findIndex((index) => !indices.has(index))
  return [...comments, ...going.flatMap(([item]) => removal(text, item, item.index < lead, starts))]
}

function removal(text: string, item: Item, isLeading: boolean, starts: readonly CST.SourceToken[][]): TextEdit[] {
  const { name, start, end, index } = item
  const edit = (from: number, to: number, minus: readonly string[]): TextEdit => ({
    name,
    start: from,
    end: to,
    text: '',
    minus,
    plus: [],
  })
  const comma = starts[isLeading ? index + 1 : index]?.find(({ type }) => type === 'comma')?.offset
  if (comma === undefined) return [edit(start, end, [shown(text, item)])]
  if (isLeading) {
    const behind = /^[ \t]*/.exec(text.slice(comma + 1))?.[0].length ?? 0
    const isTogether = /^[ \t]*$/.test(text.slice(end, comma))
    return isTogether
      ? [edit(start, comma + 1 + behind, [shown(text, item)])]
      : [edit(start, end, [shown(text, item)]), edit(comma, comma + 1, [])]
  }
  return /^,[ \t]*$/.test(text.slice(comma, start))
    ? [edit(comma, end, [shown(text, item)])]
    : [edit(comma, comma + 1, []), edit(start, end, [shown(text, item)])]
}

function commentAbove(text: string, { name, flowStart = 0 }: Item, { path }: Target): TextEdit {
  const start = text.lastIndexOf('\n', flowStart - 1) + 1
  const indent = /^[ \t]*/.exec(text.slice(start))?.[0] ?? ''
  const newline = /\r?\n/.exec(text)?.[0] ?? '\n'
  const line = `${indent}${movedComment(name, path)}`
  return { name, start, end: start, text: `${line}${newline}`, minus: [], plus: [line] }
}

function shown(text: string, { name, form, start, value }: Item): string {
  const indent = /^[ \t]*/.exec(text.slice(text.lastIndexOf('\n', start - 1) + 1))?.[0] ?? ''
  const hidden = value === undefined ? '' : form === 'map' ? ': …' : '=…'
  return `${indent}… ${onOneLine(name)}${hidden} …`
}
