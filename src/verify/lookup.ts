/**
 * One look-up as Airflow makes it: VaultBackend's request with Airflow's role, and what the provider makes of the
 * answer (airflow 1.2, 1.3). The declared provider decides; what the other generation would lose becomes a warning,
 * because hubs upgrade.
 */
import {
  type AirflowReading,
  type ProviderGeneration,
  readStoredConnection,
  readStoredVariable,
} from '../airflow/index.ts'
import type { DeclaredEntry, Hub } from '../hub/index.ts'
import type { FingerprintKey } from '../sensitive/index.ts'
import { readSecret, type SecretData, type VaultClient, VaultError } from '../vault/index.ts'
import { digestsOf } from './digest.ts'
import type { Lookup, LookupOutcome } from './findings.ts'

/** Every connection and variable of the hub, also those that somebody else writes. */
export function lookupsOf(hub: Hub): readonly (Lookup & { readonly path: string })[] {
  return hub.entries.flatMap(({ kind, id, project, path }: DeclaredEntry) =>
    kind === 'secret' ? [] : [{ kind, id, project, path, request: `${hub.vault.mount}/data/${path}` }],
  )
}

export interface LookupOptions {
  readonly mount: string
  readonly generation: ProviderGeneration
  readonly key: FingerprintKey | undefined
  readonly signal: AbortSignal | undefined
}

export async function makeLookup(
  client: VaultClient,
  lookup: Lookup & { readonly path: string },
  options: LookupOptions,
): Promise<LookupOutcome> {
  const { mount, generation, key, signal } = options
  try {
    const read = await readSecret(client, mount, lookup.path, { signal })
    if (read.kind !== 'found') return { kind: 'missing', deleted: read.kind === 'deleted' }
    return judgeStored(lookup, read.data, generation, key)
  } catch (error) {
    if (!(error instanceof VaultError)) throw error
    return error.code === 'vault-denied' ? { kind: 'denied' } : { kind: 'failed', text: error.message }
  }
}

/** Pure. */
export function judgeStored(
  lookup: Lookup,
  data: SecretData,
  generation: ProviderGeneration,
  key: FingerprintKey | undefined,
): LookupOutcome {
  const reading = readAs(lookup, data, generation)
  if (reading.kind === 'lost') return { kind: 'lost', reason: reading.reason }
  const other = readAs(lookup, data, OTHER[generation].generation)
  return {
    kind: 'resolved',
    digests: key === undefined ? {} : digestsOf(reading, key),
    warning: other.kind === 'lost' ? `${OTHER[generation].providers} would lose it: ${other.reason}` : undefined,
  }
}

const OTHER: Readonly<
  Record<ProviderGeneration, { readonly generation: ProviderGeneration; readonly providers: string }>
> = {
  constructor: { generation: 'json', providers: 'providers from 4.7.2 on' },
  json: { generation: 'constructor', providers: 'providers up to 4.7.1' },
}

function readAs({ kind, id }: Lookup, data: SecretData, generation: ProviderGeneration): AirflowReading {
  return kind === 'connection' ? readStoredConnection(id, data, generation) : readStoredVariable(data)
}
