/**
 * Which tokens are due: the index `expiry/<hour>/<second>/<id>`, walked from its beginning.
 *
 * Invariant: looking for what is due costs by what is due, not by how many tokens live. The hours that hold any are
 * remembered, so a look at nothing due touches no storage.
 */
import type { Storage } from '../storage/storage.ts'
import { hourOf, secondOf } from './record.ts'

export interface Due {
  readonly key: string
  readonly id: string
}

export class ExpiryIndex {
  readonly #storage: Storage
  readonly #hours: Set<string>

  constructor(storage: Storage) {
    this.#storage = storage
    this.#hours = new Set(storage.list('expiry/').map((name) => name.slice(0, -1)))
  }

  /** To be told of every token that gets an expiry time, before it is stored. */
  note(expireTime: number | null): void {
    if (expireTime !== null) this.#hours.add(hourOf(expireTime))
  }

  /** How many there are in all. */
  count(): number {
    return this.#storage.count('expiry/')
  }

  /** Entries whose second has begun, oldest first, at most `limit`. Some may not be due for a part of that second. */
  due(now: number, limit: number): Due[] {
    const found: Due[] = []
    for (const hour of [...this.#hours].sort()) {
      if (hour > hourOf(now)) break
      const seconds = this.#storage.list(`expiry/${hour}/`)
      if (seconds.length === 0 && hour < hourOf(now)) this.#hours.delete(hour)
      for (const second of seconds) {
        if (second.slice(0, -1) > secondOf(now)) return found
        const folder = `expiry/${hour}/${second}`
        for (const ids of this.#storage.pieces(folder, limit - found.length)) {
          found.push(...ids.map((id) => ({ key: folder + id, id })))
          if (found.length >= limit) return found
        }
      }
    }
    return found
  }
}
