/**
 * A file back to what it was before a clean-up. Pure.
 *
 * Where the file is as the clean-up left it, it becomes byte for byte what it was. Where it was edited since, each hunk
 * is put back alone: at the line that took its place, or between the lines that stood around it; nothing is put back
 * where neither is found, or where the name is set once more.
 */
import { statementsOf } from './dotenv-statements.ts'
import { linesOf, onOneLine } from './text-edit.ts'
import type { Digests, RecordedFile, RecordedHunk } from './undo-record.ts'

export interface Restored {
  /** `latin1`. */
  readonly text: string
  /** Names that were put back by this. */
  readonly names: readonly string[]
  readonly left: readonly { readonly names: readonly string[]; readonly text: string }[]
}

export function restored(current: string, file: RecordedFile, digests: Digests): Restored {
  const whole = digests.of(current)
  if (whole === file.before) return { text: current, names: [], left: [] }
  const lines = linesOf(current)
  if (whole === file.after) return { text: putBack(lines, file.hunks), names: namesOf(file.hunks), left: [] }
  const found: RecordedHunk[] = []
  const left: Restored['left'][number][] = []
  const setNow = isDotenv(file) ? namesSetIn(current) : new Set<string>()
  let drift = 0
  let from = 0
  for (const hunk of file.hunks) {
    const place = placeOf(hunk, lines, { from, expected: hunk.line + drift }, digests)
    if (place === 'restored') continue
    const again = hunk.names.filter((name) => setNow.has(name) && !isSetBy(hunk.after, name))
    if (place === undefined) left.push({ names: hunk.names, text: 'its place was edited since' })
    else if (again.length > 0) left.push({ names: hunk.names, text: `${again.map(onOneLine).join(', ')} is set again` })
    else {
      found.push({ ...hunk, line: place })
      drift = place - hunk.line
      from = place + linesOf(hunk.after).length
    }
  }
  return { text: putBack(lines, found), names: namesOf(found), left }
}

/** The file as it becomes: for a clean-up that goes on. Undefined when the file is not as it was before. */
export function cleaned(current: string, file: RecordedFile, digests: Digests): string | undefined {
  if (digests.of(current) !== file.before) return undefined
  const lines = linesOf(current)
  let drift = 0
  const hunks = file.hunks.map((hunk) => {
    const line = hunk.line - drift
    drift += linesOf(hunk.after).length - linesOf(hunk.before).length
    return { ...hunk, line, before: hunk.after, after: hunk.before }
  })
  return putBack(lines, hunks)
}

function putBack(lines: readonly string[], hunks: readonly RecordedHunk[]): string {
  const all = [...lines]
  for (const { line, before, after } of [...hunks].sort((a, b) => b.line - a.line)) {
    const there = all.slice(line, line + linesOf(after).length)
    // An editor may have ended the last line since.
    const ended = after !== '' && there.join('') !== after ? (/\r?\n$/.exec(there.join(''))?.[0] ?? '') : ''
    all.splice(line, there.length, `${before}${ended}`)
  }
  return all.join('')
}

/** Undefined: it is not there; `restored`: its lines are. */
function placeOf(
  hunk: RecordedHunk,
  lines: readonly string[],
  { from, expected }: { readonly from: number; readonly expected: number },
  digests: Digests,
): number | 'restored' | undefined {
  const after = linesOf(hunk.after)
  const candidates: number[] = []
  for (let at = from; at <= lines.length - after.length; at += 1) if (isThere(after, lines, at)) candidates.push(at)
  const known = candidates.filter(
    (at) => digests.isAbove(lines, at, hunk.above) && digests.isBelow(lines, at + after.length, hunk.below),
  )
  const [nearest] = known.sort((a, b) => Math.abs(a - expected) - Math.abs(b - expected))
  if (nearest !== undefined) return nearest
  const before = linesOf(hunk.before)
  if (before.length > 0 && lines.some((_, at) => isThere(before, lines, at))) return 'restored'
  return after.length > 0 && candidates.length === 1 ? candidates[0] : undefined
}

function isThere(wanted: readonly string[], lines: readonly string[], at: number): boolean {
  return wanted.every((line, index) => {
    const there = lines[at + index]
    const isLast = index === wanted.length - 1 && !line.endsWith('\n')
    return there === line || (isLast && (there === `${line}\n` || there === `${line}\r\n`))
  })
}

function namesOf(hunks: readonly RecordedHunk[]): string[] {
  return [...new Set(hunks.flatMap(({ names }) => names))]
}

function isDotenv({ path }: RecordedFile): boolean {
  return !/\.(?:ya?ml|json)$/i.test(path)
}

function isSetBy(latin1: string, name: string): boolean {
  return namesSetIn(latin1).has(name)
}

function namesSetIn(latin1: string): Set<string> {
  const text = Buffer.from(latin1, 'latin1').toString('utf8')
  return new Set(statementsOf(text).flatMap(({ name, isSet }) => (isSet ? [name] : [])))
}
