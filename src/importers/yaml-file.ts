/**
 * A file of YAML as the sources read it: its documents, and the lines that are no text.
 *
 * Invariant: a line that is not UTF-8 is a finding and keeps its place in the tree, so that what it is a part of is known
 * (`isBroken`) and not taken for shorter than it is.
 */
import type { Finding } from './found.ts'
import type { Span, YamlNode } from './located-tree.ts'
import { readLocatedYaml } from './located-yaml.ts'
import { decodeText, type TextFile } from './text-files.ts'

export interface YamlFile extends TextFile {
  readonly documents: readonly YamlNode[]
  readonly badLines: readonly number[]
}

export function readYamlFile(file: TextFile, findings: Finding[]): YamlFile {
  const { shown, bytes } = file
  const { text, badLines } = decodeText(file)
  for (const line of badLines) {
    findings.push({
      severity: 'error',
      code: 'import-not-text',
      where: `${shown}:${line}`,
      id: undefined,
      text: 'this line is not UTF-8',
      hint: 'save the file as UTF-8',
    })
  }
  // With replacement characters the structure stays: what they stand in is not taken.
  const whole = badLines.length === 0 ? text : new TextDecoder().decode(bytes)
  return { ...file, documents: readLocatedYaml({ shown, text: whole, findings }), badLines }
}

export function isBroken({ badLines }: YamlFile, { line, lastLine }: Pick<Span, 'line' | 'lastLine'>): boolean {
  return badLines.some((bad) => bad >= line && bad <= lastLine)
}
