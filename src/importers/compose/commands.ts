/**
 * Commands of services that add connections or variables to Airflow themselves. Nothing is executed and nothing of them is
 * read; a finding names the line, so that they are not overlooked. Pure.
 */
import type { Finding } from '../found.ts'
import type { YamlNode } from '../located-tree.ts'
import { decodeText } from '../text-files.ts'
import type { Command } from './service.ts'

const ADDS =
  /\bairflow["',\s]+(?:connections["',\s]+(?:add|import|create-default-connections)|variables["',\s]+(?:set|import))\b/

export function commandFindings(service: string, { node, spot }: Command): readonly Finding[] {
  if (!ADDS.test(textOf(node))) return []
  const { file, line, lastLine } = spot
  const written = decodeText(file)
    .text.split('\n')
    .slice(line - 1, lastLine)
  const lines = written.flatMap((text, index) => (ADDS.test(text) ? [line + index] : []))
  return (lines.length === 0 ? [line] : lines).map((at) => ({
    severity: 'warning',
    code: 'import-compose-command',
    where: `${file.shown}:${at}`,
    id: undefined,
    text: `the service ${service} adds connections or variables here by a command, which is not read`,
    hint: 'import the database of Airflow after it ran, and take the command out',
  }))
}

function textOf(node: YamlNode): string {
  if (node.kind === 'scalar') return node.text
  return node.kind === 'list' ? node.items.map((item) => textOf(item.node)).join(' ') : ''
}
