/**
 * A plan carried out: the undo record, then the database in one transaction, then the files one by one.
 *
 * Nothing is touched before the record has been read back from Vault. After that everything goes by what is there: a row
 * or file that is as it was is changed, one that is as it becomes is done, any other is left and said. So a run that
 * ended anywhere is carried on by `continueFinish` with its id, and twice is once.
 */
import { FinishError } from './errors.ts'
import { type FileAccess, isSystemError } from './file-access.ts'
import type { FinishPlan } from './finish-plan.ts'
import { cleaned } from './restore.ts'
import { readAllRows, RowIndex, type RowStore } from './rows.ts'
import { type RecordedFile, recordOf, type RecordOptions, type UndoRecord } from './undo-record.ts'
import { advanceUndo, readUndo, type UndoIndex, type UndoState, type UndoStore, writeUndo } from './undo-store.ts'

export interface FinishPorts {
  readonly store: UndoStore
  readonly files: FileAccess
  /** With the right to change rows. Undefined when the plan has none. */
  readonly database: RowStore | undefined
  readonly signal?: AbortSignal | undefined
}

/** Something that was not done, and why. */
export interface Unsettled {
  /** `connection x`, `.env`, `.env: DB_PASSWORD`. */
  readonly where: string
  readonly text: string
}

export interface FinishOutcome {
  readonly id: string
  /** `prepared`: something could not be done now; run `continueFinish` again. */
  readonly state: UndoState
  /** Rows and files (as they are shown) that this run changed. */
  readonly rows: number
  readonly files: readonly string[]
  readonly left: readonly Unsettled[]
}

/** Of a plan without rows and files there is no record. @throws {FinishError}, and what the database and Vault throw. Nothing is lost then: see `continueFinish`. */
export async function carryOutFinish(
  plan: Pick<FinishPlan, 'rows' | 'files'>,
  options: RecordOptions & FinishPorts,
): Promise<FinishOutcome> {
  const { id } = options
  if (plan.rows.length === 0 && plan.files.length === 0) return { id, state: 'done', rows: 0, files: [], left: [] }
  await writeUndo(options.store, recordOf(plan, options))
  return continueFinish(id, options)
}

/** Carries on a clean-up whose record is `prepared`; one that is done or undone is left as it is. */
export async function continueFinish(id: string, ports: FinishPorts): Promise<FinishOutcome> {
  const { record, ...stored } = await readUndo(ports.store, id, ports.signal)
  let { index, version } = stored
  if (index.state !== 'prepared') return { id, state: index.state, rows: 0, files: [], left: [] }
  const advance = async (change: Partial<UndoIndex>): Promise<void> => {
    index = { ...index, ...change }
    version = await advanceUndo(ports.store, index, version)
  }
  const left: Unsettled[] = []
  let rows = 0
  if (record.rows.length > 0 && !index.steps.includes(ROWS)) {
    rows = await changeRows(record, ports, left)
    await advance({ steps: [...index.steps, ROWS] })
  }
  const files: string[] = []
  let isHeldUp = false
  for (const file of record.files) {
    ports.signal?.throwIfAborted()
    if (index.steps.includes(file.path)) continue
    const result = cleanFile(file, record, ports.files)
    if (result.kind === 'changed') files.push(file.shown)
    if (result.kind === 'left' || result.kind === 'held-up') left.push({ where: file.shown, text: result.text })
    if (result.kind === 'held-up') isHeldUp = true
    else await advance({ steps: [...index.steps, file.path] })
  }
  if (!isHeldUp) await advance({ state: 'done' })
  return { id, state: index.state, rows, files, left }
}

const ROWS = 'rows'

async function changeRows(record: UndoRecord, { database, signal }: FinishPorts, left: Unsettled[]): Promise<number> {
  if (database === undefined) throw noDatabase(record)
  const index = new RowIndex(await readAllRows(database, signal))
  const changes = record.rows.flatMap(({ id, change }) => {
    const fate = index.fateOf(change, id)
    if (fate.kind === 'other') left.push({ where: `${change.table} ${id}`, text: fate.text })
    return fate.kind === 'change' ? [fate.change] : []
  })
  if (changes.length > 0) await database.changeRows(changes)
  return changes.length
}

export function noDatabase({ id, source }: UndoRecord): FinishError {
  return new FinishError('finish-no-database', `the record ${id} (${source}) has rows of a database`, {
    hint: 'name that database, as a role that may write',
  })
}

type Cleaned =
  | { readonly kind: 'changed' | 'done' }
  /** `held-up`: another attempt may do it. */
  | { readonly kind: 'left' | 'held-up'; readonly text: string }

function cleanFile(file: RecordedFile, { digests }: UndoRecord, files: FileAccess): Cleaned {
  try {
    const bytes = files.read(file.path)
    const text = bytes.toString('latin1')
    if (digests.of(text) === file.after) return { kind: 'done' }
    const after = cleaned(text, file, digests)
    if (after === undefined) return { kind: 'left', text: CHANGED }
    files.replace(file.path, bytes, Buffer.from(after, 'latin1'))
    return { kind: 'changed' }
  } catch (error) {
    if (isSystemError(error)) return { kind: 'held-up', text: `the system refuses it: ${error.code}` }
    if (error instanceof FinishError && error.code === 'finish-file-changed') return { kind: 'left', text: CHANGED }
    throw error
  }
}

const CHANGED = 'it was edited since it was looked at: run the clean-up again'
