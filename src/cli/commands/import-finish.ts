/**
 * `plenum import SOURCE --finish`: what a proven move left behind is removed. Shows what would change without a value,
 * asks, and keeps in Vault what it takes away. Killed and run again it first goes on with what it had begun.
 */
import { randomBytes } from 'node:crypto'
import {
  type ByHand,
  carryOutFinish,
  continueFinish,
  filesToEdit,
  type FinishOutcome,
  type FinishPlan,
  type FinishRows,
  listUndo,
  newUndoId,
  planFinish,
  readAllRows,
} from '../../finish/index.ts'
import { type AirflowDatabase, blankedColumns, createRowReader, type TextFile } from '../../importers/index.ts'
import { addressOf } from '../../plan/index.ts'
import { fingerprintKey } from '../../sensitive/index.ts'
import type { VaultClient } from '../../vault/index.ts'
import { type OpenHub, shown } from '../hub-file.ts'
import { count, extentOf, mayDo, nothingBrought, portsOf, storeOf } from '../importing/clean-up.ts'
import { declaredEntries } from '../importing/declared-entries.ts'
import type { ImportOptions, ImportSource } from '../importing/options.ts'
import { tellSelection } from '../importing/report.ts'
import { openImport, type OpenedImport } from '../importing/selection.ts'
import { databaseOfSource, openForWriting, openText } from '../importing/sources.ts'
import { interruptible } from '../interrupt.ts'
import type { Screen } from '../screen.ts'
import type { Reach } from '../target.ts'
import { withVault } from '../with-vault.ts'
import { proofOf } from './import.ts'

export async function finishCommand(
  source: ImportSource,
  options: ImportOptions,
  screen: Screen,
  paths: readonly string[],
): Promise<number> {
  return interruptible(async (signal) => {
    const asked = { source, paths, options, screen, signal }
    const first = await openImport(source, paths, options, screen, signal)
    tellSelection(first, options, screen)
    const { current } = first.hub
    if (current === undefined) throw nothingBrought(shown(first.hub.found.file))
    return withVault({
      hub: current,
      port: options.port,
      screen,
      async work(reach, client) {
        const continued = await goOn(asked, current, client)
        if (continued === 'not-now') {
          screen.say('nothing was changed')
          return 1
        }
        // What an interrupted run had left is gone by now.
        const opened = continued.length === 0 ? first : await openImport(source, paths, options, screen, signal)
        return cleanUp(asked, opened, { reach, client, continued })
      },
    })
  })
}

interface Asked {
  readonly source: ImportSource
  readonly paths: readonly string[]
  readonly options: ImportOptions
  readonly screen: Screen
  readonly signal: AbortSignal
}

/** As it stands in records: what to say to `plenum import` for the same sources. */
function labelOf({ source, paths }: Asked): string {
  return [source, ...paths].join(' ')
}

/** Carries on what an earlier run of the same call did not finish. */
async function goOn(asked: Asked, hub: OpenHub, client: VaultClient): Promise<readonly FinishOutcome[] | 'not-now'> {
  const { source, paths, options, screen, signal } = asked
  const listed = await listUndo(storeOf(hub, client), signal)
  const prepared = listed.flatMap((one) => (one.kind === 'record' && one.index.state === 'prepared' ? [one.index] : []))
  const outcomes: FinishOutcome[] = []
  for (const index of prepared) {
    const { id, rows } = index
    if (index.source !== labelOf(asked)) {
      screen.warn(
        `a clean-up of ${index.source} ended in the middle (${id})`,
        `\`plenum import ${index.source} --finish\` goes on with it, --undo ${id} takes it back`,
      )
      continue
    }
    screen.say(`an earlier clean-up ended in the middle: ${extentOf(index)}`)
    if (options.dryRun === true) continue
    if (!(await mayDo(`go on with the clean-up ${id}`, options, screen))) return 'not-now'
    const database =
      rows === 0 ? undefined : await openForWriting(options, await databaseOfSource(source, paths, options))
    try {
      const outcome = await continueFinish(id, portsOf(hub, client, database, signal))
      tellOutcome(outcome, screen)
      outcomes.push(outcome)
    } finally {
      await database?.close()
    }
  }
  return outcomes
}

interface CleanUp {
  readonly reach: Reach
  readonly client: VaultClient
  readonly continued: readonly FinishOutcome[]
}

async function cleanUp(asked: Asked, opened: OpenedImport, { reach, client, continued }: CleanUp): Promise<number> {
  const { options, screen, signal } = asked
  const { entries } = opened.selection
  const { hub } = opened.hub.declaring(entries)
  const proof = await proofOf(hub, entries, { reach, screen, signal })
  const equal = new Set(proof.flatMap(({ kind, id, outcome }) => (outcome.kind === 'equal' ? [`${kind}:${id}`] : [])))
  const database = await openRows(opened, options)
  try {
    const plan = await finishPlan(hub, opened, equal, options, database)
    tellPlan(plan, screen)
    if (plan.rows.length === 0 && plan.files.length === 0) return conclude(plan, continued, undefined, screen)
    if (options.dryRun === true || !(await mayFinish(plan, options, screen))) {
      screen.say('nothing was changed')
      screen.document(documentOf(plan, continued, undefined))
      return options.dryRun === true ? 0 : 1
    }
    const outcome = await carryOutFinish(plan, {
      id: newUndoId(Date.now(), randomBytes(4)),
      createdAt: Date.now(),
      source: labelOf(asked),
      contextKey: randomBytes(32),
      ...portsOf(hub, client, database, signal),
    })
    return conclude(plan, continued, outcome, screen)
  } finally {
    await database?.close()
  }
}

