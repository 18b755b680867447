/**
 * One object: decides (`decide.ts`), looks at what the decision needs, and carries it out.
 *
 * Invariant: what may be left half done is said before it is begun. The order of the requests is claim, data, settled; in
 * between the world may end, and the next pass knows from the claim what it sees.
 */
import type { JsonObject } from '../airflow/index.ts'
import { type CustomMetadata, isMarkedFor, marksOf, WRITTEN_VERSION } from '../hub/index.ts'
import type { FingerprintKey, Sensitive } from '../sensitive/index.ts'
import { type ConflictRule, type Decision, decide, DESCRIBING, type RowState } from './decide.ts'
import type { Outcome } from './outcome.ts'
import { claimChanges, type Digest, digestOf, GONE, type MetadataChanges, settledChanges } from './record.ts'
import type { SyncVault, VaultObject } from './vault-object.ts'

export interface Subject {
  /** `connection:warehouse`. */
  readonly address: string
  /** Below the mount. */
  readonly path: string
  readonly row: AirflowRow
  /** Read before the row was. */
  readonly object: VaultObject
  readonly isDeclaredElsewhere: boolean
}

/** As `RowState`, with the value. */
export type AirflowRow =
  | (Extract<RowState, { kind: 'present' }> & {
      readonly data: Sensitive<JsonObject>
      /** Of the hub: where an object goes that Vault does not have yet. */
      readonly project: string
      readonly owner: string | undefined
    })
  | Exclude<RowState, { kind: 'present' }>

export interface Following {
  readonly vault: SyncVault
  readonly hub: string
  readonly rule: ConflictRule
  readonly key: FingerprintKey
}

/** What `decide` settled on, once everything it wanted to see was looked at. @throws {VaultError} */
export async function decideAbout(
  { address, path, row, object, isDeclaredElsewhere }: Subject,
  { vault, hub, rule, key }: Following,
): Promise<Exclude<Decision, { kind: 'look' }>> {
  const looked = new Map<number, Digest | undefined>()
  for (;;) {
    const decision = decide({ row, object, isDeclaredElsewhere, hub, rule, looked })
    if (decision.kind !== 'look') return decision
    const value = await vault.readValue(path, decision.version)
    looked.set(decision.version, value === undefined ? undefined : digestOf(address, value, key))
  }
}

/** @throws {VaultError} with whatever was done by then standing. */
export async function carryOut(
  decision: Exclude<Decision, { kind: 'look' }>,
  { path, row, object }: Subject,
  { vault, hub }: Following,
): Promise<Outcome> {
  const custom = object.kind === 'present' ? object.custom : {}
  switch (decision.kind) {
    case 'nothing':
      return row.kind === 'present' ? { kind: 'in-step' } : { kind: 'nothing' }
    case 'leave':
      return { kind: 'left', why: decision.why }
    case 'conflict':
      return { kind: 'conflict', what: decision.what }
    case 'create': {
      if (row.kind !== 'present') return { kind: 'nothing' }
      const { project, owner } = row
      const marks = { ...row.metadata, ...marksOf({ hub, project, owner, source: 'sync' }) }
      if (object.kind === 'absent') await vault.createMetadata(path)
      const claims = claimChanges(custom, 0, { version: 1, digest: row.digest })
      if (!(await vault.patchMetadata(path, { ...marks, ...claims }))) return RACED
      if (!(await vault.write(path, row.data, 0))) return RACED
      await vault.patchMetadata(path, { ...settled(1, row.digest), [WRITTEN_VERSION]: '1' })
      return { kind: 'created', version: 1, project }
    }
    case 'write': {
      if (row.kind !== 'present') return { kind: 'nothing' }
      const { over, conflict } = decision
      const version = over + 1
      if (!(await vault.patchMetadata(path, claimChanges(custom, over, { version, digest: row.digest })))) return RACED
      if (!(await vault.write(path, row.data, over))) return RACED
      const changes = { ...settled(version, row.digest), ...describing(row.metadata, custom, hub) }
      await vault.patchMetadata(path, { ...changes, ...written(version, custom, hub) })
      return { kind: 'updated', version, conflict }
    }
    case 'delete': {
      const { version, conflict } = decision
      if (!(await vault.patchMetadata(path, claimChanges(custom, version, { version, digest: GONE })))) return RACED
      await vault.deleteVersion(path, version)
      await vault.patchMetadata(path, settled(version, GONE))
      return { kind: 'deleted', version, conflict }
    }
    case 'record': {
      const { version, digest, conflict } = decision
      const metadata = row.kind === 'present' ? describing(row.metadata, custom, hub) : {}
      if (!(await vault.patchMetadata(path, { ...settled(version, digest), ...metadata }))) return RACED
      return { kind: 'recorded', conflict }
    }
    case 'describe': {
      if (row.kind !== 'present') return { kind: 'nothing' }
      if (!(await vault.patchMetadata(path, describing(row.metadata, custom, hub)))) return RACED
      return { kind: 'described' }
    }
  }
}

const RACED: Outcome = { kind: 'raced' }

function settled(version: number, digest: Digest): MetadataChanges {
  return settledChanges({ version, digest })
}

/** Only where the object is this hub's: what others say of theirs stays. */
function describing(metadata: Readonly<Record<string, string>>, custom: CustomMetadata, hub: string): MetadataChanges {
  if (!isMarkedFor(custom, hub)) return {}
  const different = DESCRIBING.filter((key) => custom[key] !== metadata[key])
  return Object.fromEntries(different.map((key): [string, string | null] => [key, metadata[key] ?? null]))
}

/** So that `plenum plan` does not take sync's version for somebody else's. */
function written(version: number, custom: CustomMetadata, hub: string): MetadataChanges {
  return isMarkedFor(custom, hub) ? { [WRITTEN_VERSION]: String(version) } : {}
}
