/** The report of an import: on the screen, as the one document of `--json`, and as a file. No value is in it. */
import { extname } from 'node:path'
import { type ImportReport, importReport, renderReport, renderReportMarkdown } from '../../importers/index.ts'
import { CommandError } from '../failure.ts'
import { shown } from '../hub-file.ts'
import { writePublicFile } from '../public-files.ts'
import { PLAIN, type Screen } from '../screen.ts'
import type { ImportOptions } from './options.ts'
import { type ImportOutcome, proofSummary } from './outcome.ts'
import type { OpenedImport } from './selection.ts'

export function tellSelection(
  { readings, selection }: OpenedImport,
  { all = false }: ImportOptions,
  screen: Screen,
): ImportReport {
  const report = importReport(readings, selection)
  screen.say(`${renderReport(report, { paint: screen.newsPaint, all })}\n`)
  if (screen.quiet)
    for (const { where, id, text } of report.findings)
      screen.insist([where, id, text].filter((part) => part !== undefined).join(': '))
  return report
}

type Writer = (report: ImportReport, outcome: ImportOutcome | undefined) => string

const WRITERS: Readonly<Record<string, Writer>> = {
  '.json': (report, outcome) => `${JSON.stringify(importDocument(report, outcome), undefined, 2)}\n`,
  '.md': (report, outcome) => `${renderReportMarkdown(report)}\n${conclusion(outcome)}`,
  '.txt': (report, outcome) => `${renderReport(report, { paint: PLAIN, all: true })}\n${conclusion(outcome)}`,
}

/** Before anything is read: a report that nobody can write should not cost a whole import. @throws {CommandError} */
export function checkReportFile({ report }: ImportOptions): void {
  if (report === undefined || WRITERS[extname(report)] !== undefined) return
  throw new CommandError('call-wrong', `--report ${report} has an ending that is no form of a report`, {
    hint: 'end it in .json, .md or .txt',
    status: 2,
  })
}

export function writeReport(
  report: ImportReport,
  outcome: ImportOutcome | undefined,
  options: ImportOptions,
  screen: Screen,
): void {
  screen.document(importDocument(report, outcome))
  const { report: file } = options
  const writer = file === undefined ? undefined : WRITERS[extname(file)]
  if (file === undefined || writer === undefined) return
  writePublicFile(file, writer(report, outcome))
  screen.say(`report in ${shown(file)}`)
}

function importDocument(report: ImportReport, outcome: ImportOutcome | undefined): unknown {
  return { ...report, outcome: outcome ?? null }
}

function conclusion(outcome: ImportOutcome | undefined): string {
  if (outcome === undefined) return '\nNothing was brought.\n'
  const { notDone } = outcome.application
  const lines = [
    ...notDone.map(({ address, text }) => `- not brought: ${address}: ${text}`),
    ...outcome.leftAlone.map(({ address, text }) => `- left alone: ${address}: ${text}`),
    ...outcome.proof.flatMap(({ kind, id, outcome: one }) =>
      one.kind === 'equal' ? [] : [`- ${one.kind}: ${kind}:${id}`],
    ),
  ]
  return `\n${proofSummary(outcome.proof)}.\n${lines.map((line) => `${line}\n`).join('')}`
}
