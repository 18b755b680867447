/**
 * What was found and what becomes of it, as plain data: for `--json`, and for `report-text.ts` and `report-markdown.ts`
 * to put into words.
 *
 * Invariant: it holds no value, no description and no digest; and its counts add up: `found` is what became part of an
 * entry (`taken`) and what was left out, for whatever reason.
 */
import type { Finding, Note, Reading, SourceKind } from './found.ts'
import {
  type Because,
  type Collision,
  type Duplicate,
  type EntryKind,
  LEFT_OUT_REASONS,
  type LeftOut,
  type LeftOutReason,
  type Selection,
} from './selection.ts'

export interface ReportedEntry {
  readonly kind: EntryKind
  readonly id: string
  readonly project: string
  readonly because: Because
  /** `because` for people. */
  readonly reason: string
  /** Where it was found; several places that have the same value. */
  readonly where: readonly string[]
  readonly notes: readonly Note[]
}

export interface ReportCounts {
  readonly found: number
  /** Of those, what is part of an entry. */
  readonly taken: number
  /** Several environment variables are one secret, and what several sources have is one entry. */
  readonly entries: number
  readonly leftOut: Readonly<Record<LeftOutReason, number>>
  readonly errors: number
  readonly warnings: number
  /** Findings of the sources about objects that were not asked for. */
  readonly otherFindings: number
}

export interface ImportReport {
  /** New members may come; what is here keeps its meaning as long as this is 1. */
  readonly formatVersion: 1
  readonly sources: readonly {
    readonly source: SourceKind
    readonly label: string
    readonly facts: readonly string[]
    readonly found: number
  }[]
  readonly counts: ReportCounts
  readonly entries: readonly ReportedEntry[]
  readonly leftOut: readonly LeftOut[]
  readonly collisions: readonly Collision[]
  readonly duplicates: readonly Duplicate[]
  readonly findings: readonly Finding[]
}

export function importReport(readings: readonly Reading[], selection: Selection): ImportReport {
  const { entries, leftOut, collisions, duplicates, findings } = selection
  return {
    formatVersion: 1,
    sources: readings.map(({ source, label, facts, found }) => ({ source, label, facts, found: found.length })),
    counts: countsOf(readings, selection),
    entries: entries.map(({ kind, id, project, because, reason, origins, notes }) => {
      const where = [...new Set(origins.map((origin) => origin.where))]
      return { kind, id, project, because, reason, where, notes }
    }),
    leftOut,
    collisions,
    duplicates,
    findings,
  }
}

function countsOf(
  readings: readonly Reading[],
  { entries, leftOut, findings, otherFindings }: Selection,
): ReportCounts {
  const count = (severity: Finding['severity']): number => findings.filter((one) => one.severity === severity).length
  const reasons = LEFT_OUT_REASONS.map((reason) => [reason, leftOut.filter((one) => one.reason === reason).length])
  return {
    found: readings.reduce((sum, { found }) => sum + found.length, 0),
    taken: entries.reduce((sum, { origins }) => sum + origins.length, 0),
    entries: entries.length,
    leftOut: Object.fromEntries(reasons) as Record<LeftOutReason, number>,
    errors: count('error'),
    warnings: count('warning'),
    otherFindings: otherFindings.length,
  }
}
