/**
 * The text half of a plan: which lines of which files go. Pure.
 *
 * Compose files are edited first, then `.env` files without the names that what is left of the compose files still takes.
 * The result is read again by the importers. A value that comes to light (a base file under an override, a merge under
 * an entry) is taken out as well; any other difference and no file is edited.
 */
import type { Found, Reading } from '../importers/found.ts'
import { decodeText, type TextFile } from '../importers/text-files.ts'
import { type Sensitive, sensitive } from '../sensitive/index.ts'
import { editCompose, lineCounter, type PlacedTarget } from './compose-edit.ts'
import { hiddenDiff } from './diff.ts'
import { namesTaken } from './compose-names.ts'
import { editDotenv, type FileEdits, mentions } from './dotenv-edit.ts'
import {
  type ByHand,
  type FileEdit,
  type FinishTexts,
  type ImportedValues,
  type LeftPlace,
  leftPlace,
  type ProvenPlace,
} from './finish-plan.ts'
import { editorOf } from './places.ts'
import { type Hunk, hunksOf, linesOf, onOneLine, withHunks } from './text-edit.ts'

export interface TextPlan {
  readonly files: readonly FileEdit[]
  readonly left: readonly LeftPlace[]
  /** Where a value that goes stands once more. */
  readonly copies: readonly ByHand[]
}

const NOTHING: TextPlan = { files: [], left: [], copies: [] }

export function planTexts(
  places: readonly ProvenPlace[],
  imported: ImportedValues,
  texts: FinishTexts | undefined,
): TextPlan {
  const editable = places.filter(({ origin }) => editorOf(origin) !== undefined)
  if (texts === undefined || editable.length === 0) return NOTHING
  const now = texts.reread(texts.files)
  const left: LeftPlace[] = []
  const goals = editable.flatMap((place) => goalsOf(place, imported, now, left))
  const planned = settle(goals, imported, now, texts)
  if (planned === undefined) {
    const rest = goals.map(({ place }) => leftPlace(place, 'kept', 'the files would be read otherwise without it'))
    return { ...NOTHING, left: [...left, ...rest] }
  }
  const kept = [...planned].flatMap(([file, { result }]) => keptPlaces(file.path, result, goals))
  const files = [...planned]
    .filter(([, { hunks }]) => hunks.length > 0)
    .map(([file, { result, hunks, after }]) => fileEdit(file, result, hunks, after))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
  return { files, left: [...left, ...kept], copies: copiesOf(planned) }
}

/** A place that shall go, where it is now. */
interface Goal extends PlacedTarget {
  readonly identity: string
  readonly file: string
  readonly editor: 'dotenv' | 'compose'
  readonly place: ProvenPlace
}

function goalsOf(place: ProvenPlace, imported: ImportedValues, now: readonly Reading[], left: LeftPlace[]): Goal[] {
  const there = foundIn(now).filter((one) => isSamePlace(one, place))
  const value = imported.at(place.origin)
  const same = there.filter((one) => imported.of(one) === value)
  if (there.length === 0) left.push(leftPlace(place, 'gone', 'it no longer stands there'))
  else if (same.length === 0)
    left.push(leftPlace(place, 'changed', 'it was changed since it was imported: import it again'))
  return same.flatMap((one) => goalAt(one, place, imported))
}

function goalAt(found: Found, place: ProvenPlace, imported: ImportedValues): Goal[] {
  const { origin } = found
  const editor = editorOf(origin)
  if (origin.place.kind !== 'lines' || editor === undefined) return []
  const { file, line, lastLine, name } = origin.place
  return [{ file, editor, name, line, lastLine, path: place.path, place, identity: identityOf(found, imported) }]
}

function isSamePlace({ origin }: Found, place: ProvenPlace): boolean {
  const [a, b] = [origin.place, place.origin.place]
  return a.kind === 'lines' && b.kind === 'lines' && a.file === b.file && a.name === b.name
}

interface Planned {
  readonly result: FileEdits
  readonly hunks: readonly Hunk[]
  readonly after: TextFile
}

type PlannedFiles = ReadonlyMap<TextFile, Planned>

/** More than files under files. */
const MOST_ROUNDS = 8

/** Undefined when the rest would not stay what it is. */
function settle(
  goals: readonly Goal[],
  imported: ImportedValues,
  now: readonly Reading[],
  texts: FinishTexts,
): PlannedFiles | undefined {
  const identity = (found: Found): string => identityOf(found, imported)
  let all = goals
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const planned = editFiles(all, texts)
    const files = new Map(texts.files)
    for (const [{ path }, { after }] of planned) files.set(path, after)
    const again = texts.reread(files)
    const staying = foundIn(now).filter((found) => !isMeant(found, all, identity(found)))
    const known = new Set([...staying.map(identity), ...keptGoals(planned, all).map((goal) => goal.identity)])
    const surfaced = foundIn(again).filter((found) => !known.has(identity(found)))
    const more = surfaced.flatMap((found) => goalUnder(found, all, planned, imported))
    if (more.length < surfaced.length) return undefined
    if (more.length > 0) {
      all = [...all, ...more]
      continue
    }
    const remaining = new Set(foundIn(again).map(identity))
    const lost = staying.filter((found) => !remaining.has(identity(found)))
    return lost.length === 0 && errorsIn(again) <= errorsIn(now) ? planned : undefined
  }
  return undefined
}

