/**
 * Wrapping tokens: each holds one answer until somebody takes it or its time is over (vault-api 4.1).
 *
 * Invariants:
 * - The answer lies beside the token's record, below `wrapped/<id>`, is written in the same commit and removed in the
 *   same commit: there is no answer without a token that opens it, and nothing is left of a used or expired one.
 * - An answer is taken once: the token's only use is spent, and stored as spent, before the answer is read (S28, S37).
 * - Rewrapped, it goes from one token to the next in one commit: after a crash one of the two holds it.
 *
 * It belongs to nobody: it outlives the token of whoever had the answer wrapped. Which answers may be wrapped, and by
 * whom, is decided in the pipeline.
 */
import type { TokenEntry, WrapInfo } from '../logical/logical.ts'
import type { Storage, Write } from '../storage/storage.ts'
import type { NewToken } from './new-token.ts'
import { isWrapping, RESPONSE_WRAPPING } from './policies.ts'
import { TokenRecordError, wrappedKey } from './record.ts'
import type { IssuedToken, TokenStore } from './token-store.ts'

/** An answer and where it came from. Stored as JSON: `{"version":1, ...Wrapped}`. */
export interface Wrapped {
  readonly status: number
  /** JSON text, secrets in clear. */
  readonly body: string
  /** The path of the request that it answered. */
  readonly creationPath: string
  /** Seconds. */
  readonly creationTtl: number
  /** Unix milliseconds. */
  readonly creationTime: number
}

export interface WrappingTokensOptions {
  readonly tokens: TokenStore
  /** The same view as that of `tokens`. */
  readonly storage: Storage
  /** Unix milliseconds. */
  readonly now: () => number
}

const VERSION = 1

export class WrappingTokens {
  readonly #options: WrappingTokensOptions

  constructor(options: WrappingTokensOptions) {
    this.#options = options
  }

  /** `creationTtl` is the life of the wrapping token, at least 1. `wrappedAccessor` is empty when nothing inside has one. */
  async wrap(answer: Omit<Wrapped, 'creationTime'>, wrappedAccessor: string): Promise<WrapInfo> {
    const wrapped: Wrapped = { ...answer, creationTime: this.#options.now() }
    const issued = await this.#options.tokens.create(tokenFor(wrapped), (id) => [putWrapped(id, wrapped)])
    return infoOf(issued, wrapped, wrappedAccessor)
  }

  /**
   * A new token for the same answer; the old one ends. `ttl` is at most what the old one began with, 0 for as much.
   * `undefined` as for `take`.
   */
  async rewrap(token: string, ttl: number): Promise<WrapInfo | undefined> {
    const { tokens, now } = this.#options
    const entry = tokens.lookup(token)
    const found = entry === undefined ? undefined : this.#read(entry)
    if (entry === undefined || found === undefined) return undefined
    const creationTtl = ttl === 0 ? found.creationTtl : Math.min(ttl, found.creationTtl)
    const wrapped: Wrapped = { ...found, creationTtl, creationTime: now() }
    const issued = await tokens.replace(entry, tokenFor(wrapped), (id) => [putWrapped(id, wrapped)])
    return issued === undefined ? undefined : infoOf(issued, wrapped, '')
  }

  /** Spends nothing. `undefined` for a token that is unknown, used, expired, or holds no answer. */
  find(token: string): Wrapped | undefined {
    const entry = this.#options.tokens.lookup(token)
    return entry === undefined ? undefined : this.#read(entry)
  }

  /** The answer, for the one who comes first; the token is gone afterwards. A token of another kind is not touched. */
  async take(token: string): Promise<Wrapped | undefined> {
    const { tokens } = this.#options
    const entry = tokens.lookup(token)
    if (entry === undefined || !isWrapping(entry)) return undefined
    const spent = await tokens.useOnce(entry)
    if (spent === undefined) return undefined
    const wrapped = this.#read(spent)
    await tokens.revoke(spent)
    return wrapped
  }

  /** The answer, for who has already spent the token by calling with it. They also end it. */
  takeSpent(entry: TokenEntry): Wrapped | undefined {
    return this.#options.tokens.isSpent(entry) ? this.#read(entry) : undefined
  }

  #read(entry: TokenEntry): Wrapped | undefined {
    if (!isWrapping(entry)) return undefined
    const bytes = this.#options.storage.get(wrappedKey(entry.id))
    if (bytes === undefined) return undefined
    const { version, ...wrapped } = JSON.parse(Buffer.from(bytes).toString('utf8')) as Wrapped & { version: number }
    if (version !== VERSION)
      throw new TokenRecordError(`a wrapped answer has format version ${version}, expected ${VERSION}`)
    return wrapped
  }
}

function tokenFor({ creationPath, creationTtl }: Wrapped): NewToken {
  return {
    type: 'service',
    parent: undefined,
    policies: [RESPONSE_WRAPPING],
    path: creationPath,
    meta: null,
    displayName: '',
    numUses: 1,
    ttl: creationTtl,
    explicitMaxTtl: creationTtl,
    period: 0,
    renewable: false,
    boundCidrs: [],
    entityId: '',
    noDefaultPolicy: true,
  }
}

function putWrapped(id: string, wrapped: Wrapped): Write {
  const value = Buffer.from(JSON.stringify({ version: VERSION, ...wrapped }))
  return { kind: 'put', key: wrappedKey(id), value }
}

function infoOf({ token, entry }: IssuedToken, wrapped: Wrapped, wrappedAccessor: string): WrapInfo {
  const { creationTtl: ttl, creationTime, creationPath } = wrapped
  return { token, accessor: entry.accessor, ttl, creationTime, creationPath, wrappedAccessor }
}
