/**
 * The mount table: which backend answers below which path.
 *
 * Invariant: a mount is persisted before it is served and gone from the table before its data is deleted, so a crash
 * leaves at worst data that no path reaches (vault-api 13, persistence invariant b). Mount paths end in `/`, never
 * overlap, and never lie over or under the system's own (S41).
 */
import { invalidRequest, LogicalError } from '../logical/index.ts'
import type { Backend } from '../logical/index.ts'
import { INHERIT, type MountConfig } from '../engines/system/index.ts'
import type { Storage } from '../storage/index.ts'
import { Turns } from '../../concurrency/index.ts'
import type { Report } from './events.ts'

export type MountClass = 'secret' | 'auth' | 'system'

/** As stored. TTLs in seconds; 0 inherits the system's. */
export interface MountEntry {
  /** `secret/`, `auth/approle/` */
  readonly path: string
  readonly class: MountClass
  readonly type: string
  readonly uuid: string
  readonly accessor: string
  readonly description: string
  readonly local: boolean
  readonly sealWrap: boolean
  readonly externalEntropyAccess: boolean
  readonly options: Readonly<Record<string, string>> | null
  readonly config: MountConfig
}

export interface Mounted {
  readonly entry: MountEntry
  readonly backend: Backend
}

/**
 * Stored at `core/mounts`: `{"version":1,"mounts":[MountEntry, ...],"tuned":[MountEntry, ...]}`; `tuned` are those of the
 * system's own mounts that somebody changed, of which only what can be changed counts.
 */
const TABLE_KEY = 'mounts'
const TABLE_VERSION = 1

/** The system's own mounts, which are always there and never stored. */
const FIXED: ReadonlySet<string> = new Set(['sys/', 'cubbyhole/', 'auth/token/'])
const RESERVED = ['sys/', 'auth/token/', 'cubbyhole/', 'identity/', 'audit/']

type NewMount = Omit<MountEntry, 'uuid' | 'accessor'>
type Changes = Partial<Pick<MountEntry, 'description' | 'config' | 'options'>>

/** An entry as any Plenum wrote it: settings that came later have their defaults. */
type StoredEntry = Omit<MountEntry, 'local' | 'sealWrap' | 'externalEntropyAccess' | 'config'> &
  Partial<Pick<MountEntry, 'local' | 'sealWrap' | 'externalEntropyAccess'>> & { readonly config: Partial<MountConfig> }

/** The stored table is not one that this server can serve. It stays sealed. */
export class MountTableError extends Error {
  readonly code = 'mount-table'
}

export interface MountTableOptions {
  /** The view `core/`. */
  readonly storage: Storage
  /** Makes the backend of a mount; `undefined` for a type that this server does not have. */
  readonly create: (entry: MountEntry) => Backend | undefined
  /** Removes all that a mount stored. */
  readonly erase: (entry: MountEntry) => Promise<void>
  readonly random: (bytes: number) => Buffer
  readonly uuid: () => string
  readonly report: Report
}

export class MountTable {
  readonly #options: MountTableOptions
  readonly #mounts = new Map<string, Mounted>()
  /** The table is one document: changes of it wait for each other. */
  readonly #turns = new Turns()
  /** Of the system's own mounts those that were changed. */
  readonly #tuned = new Set<string>()
  #longest = 0

  constructor(options: MountTableOptions) {
    this.#options = options
  }

  /** Reads the table and starts every backend in it. */
  load(): void {
    const bytes = this.#options.storage.get(TABLE_KEY)
    if (bytes === undefined) return
    const table = JSON.parse(Buffer.from(bytes).toString('utf8')) as {
      version: number
      mounts: StoredEntry[]
      tuned?: StoredEntry[]
    }
    if (table.version !== TABLE_VERSION) {
      throw new MountTableError(
        `the mount table is of version ${table.version} and this server reads ${TABLE_VERSION}: use the Plenum that wrote it`,
      )
    }
    for (const stored of table.mounts) {
      const entry = completed(stored)
      const backend = this.#options.create(entry)
      if (backend === undefined) {
        throw new MountTableError(
          `the mount table holds ${entry.path} of type ${entry.type}, which this server does not have: use the Plenum that wrote it`,
        )
      }
      this.#serve({ entry, backend })
    }
    for (const stored of table.tuned ?? []) {
      const fixed = this.#mounts.get(stored.path)
      if (fixed === undefined || isStored(fixed.entry)) continue
      const { description, config } = completed(stored)
      this.#tuned.add(stored.path)
      this.#serve({ entry: { ...fixed.entry, description, config }, backend: fixed.backend })
    }
  }

