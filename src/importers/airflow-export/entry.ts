/** One id of an export with what stands there, whatever the format: lines of an `.env` file are texts. */
import type { PlainReading } from '../json-text.ts'
import type { YamlNode } from '../located-tree.ts'
import type { Finding, Note, Origin } from '../found.ts'

export type ExportFormat = 'json' | 'yaml' | 'env'

export interface Entry {
  readonly id: string
  readonly node: YamlNode
  readonly origin: Origin
}

/** What a file holds, read but not yet understood. */
export interface Entries {
  readonly format: ExportFormat
  /** What a scalar without quotes means in this format. */
  readonly plain: PlainReading
  readonly entries: readonly Entry[]
}

export type Problem = Pick<Finding, 'severity' | 'code' | 'text' | 'hint'>

export function entryFinding({ id, origin }: Entry, problem: Problem): Finding {
  return { ...problem, where: origin.where, id }
}

export function lossy(text: string): Note {
  return { kind: 'lossy', text }
}
