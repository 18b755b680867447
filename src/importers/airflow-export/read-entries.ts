/** A file of an export -> what stands under each id, in whichever format. Nothing is understood yet. */
import type { Finding } from '../found.ts'
import { jsonPlain } from '../json-text.ts'
import { readLocatedJson } from '../located-json.ts'
import type { YamlNode } from '../located-tree.ts'
import { readLocatedYaml } from '../located-yaml.ts'
import { type DecodedText, decodeText, type TextFile } from '../text-files.ts'
import type { Entries, Entry } from './entry.ts'
import { readEnvLines } from './env-lines.ts'
import { formatOf } from './format.ts'
import { pythonPlain } from './python-plain.ts'

/** Undefined, with findings, where the file is no export. */
export function readEntries(file: TextFile, findings: Finding[]): Entries | undefined {
  const { shown, path } = file
  const decoded = decodeText(file)
  const { text, badLines } = decoded
  const format = formatOf(shown, text)
  if (format === 'env') return envEntries(file, decoded, findings)
  if (badLines.length > 0) {
    findings.push(notText(`${shown}:${badLines[0]}`))
    return undefined
  }
  const tree = treeOf(shown, text, format, findings)
  if (tree === undefined) return undefined
  if (tree.node.kind !== 'map') {
    findings.push(shapeless(shown, 'it is no export: there are no ids with something under them'))
    return undefined
  }
  const entries = [...tree.node.entries].map(([id, { node, span }]): Entry => {
    const where = `${shown}:${span.line}:${span.column}`
    return { id, node, origin: { source: 'airflow-export', where, place: { kind: 'file', file: path } } }
  })
  return { format: tree.format, plain: tree.format === 'json' ? jsonPlain : pythonPlain, entries }
}

function envEntries(file: TextFile, decoded: DecodedText, findings: Finding[]): Entries | undefined {
  const own: Finding[] = []
  const entries = readEnvLines(file, decoded, own)
  if (entries.some(({ id }) => /^(?:export\s+)?AIRFLOW_(?:_|CONN_|VAR_)/.test(id))) {
    const said = 'it is no export: its lines are environment variables'
    findings.push(shapeless(file.shown, said, 'import it with env-file'))
    return undefined
  }
  findings.push(...own)
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
  const own: Finding[] = []
  const documents = readLocatedYaml({ shown, text, findings: own })
  findings.push(...own)
  const [node] = documents
  if (node !== undefined && documents.length === 1) return { format: 'yaml', node: explicit(node) }
  if (documents.length > 1 || own.length === 0) {
    const said = node === undefined ? 'there is nothing in it' : `it holds ${documents.length} documents, not one`
    findings.push(shapeless(shown, said))
  }
  return undefined
}

/** What is marked as text (`!!str 012`) is text, without quotes too. */
function explicit(node: YamlNode): YamlNode {
  switch (node.kind) {
    case 'scalar':
      return node.tag === 'tag:yaml.org,2002:str' ? { ...node, isPlain: false } : node
    case 'list':
      return { ...node, items: node.items.map((item) => ({ ...item, node: explicit(item.node) })) }
    case 'map': {
      const entries = [...node.entries].map(([key, item]) => [key, { ...item, node: explicit(item.node) }] as const)
      return { ...node, entries: new Map(entries) }
    }
  }
}

const SHAPE = 'give a file that airflow connections export or airflow variables export wrote'

function shapeless(shown: string, text: string, hint: string = SHAPE): Finding {
  return { severity: 'error', code: 'import-export-shape', where: shown, id: undefined, text, hint }
}

function notText(where: string): Finding {
  const text = 'this line is not UTF-8, and nothing of the file was read'
  return { severity: 'error', code: 'import-not-text', where, id: undefined, text, hint: 'save it as UTF-8' }
}
