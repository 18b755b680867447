/**
 * The entries below the hub's three folders, and what `vault` references point at anywhere in the mount.
 *
 * Listing first: what is not there costs no request of its own, so a first apply of 10,000 entries reads almost nothing.
 */
import { mapBounded } from '../concurrency/index.ts'
import { flattenData, isMarkedFor } from '../hub/index.ts'
import { type Actual, type ActualEntry, addressOf, type Desired, type DesiredEntry } from '../plan/index.ts'
import { type Fingerprint, fingerprint } from '../sensitive/index.ts'
import { listAllSecrets, readMetadata, readSecret, type SecretData, type VaultClient } from '../vault/index.ts'
import { locate, type Place, placesOf } from './places.ts'
import type { ReadActualOptions } from './read-actual.ts'
import { foldFields } from './source.ts'
import { SourceBook } from './source-book.ts'

export async function readEntries(client: VaultClient, options: ReadActualOptions): Promise<Actual[]> {
  const { desired, hub, key, concurrency, onProgress } = options
  const places = placesOf(hub)
  const entries = desired.filter(isEntry)
  const declared = new Map(entries.map((entry) => [entry.path, entry]))
  const sources = new SourceBook(entries, places, key)
  const listed = await listPaths(client, places, options)
  const reader = new EntryReader(client, places, sources, options)
  const all = [...new Set([...listed, ...sources.paths])]
  const paths = options.undeclared === 'ignored' ? all.filter((path) => declared.has(path) || sources.has(path)) : all
  let done = 0
  const read = await mapBounded(paths, concurrency, async (path) => {
    const entry = declared.get(path)
    const found = entry === undefined ? await reader.undeclared(path, listed.has(path)) : await reader.declared(entry)
    done += 1
    onProgress?.(done, paths.length)
    return found
  })
  return [...read.filter((entry) => entry !== undefined), ...sources.found()]
}

async function listPaths(
  client: VaultClient,
  places: readonly Place[],
  { hub, concurrency, signal }: ReadActualOptions,
): Promise<ReadonlySet<string>> {
  const paths = new Set<string>()
  for (const { folder } of places) {
    const below = await listAllSecrets(client, hub.vault.mount, folder, { concurrency, signal })
    for (const path of below) paths.add(`${folder}/${path}`)
  }
  return paths
}

class EntryReader {
  readonly #client: VaultClient
  readonly #places: readonly Place[]
  readonly #sources: SourceBook
  readonly #options: ReadActualOptions

  constructor(client: VaultClient, places: readonly Place[], sources: SourceBook, options: ReadActualOptions) {
    this.#client = client
    this.#places = places
    this.#sources = sources
    this.#options = options
  }

  async declared(entry: DesiredEntry): Promise<ActualEntry | undefined> {
    const { hub, signal } = this.#options
    const { kind, address, path } = entry
    const read = await readSecret(this.#client, hub.vault.mount, path, { signal })
    if (read.kind === 'absent') return undefined
    const { version, customMetadata: metadata } = read
    const common = { kind, address, path, version, metadata, managed: isMarkedFor(metadata, hub.name) }
    if (read.kind === 'deleted') return { ...common, deleted: true, fields: new Map(), changedAt: read.changedAt }
    this.#sources.note(path, read.data)
    return { ...common, deleted: false, fields: this.#fingerprints(entry, read.data), changedAt: read.createdAt }
  }

  /** `listed`: it lies in one of the hub's folders. If not, it is only a source. */
  async undeclared(path: string, listed: boolean): Promise<ActualEntry | undefined> {
    const entry = listed ? await this.#stranger(path) : undefined
    if (this.#sources.has(path)) {
      const { hub, signal } = this.#options
      const read = await readSecret(this.#client, hub.vault.mount, path, { signal })
      if (read.kind === 'found') this.#sources.note(path, read.data)
    }
    return entry
  }

  /** Metadata tells whose it is. Whether its newest version still stands matters only when it is ours to delete. */
  async #stranger(path: string): Promise<ActualEntry | undefined> {
    const { hub, signal } = this.#options
    const located = locate(this.#places, path)
    const read = await readMetadata(this.#client, hub.vault.mount, path, signal)
    if (located === undefined || read === undefined || read.currentVersion === 0) return undefined
    const { kind, id } = located
    const metadata = read.customMetadata
    const managed = isMarkedFor(metadata, hub.name)
    const secret = managed ? await readSecret(this.#client, hub.vault.mount, path, { signal }) : undefined
    if (secret?.kind === 'absent') return undefined
    const version = secret?.version ?? read.currentVersion
    const deleted = secret?.kind === 'deleted'
    const address = addressOf(kind, id)
    return { kind, address, path, version, deleted, fields: new Map(), metadata, managed, changedAt: read.updatedAt }
  }

  #fingerprints({ kind, external, fields }: DesiredEntry, data: SecretData): Map<string, Fingerprint> {
    if (external) return new Map()
    const taken = [...fields].filter(([, field]) => field.kind === 'same').map(([name]) => name)
    const found = foldFields(flattenData(kind, data), taken)
    return new Map([...found].map(([name, value]) => [name, fingerprint(value, this.#options.key)]))
  }
}

function isEntry(one: Desired): one is DesiredEntry {
  return one.kind === 'connection' || one.kind === 'variable' || one.kind === 'secret'
}
