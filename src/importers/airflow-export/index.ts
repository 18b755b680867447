/**
 * `plenum import airflow-export`: files of `airflow connections export` and `airflow variables export`, of Airflow 2.7 to
 * 2.11 and 3, in every format that they have. Format and kind are found by content.
 *
 * Invariant: each entry of a file is an object or a finding; what the format lost is a `lossy` note on each object that
 * may have had it. An export is in clear, and is not changed: its place is the file as a whole.
 */
import type { Finding, Found, Reading } from '../found.ts'
import type { TextFile } from '../text-files.ts'
import { connectionEntry } from './connection-entry.ts'
import { type ExportKind, kindOf } from './contents.ts'
import { type Entries, type Entry, type ExportFormat, entryFinding, type Problem } from './entry.ts'
import { readEntries } from './read-entries.ts'
import { type VariableFile, variableEntry, variableFile } from './variable-entry.ts'

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
  const entries = readEntries(file, findings)
  if (entries === undefined) return { found: [], findings, facts: [] }
  const kind = kindOf(entries, what)
  if (kind === undefined) return { found: [], findings: [...findings, unclear(file)], facts: [] }
  const variables = variableFile(entries)
  const found: Found[] = []
  for (const entry of entries.entries) {
    const one = readEntry(entry, kind, entries, variables)
    if ('code' in one) findings.push(one)
    else found.push(one)
  }
  return { found, findings, facts: factsOf(file, entries, kind, variables) }
}

function readEntry(entry: Entry, kind: ExportKind, { plain }: Entries, variables: VariableFile): Found | Finding {
  if (entry.id === '') return entryFinding(entry, NO_ID)
  switch (kind) {
    case 'connections':
      return connectionEntry(entry, plain)
    case 'variables':
      return variableEntry(entry, variables)
  }
}

function factsOf({ shown }: TextFile, all: Entries, kind: ExportKind, { wrapped }: VariableFile): string[] {
  const { length: count } = all.entries
  const facts = [`${shown}: ${count} ${count === 1 ? kind.replace(/s$/, '') : kind} as ${SPELLED[all.format]}`]
  if (kind === 'variables' && wrapped > 0) {
    facts.push(`${shown}: ${wrapped} with value and description, which Airflow 2 would take for the value as a whole`)
  }
  return facts
}

const SPELLED: Readonly<Record<ExportFormat, string>> = { json: 'JSON', yaml: 'YAML', env: 'lines' }

const NO_ID: Problem = { severity: 'error', code: 'import-id', text: 'its id is empty', hint: 'give it one' }

function unclear({ shown }: TextFile): Finding {
  return {
    severity: 'error',
    code: 'import-export-unclear',
    where: shown,
    id: undefined,
    text: 'it does not show whether these are connections or variables; nothing of it was read',
    hint: 'say which with --what connections or --what variables',
  }
}
