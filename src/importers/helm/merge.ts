/**
 * Several values files -> one tree, as Helm merges them: mappings key by key, everything else is replaced by the later
 * file, and `null` removes a key. Every entry knows the file in which it is written.
 *
 * Invariant: what a later file takes away is a finding where it may have held a secret, for there it still stands.
 */
import type { Finding } from '../found.ts'
import { goScalar } from '../go-scalar.ts'
import { compactJson, jsonPlain } from '../json-text.ts'
import type { Span, YamlList, YamlMap, YamlNode, YamlScalar } from '../located-tree.ts'
import type { YamlFile } from '../yaml-file.ts'

export interface Placed {
  readonly file: YamlFile
  readonly span: Span
  readonly node: MergedNode
}

export interface MergedMap {
  readonly kind: 'map'
  readonly entries: ReadonlyMap<string, Placed>
}

/** A list is of one file, with all that it holds. */
export type MergedNode = YamlScalar | YamlList | MergedMap

export const NO_VALUES: MergedMap = { kind: 'map', entries: new Map() }

export function placedAt({ file, span }: Pick<Placed, 'file' | 'span'>): string {
  return `${file.shown}:${span.line}:${span.column}`
}

export function placedMap(file: YamlFile, { entries }: YamlMap): MergedMap {
  const placed = [...entries].map(
    ([key, { node, span }]) => [key, { file, span, node: placedNode(file, node) }] as const,
  )
  return { kind: 'map', entries: new Map(placed) }
}

export function placedNode(file: YamlFile, node: YamlNode): MergedNode {
  return node.kind === 'map' ? placedMap(file, node) : node
}

export function isNothing(node: MergedNode | YamlNode): boolean {
  return node.kind === 'scalar' && goScalar(node, 'v2').kind === 'nothing'
}

export function mergeValues(earlier: MergedMap, later: MergedMap, findings: Finding[]): MergedMap {
  return mergeMaps(earlier, later, [], findings)
}

function mergeMaps(earlier: MergedMap, later: MergedMap, path: readonly string[], findings: Finding[]): MergedMap {
  const entries = new Map(earlier.entries)
  for (const [key, placed] of later.entries) {
    const before = entries.get(key)
    const here = [...path, key]
    if (before?.node.kind === 'map' && placed.node.kind === 'map') {
      entries.set(key, { ...before, node: mergeMaps(before.node, placed.node, here, findings) })
      continue
    }
    if (before !== undefined) findings.push(...replaced(before, placed, here))
    if (isNothing(placed.node)) entries.delete(key)
    else entries.set(key, placed)
  }
  return { kind: 'map', entries }
}

const OF_INTEREST =
  /^(?:airflow\.)?(?:(?:.+\.)?env|secret|extraEnv|extraEnvFrom|(?:extraSecrets|extraConfigMaps)(?:\..+)?)$/s

function replaced(before: Placed, after: Placed, path: readonly string[]): Finding[] {
  const name = path.join('.')
  if (!OF_INTEREST.test(name) || isEmpty(before.node) || written(before.node) === written(after.node)) return []
  const what = isNothing(after.node) ? 'removed' : 'replaced as a whole'
  return [
    {
      severity: 'warning',
      code: 'import-helm-replaced',
      where: placedAt(before),
      id: name,
      text: `it is ${what} by ${placedAt(after)}; what stands here is not read`,
      hint: 'Helm merges mappings alone: remove it here, or write it there if it is still wanted',
    },
  ]
}

function isEmpty(node: MergedNode): boolean {
  switch (node.kind) {
    case 'scalar':
      return node.text === '' || isNothing(node)
    case 'list':
      return node.items.length === 0
    case 'map':
      return node.entries.size === 0
  }
}

function written(node: MergedNode): string {
  if (node.kind !== 'map') return compactJson(node, jsonPlain)
  return JSON.stringify([...node.entries].map(([key, placed]) => [key, written(placed.node)]))
}
