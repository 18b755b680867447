/**
 * The tokens: who may act, until when, and how often (vault-api 7.3).
 *
 * Invariants:
 * - The token itself is never stored, only its salted HMAC (`record.ts` draws what is).
 * - A token is alive while it has not expired, has uses left, is not being revoked, and, unless it is an orphan, its
 *   parent is alive. `lookup` asks all of it each time, so whatever lies below a dead token is dead at once, also after
 *   a crash in the middle of a revocation: the first commit of that ends the token itself and leaves a mark, by which
 *   the next start finishes the rest (S40).
 * - Uses are counted one after the other and stored before the request goes on (S37).
 *
 * Not here: what entities are (`identity`), wrapped answers (`wrapping.ts`). Secrets have no leases.
 */
import type { AuthBlock, AuthGrant, TokenEntry } from '../logical/logical.ts'
import { invalidRequest, permissionDenied } from '../logical/errors.ts'
import type { Storage, Write } from '../storage/storage.ts'
import { unhurried, unhurriedSort } from '../storage/unhurried.ts'
import { authBlock } from './auth-block.ts'
import { ExpiryIndex } from './expiry.ts'
import { type LoginOptions, planLogin } from './login.ts'
import { ROOT } from './policies.ts'
import type { NewToken } from './new-token.ts'
import { expiryKey, markWrite, openBatchToken, revokingKey, sealBatchToken, type TokenCipher } from './record.ts'
import { TokenRecords } from './records.ts'
import { planRenewal, type Renewal, type RenewalTerms } from './renewal.ts'
import { Salt } from './salt.ts'
import { tidyTokens } from './tidy.ts'
import { BATCH_PREFIX, newAccessor, newServiceToken } from './token-text.ts'
import { Turns } from '../../concurrency/index.ts'

export interface IssuedToken {
  /** In clear: this is the only time it can be had. */
  readonly token: string
  readonly entry: TokenEntry
}

export interface TokenStoreOptions {
  /** A view of its own. */
  readonly storage: Storage
  readonly cipher: TokenCipher
  readonly now: () => number
  readonly random: (bytes: number) => Buffer
}

/** Of `numUses`: the last use is spent. 0 would mean unlimited. */
const SPENT = -1
/** Tokens looked at in one `sweep`. */
const SWEEP = 1000

export class TokenStore {
  readonly #options: TokenStoreOptions
  readonly #records: TokenRecords
  readonly #expiry: ExpiryIndex
  readonly #turns = new Turns()
  /** Ids of tokens that are on their way out, dead from the first moment: with all below them, or alone. */
  readonly #revoking = new Map<string, 'tree' | 'alone'>()
  readonly #renewals = new Map<string, (entry: TokenEntry) => RenewalTerms>()
  #closed = false

  private constructor(options: TokenStoreOptions, salt: Salt) {
    this.#options = options
    this.#records = new TokenRecords(options.storage, salt)
    this.#expiry = new ExpiryIndex(options.storage)
  }

  /** Finishes what an interrupted revocation left behind. */
  static async open(options: TokenStoreOptions): Promise<TokenStore> {
    const store = new TokenStore(options, await Salt.open(options.storage, options.random))
    for (const id of options.storage.list('revoking/')) await store.#removeBelow(id)
    return store
  }

  createRoot(): Promise<IssuedToken> {
    return this.create({
      type: 'service',
      parent: undefined,
      policies: [ROOT],
      path: 'auth/token/root',
      meta: null,
      displayName: 'root',
      numUses: 0,
      ttl: 0,
      explicitMaxTtl: 0,
      period: 0,
      renewable: false,
      boundCidrs: [],
      entityId: '',
      noDefaultPolicy: false,
    })
  }

