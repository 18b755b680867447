/**
 * Proof of a move: each object that came from elsewhere, read back through the path that its reader takes, and compared
 * field by field with what the source had. Connections and variables are read as Airflow's role and understood as the
 * declared provider understands them; secrets are read as their project's role.
 *
 * Invariant: no finding holds a value; fields are compared by keyed digest. Nothing is written.
 */
import { type JsonObject, providerOf, readStoredConnection, readStoredVariable } from '../airflow/index.ts'
import { type Bound, mapBounded } from '../concurrency/index.ts'
import { flattenData, type Hub, type HubAccess, type HubRole, roleOf, type RolePurpose } from '../hub/index.ts'
import { type FingerprintKey, fingerprint, type Sensitive } from '../sensitive/index.ts'
import { readSecret, type VaultClient, VaultError } from '../vault/index.ts'
import { differingFields, digestsOf } from './digest.ts'
import type { LookupOutcome } from './findings.ts'
import { makeLookup } from './lookup.ts'

/** What the source had, in the form in which it would lie in Vault. */
export interface ExpectedObject {
  readonly kind: 'connection' | 'variable' | 'secret'
  /** conn_id, variable key, or `<project>/<name>`. */
  readonly id: string
  readonly project: string
  /** Below the mount. */
  readonly path: string
  readonly data: Sensitive<JsonObject>
}

export type ArrivalOutcome =
  | { readonly kind: 'equal' }
  /** Names of the fields of which the reader gets another value, or none, or one that the source has not. */
  | { readonly kind: 'different'; readonly fields: readonly string[] }
  /** Airflow could make nothing of it in the source either. */
  | { readonly kind: 'unreadable'; readonly reason: string }
  | Exclude<LookupOutcome, { kind: 'resolved' | 'untried' }>

export interface ArrivalFinding extends Omit<ExpectedObject, 'data'> {
  readonly outcome: ArrivalOutcome
}

export interface ArrivalOptions {
  readonly hub: Hub
  readonly access: HubAccess
  /** A client that logs in as this role. Called once a role; closed here. */
  readonly clientFor: (role: HubRole) => VaultClient
  readonly objects: readonly ExpectedObject[]
  readonly key: FingerprintKey
  /** Requests under way at once. */
  readonly concurrency: Bound
  readonly onProgress?: ((done: number, total: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** In the order of `objects`. */
export async function proveArrival(options: ArrivalOptions): Promise<ArrivalFinding[]> {
  const { objects, concurrency, onProgress } = options
  const readers = new Readers(options)
  let done = 0
  try {
    // Backwards: what was written last is what a server still has in memory.
    const backwards = await mapBounded(objects.toReversed(), concurrency, async ({ data, ...object }) => {
      const outcome = await proveOne({ data, ...object }, readers.of(object), options)
      done += 1
      onProgress?.(done, objects.length)
      return { ...object, outcome }
    })
    return backwards.reverse()
  } finally {
    await readers.close()
  }
}

/** Pure: two sets of digests by field. */
export function compareDigests(
  expected: Readonly<Record<string, string>>,
  found: Readonly<Record<string, string>>,
): ArrivalOutcome {
  const fields = differingFields(expected, found)
  return fields.length === 0 ? { kind: 'equal' } : { kind: 'different', fields: [...fields].sort() }
}

/** One client a role, made when its first object comes. */
class Readers {
  readonly #options: ArrivalOptions
  readonly #clients = new Map<HubRole, VaultClient>()

  constructor(options: ArrivalOptions) {
    this.#options = options
  }

  of({ kind, project }: Pick<ExpectedObject, 'kind' | 'project'>): VaultClient {
    const purpose: RolePurpose = kind === 'secret' ? { kind: 'project', project } : { kind: 'airflow' }
    const role = roleOf(this.#options.access, purpose)
    const client = this.#clients.get(role) ?? this.#options.clientFor(role)
    this.#clients.set(role, client)
    return client
  }

  async close(): Promise<void> {
    await Promise.all([...this.#clients.values()].map((client) => client.close()))
  }
}

async function proveOne(object: ExpectedObject, client: VaultClient, options: ArrivalOptions): Promise<ArrivalOutcome> {
  if (object.kind === 'secret') return proveSecret(object, client, options)
  const { hub, key, signal } = options
  const { kind, id, project, path, data } = object
  const { generation } = providerOf(hub.airflow.provider)
  const source = kind === 'connection' ? readStoredConnection(id, data, generation) : readStoredVariable(data)
  if (source.kind === 'lost') return { kind: 'unreadable', reason: source.reason }
  const { mount } = hub.vault
  const lookup = { kind, id, project, path, request: `${mount}/data/${path}` }
  const outcome = await makeLookup(client, lookup, { mount, generation, key, signal })
  if (outcome.kind === 'resolved') return compareDigests(digestsOf(source, key), outcome.digests)
  if (outcome.kind === 'untried') throw new Error(`${path}: a look-up that was made cannot be untried`)
  return outcome
}

async function proveSecret(
  { path, data }: ExpectedObject,
  client: VaultClient,
  { hub, key, signal }: ArrivalOptions,
): Promise<ArrivalOutcome> {
  const digests = (one: Sensitive<JsonObject>): Readonly<Record<string, string>> =>
    Object.fromEntries([...flattenData('secret', one)].map(([name, value]) => [name, fingerprint(value, key)]))
  try {
    const read = await readSecret(client, hub.vault.mount, path, { signal })
    if (read.kind !== 'found') return { kind: 'missing', deleted: read.kind === 'deleted' }
    const expected = digests(data)
    // A secret may have fields from other sources: those of this one are what is proved.
    const found = Object.entries(digests(read.data)).filter(([name]) => name in expected)
    return compareDigests(expected, Object.fromEntries(found))
  } catch (error) {
    if (!(error instanceof VaultError)) throw error
    return error.code === 'vault-denied' ? { kind: 'denied' } : { kind: 'failed', text: error.message }
  }
}
