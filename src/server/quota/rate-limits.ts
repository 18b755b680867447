/**
 * Rate-limit quotas: which limit a request falls under, and whether it is still within it (vault-api 4.4; S30).
 *
 * One rule counts, the most specific: an exact path, the longest path ending in `*`, the mount, then the one for
 * everything. The path asked about is the canonical one that policies and routing see, without the slash of a list, so
 * no way of writing it dodges a rule. Without rules a request costs nothing here.
 *
 * Rules are one stored document; counters live in memory and begin anew with the session or when a rule is written.
 * Not here: limits by role, which Vault has for logins.
 */
import { Turns } from '../../concurrency/index.ts'
import { invalidRequest } from '../logical/index.ts'
import type { Storage } from '../storage/index.ts'
import { type Limit, Limiter } from './bucket.ts'

export interface RateLimitRule extends Limit {
  readonly name: string
  /** `secret/`; empty for a rule about everything. */
  readonly mount: string
  /** Below the mount; may end in `*`. Empty: the whole mount. */
  readonly suffix: string
}

export interface RateLimitConfig {
  /** Paths that no rule counts; may end in `*`. */
  readonly exemptPaths: readonly string[]
  /** Whether refusals stand in the audit log. */
  readonly auditRefusals: boolean
  /** Whether answers say how much is left. */
  readonly responseHeaders: boolean
}

export type Verdict =
  | { readonly kind: 'unlimited' }
  | {
      readonly kind: 'within' | 'exceeded'
      readonly limit: number
      readonly remaining: number
      readonly waitSeconds: number
    }

interface Document {
  readonly version: 1
  readonly rules: readonly RateLimitRule[]
  readonly config: RateLimitConfig
}

interface Counted {
  readonly rule: RateLimitRule
  readonly limiter: Limiter
}

/** In the view that it is given. */
const KEY = 'rate-limits'
const NOTHING: Document = {
  version: 1,
  rules: [],
  config: { exemptPaths: [], auditRefusals: false, responseHeaders: false },
}
const UNLIMITED: Verdict = { kind: 'unlimited' }

export class RateLimits {
  readonly #storage: Storage
  readonly #turns = new Turns()
  #document = NOTHING
  #counted: readonly Counted[] = []

  constructor(storage: Storage) {
    this.#storage = storage
    const bytes = storage.get(KEY)
    if (bytes !== undefined) this.#take(JSON.parse(Buffer.from(bytes).toString('utf8')) as Document)
  }

  get config(): RateLimitConfig {
    return this.#document.config
  }

  /** Sorted by name. */
  list(): readonly RateLimitRule[] {
    return this.#document.rules.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  }

  get(name: string): RateLimitRule | undefined {
    return this.#document.rules.find((rule) => rule.name === name)
  }

  /** @throws {LogicalError} when another rule is about the same path */
  put(rule: RateLimitRule): Promise<void> {
    return this.#change((now) => {
      const others = now.rules.filter(({ name }) => name !== rule.name)
      const same = others.find((other) => rulePath(other) === rulePath(rule))
      if (same !== undefined)
        throw invalidRequest(`quota rule with similar properties exists under the name ${JSON.stringify(same.name)}`)
      return { ...now, rules: [...others, rule] }
    })
  }

  delete(name: string): Promise<void> {
    return this.#change((now) => ({ ...now, rules: now.rules.filter((rule) => rule.name !== name) }))
  }

  configure(change: (now: RateLimitConfig) => RateLimitConfig): Promise<void> {
    return this.#change((now) => ({ ...now, config: change(now.config) }))
  }

  /** Rules of a mount go with it: to its new path, or away when `to` is `undefined`. */
  async mountMoved(from: string, to: string | undefined): Promise<void> {
    if (!this.#document.rules.some(({ mount }) => mount === from)) return
    await this.#change((now) => ({
      ...now,
      rules: now.rules.flatMap((rule) =>
        rule.mount !== from ? [rule] : to === undefined ? [] : [{ ...rule, mount: to }],
      ),
    }))
  }

  /** Counts a request. `path` canonical, `client` an address without port, `now` in unix milliseconds. */
  take(path: string, client: string, now: number): Verdict {
    if (this.#counted.length === 0) return UNLIMITED
    const asked = path.endsWith('/') ? path.slice(0, -1) : path
    if (this.config.exemptPaths.some((exempt) => covers(exempt, asked))) return UNLIMITED
    const found = this.#counted.find(({ rule }) => applies(rule, asked))
    if (found === undefined) return UNLIMITED
    // One client, whichever way its address is written.
    const { allowed, remaining, waitSeconds } = found.limiter.take(client.replace(/^::ffff:/i, ''), now)
    const limit = Math.floor(found.limiter.capacity)
    return { kind: allowed ? 'within' : 'exceeded', limit, remaining, waitSeconds }
  }

  #change(decide: (now: Document) => Document): Promise<void> {
    return this.#turns.run(KEY, async () => {
      const next = decide(this.#document)
      await this.#storage.commit([{ kind: 'put', key: KEY, value: Buffer.from(JSON.stringify(next)) }])
      this.#take(next)
    })
  }

  /** Counters of rules that stay as they were go on. */
  #take(document: Document): void {
    const before = this.#counted
    this.#document = document
    this.#counted = document.rules
      .toSorted(bySpecificity)
      .map((rule) => before.find((counted) => counted.rule === rule) ?? { rule, limiter: new Limiter(rule) })
  }
}

/** As the API shows it. */
export function rulePath({ mount, suffix }: Pick<RateLimitRule, 'mount' | 'suffix'>): string {
  return mount + suffix
}

function applies(rule: RateLimitRule, path: string): boolean {
  if (rule.mount === '') return true
  if (rule.suffix === '') return `${path}/`.startsWith(rule.mount)
  return covers(rulePath(rule), path)
}

/** `pattern` may end in `*`. */
function covers(pattern: string, path: string): boolean {
  if (pattern.endsWith('*')) return path.startsWith(pattern.slice(0, -1))
  return path === (pattern.endsWith('/') ? pattern.slice(0, -1) : pattern)
}

/** Exact paths first, then patterns, then mounts, then everything; among equals the longer path. */
function bySpecificity(a: RateLimitRule, b: RateLimitRule): number {
  return rank(a) - rank(b) || rulePath(b).length - rulePath(a).length
}

function rank({ mount, suffix }: RateLimitRule): number {
  if (mount === '') return 3
  if (suffix === '') return 2
  return suffix.endsWith('*') ? 1 : 0
}
