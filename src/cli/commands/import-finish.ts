/**
 * `plenum import SOURCE --finish` and `--undo`: what a proven move left behind is removed, and put back. Shows what would
 * change without a value, asks, and keeps in Vault what it takes away.
 */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import {
  type ByHand,
  carryOutFinish,
  FinishError,
  type FinishOutcome,
  type FinishPlan,
  filesToEdit,
  type FinishRows,
  type FileAccess,
  listUndo,
  newUndoId,
  planFinish,
  readAllRows,
  undoFinish,
  type UndoListed,
  type UndoStore,
} from '../../finish/index.ts'
import { type AirflowDatabase, blankedColumns, createRowReader, type TextFile } from '../../importers/index.ts'
import { addressOf } from '../../plan/index.ts'
import { fingerprintKey } from '../../sensitive/index.ts'
import type { VaultClient } from '../../vault/index.ts'
import { CommandError } from '../failure.ts'
import { type OpenHub, shown } from '../hub-file.ts'
import { declaredEntries } from '../importing/declared-entries.ts'
import { openImportHub } from '../importing/import-hub.ts'
import type { ImportOptions, ImportSource } from '../importing/options.ts'
import { tellSelection } from '../importing/report.ts'
import { openImport, type OpenedImport } from '../importing/selection.ts'
import { databaseOf, openForWriting, openText } from '../importing/sources.ts'
import { interruptible } from '../interrupt.ts'
import { writePublicFile } from '../public-files.ts'
import { confirmed } from '../question.ts'
import type { Screen } from '../screen.ts'
import { withVault } from '../with-vault.ts'
import { proofOf } from './import.ts'

export async function finishCommand(
  source: ImportSource,
  options: ImportOptions,
  screen: Screen,
  paths: readonly string[],
): Promise<number> {
  return interruptible(async (signal) => {
    const opened = await openImport(source, paths, options, screen, signal)
    tellSelection(opened, options, screen)
    const { entries } = opened.selection
    if (opened.hub.current === undefined) throw nothingBrought(shown(opened.hub.found.file))
    const { hub } = opened.hub.declaring(entries)
    return withVault({
      hub,
      port: options.port,
      screen,
      async work(reach, client) {
        const proof = await proofOf(hub, entries, { reach, screen, signal })
        const equal = new Set(
          proof.flatMap(({ kind, id, outcome }) => (outcome.kind === 'equal' ? [`${kind}:${id}`] : [])),
        )
        const database = await openRows(opened, options)
        try {
          const plan = await finishPlan(hub, opened, equal, options, database)
          tellPlan(plan, screen)
          if (plan.rows.length === 0 && plan.files.length === 0) return conclude(plan, undefined, screen)
          if (options.dryRun === true || !(await mayFinish(plan, options, screen))) {
            screen.say('nothing was changed')
            screen.document(documentOf(plan, undefined))
            return options.dryRun === true ? 0 : 1
          }
          const outcome = await carryOutFinish(plan, {
            id: newUndoId(Date.now(), randomBytes(4)),
            createdAt: Date.now(),
            source: [source, ...paths].join(' '),
            contextKey: randomBytes(32),
            ...portsOf(hub, client, database, signal),
          })
          return conclude(plan, outcome, screen)
        } finally {
          await database?.close()
        }
      },
    })
  })
}

export async function undoCommand(source: ImportSource, options: ImportOptions, screen: Screen): Promise<number> {
  const { current, found } = openImportHub(options, screen, undefined)
  if (current === undefined) throw nothingBrought(shown(found.file))
  return interruptible(async (signal) =>
    withVault({
      hub: current,
      port: options.port,
      screen,
      async work(_, client) {
        const record = chosen(await listUndo(storeOf(current, client), signal), options.undo ?? 'last')
        const needsRows = record.index.rows > 0
        const database = needsRows
          ? await openForWriting(options, await databaseOf(undoOptions(source, options)))
          : undefined
        try {
          if (!(await mayUndo(record, options, screen))) {
            screen.say('nothing was changed')
            return 1
          }
          const outcome = await undoFinish(record.index.id, portsOf(current, client, database, signal))
          for (const { shown: file, names } of outcome.files) screen.say(`put back in ${file}: ${names.join(', ')}`)
          if (outcome.rows.length > 0) screen.say(`put back ${count(outcome.rows.length, 'row')} of the database`)
          for (const { where, text } of outcome.left) screen.insist(`x ${where}: ${text}`)
          screen.document(outcome)
          return outcome.left.length === 0 ? 0 : 1
        } finally {
          await database?.close()
        }
      },
    }),
  )
}

