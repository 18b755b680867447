/**
 * A clean-up taken back: files, then rows, as far as each place is still as the clean-up left it.
 *
 * Safe to run again, also after it ended in the middle: what is back already stays. The record becomes `undone` when
 * nothing is left; until then it can be tried again.
 */
import { noDatabase, type FinishPorts, type Unsettled } from './carry-out.ts'
import { FinishError } from './errors.ts'
import { type FileAccess, isSystemError } from './file-access.ts'
import { restored } from './restore.ts'
import { readAllRows, reversed, RowIndex, type RowStore } from './rows.ts'
import { onOneLine } from './text-edit.ts'
import type { RecordedFile, UndoRecord } from './undo-record.ts'
import { advanceUndo, readUndo, type UndoState } from './undo-store.ts'

export interface UndoOutcome {
  readonly id: string
  readonly state: UndoState
  /** What this run put back: rows, and names by file. */
  readonly rows: readonly { readonly kind: 'connection' | 'variable'; readonly id: string }[]
  readonly files: readonly { readonly shown: string; readonly names: readonly string[] }[]
  readonly left: readonly Unsettled[]
}

/** @throws {FinishError}, and what the database and Vault throw. */
export async function undoFinish(id: string, ports: FinishPorts): Promise<UndoOutcome> {
  const { index, version, record } = await readUndo(ports.store, id, ports.signal)
  if (record.rows.length > 0 && ports.database === undefined) throw noDatabase(record)
  const left: Unsettled[] = []
  const files: UndoOutcome['files'][number][] = []
  for (const file of record.files) {
    ports.signal?.throwIfAborted()
    const names = restoreFile(file, record, ports.files, left)
    if (names.length > 0) files.push({ shown: file.shown, names })
  }
  const rows = ports.database === undefined ? [] : await restoreRows(record, ports.database, ports.signal, left)
  if (left.length > 0 || index.state === 'undone') return { id, state: index.state, rows, files, left }
  await advanceUndo(ports.store, { ...index, state: 'undone' }, version)
  return { id, state: 'undone', rows, files, left }
}

function restoreFile(
  file: RecordedFile,
  { digests }: UndoRecord,
  files: FileAccess,
  left: Unsettled[],
): readonly string[] {
  try {
    const bytes = files.read(file.path)
    const result = restored(bytes.toString('latin1'), file, digests)
    const after = Buffer.from(result.text, 'latin1')
    if (!after.equals(bytes)) files.replace(file.path, bytes, after)
    for (const { names, text } of result.left) {
      left.push({ where: `${file.shown}: ${names.map(onOneLine).join(', ')}`, text })
    }
    return result.names
  } catch (error) {
    const text = whyNot(error)
    if (text === undefined) throw error
    left.push({ where: file.shown, text })
    return []
  }
}

function whyNot(error: unknown): string | undefined {
  if (isSystemError(error)) return `the system refuses it: ${error.code}`
  const isChanged = error instanceof FinishError && error.code === 'finish-file-changed'
  return isChanged ? 'it was edited at the same time: run it again' : undefined
}

async function restoreRows(
  record: UndoRecord,
  database: RowStore,
  signal: AbortSignal | undefined,
  left: Unsettled[],
): Promise<UndoOutcome['rows']> {
  if (record.rows.length === 0) return []
  const now = new RowIndex(await readAllRows(database, signal))
  const back = record.rows.flatMap(({ id, change }) => {
    const fate = now.fateOf(reversed(change), id)
    if (fate.kind === 'other') left.push({ where: `${change.table} ${id}`, text: fate.text })
    return fate.kind === 'change' ? [{ kind: change.table, id, change: fate.change }] : []
  })
  if (back.length > 0) await database.changeRows(back.map(({ change }) => change))
  return back.map(({ kind, id }) => ({ kind, id }))
}
