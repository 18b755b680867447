/**
 * What was selected, brought in: values to Vault by the ordinary plan and apply, then declarations to plenum.yaml, then
 * the proof that every object arrives.
 *
 * Values come first. One without its declaration is listed by the next plan and never deleted (`source: import` in its
 * metadata); a declaration without its value would be reported as missing. Killed anywhere in between and run again, it
 * finds what is there by its value and writes no second version.
 */
import { mapBounded } from '../../concurrency/index.ts'
import {
  accessOf,
  flattenData,
  type HubAccess,
  type ResolvedEntry,
  type ResolvedField,
  SOURCE,
} from '../../hub/index.ts'
import type { ImportedEntry } from '../../importers/index.ts'
import { type Address, addressOf, type Change, type Plan } from '../../plan/index.ts'
import { fingerprintKey } from '../../sensitive/index.ts'
import { readSecret, type VaultClient, VaultError } from '../../vault/index.ts'
import { type ArrivalFinding, type ExpectedObject, proveArrival } from '../../verify/index.ts'
import { compareWithVault } from '../comparison.ts'
import type { OpenHub } from '../hub-file.ts'
import { startProgress } from '../progress.ts'
import type { Screen } from '../screen.ts'
import type { Reach } from '../target.ts'
import { openAsRole } from '../verification.ts'
import { type DeclaredEntries, declaredEntries } from './declared-entries.ts'
import { begunHistory, type History } from './history.ts'

export interface ImportPlan {
  readonly plan: Plan
  readonly access: HubAccess
  readonly resolved: readonly ResolvedEntry[]
}

/** What the import would change, beside what is there. Other entries of the hub are not looked at. */
export async function planImport(
  hub: OpenHub,
  entries: readonly ImportedEntry[],
  { client, history, overwrite, screen, signal }: PlanImportOptions,
): Promise<ImportPlan> {
  const access = accessOf(hub.hub)
  const declared = declaredEntries(hub.hub)
  const { mount } = hub.hub.vault
  const merged = await mapBounded(entries, client.pace, async (entry) => {
    const path = entry.kind === 'secret' ? declared.get(addressOf(entry.kind, entry.id))?.path : undefined
    return path === undefined ? entry : withOtherFields(entry, { client, mount, path, signal })
  })
  const resolved = resolvedEntries(declared, merged)
  const plan = await compareWithVault(hub, { access, resolved, client, overwrite, screen, signal, partial: true })
  const begun = await begunHistory(client, hub.hub, entries, history, signal)
  return { plan: goingOn(plan, begun), access, resolved }
}

/** Of what an interrupted run left only some versions: no drift, but what this run goes on with. */
function goingOn(plan: Plan, begun: ReadonlySet<Address>): Plan {
  const ours = plan.drifted.filter(({ address, reason }) => reason === 'foreign' && begun.has(address))
  const updates = ours.map(
    ({ kind, address, version, fields }): Change => ({ action: 'update', kind, address, cas: version, fields }),
  )
  return {
    ...plan,
    changes: [...plan.changes, ...updates],
    drifted: plan.drifted.filter((one) => !ours.includes(one)),
  }
}

export interface PlanImportOptions {
  readonly client: VaultClient
  readonly history: History
  readonly overwrite: boolean
  readonly screen: Screen
  readonly signal: AbortSignal
}

/**
 * A project's secret may have fields from several sources. What other imports put there stays, or bringing the second
 * `.env` would take away the fields of the first.
 */
async function withOtherFields(
  entry: ImportedEntry,
  { client, mount, path, signal }: SecretPlace,
): Promise<ImportedEntry> {
  try {
    const read = await readSecret(client, mount, path, { signal })
    if (read.kind !== 'found') return entry
    return { ...entry, data: entry.data.map((fields) => ({ ...read.data.reveal(), ...fields })) }
  } catch (error) {
    // The plan is about to make the mount.
    if (error instanceof VaultError && error.code === 'vault-not-found') return entry
    throw error
  }
}

interface SecretPlace {
  readonly client: VaultClient
  readonly mount: string
  readonly path: string
  readonly signal: AbortSignal
}

/** Declared as external, and for this once to be written. */
function resolvedEntries(declared: DeclaredEntries, entries: readonly ImportedEntry[]): ResolvedEntry[] {
  return entries.flatMap(({ kind, id, data, metadata }): ResolvedEntry[] => {
    const entry = declared.get(addressOf(kind, id))
    if (entry === undefined) return []
    const fields = [...flattenData(kind, data)].map(([name, value]): [string, ResolvedField] => [
      name,
      { kind: 'value', value },
    ])
    return [
      { entry: { ...entry, external: false }, fields: new Map(fields), metadata: { ...metadata, [SOURCE]: 'import' } },
    ]
  })
}

export interface ProveOptions {
  readonly access: HubAccess
  readonly reach: Reach
  readonly screen: Screen
  readonly signal: AbortSignal
}

/** Reads everything back as its reader does. */
export async function proveImport(
  hub: OpenHub,
  entries: readonly ImportedEntry[],
  { access, reach, screen, signal }: ProveOptions,
): Promise<readonly ArrivalFinding[]> {
  const declared = declaredEntries(hub.hub)
  const objects = entries.flatMap(({ kind, id, project, data }): ExpectedObject[] => {
    const path = declared.get(addressOf(kind, id))?.path
    return path === undefined ? [] : [{ kind, id, project, path, data }]
  })
  const progress = startProgress({ label: 'prove', quiet: screen.quiet })
  try {
    return await proveArrival({
      hub: hub.hub,
      access,
      objects,
      key: fingerprintKey(),
      concurrency: reach.connection.pace,
      clientFor: (role) => openAsRole(hub, role, { access, reach }),
      onProgress: (done, total) => progress.update(done, total),
      signal,
    })
  } finally {
    progress.end()
  }
}
