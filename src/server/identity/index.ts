/**
 * Entities: who is behind the logins of one name at one auth mount (vault-api 9, 14.4; as much as logins and the templates
 * of policies need).
 *
 * Invariant: a name, as the auth method spells it, has one entity for as long as its mount is there (S54): made by its
 * first login, stored before the token that carries it, the same ever after.
 *
 * Left out: everything else of Vault's identity engine. Entities cannot be seen, merged, disabled or given policies or
 * metadata, and there are no groups.
 *
 *     alias/<accessor of the mount>/<SHA-256 of the name>   { "version": 1, "name", "entity": <id> }
 *     entity/<id>                  { "version": 2, "name", "creationTime": <unix ms>, "aliases": [{ "accessor", "name" }] }
 *
 * Version 1 of an entity has no aliases; they are looked for among all.
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
const ALIAS_VERSION = 1
const ENTITY_VERSION = 2

/** An entity as policies speak of it (vault-api 10.5). The same object until something of it changes. */
export interface Entity {
  readonly id: string
  /** `entity_3f9a01bc`, as Vault names those that nobody named. */
  readonly name: string
  readonly metadata: Readonly<Record<string, string>>
  readonly aliases: readonly EntityAlias[]
  readonly groups: readonly never[]
}
export interface EntityAlias {
  readonly mountAccessor: string
  readonly id: string
  /** As the auth method spells it. */
  readonly name: string
  readonly metadata: Readonly<Record<string, string>>
  readonly customMetadata: Readonly<Record<string, string>>
}

export class Entities {
  readonly #options: EntitiesOptions
  readonly #entities = new LRUCache<string, Entity>({ max: CACHED })
  readonly #known = new LRUCache<string, string>({ max: CACHED })
  readonly #turns = new Turns()

  constructor(options: EntitiesOptions) {
    this.#options = options
  }

  count(): number {
    return this.#options.storage.count('entity/')
  }

  /** The id of the name's entity, made now if it is the first login. */
  of(name: LoginName): string | Promise<string> {
    const key = aliasKey(name)
    return this.#find(key) ?? this.#turns.run(key, () => this.#find(key) ?? this.#make(key, name))
  }

  /** `undefined` for the empty id, and for one that nobody has. @throws {IdentityRecordError} when it cannot be read */
  byId(id: string): Entity | undefined {
    if (id === '') return undefined
    const known = this.#entities.get(id)
    if (known !== undefined) return known
    const bytes = this.#options.storage.get(`entity/${id}`)
    if (bytes === undefined) return undefined
    const { name, aliases } = decodeEntity(bytes)
    const entity: Entity = {
      id,
      name,
      metadata: NOTHING,
      // An alias of a mount that is gone is none any more.
      aliases: (aliases ?? this.#aliasesOf(id)).filter((alias) => this.#find(aliasKey(alias)) === id).map(showAlias),
      groups: [],
    }
    this.#entities.set(id, entity)
    return entity
  }

  /** The names of a mount that is gone. Their entities stay, as the audit log speaks of them. */
  async forgetMount(accessor: string): Promise<void> {
    const prefix = `alias/${accessor}/`
    const keys = this.#options.storage.list(prefix).map((name) => prefix + name)
    if (keys.length > 0) await this.#options.storage.commit(keys.map((key) => ({ kind: 'delete', key })))
    for (const key of keys) this.#known.delete(key)
    this.#entities.clear()
  }

  #find(key: string): string | undefined {
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const bytes = this.#options.storage.get(key)
    if (bytes === undefined) return undefined
    const { entity } = decodeAlias(bytes)
    this.#known.set(key, entity)
    return entity
  }

  #aliasesOf(id: string): LoginName[] {
    const { storage } = this.#options
    return storage.list('alias/').flatMap((folder) =>
      storage.list(`alias/${folder}`).flatMap((leaf) => {
        const bytes = storage.get(`alias/${folder}${leaf}`)
        if (bytes === undefined) return []
        const { entity, name } = decodeAlias(bytes)
        return entity === id ? [{ accessor: folder.slice(0, -1), alias: name }] : []
      }),
    )
  }

  async #make(key: string, { accessor, alias }: LoginName): Promise<string> {
    const { storage, now, uuid } = this.#options
    const id = uuid()
    const name = `entity_${id.slice(0, 8)}`
    await storage.commit([
      put(`entity/${id}`, {
        version: ENTITY_VERSION,
        name,
        creationTime: now(),
        aliases: [{ accessor, name: alias }],
      }),
      put(key, { version: ALIAS_VERSION, name: alias, entity: id }),
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

const NOTHING: Readonly<Record<string, string>> = Object.freeze(Object.create(null) as Record<string, string>)

function showAlias(alias: LoginName): EntityAlias {
  return {
    mountAccessor: alias.accessor,
    id: aliasId(alias),
    name: alias.alias,
    metadata: NOTHING,
    customMetadata: NOTHING,
  }
}

/** In the form of a UUID; follows from mount and name, so it is the same for good without being stored. */
function aliasId(alias: LoginName): string {
  const hex = createHash('sha256')
    .update(`alias id ${aliasKey(alias)}`)
    .digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-')
}

function decodeAlias(bytes: Uint8Array): { readonly name: string; readonly entity: string } {
  const alias = JSON.parse(Buffer.from(bytes).toString('utf8')) as { version: number; name: string; entity: string }
  if (alias.version !== ALIAS_VERSION)
    throw new IdentityRecordError(`a stored alias has format version ${alias.version}, expected ${ALIAS_VERSION}`)
  return alias
}

/** `aliases` is `undefined` in version 1. */
function decodeEntity(bytes: Uint8Array): { readonly name: string; readonly aliases: LoginName[] | undefined } {
  const { version, name, aliases } = JSON.parse(Buffer.from(bytes).toString('utf8')) as {
    version: number
    name: string
    aliases?: { accessor: string; name: string }[]
  }
  if (version !== 1 && version !== ENTITY_VERSION)
    throw new IdentityRecordError(`a stored entity has format version ${version}, expected ${ENTITY_VERSION}`)
  return { name, aliases: aliases?.map((alias) => ({ accessor: alias.accessor, alias: alias.name })) }
}
