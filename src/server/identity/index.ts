/**
 * Entities: who is behind the logins of one name at one auth mount (vault-api 9, 14.4; as much as logins need).
 *
 * Invariant: a name, as the auth method spells it, has one entity for as long as its mount is there (S54): made by its
 * first login, stored before the token that carries it, the same ever after.
 *
 * Left out: everything else of Vault's identity engine. Entities cannot be seen, merged, disabled or given policies, and
 * policies cannot speak of them.
 *
 *     alias/<accessor of the mount>/<SHA-256 of the name>   { "version": 1, "name", "entity": <id> }
 *     entity/<id>                                           { "version": 1, "name", "creationTime": <unix ms> }
 */
import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { Turns } from '../../concurrency/index.ts'
import type { LoginName } from '../logical/index.ts'
import type { Storage, Write } from '../storage/index.ts'

export interface EntitiesOptions {
  /** A view of its own. */
  readonly storage: Storage
  /** Unix milliseconds. */
  readonly now: () => number
  readonly uuid: () => string
}

/** Names whose entity is kept in memory. */
const CACHED = 10_000
const VERSION = 1

export class Entities {
  readonly #options: EntitiesOptions
  readonly #known = new LRUCache<string, string>({ max: CACHED })
  readonly #turns = new Turns()

  constructor(options: EntitiesOptions) {
    this.#options = options
  }

  /** The id of the name's entity, made now if it is the first login. */
  of(name: LoginName): string | Promise<string> {
    const key = aliasKey(name)
    return this.#find(key) ?? this.#turns.run(key, () => this.#find(key) ?? this.#make(key, name))
  }

  /** The names of a mount that is gone. Their entities stay, as the audit log speaks of them. */
  async forgetMount(accessor: string): Promise<void> {
    const prefix = `alias/${accessor}/`
    const keys = this.#options.storage.list(prefix).map((name) => prefix + name)
    if (keys.length > 0) await this.#options.storage.commit(keys.map((key) => ({ kind: 'delete', key })))
    for (const key of keys) this.#known.delete(key)
  }

  #find(key: string): string | undefined {
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const bytes = this.#options.storage.get(key)
    if (bytes === undefined) return undefined
    const id = decodeAlias(bytes)
    this.#known.set(key, id)
    return id
  }

  async #make(key: string, { alias }: LoginName): Promise<string> {
    const { storage, now, uuid } = this.#options
    const id = uuid()
    // As Vault names entities that nobody named.
    const name = `entity_${id.slice(0, 8)}`
    await storage.commit([
      put(`entity/${id}`, { version: VERSION, name, creationTime: now() }),
      put(key, { version: VERSION, name: alias, entity: id }),
    ])
    this.#known.set(key, id)
    return id
  }
}

/** What lies in the store cannot be read as a name's entity. Nothing is guessed: the login fails. */
export class IdentityRecordError extends Error {
  readonly code = 'identity-record'
}

/** A name may be longer than a storage key, and hold anything. */
function aliasKey({ accessor, alias }: LoginName): string {
  return `alias/${accessor}/${createHash('sha256').update(alias).digest('hex')}`
}

function put(key: string, record: object): Write {
  return { kind: 'put', key, value: Buffer.from(JSON.stringify(record)) }
}

function decodeAlias(bytes: Uint8Array): string {
  const { version, entity } = JSON.parse(Buffer.from(bytes).toString('utf8')) as { version: number; entity: string }
  if (version !== VERSION)
    throw new IdentityRecordError(`a stored alias has format version ${version}, expected ${VERSION}`)
  return entity
}
