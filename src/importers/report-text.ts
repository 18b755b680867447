/**
 * A report as people read it: sources, then group by group a line for each object, then one line that sums up.
 *
 * Invariant: no value is shown, because a report holds none; text that came from a source (ids, places) cannot steer the
 * terminal. What is long is cut group by group, so that a thousand new entries never push an error out of sight.
 */
import { visible } from '../sensitive/index.ts'
import { countsText, digits, reportGroups, type ReportGroup, type ReportRow } from './report-rows.ts'
import type { ImportReport } from './report.ts'

/** Colours, or functions that return their text as it is. */
export interface ReportPaint {
  readonly good: (text: string) => string
  readonly bad: (text: string) => string
  readonly warn: (text: string) => string
  readonly dim: (text: string) => string
  readonly bold: (text: string) => string
}

export interface RenderReportOptions {
  readonly paint: ReportPaint
  /** Cut nothing. */
  readonly all: boolean
  /** Rows of one group otherwise. Default 40. */
  readonly most?: number | undefined
}

const MOST_ROWS = 40
const WIDEST_ID = 48
const WIDEST_TEXT = 32
const KIND_WIDTH = 'connection'.length

/** Without a line break at the end. */
export function renderReport(report: ImportReport, options: RenderReportOptions): string {
  const { paint, all, most = MOST_ROWS } = options
  const sources = report.sources.map(({ label, facts, found }) => {
    return `${paint.bold(visible(label))}: ${[...facts, `${digits(found)} found`].map(visible).join(', ')}`
  })
  const groups = reportGroups(report).map((group) => groupText(group, all ? group.rows.length : most, paint))
  return [...sources, ...groups, '', paint.bold(countsText(report.counts))].join('\n')
}

function groupText({ sign, tone, title, rows }: ReportGroup, most: number, paint: ReportPaint): string {
  const shown = rows.slice(0, most)
  const hidden = rows.length - shown.length
  const columns = {
    kind: shown.some(({ kind }) => kind !== '') ? KIND_WIDTH + 2 : 0,
    id: widest(shown, 'id', WIDEST_ID),
    text: widest(shown, 'text', WIDEST_TEXT),
  }
  const lines = shown.map((row) => {
    const front = row.kind.padEnd(columns.kind) + visible(row.id).padEnd(columns.id)
    const text = columns.text === 0 ? '' : `  ${visible(row.text).padEnd(columns.text)}`
    const note = row.note === '' ? '' : `  ${paint.dim(visible(row.note))}`
    const below = row.below.map((line) => `\n      ${paint.dim(visible(line))}`)
    return `  ${paint[tone](sign)} ${(front + text + note).trimEnd()}${below.join('')}`
  })
  const rest = hidden === 0 ? [] : [paint.dim(`    … and ${digits(hidden)} more (--all shows them)`)]
  return ['', title, ...lines, ...rest].join('\n')
}

function widest(rows: readonly ReportRow[], column: 'id' | 'text', most: number): number {
  return rows.reduce((width, row) => Math.max(width, Math.min(visible(row[column]).length, most)), 0)
}
