/**
 * A report as Markdown, to be kept beside the hub or put into a ticket: complete, one table a group.
 *
 * Invariant: as in `report-text.ts`; and what came from a source is shown as it is, and makes no markup of its own.
 */
import { countsText, digits, reportGroups } from './report-rows.ts'
import { visible } from '../sensitive/index.ts'
import type { ImportReport } from './report.ts'

/** With a line break at the end. */
export function renderReportMarkdown(report: ImportReport): string {
  const sources = report.sources.map(({ label, facts, found }) => {
    return `- ${[label, ...facts, `${digits(found)} found`].map(escaped).join(', ')}`
  })
  const groups = reportGroups(report).flatMap(({ title, rows }) => [
    '',
    `## ${escaped(title)}: ${digits(rows.length)}`,
    '',
    '| kind | name | |',
    '|---|---|---|',
    ...rows.map(({ kind, id, text, note, below }) => {
      const cells = [kind, id, [text, note, ...below].filter((line) => line !== '').join('; ')]
      return `| ${cells.map(escaped).join(' | ')} |`
    }),
  ])
  return ['# Import', '', ...sources, '', escaped(countsText(report.counts)), ...groups, ''].join('\n')
}

/** Everything that Markdown, or HTML inside of it, would take for markup. */
function escaped(text: string): string {
  return visible(text)
    .replaceAll(/[\\`*_{}[\]<>#|~!&]/g, String.raw`\$&`)
    .replaceAll(/ {2,}/g, ' ')
}