/** In a folder the database lies where `plenum import folder` found it. */
function undoOptions(source: ImportSource, options: ImportOptions): ImportOptions {
  return source === 'folder' && options.airflowHome === undefined && options.dsn === undefined
    ? { ...options, airflowHome: resolve('airflow') }
    : options
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
    texts: { mode: finish === 'remove' ? 'remove' : 'comment', files, reread: opened.reread },
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

async function mayFinish(
  { rows, files }: FinishPlan,
  { yes = false }: ImportOptions,
  screen: Screen,
): Promise<boolean> {
  const parts = [
    ...(files.length > 0 ? [`edit ${files.map((file) => file.shown).join(', ')}`] : []),
    ...(rows.length > 0 ? [`change ${count(rows.length, 'row')} of the database`] : []),
  ]
  return mayDo(parts.join(' and '), yes, screen)
}

async function mayUndo({ index }: Undoable, { yes = false }: ImportOptions, screen: Screen): Promise<boolean> {
  const what = [...index.files, ...(index.rows > 0 ? [count(index.rows, 'row')] : [])].join(', ')
  return mayDo(`put back what ${index.id} took away (${what})`, yes, screen)
}

async function mayDo(what: string, yes: boolean, screen: Screen): Promise<boolean> {
  if (yes) return true
  if (screen.interactive) return confirmed(`${what.charAt(0).toUpperCase()}${what.slice(1)}?`)
  throw new CommandError('apply-unconfirmed', `to ${what} needs a yes, and there is nobody to ask`, {
    hint: 'add --yes',
    status: 2,
  })
}

function conclude(plan: FinishPlan, outcome: FinishOutcome | undefined, screen: Screen): number {
  if (outcome === undefined) screen.say('nothing to clean up')
  else {
    screen.say(
      `cleaned up: ${[...outcome.files, ...(outcome.rows > 0 ? [count(outcome.rows, 'row')] : [])].join(', ')}`,
    )
    screen.say(`\`--undo ${outcome.id}\` puts it back; the record lies in Vault`)
    for (const { where, text } of outcome.left) screen.insist(`x ${where}: ${text}`)
  }
  screen.document(documentOf(plan, outcome))
  const isUnsettled = plan.left.some(({ reason }) => reason === 'not-proven' || reason === 'changed')
  return isUnsettled || (outcome?.left.length ?? 0) > 0 ? 1 : 0
}

function documentOf({ files, rows, byHand, left }: FinishPlan, outcome: FinishOutcome | undefined): unknown {
  return {
    files: files.map(({ path, names, notes }) => ({ path, names, notes })),
    rows: rows.map(({ kind, id, where }) => ({ kind, id, where })),
    byHand,
    left,
    outcome: outcome ?? null,
  }
}

type Undoable = Extract<UndoListed, { kind: 'record' }>

function chosen(listed: readonly UndoListed[], id: string): Undoable {
  const records = listed.filter((one) => one.kind === 'record')
  const record =
    id === 'last' ? records.find(({ index }) => index.state !== 'undone') : records.find(({ index }) => index.id === id)
  if (record !== undefined) return record
  throw new FinishError('finish-undo-unknown', id === 'last' ? 'nothing was cleaned up' : `there is no record ${id}`, {
    hint: records.length === 0 ? undefined : `there are: ${records.map(({ index }) => index.id).join(', ')}`,
  })
}

function portsOf(hub: OpenHub, client: VaultClient, database: AirflowDatabase | undefined, signal: AbortSignal) {
  return { store: storeOf(hub, client), files: DISK, database, signal }
}

function storeOf(hub: OpenHub, client: VaultClient): UndoStore {
  return { client, mount: hub.hub.vault.mount, hub: hub.hub.name }
}

const DISK: FileAccess = {
  read: (path) => readFileSync(path),
  replace(path, before, after) {
    if (!readFileSync(path).equals(before))
      throw new FinishError('finish-file-changed', `${shown(path)} was edited at the same time`)
    writePublicFile(path, after)
  },
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

function nothingBrought(file: string): CommandError {
  return new CommandError('hub-not-found', `there is no ${file}: nothing was brought yet`, {
    hint: 'run the import without --finish first',
  })
}