  /** A mount of the system itself: always there, before `load`. Only what is tuned of it is stored. */
  addFixed(entry: MountEntry, backend: Backend): void {
    this.#serve({ entry, backend })
  }

  /** The mount with the longest path that `path` lies in; a bare `secret` is in `secret/`. */
  route(path: string): { readonly mounted: Mounted; readonly rest: string } | undefined {
    let end = Math.min(path.length, this.#longest)
    while (end > 0) {
      const slash = path.lastIndexOf('/', end - 1)
      if (slash === -1) break
      const mounted = this.#mounts.get(path.slice(0, slash + 1))
      if (mounted !== undefined) return { mounted, rest: path.slice(slash + 1) }
      end = slash
    }
    const bare = path.endsWith('/') ? undefined : this.#mounts.get(`${path}/`)
    return bare === undefined ? undefined : { mounted: bare, rest: '' }
  }

  get(path: string): Mounted | undefined {
    return this.#mounts.get(path)
  }

  /** Sorted by path. */
  all(): Mounted[] {
    return [...this.#mounts.values()].sort((a, b) => (a.entry.path < b.entry.path ? -1 : 1))
  }

  /** What the table says now of a mount, wherever it lies by now. */
  current(uuid: string): MountEntry | undefined {
    for (const { entry } of this.#mounts.values()) if (entry.uuid === uuid) return entry
    return undefined
  }

  /** Sorted by path. */
  list(wanted: 'auth' | 'secret'): MountEntry[] {
    return [...this.#mounts.values()]
      .map(({ entry }) => entry)
      .filter((entry) => (entry.class === 'auth') === (wanted === 'auth'))
      .sort((a, b) => (a.path < b.path ? -1 : 1))
  }

  /** @throws {LogicalError} for a path that is taken, overlaps or is reserved, and for an unknown type. */
  enable(mount: NewMount): Promise<void> {
    return this.#turns.run(TABLE_KEY, () => this.#enable(mount))
  }

  async #enable(mount: NewMount): Promise<void> {
    this.#checkFree(mount)
    const { random, uuid, create } = this.#options
    const entry: MountEntry = {
      ...mount,
      uuid: uuid(),
      accessor: `${mount.class === 'auth' ? 'auth_' : ''}${mount.type}_${random(4).toString('hex')}`,
    }
    const backend = create(entry)
    if (backend === undefined) throw invalidRequest(`plugin not found in the catalog: ${mount.type}`)
    await this.#store([...this.#stored(), entry])
    this.#serve({ entry, backend })
    this.#options.report({ kind: 'mount-made', path: entry.path, type: entry.type })
  }

  /** @throws {LogicalError} for a path that no mount may have, or that is taken by one other than `moving`. */
  #checkFree({ path, class: of }: Pick<MountEntry, 'path' | 'class'>, moving?: string): void {
    if (!/^[^\s/]+(?:\/[^\s/]+)*\/$/.test(path))
      throw invalidRequest('mount path must not be empty or hold white space')
    const shown = of === 'auth' ? path.slice('auth/'.length) : path
    if (RESERVED.some((reserved) => path.startsWith(reserved)) || (of === 'secret' && path.startsWith('auth/'))) {
      throw new LogicalError('permission-denied', `cannot mount "${shown}"`, 'bare')
    }
    for (const taken of this.#mounts.keys()) {
      if (taken !== moving && (taken.startsWith(path) || path.startsWith(taken)))
        throw invalidRequest(`path is already in use at ${shown === path ? taken : taken.slice('auth/'.length)}`)
    }
  }

  /**
   * Gives a mount another path, with all that it holds; uuid and accessor stay, which are what its data lies under.
   * `before` is what has to have happened when the new path is stored.
   * @throws {LogicalError} when there is no such mount, it is the system's own, or the new path is not free
   */
  move(from: string, to: string, before: () => Promise<void> = nothing): Promise<void> {
    return this.#turns.run(TABLE_KEY, async () => {
      const mounted = this.#mounts.get(from)
      if (mounted === undefined) throw invalidRequest(`no matching mount at ${JSON.stringify(from)}`)
      if (!isStored(mounted.entry)) throw invalidRequest(`cannot remount ${JSON.stringify(from)}`)
      const entry = { ...mounted.entry, path: to }
      this.#checkFree(entry, from)
      await before()
      await this.#store([...this.#stored().filter(({ path }) => path !== from), entry])
      this.#mounts.delete(from)
      this.#serve({ entry, backend: mounted.backend })
      this.#options.report({ kind: 'mount-moved', from, to })
    })
  }

