/**
 * `plenum import SOURCE --undo`: what `--finish` took away is put back, and its record goes. `--list` shows the records,
 * `--forget` removes one without putting anything back. Nothing that is shown holds a value.
 */
import { FinishError, forgetUndo, listUndo, undoFinish, type UndoListed, type UndoState } from '../../finish/index.ts'
import { type VaultClient, VaultError } from '../../vault/index.ts'
import { type OpenHub, shown } from '../hub-file.ts'
import { count, extentOf, mayDo, nothingBrought, portsOf, storeOf } from '../importing/clean-up.ts'
import { openImportHub } from '../importing/import-hub.ts'
import type { ImportOptions, ImportSource } from '../importing/options.ts'
import { databaseOfSource, openForWriting } from '../importing/sources.ts'
import { interruptible } from '../interrupt.ts'
import type { Screen } from '../screen.ts'
import { withVault } from '../with-vault.ts'

export async function undoCommand(
  source: ImportSource,
  options: ImportOptions,
  screen: Screen,
  paths: readonly string[],
): Promise<number> {
  const { current, found } = openImportHub(options, screen, undefined)
  if (current === undefined) throw nothingBrought(shown(found.file))
  return interruptible(async (signal) =>
    withVault({
      hub: current,
      port: options.port,
      screen,
      async work(_, client) {
        const listed = await listUndo(storeOf(current, client), signal)
        const run: Run = { hub: current, client, listed, source, paths, options, screen, signal }
        if (options.list === true) return tellRecords(run)
        return options.forget === undefined ? undo(run) : forget(run, options.forget)
      },
    }),
  )
}

interface Run {
  readonly hub: OpenHub
  readonly client: VaultClient
  readonly listed: readonly UndoListed[]
  readonly source: ImportSource
  readonly paths: readonly string[]
  readonly options: ImportOptions
  readonly screen: Screen
  readonly signal: AbortSignal
}

const STATES: Readonly<Record<UndoState, string>> = {
  prepared: 'ended in the middle',
  done: 'can be put back',
  undone: 'was put back',
}

function tellRecords({ listed, screen }: Run): number {
  if (listed.length === 0) screen.say('there is no record of a clean-up')
  const rows = listed.map((one) =>
    one.kind === 'incomplete'
      ? [one.id, '', '', 'nothing was changed', 'incomplete']
      : [one.index.id, dateOf(one.index.createdAt), one.index.source, extentOf(one.index), STATES[one.index.state]],
  )
  const widths = [0, 1, 2, 3].map((column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)))
  for (const row of rows) screen.print(row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
  screen.document({
    records: listed.map((one) => {
      if (one.kind === 'incomplete') return { id: one.id, state: one.kind }
      const { id, createdAt, source, rows: changed, files, state } = one.index
      return { id, createdAt: new Date(createdAt).toISOString(), source, rows: changed, files, state }
    }),
  })
  return 0
}

/** `2026-11-28 09:45Z` */
function dateOf(time: number): string {
  return new Date(time)
    .toISOString()
    .replace('T', ' ')
    .replace(/:\d\d\.\d+Z$/, 'Z')
}

async function undo(run: Run): Promise<number> {
  const { hub, client, source, paths, options, screen, signal } = run
  const { index } = chosen(run.listed, options.undo ?? 'last')
  const what = `put back what ${index.id} took away (${extentOf(index)})`
  if (options.dryRun === true || !(await mayDo(what, options, screen))) {
    screen.say(options.dryRun === true ? `would ${what}` : 'nothing was changed')
    return options.dryRun === true ? 0 : 1
  }
  const database =
    index.rows === 0 ? undefined : await openForWriting(options, await databaseOfSource(source, paths, options))
  try {
    const outcome = await undoFinish(index.id, portsOf(hub, client, database, signal))
    for (const { shown: file, names } of outcome.files) screen.say(`put back in ${file}: ${names.join(', ')}`)
    if (outcome.rows.length > 0) screen.say(`put back ${count(outcome.rows.length, 'row')} of the database`)
    for (const { where, text } of outcome.left) screen.insist(`x ${where}: ${text}`)
    if (outcome.state === 'undone') await removeRecord(run, index.id)
    screen.document(outcome)
    return outcome.left.length === 0 ? 0 : 1
  } finally {
    await database?.close()
  }
}

/** Everything is back: what the record holds is only one more copy of it. */
async function removeRecord({ hub, client, screen, signal }: Run, id: string): Promise<void> {
  try {
    await forgetUndo(storeOf(hub, client), id, signal)
  } catch (error) {
    if (!(error instanceof VaultError) || error.code !== 'vault-denied') throw error
    screen.warn(
      `the record ${id} stays in Vault: this token may not remove it`,
      `\`plenum apply\` gives the operator that right; then --undo --forget ${id}`,
    )
  }
}

async function forget({ hub, client, listed, options, screen, signal }: Run, id: string): Promise<number> {
  const one = listed.find((each) => idOf(each) === id)
  if (one === undefined) throw unknown(listed, `there is no record ${id}`)
  const held = one.kind === 'record' ? extentOf(one.index) : 'pieces of a record'
  const what = `forget ${id} (${held}), so that nobody can put it back`
  if (options.dryRun === true || !(await mayDo(what, options, screen))) {
    screen.say(options.dryRun === true ? `would ${what}` : 'nothing was changed')
    return options.dryRun === true ? 0 : 1
  }
  await forgetUndo(storeOf(hub, client), id, signal)
  screen.say(`forgot ${id}`)
  screen.document({ forgotten: id })
  return 0
}

type Undoable = Extract<UndoListed, { kind: 'record' }>

function chosen(listed: readonly UndoListed[], id: string): Undoable {
  const records = listed.filter((one) => one.kind === 'record')
  const record =
    id === 'last' ? records.find(({ index }) => index.state !== 'undone') : records.find(({ index }) => index.id === id)
  if (record !== undefined) return record
  throw unknown(listed, id === 'last' ? 'nothing was cleaned up' : `there is no record ${id}`)
}

function unknown(listed: readonly UndoListed[], message: string): FinishError {
  return new FinishError('finish-undo-unknown', message, {
    hint: listed.length === 0 ? undefined : `there are: ${listed.map(idOf).join(', ')}`,
  })
}

function idOf(one: UndoListed): string {
  return one.kind === 'record' ? one.index.id : one.id
}