  /**
   * Whoever asks has decided that the token may be. What lies `beside` a service token is written in the same commit.
   * @throws {LogicalError} 403 when the parent died meanwhile, 400 when a chosen token text is taken
   */
  async create(wanted: NewToken, beside: (id: string) => readonly Write[] = () => []): Promise<IssuedToken> {
    const { random, now, cipher } = this.#options
    const { ttl, parent, text, ...fields } = wanted
    const batch = wanted.type === 'batch'
    const token = text ?? newServiceToken(random)
    const creationTime = now()
    const entry: TokenEntry = {
      ...fields,
      id: batch ? '' : this.#records.idOf(token),
      accessor: batch ? '' : newAccessor(random),
      parent: parent?.id ?? '',
      orphan: parent === undefined,
      creationTime,
      creationTtl: ttl,
      expireTime: ttl === 0 ? null : creationTime + ttl * 1000,
      lastRenewal: null,
      role: wanted.role ?? '',
    }
    this.#checkParent(parent)
    if (batch) return { token: sealBatchToken(entry, cipher), entry }
    this.#expiry.note(entry.expireTime)
    await this.#turns.run(entry.id, () => {
      this.#checkParent(parent)
      if (text !== undefined && this.#records.read(entry.id) !== undefined) {
        throw invalidRequest('cannot create a token with a duplicate ID')
      }
      return this.#records.insert(entry, beside(entry.id))
    })
    return { token, entry }
  }

  /** `undefined` for a token that is unknown, expired, spent, revoked, or below one that is. */
  lookup(token: string): TokenEntry | undefined {
    if (token === '' || this.#closed) return undefined
    const entry = token.startsWith(BATCH_PREFIX)
      ? this.#records.readBatch(token, () => openBatchToken(token, this.#options.cipher))
      : this.#records.read(this.#records.idOf(token))
    return entry !== undefined && this.#isAlive(entry) ? entry : undefined
  }

  byAccessor(accessor: string): TokenEntry | undefined {
    if (accessor === '' || this.#closed) return undefined
    const entry = this.#records.findAccessor(accessor)
    return entry !== undefined && this.#isAlive(entry) ? entry : undefined
  }

  /** `id` as in `TokenEntry`: whoever knows it does not know the token. */
  byId(id: string): TokenEntry | undefined {
    if (!/^h[\da-f]{64}$/.test(id) || this.#closed) return undefined
    const entry = this.#records.read(id)
    return entry !== undefined && this.#isAlive(entry) ? entry : undefined
  }

  /** Every live service token that has an end. Reads them all, and lets others have their turn meanwhile. */
  async *expiring(): AsyncGenerator<TokenEntry> {
    for await (const entry of this.#records.all()) {
      if (entry.expireTime !== null && this.#isAlive(entry)) yield entry
    }
  }

  /** Service tokens, and how many of them have an end; also those whose time is over and that are still to be removed. */
  count(): { readonly stored: number; readonly expiring: number } {
    return { stored: this.#records.count(), expiring: this.#expiry.count() }
  }

  /** Of every live service token; sorted. Reads them all, and lets others have their turn meanwhile. */
  async accessors(): Promise<string[]> {
    const accessors: string[] = []
    for await (const entry of this.#records.all()) if (this.#isAlive(entry)) accessors.push(entry.accessor)
    return unhurriedSort(accessors)
  }

  /** Spends one use. `undefined` when none was left. */
  useOnce({ id }: TokenEntry): Promise<TokenEntry | undefined> {
    return this.#turns.run(id, async () => {
      const before = this.#records.read(id)
      if (before === undefined || !this.#isAlive(before)) return undefined
      if (before.numUses === 0) return before
      const last = before.numUses === 1
      const after = { ...before, numUses: last ? SPENT : before.numUses - 1 }
      // Spent and not yet revoked is a state that must end after a crash too.
      await this.#records.replace(before, after, last ? [markWrite(revokingKey(id))] : [])
      return after
    })
  }

  /**
   * Changes what a token keeps below `cubbyhole/<id>/`, in turns with what else happens to it: nothing is kept for a token
   * that is gone, and what was on its way when the token went is removed again.
   * @throws {LogicalError} 403 when the token is gone
   */
  changeKept({ id }: TokenEntry, change: () => Promise<void>): Promise<void> {
    // The request that spends the last use may still keep something, for as long as it lasts.
    const isThere = (): boolean => {
      const entry = this.#records.read(id)
      return entry !== undefined && this.#isAlive(this.isSpent(entry) ? { ...entry, numUses: 0 } : entry)
    }
    return this.#turns.run(id, async () => {
      if (!isThere()) throw permissionDenied()
      await change()
      if (isThere()) return
      await this.#records.commit(this.#records.keptRemoval(id))
      throw permissionDenied()
    })
  }

  /**
   * A new token in place of one that nothing lies below, in one commit. `undefined` when that one is gone, or somebody
   * else came first. What lies `beside` the new one is written in the same commit.
   */
  replace(
    { id }: TokenEntry,
    wanted: NewToken,
    beside: (id: string) => readonly Write[],
  ): Promise<IssuedToken | undefined> {
    return this.#turns.run(id, async () => {
      const before = this.#records.read(id)
      if (before === undefined || !this.#isAlive(before)) return undefined
      const issued = await this.create(wanted, (next) => [...beside(next), ...this.#records.removal(before)])
      this.#records.forget(id)
      return issued
    })
  }

  isSpent(entry: TokenEntry): boolean {
    return entry.numUses < 0
  }

  /**
   * Ends a token and all below it. When it resolves nothing of them is left.
   * @throws {LogicalError} 400 for a batch token, which ends only with its time or its parent
   */
  async revoke(entry: TokenEntry): Promise<void> {
    refuseBatch(entry, 'revoked')
    const { id } = entry
    await this.#whileRevoking(id, 'tree', async () => {
      await this.#turns.run(id, async () => {
        const stored = this.#records.read(id)
        if (stored === undefined) return
        await this.#records.commit([markWrite(revokingKey(id)), ...this.#records.removal(stored)])
        this.#records.forget(id)
      })
      await this.#removeBelow(id)
    })
  }

  /** Ends a token; those directly below it become orphans and live on. */
  async revokeOrphan(entry: TokenEntry): Promise<void> {
    refuseBatch(entry, 'revoked')
    const { id } = entry
    await this.#whileRevoking(id, 'alone', async () => {
      // The children's own changes must not cross with this one.
      const inTurns = [id, ...this.#records.children(id)].reduceRight<() => Promise<void>>(
        (next, key) => () => this.#turns.run(key, next),
        async () => {
          const stored = this.#records.read(id)
          await this.#records.orphanChildren(id, stored === undefined ? [] : this.#records.removal(stored))
          this.#records.forget(id)
        },
      )
      await inTurns()
      // A child may have been on its way into the store meanwhile.
      await this.#records.orphanChildren(id)
    })
  }

  /** Ends every stored token made below a path (`auth/approle/`): the end of an auth mount. Reads all tokens. */
  async revokeByPath(prefix: string): Promise<void> {
    for await (const entry of this.#records.all()) {
      if (entry.path.startsWith(prefix)) await this.revoke(entry)
    }
  }

  /** What an auth method says about the renewal of its tokens, which it may also refuse. `mountPoint` ends in `/`. */
  onRenewal(mountPoint: string, terms: (entry: TokenEntry) => RenewalTerms): void {
    this.#renewals.set(mountPoint, terms)
  }

  /** An auth method has another path from now on. */
  moveRenewals(from: string, to: string): void {
    const terms = this.#renewals.get(from)
    if (terms === undefined) return
    this.#renewals.delete(from)
    this.#renewals.set(to, terms)
  }

  /** `increment` in seconds; 0: as the issuer says. @throws {LogicalError} for a token that cannot be renewed */
  async renew(entry: TokenEntry, increment: number): Promise<Renewal> {
    refuseBatch(entry, 'renewed')
    const { id } = entry
    return this.#turns.run(id, async () => {
      const before = this.#records.read(id)
      if (before === undefined || !this.#isAlive(before)) throw invalidRequest('token not found')
      const renewal = planRenewal(before, increment, this.#termsFor(before), this.#options.now())
      this.#expiry.note(renewal.entry.expireTime)
      await this.#records.replace(before, renewal.entry)
      return renewal
    })
  }

  async login(
    grant: AuthGrant,
    options: LoginOptions,
  ): Promise<{ readonly auth: AuthBlock; readonly warnings: readonly string[] }> {
    const planned = planLogin(grant, options, this.#options.now())
    const entityId = (await options.entity?.()) ?? ''
    const { token, entry } = await this.create({ ...planned.token, entityId })
    return { auth: authBlock(token, entry, planned.token.ttl), warnings: planned.warnings }
  }

  /** Removes tokens whose time is over, with all below them; a bounded number a call. Resolves with how many went. */
  async sweep(now: number): Promise<number> {
    const due = this.#expiry.due(now, SWEEP)
    const expired: string[] = []
    const stale: string[] = []
    for await (const { id, key } of unhurried(due)) {
      const entry = this.#records.read(id)
      const time = entry?.expireTime ?? undefined
      if (time === undefined || key !== expiryKey(time, id)) stale.push(key)
      else if (time <= now) expired.push(id)
    }
    await this.#records.commit(stale.map((key) => ({ kind: 'delete', key })))
    return this.#records.removeTrees(expired)
  }

  /** Removes expired tokens, and whatever has lost what it belongs to. */
  async tidy(): Promise<void> {
    while ((await this.sweep(this.#options.now())) > 0);
    await tidyTokens(this.#options.storage, this.#records)
  }

  /** On seal: nothing of the tokens stays in memory, and none is known any more. */
  reset(): void {
    this.#closed = true
    this.#records.clear()
    this.#revoking.clear()
    this.#renewals.clear()
  }

  /** Removes what is left of a token and of those below it, then the mark. */
  async #removeBelow(id: string): Promise<void> {
    await this.#records.removeTrees([id])
    await this.#records.commit([{ kind: 'delete', key: revokingKey(id) }])
  }

  async #whileRevoking(id: string, reach: 'tree' | 'alone', work: () => Promise<void>): Promise<void> {
    this.#revoking.set(id, reach)
    try {
      await work()
    } finally {
      this.#revoking.delete(id)
    }
  }

  /** What the caller knows of the parent may be old. */
  #checkParent(parent: TokenEntry | undefined): void {
    if (parent === undefined) return
    const stored = this.#records.read(parent.id)
    if (stored === undefined || !this.#isAlive(stored)) throw permissionDenied()
  }

  #isAlive(entry: TokenEntry): boolean {
    if (this.#revoking.has(entry.id)) return false
    const now = this.#options.now()
    let current: TokenEntry | undefined = entry
    while (current !== undefined) {
      if (current.expireTime !== null && current.expireTime <= now) return false
      if (current.numUses < 0 || this.#revoking.get(current.id) === 'tree') return false
      if (current.orphan) return true
      current = this.#records.read(current.parent)
    }
    return false
  }

  #termsFor(entry: TokenEntry): RenewalTerms {
    for (const [mountPoint, terms] of this.#renewals) if (entry.path.startsWith(mountPoint)) return terms(entry)
    throw invalidRequest('lease is not renewable')
  }
}

function refuseBatch({ type }: TokenEntry, what: string): void {
  if (type === 'batch') throw invalidRequest(`batch tokens cannot be ${what}`)
}