  /**
   * Nothing happens when there is no such mount. `before` is what has to have happened when it is gone from the stored
   * table; requests do not reach the mount by then.
   * @throws {LogicalError} for the system's own mounts.
   */
  disable(path: string, refusal: string, before: () => Promise<void> = nothing): Promise<void> {
    return this.#turns.run(TABLE_KEY, async () => {
      const mounted = this.#mounts.get(path)
      if (mounted === undefined) return
      if (!isStored(mounted.entry)) throw invalidRequest(refusal)
      this.#mounts.delete(path)
      try {
        await before()
        await this.#store(this.#stored())
      } catch (error) {
        // It is still in the stored table, so it is still served.
        this.#mounts.set(path, mounted)
        throw error
      }
      this.#options.report({ kind: 'mount-removed', path, type: mounted.entry.type })
      await this.#options.erase(mounted.entry)
    })
  }

  /** `decide` sees the entry as it is once nobody else is changing the table. */
  change(path: string, decide: (entry: MountEntry) => Changes): Promise<void> {
    return this.#turns.run(TABLE_KEY, () => this.#change(path, decide))
  }

  async #change(path: string, decide: (entry: MountEntry) => Changes): Promise<void> {
    const mounted = this.#mounts.get(path)
    if (mounted === undefined) return
    const entry = { ...mounted.entry, ...decide(mounted.entry) }
    if (mounted.backend.retire === undefined || versionOf(entry) === versionOf(mounted.entry)) {
      await this.#storeChanged(entry)
      this.#serve({ entry, backend: mounted.backend })
    } else {
      await this.#upgrade(mounted, entry)
    }
  }

  /** Another version of the engine takes over what the one before it stored. */
  async #upgrade(before: Mounted, entry: MountEntry): Promise<void> {
    const { create } = this.#options
    const backend = create(entry)
    if (backend === undefined) throw invalidRequest(`plugin not found in the catalog: ${entry.type}`)
    try {
      await before.backend.retire?.()
      await this.#storeChanged(entry)
    } catch (error) {
      // Retired in vain: one like it serves on.
      this.#serve({ entry: before.entry, backend: create(before.entry) ?? before.backend })
      throw error
    }
    this.#serve({ entry, backend })
    await backend.takeOver?.()
  }

  async #storeChanged(entry: MountEntry): Promise<void> {
    const { path } = entry
    const others = this.#stored().filter((other) => other.path !== path)
    if (isStored(entry)) return this.#store([...others, entry])
    await this.#store(others, [...this.#changedFixed().filter((other) => other.path !== path), entry])
    this.#tuned.add(path)
  }

  #changedFixed(): MountEntry[] {
    return [...this.#mounts.values()].map(({ entry }) => entry).filter(({ path }) => this.#tuned.has(path))
  }

  #serve(mounted: Mounted): void {
    this.#mounts.set(mounted.entry.path, mounted)
    this.#longest = Math.max(this.#longest, mounted.entry.path.length)
  }

  #stored(): MountEntry[] {
    return [...this.#mounts.values()].map(({ entry }) => entry).filter(isStored)
  }

  #store(mounts: readonly MountEntry[], tuned: readonly MountEntry[] = this.#changedFixed()): Promise<void> {
    const value = Buffer.from(JSON.stringify({ version: TABLE_VERSION, mounts, tuned }))
    return this.#options.storage.commit([{ kind: 'put', key: TABLE_KEY, value }])
  }
}

function nothing(): Promise<void> {
  return Promise.resolve()
}

function versionOf({ options }: MountEntry): string | undefined {
  return options?.['version']
}

function completed(stored: StoredEntry): MountEntry {
  return {
    ...stored,
    local: stored.local ?? false,
    sealWrap: stored.sealWrap ?? false,
    externalEntropyAccess: stored.externalEntropyAccess ?? false,
    config: { ...INHERIT, ...stored.config },
  }
}

function isStored(entry: MountEntry): boolean {
  return !FIXED.has(entry.path)
}
