/**
 * The map file of `--project-map`: which id or pattern goes to which project.
 *
 *   YAML, JSON   trading_*: trading        CSV   trading_*,trading
 *                variable:x: research            variable:x,research
 *
 * The ending of the file's name decides, and its content where there is none of these. An id that stands twice is an
 * error: which of the two is meant cannot be told. Nothing but plain names is taken, so aliases and merges are refused.
 */
import { basename } from 'node:path'
import { isMap, isScalar, LineCounter, parseDocument, type Pair } from 'yaml'
import { isProjectName } from '../hub/index.ts'
import type { ProjectRule } from './assign.ts'
import { ImportError } from './found.ts'
import { decodeText, type TextFile } from './text-files.ts'

interface Line {
  readonly pattern: string
  readonly project: string
  /** From 1. */
  readonly line: number
}

/** @throws {ImportError} 'import-project-map', with the line. */
export function parseProjectMap(file: TextFile): readonly ProjectRule[] {
  const { text, badLines } = decodeText(file)
  const [bad] = badLines
  if (bad !== undefined) throw refused(file, bad, 'this line is not UTF-8')
  const lines = isCsv(file.shown, text) ? csvLines(file, text) : yamlLines(file, text)
  const seen = new Map<string, number>()
  for (const { pattern, project, line } of lines) {
    if (pattern === '') throw refused(file, line, 'an id or a pattern is missing')
    if (!isProjectName(project))
      throw refused(file, line, `${JSON.stringify(project)} cannot be the name of a project`, NAME_HINT)
    const first = seen.get(pattern)
    if (first !== undefined) throw refused(file, line, `${JSON.stringify(pattern)} stands in line ${first} too`)
    seen.set(pattern, line)
  }
  return lines.map(({ pattern, project }) => ({ pattern, project }))
}

const NAME_HINT = 'lower-case letters, digits, _ . and -, a letter or digit first, 63 characters at most'

function isCsv(shown: string, text: string): boolean {
  const name = basename(shown).toLowerCase()
  if (name.endsWith('.csv')) return true
  if (/\.(?:ya?ml|json)$/.test(name)) return false
  const lines = text.split('\n').filter((line) => /^\s*[^\s#]/.test(line))
  return lines.length > 0 && lines.every((line) => /^[^,{}]+,[^,:{}]+$/.test(line))
}

function csvLines(file: TextFile, text: string): Line[] {
  return text.split('\n').flatMap((raw, index): Line[] => {
    const line = index + 1
    if (/^\s*(?:#|$)/.test(raw)) return []
    const cells = raw.split(',').map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'))
    const [pattern = '', project = ''] = cells
    if (cells.length !== 2) throw refused(file, line, 'a line has an id or pattern, a comma and a project')
    // The first line may say what the columns are.
    return index === 0 && /^(?:id|pattern)$/i.test(pattern) && /^project$/i.test(project)
      ? []
      : [{ pattern, project, line }]
  })
}

function yamlLines(file: TextFile, text: string): Line[] {
  const counter = new LineCounter()
  // Duplicates are found above: the library compares each key with all others.
  const document = parseDocument(text, { lineCounter: counter, uniqueKeys: false, prettyErrors: false })
  const lineAt = (offset: number): number => Math.max(counter.linePos(offset).line, 1)
  const [broken] = [...document.errors, ...document.warnings]
  if (broken !== undefined) throw refused(file, lineAt(broken.pos[0]), 'this is not YAML that can be read')
  if (document.contents === null) return []
  if (!isMap(document.contents)) throw refused(file, 1, 'expected a mapping of ids or patterns to projects')
  return (document.contents.items as Pair[]).map(({ key, value }) => {
    const start = (node: unknown): number => (isScalar(node) ? (node.range?.[0] ?? 0) : 0)
    const [pattern, project] = [plainText(key), plainText(value)]
    if (pattern === undefined) throw refused(file, lineAt(start(key)), 'an id or a pattern is a plain text')
    if (project === undefined)
      throw refused(file, lineAt(start(key)), `${JSON.stringify(pattern)} needs the name of one project`)
    return { pattern, project, line: lineAt(start(key)) }
  })
}

/** As it is written: `007` stays `007`. */
function plainText(node: unknown): string | undefined {
  if (!isScalar(node)) return undefined
  if (typeof node.value === 'string') return node.value
  return node.source === undefined || node.source === '' ? undefined : node.source
}

function refused(file: TextFile, line: number, what: string, hint?: string): ImportError {
  const options = hint === undefined ? {} : { hint }
  return new ImportError('import-project-map', `${file.shown}:${line}: ${what}`, options)
}
