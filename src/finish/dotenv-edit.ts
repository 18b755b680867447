/**
 * Names out of a `.env` file. Pure.
 *
 * Every assignment of a name goes, also those that a later one hid: one that stayed would come to life. A name that what
 * stays takes by `${NAME}` stays too.
 *
 * Invariant: read again, the edited text gives every other name the value that it had. Where it does not, nothing is
 * edited and every name is left.
 */
import { parseDotenv } from '../hub/index.ts'
import type { Sensitive } from '../sensitive/index.ts'
import { type Statement, statementsOf } from './dotenv-statements.ts'
import { movedComment, onOneLine, type TextEdit, type TextMode } from './text-edit.ts'

/** A name that may go, and where its value is now. */
export interface Target {
  readonly name: string
  readonly path: string
}

/** A name that stays, and why. */
export interface Kept {
  readonly name: string
  readonly text: string
}

export interface FileEdits {
  readonly edits: readonly TextEdit[]
  readonly kept: readonly Kept[]
  /** Things to know about what goes. */
  readonly notes: readonly string[]
  /** What went, for finding copies of it. */
  readonly values: ReadonlyMap<string, Sensitive<string>>
}

/** `needed`: names that other files take by `${NAME}`. */
export function editDotenv(
  text: string,
  targets: readonly Target[],
  mode: TextMode,
  needed: ReadonlySet<string> = new Set(),
): FileEdits {
  const statements = statementsOf(text)
  const paths = new Map(targets.map(({ name, path }) => [name, path]))
  const kept: Kept[] = []
  const keep = (name: string, why: string): void => {
    paths.delete(name)
    kept.push({ name, text: why })
  }
  for (const { name } of targets) if (needed.has(name)) keep(name, 'another file takes it from here')
  for (let before = -1; before !== kept.length; ) {
    before = kept.length
    const mentioned = mentions(
      statements.filter(({ name }) => !paths.has(name)).map(({ valueStart, end }) => text.slice(valueStart, end)),
    )
    for (const name of paths.keys()) if (mentioned.has(name)) keep(name, 'a line that stays takes it by ${…}')
  }
  const going = statements.filter(({ name, isSet }) => isSet && paths.has(name))
  const edits = going.map((statement) => editOf(text, statement, paths.get(statement.name) ?? '', mode))
  const values = valuesOf(text)
  if (!isSafe(values, text, edits, paths)) {
    for (const name of paths.keys()) keep(name, 'without it other lines would be read otherwise; is a quote missing?')
    return { edits: [], kept, notes: [], values: new Map() }
  }
  const gone = new Map([...values].filter(([name]) => paths.has(name)))
  return { edits, kept, notes: repeated(going), values: gone }
}

/** Names in `${NAME}` and `$NAME`. Whoever reads the file may expand either. */
export function mentions(texts: readonly string[]): Set<string> {
  const names = texts.flatMap((text) => [
    ...[...text.matchAll(/\$\{([^}:]*)/g)].flatMap(([, name = '']) => [name, /^[\w.]*/.exec(name)?.[0] ?? '']),
    ...[...text.matchAll(/\$(\w+)/g)].map(([, name = '']) => name),
  ])
  return new Set(names)
}

function editOf(text: string, statement: Statement, path: string, mode: TextMode): TextEdit {
  const { name, isExported, start, end } = statement
  const [first = '', ...more] = text.slice(start, end).split(/\r\n|[\r\n]/)
  const indent = /[^\r\n]*$/.exec(text.slice(0, start))?.[0] ?? ''
  const shown = `${indent}${isExported ? 'export ' : ''}${onOneLine(name)}=${first === '' ? '' : '…'}`
  const minus = [shown, ...more.map(() => '…')]
  if (mode === 'comment') {
    const comment = movedComment(name, path)
    return { name, start, end, text: comment, minus, plus: [`${indent}${comment}`] }
  }
  const lineEnd = /^(?:\r\n|[\r\n])?/.exec(text.slice(end, end + 2))?.[0].length ?? 0
  return { name, start: start - indent.length, end: end + lineEnd, text: '', minus, plus: [] }
}

const NO_ENVIRONMENT = { get: () => undefined }

function valuesOf(text: string): Map<string, Sensitive<string>> {
  return new Map([...parseDotenv(text, NO_ENVIRONMENT).values].map(([name, { value }]) => [name, value]))
}

function isSafe(
  before: ReadonlyMap<string, Sensitive<string>>,
  text: string,
  edits: readonly TextEdit[],
  going: ReadonlyMap<string, string>,
): boolean {
  const after = valuesOf(edited(text, edits))
  const expected = [...before].filter(([name]) => !going.has(name))
  return (
    after.size === expected.length && expected.every(([name, value]) => after.get(name)?.reveal() === value.reveal())
  )
}

export function edited(text: string, edits: readonly TextEdit[]): string {
  const ordered = [...edits].sort((a, b) => b.start - a.start || b.end - a.end)
  return ordered.reduce((rest, { start, end, text: put }) => rest.slice(0, start) + put + rest.slice(end), text)
}

function repeated(statements: readonly Statement[]): string[] {
  const counts = new Map<string, number>()
  for (const { name } of statements) counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts].flatMap(([name, count]) =>
    count === 1
      ? []
      : [`${onOneLine(name)} is set ${count} times: all of them go, or an older value would come to life`],
  )
}
