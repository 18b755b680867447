/**
 * Connections or variables? A file does not say; what stands in it mostly does.
 *
 * Invariant: nothing is taken for connections that could as well be variables, or the other way round, unless the user
 * has said which.
 */
import { CONNECTION_FIELDS } from '../../airflow/index.ts'
import type { YamlNode } from '../located-tree.ts'
import { isConnectionKey } from './connection-entry.ts'
import type { Entries } from './entry.ts'

export type ExportKind = 'connections' | 'variables'

/** `certain`: all eight fields, as every export has them. `possible`: a variable could look so too. */
type Likeness = 'certain' | 'possible' | 'none'

/** Undefined where it is not clear. An empty export is one of whatever it is said to be. */
export function kindOf({ format, entries }: Entries, what: ExportKind | undefined): ExportKind | undefined {
  const likenesses = new Set(entries.map(({ node }) => likeness(node)))
  if (likenesses.size === 0) return what ?? 'connections'
  // No Airflow writes variables as lines.
  if (format === 'env') return what ?? (likenesses.size === 1 && likenesses.has('none') ? undefined : 'connections')
  if (likenesses.size > 1) return what
  if (likenesses.has('certain')) return 'connections'
  if (likenesses.has('none')) return 'variables'
  return what ?? (entries.every(({ node }) => node.kind === 'map') ? 'connections' : undefined)
}

function likeness(node: YamlNode): Likeness {
  if (node.kind === 'list') return 'none'
  if (node.kind === 'scalar') return !node.isPlain && isConnectionText(node.text) ? 'possible' : 'none'
  const keys = [...node.entries.keys()]
  if (keys.length === 0 || !keys.every(isConnectionKey)) return 'none'
  return CONNECTION_FIELDS.every((field) => node.entries.has(field)) ? 'certain' : 'possible'
}

function isConnectionText(text: string): boolean {
  return /^\s*(?:[A-Za-z][A-Za-z0-9+.-]*:\/\/|\{.*"conn_type")/s.test(text)
}
