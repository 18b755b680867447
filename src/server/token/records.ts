/**
 * The stored tokens: reading with a bounded cache, and the writes that keep record and indexes together.
 *
 * Invariant: record, accessor, parent and expiry index of a token change in one atomic commit, and what it keeps in its
 * cubbyhole goes in the one that removes it. The cache holds only
 * what the store holds: it follows each commit. It relies on commits being applied in the order in which they were
 * asked for. Whether a token may still be used is decided above (`token-store.ts`).
 */
import { LRUCache } from 'lru-cache'
import type { TokenEntry } from '../logical/logical.ts'
import { keysBelow } from '../storage/page.ts'
import type { Storage, Write } from '../storage/storage.ts'
import { unhurriedNames } from '../storage/unhurried.ts'
import {
  accessorKey,
  childrenPrefix,
  decodeRecord,
  expiryKey,
  insertWrites,
  keptPrefix,
  markWrite,
  putRecord,
  recordKey,
  removeWrites,
} from './record.ts'
import type { Salt } from './salt.ts'

/** Tokens kept decoded. */
const CACHED = 10_000
/** Tokens in one commit of a large removal: a few milliseconds, after which others have their turn. */
const CHUNK = 50

export class TokenRecords {
  readonly #storage: Storage
  readonly #salt: Salt
  readonly #cache = new LRUCache<string, TokenEntry>({ max: CACHED })

  constructor(storage: Storage, salt: Salt) {
    this.#storage = storage
    this.#salt = salt
  }

  idOf(token: string): string {
    return this.#salt.name(token)
  }

  read(id: string): TokenEntry | undefined {
    return this.#cache.get(id) ?? this.#readStored(id)
  }

  #readStored(id: string): TokenEntry | undefined {
    const bytes = this.#storage.get(recordKey(id))
    if (bytes === undefined) return undefined
    const entry = decodeRecord(id, bytes)
    this.#cache.set(id, entry)
    return entry
  }

  /** A batch token's record, which costs a decryption; kept under its name as a service token's is. */
  readBatch(token: string, open: () => TokenEntry | undefined): TokenEntry | undefined {
    const name = this.idOf(token)
    const known = this.#cache.get(name)
    if (known !== undefined) return known.type === 'batch' ? known : undefined
    const entry = open()
    if (entry !== undefined) this.#cache.set(name, entry)
    return entry
  }

  findAccessor(accessor: string): TokenEntry | undefined {
    const id = this.#storage.get(accessorKey(this.#salt.name(accessor)))
    return id === undefined ? undefined : this.read(Buffer.from(id).toString('utf8'))
  }

  /** Every stored token, without filling the cache, letting others have their turn. One removed meanwhile is left out. */
  async *all(): AsyncGenerator<TokenEntry> {
    for await (const id of unhurriedNames(this.#storage, 'id/')) {
      const bytes = this.#storage.get(recordKey(id))
      if (bytes !== undefined) yield decodeRecord(id, bytes)
    }
  }

  /** How many there are; reads none of them. */
  count(): number {
    return this.#storage.count('id/')
  }

  children(id: string): string[] {
    return this.#storage.list(childrenPrefix(id))
  }

  /** `more` is written together with the record. */
  async insert(entry: TokenEntry, more: readonly Write[]): Promise<void> {
    await this.#storage.commit(insertWrites(entry, this.#salt.name(entry.accessor), more))
    this.#cache.set(entry.id, entry)
  }

  /** `more` is written together with the record. */
  async replace(before: TokenEntry, after: TokenEntry, more: readonly Write[] = []): Promise<void> {
    await this.#storage.commit([...moveExpiry(before, after), ...more, putRecord(after)])
    this.#cache.set(after.id, after)
  }

  /** Removes tokens and all below them, leaves first, so that an interrupted removal can be taken up again. */
  async removeTrees(roots: readonly string[]): Promise<number> {
    const pending: TokenEntry[] = []
    let removed = 0
    const flush = async (): Promise<void> => {
      const entries = pending.splice(0)
      await this.commit(entries.flatMap((entry) => this.removal(entry)))
      for (const { id } of entries) this.#cache.delete(id)
      removed += entries.length
    }
    for (const id of this.#leavesFirst(roots)) {
      const entry = this.read(id)
      if (entry !== undefined) pending.push(entry)
      if (pending.length >= CHUNK) await flush()
    }
    await flush()
    return removed
  }

  /** Makes orphans of the tokens directly below one and writes `more` in the same commit. */
  async orphanChildren(id: string, more: readonly Write[] = []): Promise<void> {
    const children = this.children(id)
    const orphans = children
      .map((child) => this.read(child))
      .filter((child) => child !== undefined)
      .map((child): TokenEntry => ({ ...child, parent: '', orphan: true }))
    const links = children.map((child): Write => ({ kind: 'delete', key: childrenPrefix(id) + child }))
    await this.commit([...links, ...orphans.map(putRecord), ...more])
    for (const orphan of orphans) this.#cache.set(orphan.id, orphan)
  }

  /** The writes that remove one token and what it keeps, for a commit of the caller's. */
  removal(entry: TokenEntry): Write[] {
    return [...this.keptRemoval(entry.id), ...removeWrites(entry, this.#salt.name(entry.accessor))]
  }

  /** The writes that empty a token's cubbyhole. */
  keptRemoval(id: string): Write[] {
    const prefix = keptPrefix(id)
    const keys = keysBelow((folder) => this.#storage.list(prefix + folder))
    return Array.from(keys, (key) => ({ kind: 'delete', key: prefix + key }))
  }

  /** After a commit that removed it. */
  forget(id: string): void {
    this.#cache.delete(id)
  }

  async commit(writes: readonly Write[]): Promise<void> {
    if (writes.length > 0) await this.#storage.commit(writes)
  }

  clear(): void {
    this.#cache.clear()
    this.#salt.erase()
  }

  /** The children of a token come in pieces, as it may have very many. */
  *#leavesFirst(roots: readonly string[]): Generator<string> {
    const open = (id: string): { id: string; below: Generator<string> } => ({ id, below: this.#below(id) })
    for (const root of roots) {
      const stack = [open(root)]
      for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
        const next = top.below.next()
        if (next.done === true) yield stack.pop()?.id ?? ''
        else stack.push(open(next.value))
      }
    }
  }

  *#below(id: string): Generator<string> {
    for (const piece of this.#storage.pieces(childrenPrefix(id), CHUNK)) yield* piece
  }
}

function moveExpiry(before: TokenEntry, after: TokenEntry): Write[] {
  if (before.expireTime === after.expireTime) return []
  return [
    ...(before.expireTime === null ? [] : [{ kind: 'delete', key: expiryKey(before.expireTime, before.id) } as const]),
    ...(after.expireTime === null ? [] : [markWrite(expiryKey(after.expireTime, after.id))]),
  ]
}