async function openRows(
  { database, selection }: OpenedImport,
  options: ImportOptions,
): Promise<AirflowDatabase | undefined> {
  const hasRows = selection.entries.some(({ origins }) => origins.some(({ place }) => place.kind === 'row'))
  return hasRows && database !== undefined ? openForWriting(options, database) : undefined
}

async function finishPlan(
  hub: OpenHub,
  opened: OpenedImport,
  equal: ReadonlySet<string>,
  { finish = 'blank' }: ImportOptions,
  database: AirflowDatabase | undefined,
): Promise<FinishPlan> {
  const { entries } = opened.selection
  const declared = declaredEntries(hub.hub)
  const files = new Map(
    filesToEdit(entries).map((path): [string, TextFile] => [path, { ...openText(path), shown: shown(path) }]),
  )
  return planFinish({
    entries,
    isProven: ({ kind, id }) => equal.has(`${kind}:${id}`),
    pathOf: ({ kind, id }) => `${hub.hub.vault.mount}/${declared.get(addressOf(kind, id))?.path ?? ''}`,
    imported: opened.readings,
    key: fingerprintKey(),
    texts: {
      mode: finish === 'remove' ? 'remove' : 'comment',
      files,
      readers: opened.files.map(openText),
      reread: opened.reread,
    },
    rows: database === undefined ? undefined : await rowsOf(opened, database, finish),
  })
}

async function rowsOf(
  { database: source }: OpenedImport,
  database: AirflowDatabase,
  how: NonNullable<ImportOptions['finish']>,
): Promise<FinishRows> {
  const now = await readAllRows(database)
  const reader = createRowReader(source?.fernetKeys)
  return {
    now,
    read: (row) => reader.read(row),
    becomes: (row) => (how === 'remove' ? undefined : blankedColumns(row)),
  }
}

function tellPlan({ files, rows, byHand, left }: FinishPlan, screen: Screen): void {
  for (const { diff, notes } of files) {
    screen.print(diff)
    for (const note of notes) screen.warn(note)
  }
  if (rows.length > 0) {
    screen.print(`${count(rows.length, 'row')} of the database:`)
    for (const { kind, id } of rows.slice(0, MOST_ROWS)) screen.print(`  - ${kind.padEnd(10)}  ${id}`)
    if (rows.length > MOST_ROWS) screen.print(`  and ${rows.length - MOST_ROWS} more`)
  }
  for (const { kind, id, where, text } of left) screen.insist(`! ${kind.padEnd(10)}  ${id}  left in ${where}: ${text}`)
  for (const one of byHand) screen.insist(byHandText(one))
}

const MOST_ROWS = 40

function byHandText({ where, ids, text }: ByHand): string {
  return `! by hand: ${where.join(', ')} (${ids.slice(0, 5).join(', ')}${ids.length > 5 ? ', …' : ''}): ${text}`
}

async function mayFinish({ rows, files }: FinishPlan, options: ImportOptions, screen: Screen): Promise<boolean> {
  const parts = [
    ...(files.length > 0 ? [`edit ${files.map((file) => file.shown).join(', ')}`] : []),
    ...(rows.length > 0 ? [`change ${count(rows.length, 'row')} of the database`] : []),
  ]
  return mayDo(parts.join(' and '), options, screen)
}

function conclude(
  plan: FinishPlan,
  continued: readonly FinishOutcome[],
  outcome: FinishOutcome | undefined,
  screen: Screen,
): number {
  if (outcome !== undefined) tellOutcome(outcome, screen)
  else if (continued.length === 0) screen.say('nothing to clean up')
  screen.document(documentOf(plan, continued, outcome))
  const isUnsettled = plan.left.some(({ reason }) => reason === 'not-proven' || reason === 'changed')
  return isUnsettled || [...continued, ...(outcome === undefined ? [] : [outcome])].some(({ left }) => left.length > 0)
    ? 1
    : 0
}

function tellOutcome(outcome: FinishOutcome, screen: Screen): void {
  screen.say(`cleaned up: ${extentOf(outcome) || 'nothing was left of it'}`)
  screen.say(`\`--undo ${outcome.id}\` puts it back; the record lies in Vault`)
  for (const { where, text } of outcome.left) screen.insist(`x ${where}: ${text}`)
}

function documentOf(
  { files, rows, byHand, left }: FinishPlan,
  continued: readonly FinishOutcome[],
  outcome: FinishOutcome | undefined,
): unknown {
  return {
    files: files.map(({ path, names, notes }) => ({ path, names, notes })),
    rows: rows.map(({ kind, id, where }) => ({ kind, id, where })),
    byHand,
    left,
    continued,
    outcome: outcome ?? null,
  }
}
