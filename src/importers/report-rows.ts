/**
 * What each line of a report says: groups of rows, in the order of their weight. How they look is not decided here.
 *
 * Everything is said once: what is refused or in collision is among the errors, and not among what is left out too.
 */
import type { Finding } from './found.ts'
import type { ImportReport, ReportCounts } from './report.ts'
import { LEFT_OUT_REASONS, type LeftOutReason } from './selection.ts'

export interface ReportRow {
  /** `connection`, `variable`, ...; empty where the id says it all. */
  readonly kind: string
  readonly id: string
  readonly text: string
  /** Behind the text, of less weight. */
  readonly note: string
  /** On lines of their own. */
  readonly below: readonly string[]
}

export interface ReportGroup {
  readonly sign: string
  readonly tone: 'good' | 'bad' | 'warn' | 'dim'
  readonly title: string
  readonly rows: readonly ReportRow[]
}

/** Groups that have nothing in them are left out. */
export function reportGroups(report: ImportReport): ReportGroup[] {
  const groups: readonly ReportGroup[] = [
    { sign: 'x', tone: 'bad', title: 'errors', rows: findingRows(report, 'error') },
    { sign: '!', tone: 'warn', title: 'warnings', rows: findingRows(report, 'warning') },
    { sign: '!', tone: 'warn', title: 'several values, one of them preferred', rows: decidedRows(report) },
    { sign: '=', tone: 'warn', title: 'the same value under several names', rows: duplicateRows(report) },
    { sign: '+', tone: 'good', title: 'to bring in', rows: entryRows(report) },
    ...Object.entries(LEFT_OUT_TITLES).map(
      ([reason, title]): ReportGroup => ({ sign: '-', tone: 'dim', title, rows: leftOutRows(report, reason) }),
    ),
  ]
  return groups.filter(({ rows }) => rows.length > 0)
}

/** The others are errors, or several values. */
const LEFT_OUT_TITLES: Readonly<Partial<Record<LeftOutReason, string>>> = {
  declared: 'left out: plenum.yaml says where the value comes from',
  'name-class': 'left out: environment variables of another class',
  default: "left out: Airflow's own default connections, never edited",
  'not-asked': 'left out: not asked for',
}

const LEFT_OUT_WORDS: Readonly<Record<LeftOutReason, string>> = {
  'not-asked': 'not asked for',
  default: 'default and never edited',
  'name-class': 'of another class',
  declared: 'declared with another source',
  'not-preferred': 'not preferred',
  collision: 'in collision',
  refused: 'refused',
}

/** `1,012 found: 1,000 become 998 entries; left out: 12 (10 not asked for, 2 in collision); 1 error`. */
export function countsText({ found, taken, entries, leftOut, errors, warnings, otherFindings }: ReportCounts): string {
  const reasons = LEFT_OUT_REASONS.filter((reason) => leftOut[reason] > 0)
  const total = reasons.reduce((sum, reason) => sum + leftOut[reason], 0)
  const named = reasons.map((reason) => `${digits(leftOut[reason])} ${LEFT_OUT_WORDS[reason]}`).join(', ')
  const parts = [
    `${digits(found)} found: ${digits(taken)} ${taken === 1 ? 'becomes' : 'become'} ${digits(entries)} ${entries === 1 ? 'entry' : 'entries'}`,
    total === 0 ? '' : `left out: ${digits(total)} (${named})`,
    [counted(errors, 'error'), counted(warnings, 'warning')].filter((text) => text !== '').join(', '),
    otherFindings === 0 ? '' : `${counted(otherFindings, 'finding')} about what was not asked for`,
  ]
  return parts.filter((text) => text !== '').join('; ')
}

export function digits(count: number): string {
  return count.toLocaleString('en-US')
}

function findingRows({ findings }: ImportReport, severity: Finding['severity']): ReportRow[] {
  return findings
    .filter((finding) => finding.severity === severity)
    .map(({ id, where, text, hint }) => {
      const note = id === undefined || text.includes(where) ? '' : where
      return { kind: '', id: id ?? where, text, note, below: hint === undefined ? [] : [hint] }
    })
}

function decidedRows({ collisions }: ImportReport): ReportRow[] {
  return collisions
    .filter(({ decided }) => decided !== undefined)
    .map(({ object, ids, where, decided }) => {
      return { kind: object, id: ids.join(', '), text: `${decided} is taken`, note: placesText(where), below: [] }
    })
}

function duplicateRows({ duplicates }: ImportReport): ReportRow[] {
  return duplicates.map(({ names }) => ({ kind: '', id: names.join('  =  '), text: '', note: '', below: [] }))
}

function entryRows({ entries }: ImportReport): ReportRow[] {
  return entries.map(({ kind, id, project, reason, where, notes }) => {
    return { kind, id, text: project, note: `${reason}; ${placesText(where)}`, below: notes.map(({ text }) => text) }
  })
}

function leftOutRows({ leftOut }: ImportReport, wanted: string): ReportRow[] {
  return leftOut
    .filter(({ reason }) => reason === wanted)
    .map(({ kind, id, where, reason, text, hint }) => {
      const note = hint === undefined ? where : `${where}; ${hint}`
      // Elsewhere the title says it.
      return { kind, id, text: reason === 'name-class' ? text : '', note, below: [] }
    })
}

/** Places named on one line. */
const MOST_PLACES = 3

function placesText(where: readonly string[]): string {
  const first = where.slice(0, MOST_PLACES).join(', ')
  return where.length > MOST_PLACES ? `${first} and ${where.length - MOST_PLACES} more` : first
}

function counted(count: number, word: string): string {
  return count === 0 ? '' : `${digits(count)} ${word}${count === 1 ? '' : 's'}`
}
