/**
 * A compose file -> its documents, each a mapping.
 *
 * Invariant: of a file that is not text, or not YAML, nothing is read and a finding says so; docker compose refuses it too.
 */
import type { Finding } from '../found.ts'
import type { YamlMap, YamlNode } from '../located-tree.ts'
import { readLocatedYaml } from '../located-yaml.ts'
import { decodeText, type TextFile } from '../text-files.ts'
import { shapeFinding } from './scope.ts'

export function documentsOf(file: TextFile, findings: Finding[]): readonly YamlMap[] {
  const { text, badLines } = decodeText(file)
  const [bad] = badLines
  if (bad !== undefined) {
    findings.push(notText(file, bad))
    return []
  }
  const before = findings.length
  const documents = readLocatedYaml({ shown: file.shown, text, findings }).filter((node) => !isEmpty(node))
  const start = { file, line: 1, column: 1, lastLine: 1 }
  if (documents.length === 0 && findings.length === before) {
    findings.push(shapeFinding(start, undefined, 'there is nothing in it'))
  }
  if (documents.length > 1) {
    findings.push({
      severity: 'warning',
      code: 'import-compose-documents',
      where: file.shown,
      id: undefined,
      text: `it has ${documents.length} documents; they are laid over one another, as docker compose does today`,
      hint: 'make one of them: older versions of compose read the first alone',
    })
  }
  return documents.flatMap((root) => {
    if (root.kind === 'map') return [root]
    findings.push(shapeFinding(start, undefined, 'this is no compose file: there is no mapping at its top'))
    return []
  })
}

/** Of a file that is read whole or not at all. */
export function notText({ shown }: TextFile, line: number): Finding {
  const text = 'this line is not UTF-8; nothing of the file was read'
  const where = `${shown}:${line}`
  return { severity: 'error', code: 'import-not-text', where, id: undefined, text, hint: 'save the file as UTF-8' }
}

export function isEmpty(node: YamlNode): boolean {
  return node.kind === 'scalar' && node.isPlain && node.text === ''
}
