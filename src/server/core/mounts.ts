/**
 * The mount table: which backend answers below which path.
 *
 * Invariant: a mount is persisted before it is served and gone from the table before its data is deleted, so a crash
 * leaves at worst data that no path reaches (vault-api 13, persistence invariant b). Mount paths end in `/`, never
 * overlap, and never lie over or under the system's own (S41).
 */
import { invalidRequest, LogicalError } from '../logical/index.ts'
import type { Backend } from '../logical/index.ts'
import type { UserLockoutConfig } from '../logical/user-lockout.ts'
import type { Storage } from '../storage/index.ts'
import { Turns } from '../../concurrency/index.ts'

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
  readonly options: Readonly<Record<string, string>> | null
  readonly config: MountConfig
}

export interface MountConfig {
  readonly defaultLeaseTtl: number
  readonly maxLeaseTtl: number
  readonly listingVisibility: '' | 'hidden' | 'unauth'
  /** Auth mounts only. */
  readonly tokenType: string
  /** Auth mounts only. Default: `DEFAULT_USER_LOCKOUT`. */
  readonly userLockout?: UserLockoutConfig
}

export interface Mounted {
  readonly entry: MountEntry
  readonly backend: Backend
}

/** Stored at `core/mounts`: `{"version":1,"mounts":[MountEntry, ...]}`, without the system's own mounts. */
const TABLE_KEY = 'mounts'
const TABLE_VERSION = 1

/** The system's own mounts, which are always there and never stored. */
const FIXED: ReadonlySet<string> = new Set(['sys/', 'cubbyhole/', 'auth/token/'])
const RESERVED = ['sys/', 'auth/token/', 'cubbyhole/', 'identity/', 'audit/']

export const INHERIT: MountConfig = { defaultLeaseTtl: 0, maxLeaseTtl: 0, listingVisibility: '', tokenType: '' }

type MountChanges = Partial<Pick<MountEntry, 'description' | 'config' | 'options'>>
type NewMount = Pick<MountEntry, 'path' | 'class' | 'type' | 'description' | 'options' | 'config'>

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
}

export class MountTable {
  readonly #options: MountTableOptions
  readonly #mounts = new Map<string, Mounted>()
  /** The table is one document: changes of it wait for each other. */
  readonly #turns = new Turns()
  #longest = 0

  constructor(options: MountTableOptions) {
    this.#options = options
  }

  /** Reads the table and starts every backend in it. */
  load(): void {
    const bytes = this.#options.storage.get(TABLE_KEY)
    if (bytes === undefined) return
    const table = JSON.parse(Buffer.from(bytes).toString('utf8')) as { version: number; mounts: MountEntry[] }
    if (table.version !== TABLE_VERSION) {
      throw new MountTableError(
        `the mount table is of version ${table.version} and this server reads ${TABLE_VERSION}: use the Plenum that wrote it`,
      )
    }
    for (const entry of table.mounts) {
      const backend = this.#options.create(entry)
      if (backend === undefined) {
        throw new MountTableError(
          `the mount table holds ${entry.path} of type ${entry.type}, which this server does not have: use the Plenum that wrote it`,
        )
      }
      this.#serve({ entry, backend })
    }
  }

  /** A mount of the system itself: always there, never stored. */
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
    const { path } = mount
    if (!/^[^\s/]+(?:\/[^\s/]+)*\/$/.test(path))
      throw invalidRequest('mount path must not be empty or hold white space')
    const shown = mount.class === 'auth' ? path.slice('auth/'.length) : path
    if (
      RESERVED.some((reserved) => path.startsWith(reserved)) ||
      (mount.class === 'secret' && path.startsWith('auth/'))
    ) {
      throw new LogicalError('permission-denied', `cannot mount "${shown}"`, 'bare')
    }
    for (const taken of this.#mounts.keys()) {
      if (taken.startsWith(path) || path.startsWith(taken))
        throw invalidRequest(`path is already in use at ${shown === path ? taken : taken.slice('auth/'.length)}`)
    }
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
  }

  /** Nothing happens when there is no such mount. @throws {LogicalError} for the system's own mounts. */
  disable(path: string, refusal: string): Promise<void> {
    return this.#turns.run(TABLE_KEY, async () => {
      const mounted = this.#mounts.get(path)
      if (mounted === undefined) return
      if (!isStored(mounted.entry)) throw invalidRequest(refusal)
      this.#mounts.delete(path)
      try {
        await this.#store(this.#stored())
      } catch (error) {
        // It is still in the stored table, so it is still served.
        this.#mounts.set(path, mounted)
        throw error
      }
      await this.#options.erase(mounted.entry)
    })
  }

  change(path: string, changes: MountChanges): Promise<void> {
    return this.#turns.run(TABLE_KEY, () => this.#change(path, changes))
  }

  async #change(path: string, changes: MountChanges): Promise<void> {
    const mounted = this.#mounts.get(path)
    if (mounted === undefined) return
    const entry = { ...mounted.entry, ...changes }
    if (mounted.backend.retire === undefined || versionOf(entry) === versionOf(mounted.entry)) {
      await this.#store(this.#storedWith(entry))
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
      await this.#store(this.#storedWith(entry))
    } catch (error) {
      // Retired in vain: one like it serves on.
      this.#serve({ entry: before.entry, backend: create(before.entry) ?? before.backend })
      throw error
    }
    this.#serve({ entry, backend })
    await backend.takeOver?.()
  }

  #serve(mounted: Mounted): void {
    this.#mounts.set(mounted.entry.path, mounted)
    this.#longest = Math.max(this.#longest, mounted.entry.path.length)
  }

  #stored(): MountEntry[] {
    return [...this.#mounts.values()].map(({ entry }) => entry).filter(isStored)
  }

  #storedWith(entry: MountEntry): MountEntry[] {
    return [...this.#stored().filter(({ path }) => path !== entry.path), ...(isStored(entry) ? [entry] : [])]
  }

  #store(mounts: readonly MountEntry[]): Promise<void> {
    const value = Buffer.from(JSON.stringify({ version: TABLE_VERSION, mounts }))
    return this.#options.storage.commit([{ kind: 'put', key: TABLE_KEY, value }])
  }
}

function versionOf({ options }: MountEntry): string | undefined {
  return options?.['version']
}

function isStored(entry: MountEntry): boolean {
  return !FIXED.has(entry.path)
}
