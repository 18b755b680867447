/**
 * The plan as people read it: a line for each change, then one line that sums up.
 *
 * Invariant: no value is shown, because a plan holds none; and text that came from Vault (names, fields) cannot steer
 * the terminal. What is long is cut group by group, so that a thousand new entries never push a deletion out of sight.
 */
import { visible } from '../sensitive/index.ts'
import { isEmptyPlan } from './make.ts'
import type { Change, Plan } from './plan.ts'
import { summaryOf } from './summary.ts'
import { blockedRow, changeRow, driftRow, missingRow, type Row, shadowRow, unmanagedRow } from './wording.ts'

/** Colours, or functions that return their text as it is. */
export interface Paint {
  readonly good: (text: string) => string
  readonly bad: (text: string) => string
  readonly warn: (text: string) => string
  readonly dim: (text: string) => string
  readonly bold: (text: string) => string
}

export interface RenderPlanOptions {
  readonly paint: Paint
  /** Cut nothing. */
  readonly all: boolean
  /** Unix milliseconds, for `2 days ago`. */
  readonly now: number
}

/** Lines of one group. */
const MOST_LINES = 40
const WIDEST_ID = 48
const KIND_WIDTH = 'connection'.length

/** Without a line break at the end. */
export function renderPlan(plan: Plan, options: RenderPlanOptions): string {
  const { paint, all, now } = options
  const groups = groupsOf(plan, now, all).filter(({ length }) => length > 0)
  const shown = groups.map((rows) => (all ? rows : rows.slice(0, MOST_LINES)))
  const width = shown.flat().reduce((most, { id }) => Math.min(WIDEST_ID, Math.max(most, visible(id).length)), 0)
  const blocks = shown.map((rows, index) => {
    const hidden = (groups[index]?.length ?? 0) - rows.length
    const lines = rows.map((row) => rowText(row, width, paint))
    return hidden === 0 ? lines : [...lines, paint.dim(`    … and ${hidden} more (--all shows them)`)]
  })
  const last = isEmptyPlan(plan) ? nothingToDo(plan, paint) : paint.bold(summaryText(plan))
  return [...(blocks.length === 0 ? [] : [blocks.flat().join('\n'), '']), last].join('\n')
}

function groupsOf(plan: Plan, now: number, all: boolean): Row[][] {
  const changes = (action: Change['action']): Row[] =>
    plan.changes.filter((change) => change.action === action).map((change) => changeRow(change, all))
  return [
    changes('update'),
    changes('create'),
    changes('mark'),
    changes('delete'),
    plan.drifted.map((drift) => driftRow(drift, now, all)),
    plan.blocked.map(blockedRow),
    plan.missing.map(missingRow),
    plan.shadowing.map(shadowRow),
    plan.unmanaged.map(unmanagedRow),
  ]
}

function rowText(row: Row, width: number, paint: Paint): string {
  const { sign, tone, kind, id, text, note, hint } = row
  const rest = [text, note === '' ? '' : paint.dim(note)].filter((part) => part !== '').join('   ')
  const name = rest === '' ? visible(id) : visible(id).padEnd(width)
  const line = `  ${paint[tone](sign)} ${kind.padEnd(KIND_WIDTH)}  ${name}${rest === '' ? '' : `  ${rest}`}`
  return hint === '' ? line : `${line}\n${' '.repeat(KIND_WIDTH + width + 8)}${paint.dim(hint)}`
}

function nothingToDo(plan: Plan, paint: Paint): string {
  const objects = plan.unchanged === 1 ? '1 object' : `${plan.unchanged} objects`
  return `${paint.good('no changes:')} Vault is what plenum.yaml says (${objects})`
}

/** `1 to add, 1 to change, 1 to delete, 1 drifted, 24 unchanged`; what there is none of is left out. */
function summaryText(plan: Plan): string {
  const summary = summaryOf(plan)
  const parts: readonly (readonly [number, string])[] = [
    [summary.create, 'to add'],
    [summary.update, 'to change'],
    [summary.mark, 'to mark'],
    [summary.delete, 'to delete'],
    [summary.drifted, 'drifted'],
    [summary.blocked, 'blocked'],
    [summary.missing, 'missing'],
    [summary.unchanged, 'unchanged'],
  ]
  return parts
    .filter(([count]) => count > 0)
    .map(([count, word]) => `${count} ${word}`)
    .join(', ')
}
