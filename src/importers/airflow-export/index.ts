/**
 * `plenum import airflow-export`: files of `airflow connections export` and `airflow variables export`, of Airflow 2.7 to
 * 2.11 and 3, in every format that they have. Format and kind are found by content.
 *
 * Invariant: each entry of a file is an object or a finding; what the format lost is a `lossy` note on each object that
 * may have had it. An export is in clear, and is not changed: its place is the file as a whole.
 */
import type { Finding, Found, Reading } from '../found.ts'
import { jsonPlain } from '../json-text.ts'
import { readLocatedJson } from '../located-json.ts'
import type { YamlNode } from '../located-tree.ts'
import { readLocatedYaml } from '../located-yaml.ts'
import { type DecodedText, decodeText, type TextFile } from '../text-files.ts'
import { connectionEntry } from './connection-entry.ts'
import { type ExportKind, kindOf } from './contents.ts'
import { type Entries, type Entry, type ExportFormat, entryFinding } from './entry.ts'
import { readEnvLines } from './env-lines.ts'
import { formatOf } from './format.ts'
import { pythonPlain } from './python-plain.ts'
import { variableEntry, variableFile } from './variable-entry.ts'

export interface AirflowExportOptions {
  /** For files that do not show it themselves. */
  readonly what?: ExportKind | undefined
}

interface Content {
  readonly found: readonly Found[]
  readonly findings: readonly Finding[]
  readonly facts: readonly string[]
}

export function readAirflowExport(files: readonly TextFile[], { what }: AirflowExportOptions): Reading {
  const contents = files.map((file) => readFile(file, what))
  return {
    source: 'airflow-export',
    label: files.map(({ shown }) => shown).join(', '),
    facts: contents.flatMap(({ facts }) => facts),
    found: contents.flatMap(({ found }) => found),
    findings: contents.flatMap(({ findings }) => findings),
  }
}

function readFile(file: TextFile, what: ExportKind | undefined): Content {
  const findings: Finding[] = []
  const entries = entriesOf(file, findings)
  const nothing = { found: [], findings, facts: [] }
  if (entries === undefined) return nothing
  const kind = kindOf(entries, what)
  if (kind === undefined) {
    findings.push(UNCLEAR(file))
    return nothing
  }
  const variables = variableFile(entries)
  const found: Found[] = []
  for (const entry of entries.entries) {
    const read = readEntry(entry, kind, entries, variables)
    if ('code' in read) findings.push(read)
    else found.push(read)
  }
  return { found, findings, facts: [`${file.shown}: ${entries.entries.length} ${kind} as ${SPELLED[entries.format]}`] }
}

const SPELLED: Readonly<Record<ExportFormat, string>> = { json: 'JSON', yaml: 'YAML', env: 'lines' }

function readEntry(
  entry: Entry,
  kind: ExportKind,
  { plain }: Entries,
  variables: ReturnType<typeof variableFile>,
): Found | Finding {
  if (entry.id === '') return entryFinding(entry, 'error', 'import-id', 'its id is empty', 'give it one')
  return kind === 'connections' ? connectionEntry(entry, plain) : variableEntry(entry, variables)
}

/** Undefined, with findings, where the file is no export. */
function entriesOf(file: TextFile, findings: Finding[]): Entries | undefined {
  const decoded = decodeText(file)
  const { text, badLines } = decoded
  const format = formatOf(file.shown, text)
  if (format === 'env') return envEntries(file, decoded, findings)
  if (badLines.length > 0) {
    findings.push({
      ...whole(file, 'import-not-text', 'it is not UTF-8, and nothing of it was read', 'save it as UTF-8'),
      where: `${file.shown}:${badLines[0]}`,
    })
    return undefined
  }
  const tree = treeOf(file.shown, text, format, findings)
  if (tree === undefined) return undefined
  if (tree.node.kind !== 'map') {
    findings.push(
      whole(file, 'import-export-shape', 'it is no export: there are no ids with something under them', SHAPE),
    )
    return undefined
  }
  const entries = [...tree.node.entries].map(([id, { node, span }]): Entry => {
    const where = `${file.shown}:${span.line}:${span.column}`
    return { id, node, origin: { source: 'airflow-export', where, place: { kind: 'file', file: file.path } } }
  })
  return { format: tree.format, plain: tree.format === 'json' ? jsonPlain : pythonPlain, entries }
}

const SHAPE = 'give a file that airflow connections export or airflow variables export wrote'

function envEntries(file: TextFile, decoded: DecodedText, findings: Finding[]): Entries | undefined {
  const lines: Finding[] = []
  const entries = readEnvLines(file, decoded, lines)
  if (entries.some(({ id }) => /^(?:export\s+)?AIRFLOW_(?:_|CONN_|VAR_)/.test(id))) {
    const said = 'it is no export: its lines are environment variables'
    findings.push(whole(file, 'import-export-shape', said, 'import it with env-file'))
    return undefined
  }
  findings.push(...lines)
  return { format: 'env', plain: jsonPlain, entries }
}

interface Tree {
  readonly format: 'json' | 'yaml'
  readonly node: YamlNode
}

/** What begins as JSON may be YAML in a file that is named so. */
function treeOf(shown: string, text: string, format: 'json' | 'yaml', findings: Finding[]): Tree | undefined {
  if (format === 'json') {
    const own: Finding[] = []
    const node = readLocatedJson({ shown, text, findings: own })
    if (node !== undefined || !/\.ya?ml$/i.test(shown)) {
      findings.push(...own)
      return node === undefined ? undefined : { format: 'json', node }
    }
  }
  const before = findings.length
  const documents = readLocatedYaml({ shown, text, findings })
  const [node] = documents
  if (node !== undefined && documents.length === 1) return { format: 'yaml', node }
  if (findings.length === before) {
    const said = node === undefined ? 'there is nothing in it' : `it holds ${documents.length} documents`
    findings.push(shapeless(shown, said))
  }
  return undefined
}

function shapeless(shown: string, text: string): Finding {
  return { severity: 'error', code: 'import-export-shape', where: shown, id: undefined, text, hint: SHAPE }
}

function whole({ shown }: TextFile, code: string, text: string, hint: string): Finding {
  return { severity: 'error', code, where: shown, id: undefined, text, hint }
}

function UNCLEAR(file: TextFile): Finding {
  const said = 'it does not show whether these are connections or variables; nothing of it was read'
  return whole(file, 'import-export-unclear', said, 'say which with --what connections or --what variables')
}
