/**
 * What is left behind after a verified move, cleaned up: rows of Airflow's database, lines of `.env` and compose files.
 * What stays there is the silent fallback on the day Vault is down (airflow 6, row 23).
 *
 *   planFinish       entries that are proven to be in Vault, and the sources as they are now -> what would be done
 *   carryOutFinish   undo record in Vault -> one database transaction -> files
 *   continueFinish   carries on what was interrupted
 *   undoFinish       puts back what is still as it was left
 *   forgetUndo       removes a record for good
 *
 * It asks nobody: whoever calls shows the plan and asks. Exports, settings files, chart values, Dockerfiles and other
 * Vaults are not edited; the plan says what to do with them.
 */
export { carryOutFinish, continueFinish, type FinishOutcome, type FinishPorts, type Unsettled } from './carry-out.ts'
export { FinishError, type FinishErrorCode } from './errors.ts'
export type { FileAccess } from './file-access.ts'
export type {
  ByHand,
  FileEdit,
  FinishInput,
  FinishPlan,
  FinishRows,
  FinishTexts,
  LeftPlace,
  LeftReason,
} from './finish-plan.ts'
export { filesToEdit, planFinish } from './plan.ts'
export { readAllRows, type RowEdit, type RowReading, type RowStore } from './rows.ts'
export type { TextMode } from './text-edit.ts'
export { undoFinish, type UndoOutcome } from './undo.ts'
export type { RecordOptions } from './undo-record.ts'
export {
  forgetUndo,
  listUndo,
  newUndoId,
  type UndoIndex,
  type UndoListed,
  type UndoState,
  type UndoStore,
} from './undo-store.ts'
