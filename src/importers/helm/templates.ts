/**
 * YAML within a text of the values, where the chart's `tpl` puts templates in: `extraEnv`, `extraEnvFrom`, `data` and
 * `stringData`. No template is executed; a scalar that holds one keeps it as it is written, for whoever reads it to
 * refuse.
 *
 * Invariant: where templates decide which lines there are, nothing of the text is read.
 */
import type { Finding } from '../found.ts'
import type { YamlItem, YamlNode, YamlScalar } from '../located-tree.ts'
import { readLocatedYaml } from '../located-yaml.ts'
import { type Placed, placedAt } from './merge.ts'

export function holdsTemplate(text: string): boolean {
  return text.includes('{{')
}

export function templateFinding(where: string, id: string | undefined, text: string): Finding {
  return {
    severity: 'error',
    code: 'import-helm-template',
    where,
    id,
    text,
    hint: 'templates are not executed: enter the value by hand, or import what Helm makes of it',
  }
}

/** Undefined where it cannot be read, or is empty. */
export function readNested(scalar: YamlScalar, placed: Placed, findings: Finding[]): YamlNode | undefined {
  const { text } = scalar
  const masked = maskTemplates(text)
  const where = placedAt(placed)
  if (masked === undefined) {
    const said = 'templates decide which lines this text has; nothing of it is read'
    findings.push(templateFinding(where, undefined, said))
    return undefined
  }
  const firstLine = firstLineOf(text, placed)
  const inner: Finding[] = []
  const documents = readLocatedYaml({ shown: '', text: masked.text, findings: inner })
  if (documents.length === 0 && inner.length > 0 && masked.templates.length > 0) {
    const said = 'this text is YAML only after its templates were executed; nothing of it is read'
    findings.push(templateFinding(where, undefined, said))
    return undefined
  }
  for (const line of masked.alone) {
    const said = 'a template stands here by itself; what it puts in is not read'
    findings.push(templateFinding(lineAt(placed, firstLine, line), undefined, said))
  }
  for (const finding of inner) {
    const line = Number(/^:(\d+):/.exec(finding.where)?.[1] ?? 1)
    findings.push({ ...finding, where: lineAt(placed, firstLine, line) })
  }
  const [node] = documents
  return node === undefined ? undefined : replant(node, placed, firstLine, masked.templates)
}

interface Masked {
  readonly text: string
  readonly templates: readonly string[]
  /** Lines (from 1) that are a template and nothing else. */
  readonly alone: readonly number[]
}

const CONTROL = /^\s*\{\{-?\s*(?:if|else|range|with|define|block|end|break|continue)\b/
const COMMENT = /^\s*\{\{-?\s*\/\*/
const OPEN = '\uE000'
const CLOSE = '\uE001'

/** Each template as one sign, so that the rest is YAML. Undefined where that cannot be. */
function maskTemplates(text: string): Masked | undefined {
  if (!holdsTemplate(text)) return { text, templates: [], alone: [] }
  const templates: string[] = []
  const alone: number[] = []
  const lines: string[] = []
  for (const [index, line] of text.split('\n').entries()) {
    const [bare, masked] = maskLine(line, templates)
    if (holdsTemplate(bare)) return undefined
    const isAlone = bare.trim() === '' && bare !== line
    if (isAlone && CONTROL.test(line)) return undefined
    if (isAlone && !COMMENT.test(line)) alone.push(index + 1)
    // A comment to YAML; within a text of several lines it stays a part of that.
    lines.push(isAlone ? masked.replace(OPEN, `#${OPEN}`) : masked)
  }
  return { text: lines.join('\n'), templates, alone }
}

/** The line without its templates, and with a sign for each. */
function maskLine(line: string, templates: string[]): readonly [bare: string, masked: string] {
  let bare = ''
  let masked = ''
  let done = 0
  for (let start = line.indexOf('{{'); start !== -1; start = line.indexOf('{{', done)) {
    const end = line.indexOf('}}', start + 2)
    if (end === -1) break
    const before = line.slice(done, start)
    bare += before
    masked += `${before}${OPEN}${templates.length}${CLOSE}`
    templates.push(line.slice(start, end + 2))
    done = end + 2
  }
  const rest = line.slice(done)
  return [bare + rest, masked + rest]
}

function unmask(text: string, templates: readonly string[]): string {
  if (templates.length === 0) return text
  return text.replaceAll(/\uE000(\d+)\uE001/g, (mask, index: string) => templates[Number(index)] ?? mask)
}

/** 0 where the text is not written line by line: all of it has the place of its key then. */
function firstLineOf(text: string, { span }: Placed): number {
  let end = text.length
  while (text.charAt(end - 1) === '\n') end -= 1
  const lines = text.slice(0, end).split('\n').length
  return span.lastLine - span.line >= lines ? span.line + 1 : 0
}

function lineAt(placed: Placed, firstLine: number, line: number): string {
  return firstLine === 0 ? placedAt(placed) : `${placed.file.shown}:${firstLine + line - 1}:1`
}

/** The tree with the lines of the file and the templates as they are written. */
function replant(node: YamlNode, placed: Placed, firstLine: number, templates: readonly string[]): YamlNode {
  const item = ({ node: inner, span }: YamlItem): YamlItem => ({
    node: replant(inner, placed, firstLine, templates),
    span:
      firstLine === 0
        ? placed.span
        : { line: firstLine + span.line - 1, column: 1, lastLine: firstLine + span.lastLine - 1 },
  })
  switch (node.kind) {
    case 'scalar':
      return { ...node, text: unmask(node.text, templates) }
    case 'list':
      return { ...node, items: node.items.map(item) }
    case 'map':
      return { ...node, entries: new Map([...node.entries].map(([key, one]) => [unmask(key, templates), item(one)])) }
  }
}
