/**
 * `plenum import airflow-settings`: the Astro CLI's `airflow_settings.yaml`, each connection and variable as the CLI
 * would make it in Airflow. Pools are left out; entries of the template that nobody filled in are passed over.
 *
 * Invariant: one object for each id of a file, the last of several; whatever the CLI would refuse or skip is a finding
 * with its place, and the other objects are read though the CLI would refuse the whole file.
 */
import type { Finding, Found, Reading } from '../found.ts'
import type { YamlItem, YamlMap } from '../located-tree.ts'
import type { TextFile } from '../text-files.ts'
import { isBroken, readYamlFile, type YamlFile } from '../yaml-file.ts'
import { readConnection } from './connection.ts'
import { type Entry, fieldOf, fieldText, isFilled, problem } from './entry.ts'
import { readVariable } from './variable.ts'

interface Content {
  readonly found: readonly Found[]
  readonly findings: readonly Finding[]
  readonly facts: readonly string[]
}

export function readAirflowSettings(files: readonly TextFile[]): Reading {
  const contents = files.map(readFile)
  return {
    source: 'airflow-settings',
    label: files.map(({ shown }) => shown).join(', '),
    facts: contents.flatMap(({ facts }) => facts),
    found: contents.flatMap(({ found }) => found),
    findings: contents.flatMap(({ findings }) => findings),
  }
}

function readFile(written: TextFile): Content {
  const findings: Finding[] = []
  const file = readYamlFile(written, findings)
  const airflow = airflowOf(file, findings)
  if (airflow === undefined) return { found: [], findings, facts: [] }
  const found = [
    ...readList(file, airflow, { name: 'connections', id: 'conn_id', read: readConnection }, findings),
    ...readList(file, airflow, { name: 'variables', id: 'variable_name', read: readVariable }, findings),
  ]
  const pools = itemsOf(file, airflow, 'pools', findings).filter(({ node }) => isFilled(node)).length
  const left = `${pools} ${pools === 1 ? 'pool' : 'pools'} of ${file.shown}, left out`
  return { found, findings, facts: pools === 0 ? [] : [left] }
}

function airflowOf(file: YamlFile, findings: Finding[]): YamlMap | undefined {
  const [document, second] = file.documents
  if (second !== undefined) {
    const text = 'it has several YAML documents; only the first is read, by the Astro CLI too'
    findings.push({ ...shapeFinding(`${file.shown}:1:1`, text, 'put all into one document'), severity: 'warning' })
  }
  if (document === undefined || !isFilled(document)) return undefined
  const airflow = document.kind === 'map' ? fieldOf(document, 'airflow') : undefined
  if (airflow?.node.kind === 'map') return airflow.node
  if (airflow !== undefined && !isFilled(airflow.node)) return undefined
  const text = 'it has no mapping "airflow" at its top, which is where the Astro CLI looks'
  findings.push(shapeFinding(`${file.shown}:1:1`, text, 'is it an airflow_settings.yaml?'))
  return undefined
}

function shapeFinding(where: string, text: string, hint: string): Finding {
  return { severity: 'error', code: 'import-settings-shape', where, id: undefined, text, hint }
}

interface List {
  readonly name: 'connections' | 'variables'
  /** The field that names an entry. */
  readonly id: string
  readonly read: (entry: Entry, findings: Finding[]) => Found | undefined
}

function readList(file: YamlFile, airflow: YamlMap, { name, id, read }: List, findings: Finding[]): Found[] {
  const found = new Map<string, Found>()
  for (const { node, span } of itemsOf(file, airflow, name, findings)) {
    if (!isFilled(node)) continue
    if (node.kind !== 'map') {
      const where = `${file.shown}:${span.line}:${span.column}`
      findings.push(
        shapeFinding(where, `an entry of ${name} is no mapping`, `write "${id}:" and the other fields below each "-"`),
      )
      continue
    }
    const entry = { file, span, fields: node }
    if (isBroken(file, span)) {
      findings.push(brokenFinding(entry, fieldText(entry, id)?.text))
      continue
    }
    const one = read(entry, findings)
    if (one !== undefined) found.set(one.id, withEarlier(one, found.get(one.id)))
  }
  return [...found.values()]
}

function brokenFinding(entry: Entry, id: string | undefined): Finding {
  return problem(entry, {
    code: 'import-not-text',
    id: id === '' || id?.includes('\uFFFD') === true ? undefined : id,
    text: 'a line of it is not UTF-8; it is not taken',
    hint: 'save the file as UTF-8',
  })
}

function withEarlier(found: Found, earlier: Found | undefined): Found {
  if (earlier === undefined) return found
  const text = `it also stands at ${earlier.origin.where}; the last one wins`
  return { ...found, notes: [{ kind: 'dialect', text }, ...found.notes] }
}

/** One mapping alone is a list of one to the CLI. */
function itemsOf(file: YamlFile, airflow: YamlMap, name: string, findings: Finding[]): readonly YamlItem[] {
  const item = fieldOf(airflow, name)
  if (item === undefined || !isFilled(item.node)) return []
  switch (item.node.kind) {
    case 'list':
      return item.node.items
    case 'map':
      return [item]
    case 'scalar': {
      const where = `${file.shown}:${item.span.line}:${item.span.column}`
      findings.push(shapeFinding(where, `"${name}" is no list`, 'begin each entry with "-"'))
      return []
    }
  }
}
