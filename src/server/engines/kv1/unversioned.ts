/**
 * The secrets of a mount of version 1 as whoever comes after it finds them: read one by one, and removed in the commit
 * that stores them anew. For a mount that nobody serves as version 1 any more.
 */
import {
  MarkedEntries,
  MarkedEntryError,
  type Storage,
  unhurried,
  unhurriedKeys,
  type Write,
} from '../../storage/index.ts'

export class UnversionedSecrets {
  readonly #entries: MarkedEntries

  /** `storage` is the mount's own view of the barrier. */
  constructor(storage: Storage) {
    // Only writes ask for the time.
    this.#entries = secretEntries(storage, () => 0)
  }

  isEmpty(): boolean {
    return this.#entries.isEmpty()
  }

  /** Folder by folder. Each folder is listed when it is come to. Others have their turn in between. */
  paths(): AsyncIterable<string> {
    return unhurried(unhurriedKeys((folder) => this.#entries.list(folder)))
  }

  /** The object as JSON text. @throws {MarkedEntryError} */
  document(path: string): string | undefined {
    return this.#entries.get(path)?.toString('utf8')
  }

  removal(path: string): Write[] {
    return this.#entries.removal(path)
  }

  /** How many of how many cannot be read. */
  async count(): Promise<{ readonly all: number; readonly damaged: number }> {
    let all = 0
    let damaged = 0
    for await (const path of this.paths()) {
      all += 1
      try {
        this.document(path)
      } catch (error) {
        if (!(error instanceof MarkedEntryError)) throw error
        damaged += 1
      }
    }
    return { all, damaged }
  }
}

/**
 * Where the secrets lie: in the mount's own view of the barrier, encrypted and with its names hidden, as marked entries
 * (`storage/marked.ts`):
 *
 *     v1/secret/<path>   the object, JSON, UTF-8
 *     v1/mark/<path>
 *
 * The folder `v1/` keeps them apart from what version 2 stores in the same view after an upgrade. A path that fits here
 * fits there: the names of version 2 are no longer.
 */
export function secretEntries(storage: Storage, now: () => number): MarkedEntries {
  return new MarkedEntries({ storage, values: 'v1/secret/', marks: 'v1/mark/', now })
}
