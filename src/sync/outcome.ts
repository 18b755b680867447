/** What came of one object, as plain data without a value. */
import type { ConflictWhat, LeftWhy } from './decide.ts'

export type Outcome =
  | { readonly kind: 'in-step' }
  /** A row is there and is no news, or there is nothing on either side. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'created'; readonly version: number; readonly project: string }
  | { readonly kind: 'updated'; readonly version: number; readonly conflict: ConflictWhat | undefined }
  | { readonly kind: 'deleted'; readonly version: number; readonly conflict: ConflictWhat | undefined }
  /** Nothing but sync's own record was written. */
  | { readonly kind: 'recorded'; readonly conflict: ConflictWhat | undefined }
  | { readonly kind: 'described' }
  /** `--both-ways`: Airflow's row has what Vault had. */
  | { readonly kind: 'carried-back'; readonly version: number; readonly fields: readonly string[] }
  | { readonly kind: 'left'; readonly why: LeftWhy | 'secret-in-vault' }
  | { readonly kind: 'conflict'; readonly what: ConflictWhat }
  /** Somebody else was quicker; the next pass looks again. */
  | { readonly kind: 'raced' }
  | { readonly kind: 'failed'; readonly code: string; readonly text: string }

export type OutcomeKind = Outcome['kind']

/** Every kind, and whether it stands for a request that changed something in Vault or in Airflow. */
const CHANGES: Readonly<Record<OutcomeKind, boolean>> = {
  'in-step': false,
  nothing: false,
  created: true,
  updated: true,
  deleted: true,
  recorded: true,
  described: true,
  'carried-back': true,
  left: false,
  conflict: false,
  raced: false,
  failed: false,
}

export const OUTCOME_KINDS = Object.keys(CHANGES) as readonly OutcomeKind[]

/** The object is as the rule wants it, until a row or a version changes. */
export function isSettled({ kind }: Outcome): boolean {
  return kind !== 'raced' && kind !== 'failed'
}

/** Somebody has to look at it. */
export function isTrouble({ kind }: Outcome): boolean {
  return kind === 'conflict' || kind === 'failed'
}

export function isChange({ kind }: Outcome): boolean {
  return CHANGES[kind]
}
