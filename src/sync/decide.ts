/**
 * What is to be done about one object. Pure: a row of Airflow, the object in Vault, and the record that says what both
 * were when they were last in step.
 *
 * The record is the common ancestor of a three-way comparison. Which side differs from it has changed; where both have,
 * and differently, it is a conflict, and only the declared rule decides.
 *
 * Invariant: a version is overwritten or deleted only when it is known to be what sync (or the import) put there, or
 * when the rule says `airflow-wins`. What would have to be guessed is looked at first (`look`), or left.
 */
import { HUB, isMarked, isMarkedFor, SOURCE, writtenVersion } from '../hub/index.ts'
import { type Digest, GONE } from './record.ts'
import type { VaultObject } from './vault-object.ts'

export const CONFLICT_RULES = ['report', 'airflow-wins', 'vault-wins'] as const
export type ConflictRule = (typeof CONFLICT_RULES)[number]

/** What Airflow's database says of an object. */
export type RowState =
  | {
      readonly kind: 'present'
      readonly digest: Digest
      /** Description and team: custom_metadata. */
      readonly metadata: Readonly<Record<string, string>>
    }
  | { readonly kind: 'absent' }
  /** A row is there, and is no news: emptied by `--finish`, not to be read, not asked for, in another's way. */
  | { readonly kind: 'unusable' }

export interface Situation {
  readonly row: RowState
  readonly object: VaultObject
  /** plenum.yaml says where its value comes from, and that is not Airflow. */
  readonly isDeclaredElsewhere: boolean
  readonly hub: string
  readonly rule: ConflictRule
  /** Digests of versions that were looked at; undefined for one that cannot be read. */
  readonly looked: ReadonlyMap<number, Digest | undefined>
}

/** Why an object is left as it is though the two sides differ. */
export type LeftWhy =
  /** Changed in Vault alone. */
  | 'vault-ahead'
  /** Deleted in Vault alone. */
  | 'deleted-in-vault'
  /** Deleted in Airflow; Vault had it before sync, and keeps it. */
  | 'kept'
  /** plenum.yaml says where its value comes from. */
  | 'declared'
  /** Another hub's. */
  | 'other-hub'

export type ConflictWhat =
  /** Both sides have a new value. */
  | 'both-changed'
  /** It was in both places before sync came, with two values. */
  | 'never-in-step'
  /** Changed in Airflow, deleted in Vault. */
  | 'deleted-in-vault'
  /** Changed in Vault, deleted in Airflow. */
  | 'deleted-in-airflow'

export type Decision =
  | { readonly kind: 'look'; readonly version: number }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'create' }
  | { readonly kind: 'write'; readonly over: number; readonly conflict: ConflictWhat | undefined }
  | { readonly kind: 'delete'; readonly version: number; readonly conflict: ConflictWhat | undefined }
  /** Both are in step already: only the record is behind, or `vault-wins` makes it so. */
  | {
      readonly kind: 'record'
      readonly digest: Digest
      readonly version: number
      readonly conflict: ConflictWhat | undefined
    }
  /** Only description or team differ. */
  | { readonly kind: 'describe' }
  | { readonly kind: 'leave'; readonly why: LeftWhy }
  | { readonly kind: 'conflict'; readonly what: ConflictWhat }

type Present = Extract<VaultObject, { kind: 'present' }>
type PresentRow = Extract<RowState, { kind: 'present' }>

const NOTHING: Decision = { kind: 'nothing' }

export function decide(situation: Situation): Decision {
  const { row, object, hub, isDeclaredElsewhere } = situation
  if (row.kind === 'unusable') return NOTHING
  if (isDeclaredElsewhere) return row.kind === 'present' ? { kind: 'leave', why: 'declared' } : NOTHING
  if (object.kind === 'absent') return row.kind === 'present' ? { kind: 'create' } : NOTHING
  if (isMarked(object.custom) && !isMarkedFor(object.custom, hub)) {
    return row.kind === 'present' ? { kind: 'leave', why: 'other-hub' } : NOTHING
  }
  if (object.version === 0) return row.kind === 'present' ? { kind: 'create' } : NOTHING
  return row.kind === 'present' ? withRow(row, object, situation) : withoutRow(object, situation)
}

/** What both sides were when they were last in step. */
type Base =
  | { readonly kind: 'known'; readonly digest: Digest; readonly version: number; readonly isSettled: boolean }
  | { readonly kind: 'none' }
  | { readonly kind: 'look'; readonly version: number }

