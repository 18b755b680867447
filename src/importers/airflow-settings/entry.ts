/**
 * One entry of a list of `airflow_settings.yaml`, its fields as the text that the Astro CLI makes of them: Go reads a
 * scalar without quotes first, and writes `true` as 1 and 1.50 as 1.5.
 *
 * Keys are found in any case, as the CLI finds them. Invariant: what is said of a field never quotes its value.
 */
import type { Finding, Note, Origin } from '../found.ts'
import { goScalar } from '../go-scalar.ts'
import type { Span, YamlItem, YamlMap, YamlNode, YamlScalar } from '../located-tree.ts'
import type { YamlFile } from '../yaml-file.ts'

export interface Entry {
  readonly file: YamlFile
  readonly span: Span
  readonly fields: YamlMap
}

export interface FieldText {
  /** Empty where the field is absent or has nothing. */
  readonly text: string
  readonly notes: readonly Note[]
}

export type EntryProblem = Pick<Finding, 'code' | 'id' | 'text' | 'hint'> & { readonly severity?: Finding['severity'] }

export function whereOf({ file, span }: Pick<Entry, 'file' | 'span'>): string {
  return `${file.shown}:${span.line}:${span.column}`
}

export function originOf(entry: Entry): Origin {
  return { source: 'airflow-settings', where: whereOf(entry), place: { kind: 'file', file: entry.file.path } }
}

export function problem(entry: Entry, { severity = 'error', ...said }: EntryProblem): Finding {
  return { severity, where: whereOf(entry), ...said }
}

export function fieldOf({ entries }: YamlMap, name: string): YamlItem | undefined {
  const exact = entries.get(name)
  if (exact !== undefined) return exact
  const key = [...entries.keys()].find((one) => one.toLowerCase() === name)
  return key === undefined ? undefined : entries.get(key)
}

/** Whether somebody wrote something there: the template's entries hold nothing but keys. */
export function isFilled(node: YamlNode): boolean {
  switch (node.kind) {
    case 'scalar':
      return goScalar(node, 'v3').kind !== 'nothing' && node.text.trim() !== ''
    case 'list':
      return node.items.some((item) => isFilled(item.node))
    case 'map':
      return [...node.entries.values()].some((item) => isFilled(item.node))
  }
}

/** Undefined where the field holds a list or a mapping. */
export function fieldText({ fields }: Entry, name: string): FieldText | undefined {
  const node = fieldOf(fields, name)?.node
  if (node === undefined) return { text: '', notes: [] }
  return node.kind === 'scalar' ? scalarText(node, name) : undefined
}

function scalarText(node: YamlScalar, name: string): FieldText {
  const scalar = goScalar(node, 'v3')
  const written = node.text
  switch (scalar.kind) {
    case 'nothing':
      return { text: '', notes: [] }
    case 'boolean': {
      const text = `${name} is a boolean without quotes, of which the Astro CLI makes 1 or 0`
      return { text: scalar.value ? '1' : '0', notes: [{ kind: 'normalised', text }] }
    }
    case 'number':
      return scalar.isExact
        ? { text: scalar.text, notes: sameNumber(written, scalar.text, name) }
        : inexact(written, name)
    case 'time': {
      const text = `${name} is a date without quotes, for which the Astro CLI refuses the file; taken as it is written`
      return { text: written, notes: [{ kind: 'dialect', text }] }
    }
    case 'text':
      return { text: written, notes: quoteNotes(written, name) }
  }
}

function sameNumber(written: string, text: string, name: string): Note[] {
  if (written === text) return []
  return [{ kind: 'normalised', text: `${name} is a number without quotes, which the Astro CLI writes in another way` }]
}

function inexact(written: string, name: string): FieldText {
  const text = `${name} is a number without quotes, of which the Astro CLI loses digits; taken as it is written`
  return { text: written, notes: [{ kind: 'dialect', text }] }
}

/** The CLI hands a value on between the single quotes of a shell. */
function quoteNotes(text: string, name: string): Note[] {
  if (!text.includes("'")) return []
  return [{ kind: 'dialect', text: `${name} holds a single quote, which the Astro CLI breaks; taken as it is written` }]
}
