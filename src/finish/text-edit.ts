/**
 * Edits of a file, from places in its text to bytes: everything that no edit names stays byte for byte, a byte order
 * mark and lines that are not UTF-8 included. Pure.
 *
 * Bytes are handled as `latin1` text, one character a byte.
 */
import { decodeText, type TextFile } from '../importers/text-files.ts'

/** Which of a file's names go, and what each line becomes. */
export type TextMode = 'comment' | 'remove'

export interface TextEdit {
  readonly name: string
  /** In the decoded text. */
  readonly start: number
  readonly end: number
  readonly text: string
  /** The lines as they are shown, without their values. */
  readonly minus: readonly string[]
  readonly plus: readonly string[]
}

/** Whole lines that became others. */
export interface Hunk {
  readonly names: readonly string[]
  /** Index of the first line in the file as it was, and as it becomes. */
  readonly lineBefore: number
  readonly lineAfter: number
  /** `latin1`. Lines with their ends; empty: none. */
  readonly before: string
  readonly after: string
}

/** What a line says that took the place of another. */
export function movedComment(name: string, path: string): string {
  return `# ${onOneLine(name)} is in Vault: ${onOneLine(path)} (moved by Plenum)`
}

/** Characters that end a line somewhere, or that a terminal acts on, as JSON writes them. */
export function onOneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]/gu, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** `edits` in any order; none may reach into another. */
export function hunksOf(file: TextFile, edits: readonly TextEdit[]): Hunk[] {
  const bytes = file.bytes.toString('latin1')
  const offset = byteOffsets(file)
  const pieces = [...edits]
    .sort((a, b) => a.start - b.start || a.end - b.end)
    .map(({ name, start, end, text }) => ({
      name,
      start: offset(start),
      end: offset(end),
      text: Buffer.from(text, 'utf8').toString('latin1'),
    }))
  const hunks: Hunk[] = []
  let drift = 0
  for (let rest = pieces; rest.length > 0; ) {
    const { taken, from, to, after } = gather(bytes, rest)
    const before = bytes.slice(from, to)
    const lineBefore = linesOf(bytes.slice(0, from)).length
    const names = [...new Set(taken.map(({ name }) => name))]
    hunks.push({ names, lineBefore, lineAfter: lineBefore + drift, before, after })
    drift += linesOf(after).length - linesOf(before).length
    rest = rest.slice(taken.length)
  }
  return hunks
}

interface Piece {
  readonly name: string
  readonly start: number
  readonly end: number
  readonly text: string
}

/** Edits that touch the same lines or lines side by side, with the whole lines around them. */
function gather(bytes: string, pieces: readonly Piece[]) {
  const from = lineStart(bytes, pieces[0]?.start ?? 0)
  let to = from
  let done = from
  let after = ''
  let count = 0
  for (;;) {
    const piece = pieces[count]
    if (piece !== undefined && (count === 0 || piece.start < to || lineStart(bytes, piece.start) === to)) {
      if (piece.start < done) throw new RangeError('two edits of one file reach into each other')
      after += bytes.slice(done, piece.start) + piece.text
      done = piece.end
      to = Math.max(to, lineEnd(bytes, piece.start, piece.end))
      count += 1
      continue
    }
    const text = after + bytes.slice(done, to)
    // The end of a line went and its beginning stays (a byte order mark, say): the next line joins it.
    if (text === '' || text.endsWith('\n') || to >= bytes.length) {
      return { taken: pieces.slice(0, count), from, to, after: text }
    }
    to = lineEnd(bytes, to, to)
  }
}

/** The file with its hunks in place. */
export function withHunks(bytes: Buffer, hunks: readonly Hunk[]): Buffer {
  const lines = linesOf(bytes.toString('latin1'))
  for (const { lineBefore, before, after } of [...hunks].reverse()) {
    lines.splice(lineBefore, linesOf(before).length, after)
  }
  return Buffer.from(lines.join(''), 'latin1')
}

/** Each with its `\n`; the last one may have none. */
export function linesOf(text: string): string[] {
  return text === '' ? [] : text.split(/(?<=\n)/)
}

function lineStart(bytes: string, at: number): number {
  return at === 0 ? 0 : bytes.lastIndexOf('\n', at - 1) + 1
}

function lineEnd(bytes: string, start: number, end: number): number {
  if (end > start && bytes[end - 1] === '\n') return end
  const next = bytes.indexOf('\n', end)
  return next === -1 ? bytes.length : next + 1
}

/** From places in the decoded text to places in the bytes. */
function byteOffsets(file: TextFile): (at: number) => number {
  const { text, badLines } = decodeText(file)
  const bad = new Set(badLines)
  const textLines = linesOf(text)
  const byteLines = linesOf(file.bytes.toString('latin1'))
  const starts: number[] = []
  const byteStarts: number[] = []
  let start = 0
  let byteStart = 0
  for (const [index, bytes] of byteLines.entries()) {
    const line = textLines[index] ?? ''
    starts.push(start)
    // What decoding drops at the front of a line is a byte order mark.
    byteStarts.push(byteStart + (bad.has(index + 1) ? 0 : bytes.length - Buffer.byteLength(line)))
    start += line.length
    byteStart += bytes.length
  }
  return (at) => {
    const index = lastAtMost(starts, at)
    const from = starts[index] ?? 0
    if (index === starts.length - 1 && at >= text.length) return file.bytes.length
    return (byteStarts[index] ?? 0) + Buffer.byteLength(text.slice(from, at))
  }
}

function lastAtMost(sorted: readonly number[], value: number): number {
  let low = 0
  let high = sorted.length - 1
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if ((sorted[middle] ?? 0) <= value) low = middle
    else high = middle - 1
  }
  return low
}
