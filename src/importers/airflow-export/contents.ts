/**
 * Connections or variables? A file does not say; what stands in it mostly does.
 *
 * Invariant: nothing is taken for connections that could as well be variables, or the other way round, unless the user
 * has said which.
 */
import { CONNECTION_FIELDS } from '../../airflow/index.ts'
import type { YamlNode } from '../located-tree.ts'
import { isConnectionKey, isConnectionText } from './connection-entry.ts'
import type { Entries } from './entry.ts'

export type ExportKind = 'connections' | 'variables'

/**
 * `certain`: all eight fields, as every export has them. `fields`: some of them, the type too, and no others. `uri`: a
 * text that could be a connection in a file that people wrote. `none`: a variable, or nothing that Airflow reads.
 */
type Likeness = 'certain' | 'fields' | 'uri' | 'none'

/** Undefined where it is not clear. An empty export is one of whatever it is said to be. */
export function kindOf({ format, entries }: Entries, what: ExportKind | undefined): ExportKind | undefined {
  const seen = new Set(entries.map(({ node }) => likeness(node)))
  const areOnly = (...some: readonly Likeness[]): boolean =>
    seen.size > 0 && [...seen].every((one) => some.includes(one))
  if (seen.size === 0) return what ?? 'connections'
  // No Airflow writes variables as lines.
  if (format === 'env') return what ?? (areOnly('none') ? undefined : 'connections')
  if (areOnly('fields')) return what ?? 'connections'
  if (areOnly('certain', 'fields')) return 'connections'
  if (areOnly('uri')) return what
  return areOnly('none', 'uri') ? 'variables' : what
}

function likeness(node: YamlNode): Likeness {
  if (node.kind === 'list') return 'none'
  if (node.kind === 'scalar') return !node.isPlain && isConnectionText(node.text) ? 'uri' : 'none'
  const { entries } = node
  if (!entries.has('conn_type') || ![...entries.keys()].every(isConnectionKey)) return 'none'
  return CONNECTION_FIELDS.every((field) => entries.has(field)) ? 'certain' : 'fields'
}
