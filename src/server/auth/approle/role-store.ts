/**
 * The stored roles of one mount, found by name and by role-id.
 *
 * Invariant: a role-id belongs to one role. Role and index change in one commit, and changes come one after the other,
 * so what is decided about the old state holds for the new one. The caches follow each commit.
 */
import { LRUCache } from 'lru-cache'
import { invalidRequest } from '../../logical/index.ts'
import type { Storage, Write } from '../../storage/index.ts'
import { Turns } from '../../../concurrency/index.ts'
import { Salt } from '../../token/index.ts'
import { decodeRole, encodeRole, type Role } from './role.ts'

/** Roles kept decoded. */
const CACHED = 5000
/** All changes of a mount's roles wait for each other: they are rare, and two roles must not take one role-id. */
const TURN = 'roles'

export class RoleStore {
  readonly #storage: Storage
  readonly #random: (bytes: number) => Buffer
  readonly #turns = new Turns()
  readonly #roles = new LRUCache<string, Role>({ max: CACHED })
  /** From role-id to name. */
  readonly #names = new LRUCache<string, string>({ max: CACHED })
  #salt: Salt | undefined

  constructor(storage: Storage, random: (bytes: number) => Buffer) {
    this.#storage = storage
    this.#random = random
  }

  get(name: string): Role | undefined {
    const known = this.#roles.get(name)
    if (known !== undefined) return known
    const salt = this.salt()
    const bytes = salt === undefined ? undefined : this.#storage.get(roleKey(salt, name))
    if (bytes === undefined) return undefined
    const role = decodeRole(bytes)
    this.#roles.set(name, role)
    return role
  }

  byRoleId(roleId: string): Role | undefined {
    const known = this.#names.get(roleId)
    if (known !== undefined) return this.get(known)
    const salt = this.salt()
    const bytes = salt === undefined ? undefined : this.#storage.get(roleIdKey(salt, roleId))
    if (bytes === undefined) return undefined
    const name = Buffer.from(bytes).toString('utf8')
    this.#names.set(roleId, name)
    return this.get(name)
  }

  /** Every role, sorted by name. Reads them all. */
  all(): Role[] {
    const found = this.#storage.list('role/').map((key) => this.#storage.get(`role/${key}`))
    const roles = found.filter((bytes) => bytes !== undefined).map(decodeRole)
    return roles.sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /**
   * Stores what `decide` makes of the role of that name, `undefined` if there is none.
   * @throws whatever `decide` throws, and {LogicalError} 400 for a role-id of another role
   */
  change(name: string, decide: (current: Role | undefined) => Role): Promise<void> {
    return this.#turns.run(TURN, async () => {
      const salt = await this.#openSalt()
      const before = this.get(name)
      const after = decide(before)
      const owner = this.byRoleId(after.roleId)
      if (owner !== undefined && owner.name !== name) throw invalidRequest('role_id already in use')
      const replaced = before !== undefined && before.roleId !== after.roleId ? before.roleId : undefined
      await this.#storage.commit([
        ...(replaced === undefined ? [] : [{ kind: 'delete', key: roleIdKey(salt, replaced) } satisfies Write]),
        { kind: 'put', key: roleIdKey(salt, after.roleId), value: Buffer.from(name) },
        { kind: 'put', key: roleKey(salt, name), value: encodeRole(after) },
      ])
      if (replaced !== undefined) this.#names.delete(replaced)
      this.#roles.set(name, after)
    })
  }

  /** Resolves with the role that was there. From then on its role-id and secret-ids are unknown. */
  remove(name: string): Promise<Role | undefined> {
    return this.#turns.run(TURN, async () => {
      const salt = this.salt()
      const role = this.get(name)
      if (salt === undefined || role === undefined) return undefined
      await this.#storage.commit(
        [roleIdKey(salt, role.roleId), roleKey(salt, name)].map((key) => ({ kind: 'delete', key })),
      )
      this.#names.delete(role.roleId)
      this.#roles.delete(name)
      return role
    })
  }

  /** There is one as soon as there is a role. */
  salt(): Salt | undefined {
    this.#salt ??= Salt.read(this.#storage)
    return this.#salt
  }

  async #openSalt(): Promise<Salt> {
    this.#salt ??= await Salt.open(this.#storage, this.#random)
    return this.#salt
  }
}

function roleKey(salt: Salt, name: string): string {
  return `role/${salt.name(name)}`
}

function roleIdKey(salt: Salt, roleId: string): string {
  return `role-id/${salt.name(roleId)}`
}
