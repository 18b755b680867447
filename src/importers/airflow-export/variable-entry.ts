/**
 * One variable of an export. `airflow variables export` writes JSON whatever the file is called: a value that is JSON as
 * what it means, any other as text.
 *
 *   2.7 to 2.11    the value alone; a description is nowhere; the JSON text "a", with its quotes, becomes the text a
 *   3.0 to 3.3.1   {"value", "description"} where there is a description; quotes are lost as before
 *   3.3.2          the same, also for objects that have a key `value` themselves; a text keeps its quotes
 *
 * YAML and `.env` files are what people write: Airflow 3.3 imports them, and no version exports them.
 *
 * Stored is what `airflow variables import` would store, but that numbers keep their digits.
 */
import { storedVariable } from '../../airflow/index.ts'
import { sensitive } from '../../sensitive/index.ts'
import type { Finding, Found, Note } from '../found.ts'
import type { PlainReading } from '../json-text.ts'
import type { YamlMap, YamlNode } from '../located-tree.ts'
import { type Entries, type Entry, entryFinding, lossy, type Problem } from './entry.ts'
import { pythonJson } from './python-json.ts'

/** What the file as a whole says about the Airflow that wrote it. */
export interface VariableFile {
  readonly plain: PlainReading
  /** Not so for `.env` lines and YAML: people wrote them, and nothing was lost. */
  readonly isExport: boolean
  /** Entries with value and description. An object of just these keys that is the value itself looks the same. */
  readonly wrapped: number
  readonly keepsQuotes: boolean
}

export function variableFile({ format, plain, entries }: Entries): VariableFile {
  const wrapped = entries.flatMap(({ node }) => wrapping(node, plain) ?? [])
  const values = [...entries.map(({ node }) => node), ...wrapped.map(({ value }) => value)]
  return {
    plain,
    isExport: format === 'json',
    wrapped: wrapped.length,
    keepsQuotes: values.some((node) => isQuotedText(node)),
  }
}

export function variableEntry(entry: Entry, file: VariableFile): Found | Finding {
  const { plain } = file
  const wrapper = wrapping(entry.node, plain)
  const node = wrapper?.value ?? entry.node
  const text = textOf(node, plain)
  if (text === undefined) {
    return entryFinding(entry, NULL)
  }
  const value = text.kind === 'json' ? pythonJson(node, plain) : text.text
  return {
    kind: 'variable',
    id: entry.id,
    data: storedVariable(sensitive(value)),
    description: wrapper?.description,
    team: undefined,
    origin: entry.origin,
    notes: [
      ...formNotes(entry.node, wrapper),
      ...(file.isExport ? losses(text.kind, wrapper !== undefined, file) : []),
    ],
  }
}

const NULL: Problem = {
  severity: 'warning',
  code: 'import-export-null',
  text: 'it is null: Airflow could not decrypt it when it exported, or its text is null; it is not taken',
  hint: 'look at it in Airflow, and set it by hand',
}

type ValueText = { readonly kind: 'json' } | { readonly kind: 'text'; readonly text: string }

/** Undefined for null. */
function textOf(node: YamlNode, plain: PlainReading): ValueText | undefined {
  if (node.kind !== 'scalar') return { kind: 'json' }
  const json = node.isPlain ? plain(node.text) : undefined
  if (json === 'null') return undefined
  return json === undefined ? { kind: 'text', text: node.text } : { kind: 'json' }
}

interface Wrapping {
  readonly value: YamlNode
  readonly description: string | undefined
}

/** Exactly the two keys that Airflow 3 writes, the second text or null. */
function wrapping(node: YamlNode, plain: PlainReading): Wrapping | undefined {
  if (node.kind !== 'map' || node.entries.size !== 2) return undefined
  const value = node.entries.get('value')?.node
  const description = node.entries.get('description')?.node
  if (value === undefined || description?.kind !== 'scalar') return undefined
  const json = description.isPlain ? plain(description.text) : undefined
  if (json !== undefined && json !== 'null') return undefined
  return { value, description: json === 'null' || description.text === '' ? undefined : description.text }
}

function formNotes(node: YamlNode, wrapper: Wrapping | undefined): Note[] {
  if (wrapper !== undefined || !hasValueKey(node)) return []
  const text =
    'it is an object with a key "value", taken as a whole; Airflow 3 would import only what stands under "value"'
  return [{ kind: 'dialect', text }]
}

function hasValueKey(node: YamlNode): node is YamlMap {
  return node.kind === 'map' && node.entries.has('value')
}

function losses(kind: ValueText['kind'], isWrapped: boolean, file: VariableFile): Note[] {
  const notes: Note[] = []
  if (kind === 'json') {
    notes.push(
      lossy(
        'it is JSON, and the export keeps its meaning alone: blanks, the spelling of numbers and texts, keys that stand twice are lost; it is stored as Airflow would import it',
      ),
    )
  } else if (!file.keepsQuotes) {
    notes.push(
      lossy(
        'Airflow before 3.3.2 exports a text and the same text as JSON, in quotes, alike; it is taken without quotes',
      ),
    )
  }
  if (!isWrapped && file.wrapped === 0) notes.push(lossy('Airflow 2 exports no descriptions'))
  return notes
}

/** A text that is JSON text itself: only 3.3.2 and later write that (earlier ones for what was quoted twice). */
function isQuotedText(node: YamlNode): boolean {
  if (node.kind !== 'scalar' || node.isPlain) return false
  return /^\s*"(?:[^"\\\n]|\\.)*"\s*$/.test(node.text)
}
