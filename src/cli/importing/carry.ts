/**
 * What was selected, brought in: values to Vault by the ordinary plan and apply, then declarations to plenum.yaml, then
 * the proof that every object arrives.
 *
 * Values come first. One without its declaration is listed by the next plan and never deleted (`source: import` in its
 * metadata); a declaration without its value would be reported as missing. Killed anywhere in between and run again, it
 * finds what is there by its value and writes no second version.
 */
import { readActual } from '../../apply/index.ts'
import { mapBounded } from '../../concurrency/index.ts'
import {
  accessOf,
  flattenData,
  type Hub,
  type HubAccess,
  type ResolvedEntry,
  type ResolvedField,
  SOURCE,
} from '../../hub/index.ts'
import type { ImportedEntry } from '../../importers/index.ts'
import { desiredState, makePlan, type Plan } from '../../plan/index.ts'
import { fingerprintKey, type Json, sensitive } from '../../sensitive/index.ts'
import { appRoleToken, readSecret, type VaultClient, VaultError } from '../../vault/index.ts'
import { type ArrivalFinding, type ExpectedObject, proveArrival } from '../../verify/index.ts'
import { CONCURRENCY } from '../comparison.ts'
import { requireCredentials } from '../credentials.ts'
import type { OpenHub } from '../hub-file.ts'
import { startProgress } from '../progress.ts'
import type { Screen } from '../screen.ts'
import { openClient, type Reach } from '../target.ts'

export interface ImportPlan {
  readonly plan: Plan
  readonly access: HubAccess
  readonly resolved: readonly ResolvedEntry[]
}

/** What the import would change, beside what is there. Other entries of the hub are not looked at. */
export async function planImport(
  hub: OpenHub,
  entries: readonly ImportedEntry[],
  { client, overwrite, screen, signal }: PlanImportOptions,
): Promise<ImportPlan> {
  const access = accessOf(hub.hub)
  const merged = await mapBounded(entries, CONCURRENCY, (entry) => withOtherFields(hub.hub, entry, client, signal))
  const resolved = resolvedEntries(hub.hub, merged)
  const key = fingerprintKey()
  const desired = desiredState(hub.hub, access, resolved, key)
  const wanted = new Set(desired.map(({ address }) => address))
  const progress = startProgress({ label: 'read Vault', quiet: screen.quiet })
  try {
    const actual = await readActual(client, {
      hub: hub.hub,
      access,
      key,
      desired,
      concurrency: CONCURRENCY,
      undeclared: 'ignored',
      onProgress: (done, total) => progress.update(done, total),
      signal,
    })
    const found = actual.filter(({ address }) => wanted.has(address))
    return { plan: makePlan(desired, found, { overwrite, shadowing: [] }), access, resolved }
  } finally {
    progress.end()
  }
}

export interface PlanImportOptions {
  readonly client: VaultClient
  readonly overwrite: boolean
  readonly screen: Screen
  readonly signal: AbortSignal
}

/**
 * A project's secret may have fields from several sources. What other imports put there stays, or bringing the second
 * `.env` would take away the fields of the first.
 */
async function withOtherFields(
  hub: Hub,
  entry: ImportedEntry,
  client: VaultClient,
  signal: AbortSignal,
): Promise<ImportedEntry> {
  if (entry.kind !== 'secret') return entry
  const declared = hub.entries.find(({ kind, id }) => kind === entry.kind && id === entry.id)
  if (declared === undefined) return entry
  try {
    const read = await readSecret(client, hub.vault.mount, declared.path, { signal })
    if (read.kind !== 'found') return entry
    return { ...entry, data: entry.data.map((fields) => ({ ...read.data.reveal(), ...fields })) }
  } catch (error) {
    // The plan is about to make the mount.
    if (error instanceof VaultError && error.code === 'vault-not-found') return entry
    throw error
  }
}

/** Declared as external, and for this once to be written. */
function resolvedEntries(hub: Hub, entries: readonly ImportedEntry[]): ResolvedEntry[] {
  const declared = new Map(hub.entries.map((entry) => [`${entry.kind}:${entry.id}`, entry]))
  return entries.flatMap(({ kind, id, data, metadata }): ResolvedEntry[] => {
    const entry = declared.get(`${kind}:${id}`)
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
  const paths = new Map(hub.hub.entries.map(({ kind, id, path }) => [`${kind}:${id}`, path]))
  const objects = entries.flatMap(({ kind, id, project, data }): ExpectedObject[] => {
    const path = paths.get(`${kind}:${id}`)
    return path === undefined
      ? []
      : [{ kind, id, project, path, data: data.map((clear): Record<string, Json> => clear) }]
  })
  const progress = startProgress({ label: 'prove', quiet: screen.quiet })
  try {
    return await proveArrival({
      hub: hub.hub,
      access,
      objects,
      key: fingerprintKey(),
      concurrency: CONCURRENCY,
      clientFor: (role) => {
        const { roleId, secretId } = requireCredentials(hub, role, reach.storeId)
        const tokens = appRoleToken({ mount: access.authMount, roleId: sensitive(roleId), secretId, now: Date.now })
        return openClient(reach, tokens)
      },
      onProgress: (done, total) => progress.update(done, total),
      signal,
    })
  } finally {
    progress.end()
  }
}
