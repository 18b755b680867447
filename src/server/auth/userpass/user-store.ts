/**
 * The stored users of one mount.
 *
 * Invariant: changes of one user come one after the other, so what is decided about the old state holds for the new one.
 */
import { Turns } from '../../../concurrency/index.ts'
import type { Storage } from '../../storage/index.ts'
import { decodeUser, encodeUser, type User } from './user.ts'

export class UserStore {
  readonly #storage: Storage
  readonly #turns = new Turns()

  constructor(storage: Storage) {
    this.#storage = storage
  }

  /** `name` in lower case. */
  get(name: string): User | undefined {
    const bytes = this.#storage.get(userKey(name))
    return bytes === undefined ? undefined : decodeUser(bytes)
  }

  /** Sorted. */
  names(): string[] {
    return this.#storage.list('user/').sort()
  }

  /** Stores what `decide` makes of the user of that name, `undefined` if there is none. @throws whatever `decide` throws */
  change(name: string, decide: (current: User | undefined) => User): Promise<void> {
    return this.#turns.run(name, async () => {
      const after = decide(this.get(name))
      await this.#storage.commit([{ kind: 'put', key: userKey(name), value: encodeUser(after) }])
    })
  }

  remove(name: string): Promise<void> {
    return this.#turns.run(name, () => this.#storage.commit([{ kind: 'delete', key: userKey(name) }]))
  }
}

function userKey(name: string): string {
  return `user/${name}`
}
