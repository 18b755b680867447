/**
 * `plenum import env-file`: `.env` files as python-dotenv reads them (`hub/dotenv.ts`), each name as Airflow or the
 * project's own code would get it. Nothing is executed.
 *
 * Invariant: one object for each name of a file, the last of several; every line that is no assignment, or not UTF-8, is
 * a finding with its number, and no value is taken that such a line is a part of.
 *
 * Where Docker Compose, a shell or Node would read something else a note says so: a hub is often started by one and
 * developed with another.
 */
import { type Dotenv, type DotenvValue, type EnvSource, parseDotenv } from '../../hub/index.ts'
import { environmentObject } from '../environment-object.ts'
import type { Finding, Found, Note, Origin, Reading } from '../found.ts'
import { decodeText, type TextFile } from '../text-files.ts'
import { dialectNotes } from './dialects.ts'

export interface EnvFileOptions {
  /** For `${NAME}`: the process environment. */
  readonly env: EnvSource
}

interface Content {
  readonly found: readonly Found[]
  readonly findings: readonly Finding[]
  readonly facts: readonly string[]
}

export function readEnvFiles(files: readonly TextFile[], { env }: EnvFileOptions): Reading {
  const contents = files.map((file) => readFile(file, env))
  return {
    source: 'env-file',
    label: files.map(({ shown }) => shown).join(', '),
    facts: contents.flatMap(({ facts }) => facts),
    found: contents.flatMap(({ found }) => found),
    findings: contents.flatMap(({ findings }) => findings),
  }
}

function readFile(file: TextFile, env: EnvSource): Content {
  const { text, badLines } = decodeText(file)
  const parsed = parseDotenv(text, env)
  const lines = text.split(/\r\n|[\r\n]/)
  const found: Found[] = []
  const findings = [...badLines.map((line) => badLine(file, line, undefined, NOT_UTF8)), ...problems(file, parsed)]
  let settings = 0
  for (const [name, value] of parsed.values) {
    const { line, lastLine } = value
    if (badLines.some((bad) => bad >= line && bad <= lastLine)) {
      findings.push(badLine(file, line, name, 'its value has a line that is not UTF-8; it is not taken'))
      continue
    }
    const notes = notesOf(file, value, lines.slice(line - 1, lastLine).join('\n'))
    const object = environmentObject(name, value.value, originOf(file, name, value), notes)
    if (object.kind === 'found') found.push(object.found)
    else if (object.kind === 'setting') settings += 1
    if (object.kind !== 'found' && object.finding !== undefined) findings.push(object.finding)
  }
  return { found, findings, facts: factsOf(file, settings, text.includes('\r\n')) }
}

const NOT_UTF8 = 'this line is not UTF-8 and is skipped'

function problems(file: TextFile, { problems: all, bare }: Dotenv): Finding[] {
  const without = 'this line has no equals sign and sets nothing'
  return [
    ...all.map(({ line, name, text }) => badLine(file, line, name, text)),
    ...bare.map((line): Finding => ({ ...badLine(file, line, undefined, without), severity: 'warning' })),
  ]
}

function originOf({ shown, path }: TextFile, name: string, { line, lastLine }: DotenvValue): Origin {
  const place = { kind: 'lines', file: path, line, lastLine, name } as const
  return { source: 'env-file', where: `${shown}:${line}`, place }
}

function notesOf({ shown }: TextFile, { earlier, references }: DotenvValue, written: string): Note[] {
  const notes: Note[] = []
  if (earlier.length > 0) {
    notes.push({ kind: 'dialect', text: `${shown} also sets it in line ${earlier.join(', ')}; the last one wins` })
  }
  const takes = (from: string): string =>
    [...new Set(references.filter((one) => one.from === from).map(({ name }) => name))].join(', ')
  const environment = takes('environment')
  if (environment !== '') {
    notes.push({ kind: 'dialect', text: `it holds what the environment of this command has for ${environment}` })
  }
  const nowhere = takes('nowhere')
  if (nowhere !== '') notes.push({ kind: 'dialect', text: `${nowhere} in it is set nowhere and became nothing` })
  return [...notes, ...dialectNotes(written)]
}

function factsOf({ shown }: TextFile, settings: number, isCrlf: boolean): string[] {
  return [
    ...(settings === 0 ? [] : [`${settings} settings of Airflow itself, left out`]),
    ...(isCrlf ? [`the lines of ${shown} end in CR LF, which a shell takes for a part of each value`] : []),
  ]
}

function badLine({ shown }: TextFile, line: number, name: string | undefined, text: string): Finding {
  const hint =
    text === NOT_UTF8 ? 'save the file as UTF-8' : 'a line is KEY=value, or a comment that begins with #; quotes close'
  return { severity: 'error', code: 'import-bad-line', where: `${shown}:${line}`, id: name, text, hint }
}