function withRow(row: PresentRow, object: Present, situation: Situation): Decision {
  const base = baseOf(object, situation)
  if (base.kind === 'look') return base
  const isRowChanged = base.kind === 'none' || base.digest !== row.digest
  const isVaultChanged = base.kind === 'none' || base.version !== object.version
  if (object.isDeleted) return overDeleted(row, object, base, situation)
  if (!isVaultChanged) {
    if (isRowChanged) return { kind: 'write', over: object.version, conflict: undefined }
    if (!base.isSettled) return { kind: 'record', digest: row.digest, version: object.version, conflict: undefined }
    return describes(row, object) ? NOTHING : { kind: 'describe' }
  }
  const now = lookedAt(object.version, situation)
  if (now.kind === 'look') return now
  if (now.digest === row.digest) {
    return { kind: 'record', digest: row.digest, version: object.version, conflict: undefined }
  }
  if (!isRowChanged) return { kind: 'leave', why: 'vault-ahead' }
  return byRule(base.kind === 'none' ? 'never-in-step' : 'both-changed', situation.rule, {
    airflow: (conflict) => ({ kind: 'write', over: object.version, conflict }),
    vault: (conflict) => ({ kind: 'record', digest: row.digest, version: object.version, conflict }),
  })
}

function overDeleted(
  row: PresentRow,
  object: Present,
  base: Exclude<Base, { kind: 'look' }>,
  { rule }: Situation,
): Decision {
  // Sync deleted it because the row had gone, and the row is back.
  const isOurDeletion = base.kind === 'known' && base.digest === GONE && base.version === object.version
  if (isOurDeletion) return { kind: 'write', over: object.version, conflict: undefined }
  if (base.kind === 'known' && base.digest === row.digest) return { kind: 'leave', why: 'deleted-in-vault' }
  return byRule('deleted-in-vault', rule, {
    airflow: (conflict) => ({ kind: 'write', over: object.version, conflict }),
    vault: (conflict) => ({ kind: 'record', digest: row.digest, version: object.version, conflict }),
  })
}

function withoutRow(object: Present, situation: Situation): Decision {
  const { record, version, isDeleted, custom } = object
  // Never followed: a connection that Airflow's database simply does not have.
  if (record.synced === undefined && record.claims.length === 0) return NOTHING
  const gone = { kind: 'record', digest: GONE, version, conflict: undefined } as const
  const isSettled = record.synced?.digest === GONE && record.synced.version === version
  if (isDeleted) return isSettled ? NOTHING : gone
  if (custom[SOURCE] !== 'sync') return { kind: 'leave', why: 'kept' }
  const base = baseOf(object, situation)
  if (base.kind === 'look') return base
  // The row had gone before, and somebody brought it back in Vault.
  if (base.kind === 'known' && base.digest === GONE) return { kind: 'leave', why: 'vault-ahead' }
  if (base.kind === 'known' && base.version === version) return { kind: 'delete', version, conflict: undefined }
  return byRule('deleted-in-airflow', situation.rule, {
    airflow: (conflict) => ({ kind: 'delete', version, conflict }),
    vault: (conflict) => ({ ...gone, conflict }),
  })
}

function baseOf(object: Present, situation: Situation): Base {
  const { record, version, isDeleted, custom } = object
  const { synced, claims } = record
  const mine = claims.filter((claim) => claim.version === version)
  // Settled or not: over a deleted version it makes no difference.
  if (isDeleted && mine.some(({ digest }) => digest === GONE)) {
    return { kind: 'known', digest: GONE, version, isSettled: false }
  }
  if (synced?.version === version) return { kind: 'known', ...synced, isSettled: true }
  if (!isDeleted && mine.some(({ digest }) => digest !== GONE)) {
    const now = lookedAt(version, situation)
    if (now.kind === 'look') return now
    const { digest } = now
    if (digest !== undefined && mine.some((claim) => claim.digest === digest)) {
      return { kind: 'known', digest, version, isSettled: false }
    }
  }
  if (synced !== undefined) return { kind: 'known', ...synced, isSettled: true }
  return importedBase(custom, situation)
}

/** What an import (or an apply) wrote last is what both sides were then. */
function importedBase(custom: Present['custom'], situation: Situation): Base {
  const written = custom[HUB] === situation.hub ? writtenVersion(custom) : undefined
  if (written === undefined) return { kind: 'none' }
  const then = lookedAt(written, situation)
  if (then.kind === 'look') return then
  const { digest } = then
  return digest === undefined ? { kind: 'none' } : { kind: 'known', digest, version: written, isSettled: false }
}

type Looked =
  | { readonly kind: 'look'; readonly version: number }
  | { readonly kind: 'digest'; readonly digest: Digest | undefined }

function lookedAt(version: number, { looked }: Situation): Looked {
  return looked.has(version) ? { kind: 'digest', digest: looked.get(version) } : { kind: 'look', version }
}

function describes({ metadata }: PresentRow, { custom }: Present): boolean {
  if (!isMarked(custom)) return true
  return DESCRIBING.every((key) => custom[key] === metadata[key])
}

/** Keys of custom_metadata that come from the row. */
export const DESCRIBING = ['description', 'team'] as const

function byRule(
  what: ConflictWhat,
  rule: ConflictRule,
  sides: {
    readonly airflow: (conflict: ConflictWhat) => Decision
    readonly vault: (conflict: ConflictWhat) => Decision
  },
): Decision {
  switch (rule) {
    case 'report':
      return { kind: 'conflict', what }
    case 'airflow-wins':
      return sides.airflow(what)
    case 'vault-wins':
      return sides.vault(what)
  }
}
