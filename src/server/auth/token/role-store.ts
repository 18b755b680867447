/**
 * The stored token roles.
 *
 * Invariant: changes of a role come one after the other, so what is decided about the old state holds for the new one.
 * The cache follows each commit. A role's name is part of its key: the barrier hides it.
 */
import { LRUCache } from 'lru-cache'
import { Turns } from '../../../concurrency/index.ts'
import type { Storage } from '../../storage/index.ts'
import { decodeTokenRole, encodeTokenRole, type TokenRole } from './role.ts'

/** Roles kept decoded. */
const CACHED = 1000

export class TokenRoleStore {
  readonly #storage: Storage
  readonly #turns = new Turns()
  readonly #roles = new LRUCache<string, TokenRole>({ max: CACHED })

  /** `storage`: a view of its own. */
  constructor(storage: Storage) {
    this.#storage = storage
  }

  get(name: string): TokenRole | undefined {
    const known = this.#roles.get(name)
    if (known !== undefined) return known
    const bytes = this.#storage.get(roleKey(name))
    if (bytes === undefined) return undefined
    const role = decodeTokenRole(bytes)
    this.#roles.set(name, role)
    return role
  }

  /** Sorted. */
  names(): string[] {
    return this.#storage.list('role/').sort()
  }

  /** Stores what `decide` makes of the role of that name, `undefined` if there is none. @throws whatever `decide` throws */
  change(name: string, decide: (current: TokenRole | undefined) => TokenRole): Promise<void> {
    return this.#turns.run(name, async () => {
      const after = decide(this.get(name))
      await this.#storage.commit([{ kind: 'put', key: roleKey(name), value: encodeTokenRole(after) }])
      this.#roles.set(name, after)
    })
  }

  /** Nothing happens when there is none. Tokens made with it live on, but can no longer be renewed. */
  remove(name: string): Promise<void> {
    return this.#turns.run(name, async () => {
      await this.#storage.commit([{ kind: 'delete', key: roleKey(name) }])
      this.#roles.delete(name)
    })
  }
}

function roleKey(name: string): string {
  return `role/${name}`
}