function foundIn(readings: readonly Reading[]): readonly Found[] {
  return readings.flatMap(({ found }) => found)
}

function errorsIn(readings: readonly Reading[]): number {
  return readings.flatMap(({ findings }) => findings).filter(({ severity }) => severity === 'error').length
}

function identityOf(found: Found, imported: ImportedValues): string {
  return `${found.kind}:${found.id}:${imported.of(found)}`
}

function isMeant({ origin: { place } }: Found, goals: readonly Goal[], identity: string): boolean {
  if (place.kind !== 'lines') return false
  return goals.some((goal) => goal.file === place.file && goal.name === place.name && goal.identity === identity)
}

/** What a name means when the entry that hid it is gone: it goes too, from where it stood before the edit. */
function goalUnder(found: Found, goals: readonly Goal[], planned: PlannedFiles, imported: ImportedValues): Goal[] {
  const { place } = found.origin
  const above = place.kind === 'lines' ? goals.find(({ name }) => name === place.name) : undefined
  if (place.kind !== 'lines' || above === undefined) return []
  const hunks = [...planned].find(([file]) => file.path === place.file)?.[1].hunks ?? []
  const drift = hunks.reduce(
    (sum, hunk) => (hunk.lineAfter < place.line ? sum + linesOf(hunk.before).length - linesOf(hunk.after).length : sum),
    0,
  )
  return goalAt(found, above.place, imported).map((goal) => ({
    ...goal,
    line: goal.line + drift,
    lastLine: goal.lastLine + drift,
  }))
}

function editFiles(goals: readonly Goal[], { files, mode, readers = [] }: FinishTexts): PlannedFiles {
  const planned = new Map<TextFile, Planned>()
  const inFile = (path: string, editor: Goal['editor']): Goal[] =>
    goals.filter((goal) => goal.file === path && goal.editor === editor)
  const plan = (file: TextFile, result: FileEdits): void => {
    const hunks = hunksOf(file, result.edits)
    planned.set(file, { result, hunks, after: { ...file, bytes: withHunks(file.bytes, hunks) } })
  }
  for (const file of files.values()) {
    const targets = inFile(file.path, 'compose')
    if (targets.length === 0) continue
    plan(file, editCompose(decodeText(file).text, distinct(targets), mode, !/\.json$/i.test(file.path)))
  }
  // Also compose files that are here for something else.
  const composed = [...files.values()].flatMap((file) => {
    const others = inFile(file.path, 'dotenv').length > 0 ? [] : [file]
    return planned.get(file)?.after ?? others
  })
  const others = [...readers.filter((one) => !files.has(one.path)), ...composed]
  const texts = others.map((one) => decodeText(one).text)
  const needed = new Set([...mentions(texts), ...others.flatMap(takenBy)])
  for (const file of files.values()) {
    const targets = inFile(file.path, 'dotenv')
    if (targets.length > 0) plan(file, editDotenv(decodeText(file).text, distinct(targets), mode, needed))
  }
  return planned
}

function takenBy(file: TextFile): readonly string[] {
  return /\.(?:ya?ml|json)$/i.test(file.path) ? namesTaken(decodeText(file).text) : []
}

/** Several services reach one place through an anchor, several entries one name. */
function distinct(goals: readonly Goal[]): Goal[] {
  return [
    ...new Map(
      goals.map((goal) => [goal.editor === 'dotenv' ? goal.name : `${goal.line} ${goal.name}`, goal]),
    ).values(),
  ]
}

function keptGoals(planned: PlannedFiles, goals: readonly Goal[]): Goal[] {
  return [...planned].flatMap(([{ path }, { result }]) =>
    goals.filter((goal) => goal.file === path && result.kept.some(({ name }) => name === goal.name)),
  )
}

function keptPlaces(file: string, { kept }: FileEdits, goals: readonly Goal[]): LeftPlace[] {
  return kept.flatMap(({ name, text }) => {
    const goal = goals.find((one) => one.file === file && one.name === name)
    return goal === undefined ? [] : [leftPlace(goal.place, 'kept', text)]
  })
}

function fileEdit(file: TextFile, { edits, notes }: FileEdits, hunks: readonly Hunk[], after: TextFile): FileEdit {
  return {
    path: file.path,
    shown: file.shown,
    before: sensitive(file.bytes),
    after: sensitive(after.bytes),
    hunks: sensitive(hunks),
    names: [...new Set(edits.map(({ name }) => name))],
    diff: hiddenDiff(file.shown, decodeText(file).text, edits),
    notes,
  }
}

/** Shorter texts stand everywhere. In characters. */
const SHORTEST_COPY = 8

/** Comments with an old password, other names with the same value. */
function copiesOf(planned: PlannedFiles): ByHand[] {
  const values = [...planned.values()].flatMap(({ result }) => [...result.values])
  return [...planned.values()].flatMap(({ after }) => {
    const { text } = decodeText(after)
    const lineOf = lineCounter(text)
    return values.flatMap(([name, value]): ByHand[] => {
      const at = positionOf(text, value)
      if (at === undefined) return []
      const where = [`${after.shown}:${lineOf(at)}`]
      return [{ where, ids: [name], text: `the value of ${onOneLine(name)} stands here once more: take it out` }]
    })
  })
}

function positionOf(text: string, value: Sensitive<string>): number | undefined {
  const clear = value.reveal()
  const at = clear.length < SHORTEST_COPY ? -1 : text.indexOf(clear)
  return at === -1 ? undefined : at
}
