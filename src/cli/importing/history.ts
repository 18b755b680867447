/**
 * Older versions of what comes from another Vault, written oldest first, before the newest one is applied.
 *
 * Invariant: no version is written twice. How many there are to be is in the object's metadata before the first of them
 * is written, so that a run that was interrupted goes on behind the last one. What Vault has from elsewhere is left.
 */
import { mapBounded } from '../../concurrency/index.ts'
import { type DeclaredEntry, type Hub, mergeMarks, SOURCE } from '../../hub/index.ts'
import type { ImportedEntry } from '../../importers/index.ts'
import { type Address, addressOf, entryMarks } from '../../plan/index.ts'
import {
  readMetadata,
  type SecretData,
  type VaultClient,
  VaultError,
  writeCustomMetadata,
  writeSecret,
} from '../../vault/index.ts'
import { declaredEntries } from './declared-entries.ts'

export interface OlderVersion {
  readonly data: SecretData
}

/** By the path in the source. */
export type History = ReadonlyMap<string, readonly OlderVersion[]>

/** In custom_metadata, until the object has all of them. */
const PLANNED = 'plenum-import-versions'

export async function writeHistory(
  client: VaultClient,
  hub: Hub,
  entries: readonly ImportedEntry[],
  history: History,
  signal: AbortSignal,
): Promise<void> {
  const wanted = withHistory(hub, entries, history)
  await mapBounded(wanted, client.pace, async (one) => writeVersions(client, hub, one, signal))
}

/** What an earlier run began to write versions of. It bears no mark yet, and is ours all the same. */
export async function begunHistory(
  client: VaultClient,
  hub: Hub,
  entries: readonly ImportedEntry[],
  history: History,
  signal: AbortSignal,
): Promise<ReadonlySet<Address>> {
  const wanted = withHistory(hub, entries, history)
  const begun = await mapBounded(wanted, client.pace, async ({ entry, versions }): Promise<readonly Address[]> => {
    const planned = await plannedVersions(client, hub, entry, signal)
    return planned === String(versions.length) ? [addressOf(entry.kind, entry.id)] : []
  })
  return new Set(begun.flat())
}

async function plannedVersions(
  client: VaultClient,
  hub: Hub,
  { path }: DeclaredEntry,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    return (await readMetadata(client, hub.vault.mount, path, signal))?.customMetadata[PLANNED]
  } catch (error) {
    // The plan is about to make the mount.
    if (error instanceof VaultError && error.code === 'vault-not-found') return undefined
    throw error
  }
}

interface WithHistory {
  readonly entry: DeclaredEntry
  readonly versions: readonly OlderVersion[]
}

function withHistory(hub: Hub, entries: readonly ImportedEntry[], history: History): WithHistory[] {
  if (history.size === 0) return []
  const declared = declaredEntries(hub)
  return entries.flatMap(({ kind, id, origins }): WithHistory[] => {
    const entry = declared.get(addressOf(kind, id))
    const versions = origins.flatMap(({ place }) => (place.kind === 'vault' ? (history.get(place.path) ?? []) : []))
    return entry === undefined || versions.length === 0 ? [] : [{ entry, versions }]
  })
}

async function writeVersions(
  client: VaultClient,
  hub: Hub,
  { entry, versions }: WithHistory,
  signal: AbortSignal,
): Promise<void> {
  const { path } = entry
  const { mount } = hub.vault
  const before = await readMetadata(client, mount, path, signal)
  const there = before?.currentVersion ?? 0
  const metadata = before?.customMetadata ?? {}
  const planned = String(versions.length)
  if (there > 0 && metadata[PLANNED] !== planned) return
  if (there === 0) await writeCustomMetadata(client, mount, path, { ...metadata, [PLANNED]: planned }, signal)
  for (const [index, { data }] of versions.entries()) {
    if (index < there) continue
    signal.throwIfAborted()
    await writeSecret(client, mount, path, data, index, signal)
  }
  const { [PLANNED]: _, ...rest } = metadata
  const marks = entryMarks(hub, { entry, metadata: { [SOURCE]: 'import' } })
  // Plenum wrote up to here: the newest version follows as an ordinary update.
  await writeCustomMetadata(client, mount, path, mergeMarks(rest, marks, versions.length), signal)
}
