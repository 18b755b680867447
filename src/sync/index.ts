/**
 * Airflow's database -> Vault, continuously: what people save in the Airflow UI, CLI and REST API becomes the version
 * that Airflow reads.
 *
 *   tables    what the database has; first only whether it changed
 *   decide    one object: row, Vault, and the record of when they were last in step -> what to do. Pure
 *   follow    carries it out: claim, data, settled
 *   pass      all objects that changed, or all
 *   run       pass after pass, and waiting for what is not there
 *
 * Invariants: all state lies in Vault with the object (`record.ts`), so that a crash, a second instance or a new machine
 * neither loses nor repeats anything; a version that somebody else wrote is never overwritten but by the declared rule.
 *
 * It does not write plenum.yaml, makes no policy, and touches no project's secrets.
 */
export { Alarm } from './alarm.ts'
export { carryBack, type CarryingBack } from './carry-back.ts'
export { CONFLICT_RULES, type ConflictRule, type ConflictWhat, type LeftWhy } from './decide.ts'
export type { Subject } from './follow.ts'
export { News } from './news.ts'
export { isTrouble, type Outcome, OUTCOME_KINDS, type OutcomeKind } from './outcome.ts'
export { Passes, type PassResult, type SyncSides } from './pass.ts'
export { runSync, type SyncEvent } from './run.ts'
export { type Health, SyncStatus } from './status.ts'
export { syncKey } from './sync-key.ts'
export { type AirflowContent, readContent, readRowDigests, readTablesDigest } from './tables.ts'
export { type Trouble, troubleOf } from './trouble.ts'
export { vaultOf } from './vault-object.ts'
