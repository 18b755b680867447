/**
 * Where ACL policies rest, and the compiled ACLs of those who hold them (vault-api 3.3).
 *
 * Invariant: an edit or a deletion counts from the next request on, also for tokens that exist (S53): when `put` or
 * `delete` resolves, every later `acl` sees it. Names are compared without case and without blanks around them (S3).
 *
 * What is stored, in a barrier view of its own:
 *
 *     acl/<name, percent-encoded>  ->  { "version": 1, "text": "<the policy as written>" }
 *
 * The text is the truth; it is parsed again after a start. `root` and `response-wrapping` are never stored.
 */
import { LRUCache } from 'lru-cache'
import { invalidRequest } from '../logical/errors.ts'
import type { Storage } from '../storage/storage.ts'
import { type Acl, compileAcl } from './acl.ts'
import {
  DEFAULT_POLICY,
  DEFAULT_POLICY_TEXT,
  RESPONSE_WRAPPING_POLICY,
  RESPONSE_WRAPPING_POLICY_TEXT,
  ROOT_POLICY,
} from './fixed.ts'
import { normalizePolicyName, parsePolicy } from './parse.ts'
import type { Policy } from './policy.ts'
import { PolicySyntaxError } from './syntax-error.ts'
import type { TemplateSubject } from './template.ts'

/** What lies in the store cannot be read as a policy. No request is decided by guessing what it said. */
export class StoredPolicyError extends Error {
  readonly code = 'stored-policy'
}

interface StoredPolicy {
  readonly name: string
  readonly text: string
}

interface PolicyStoreOptions {
  readonly storage: Storage
  /** Unix milliseconds, for rules with an `expiration`. */
  readonly now: () => number
}

const PREFIX = 'acl/'
/** Of the encoded name; keeps the storage key within what every storage takes. */
const MAX_NAME_BYTES = 256
/** Policies kept parsed, and ACLs kept compiled for callers without an entity. */
const MAX_KEPT = 1000
/** ACLs kept for one entity: it comes with few sets of policies. */
const MAX_KEPT_PER_SUBJECT = 16

const FIXED: ReadonlyMap<string, StoredPolicy> = new Map([
  [ROOT_POLICY, { name: ROOT_POLICY, text: '' }],
  [RESPONSE_WRAPPING_POLICY, { name: RESPONSE_WRAPPING_POLICY, text: RESPONSE_WRAPPING_POLICY_TEXT }],
])

/** Remembered too: a token may name a policy that does not exist. */
const NO_POLICY = 'none'

const NOBODY = (): undefined => undefined

type CompiledAcls = LRUCache<string, Acl>

export class PolicyStore {
  readonly #storage: Storage
  readonly #now: () => number
  readonly #parsed = new LRUCache<string, Policy | typeof NO_POLICY>({ max: MAX_KEPT })
  readonly #withoutSubject: CompiledAcls = new LRUCache({ max: MAX_KEPT })
  #bySubject = new WeakMap<TemplateSubject, CompiledAcls>()
  #generation = 0

  constructor(options: PolicyStoreOptions) {
    this.#storage = options.storage
    this.#now = options.now
  }

  /** Counts edits. Whoever keeps an `Acl` compares it and asks again when it has moved. */
  get generation(): number {
    return this.#generation
  }

  /** At initialisation: writes `default` unless there is one. */
  async ensureDefault(): Promise<void> {
    if (this.get(DEFAULT_POLICY) === undefined) await this.put(DEFAULT_POLICY, DEFAULT_POLICY_TEXT)
  }

  get(name: string): StoredPolicy | undefined {
    const wanted = normalizePolicyName(name)
    const fixed = FIXED.get(wanted)
    if (fixed !== undefined) return fixed
    const key = findKey(wanted)
    const bytes = key === undefined ? undefined : this.#storage.get(key)
    return bytes === undefined ? undefined : { name: wanted, text: decodeStored(wanted, bytes) }
  }

  /** Sorted; holds `root`, hides `response-wrapping`. */
  list(): string[] {
    const stored = this.#storage.list(PREFIX).map(decodeURIComponent)
    return [...stored, ROOT_POLICY].sort()
  }

  /**
   * Checks and stores a policy. `text` is HCL, JSON, or the base64 of either. Resolves with warnings for the caller.
   * @throws {LogicalError} 400 for a fixed policy, an empty text, or one that does not parse
   */
  async put(name: string, text: string): Promise<readonly string[]> {
    const target = normalizePolicyName(name)
    if (FIXED.has(target)) throw invalidRequest(`cannot update ${JSON.stringify(target)} policy`)
    const key = requireKey(target)
    const plain = decodeBase64(text)
    if (plain.trim() === '') throw invalidRequest("'policy' parameter not supplied or empty")
    const { warnings } = parseForClient(target, plain)
    const value = Buffer.from(JSON.stringify({ version: 1, text: plain }))
    await this.#storage.commit([{ kind: 'put', key, value }])
    this.#forget()
    return target === name ? warnings : [`policy name was converted to ${target}`, ...warnings]
  }

  /**
   * No error when there is no such policy.
   * @throws {LogicalError} 400 for `root`, `response-wrapping` and `default`
   */
  async delete(name: string): Promise<void> {
    const target = normalizePolicyName(name)
    if (FIXED.has(target)) throw invalidRequest(`cannot delete ${JSON.stringify(target)} policy`)
    if (target === DEFAULT_POLICY) throw invalidRequest('cannot delete default policy')
    const key = findKey(target)
    if (key === undefined) return
    await this.#storage.commit([{ kind: 'delete', key }])
    this.#forget()
  }

  /**
   * The access rules of whoever holds these policies. A name without a policy grants nothing. Cheap for names and a
   * subject that were asked for before; who the subject is, is asked only where a policy has templates.
   * @throws {RootPolicyError} when `root` stands beside others
   * @throws {StoredPolicyError} when one of them cannot be read
   */
  acl(names: readonly string[], subject: () => TemplateSubject | undefined = NOBODY): Acl {
    const key = cacheKey(names)
    const plain = this.#compiled(this.#withoutSubject, names, key, undefined)
    if (!plain.templated) return plain
    const who = subject()
    return who === undefined ? plain : this.#compiled(this.#compiledFor(who), names, key, who)
  }

  #compiled(compiled: CompiledAcls, names: readonly string[], key: string, subject: TemplateSubject | undefined): Acl {
    const cached = compiled.get(key)
    const now = cached?.validUntil === Number.POSITIVE_INFINITY ? 0 : this.#now()
    if (cached !== undefined && now <= cached.validUntil) return cached
    const acl = compileAcl(this.#policies(names), subject, now)
    compiled.set(key, acl)
    return acl
  }

  #compiledFor(subject: TemplateSubject): CompiledAcls {
    const present = this.#bySubject.get(subject)
    if (present !== undefined) return present
    const created: CompiledAcls = new LRUCache({ max: MAX_KEPT_PER_SUBJECT })
    this.#bySubject.set(subject, created)
    return created
  }

  #policies(names: readonly string[]): Policy[] {
    const policies: Policy[] = []
    for (const name of new Set(names.map(normalizePolicyName))) {
      // Tokens carry `root` in this very form. Something that only looks like it never gives its power (S3).
      if (name === ROOT_POLICY && !names.includes(ROOT_POLICY)) continue
      const policy = this.#policy(name)
      if (policy !== NO_POLICY) policies.push(policy)
    }
    return policies
  }

  #policy(name: string): Policy | typeof NO_POLICY {
    const parsed = this.#parsed.get(name)
    if (parsed !== undefined) return parsed
    const stored = this.get(name)
    const policy = stored === undefined ? NO_POLICY : parseStored(stored)
    this.#parsed.set(name, policy)
    return policy
  }

  #forget(): void {
    this.#generation += 1
    this.#parsed.clear()
    this.#withoutSubject.clear()
    this.#bySubject = new WeakMap()
  }
}

/** Lengths keep `["a", "b"]` apart from any single name. */
function cacheKey(names: readonly string[]): string {
  let key = ''
  for (const name of names.toSorted()) key += `${name.length}:${name}`
  return key
}

/** `undefined` for a name that cannot be stored, so there is no such policy. */
function findKey(name: string): string | undefined {
  if (name === '' || name === '.' || name === '..' || !name.isWellFormed()) return undefined
  const key = encodeURIComponent(name)
  return key.length <= MAX_NAME_BYTES ? `${PREFIX}${key}` : undefined
}

function requireKey(name: string): string {
  const key = findKey(name)
  if (key === undefined)
    throw invalidRequest(`a policy name has 1 to ${MAX_NAME_BYTES} characters when percent-encoded`)
  return key
}

/** No policy that says anything consists of base64 characters alone, so the two forms cannot be confused. */
function decodeBase64(text: string): string {
  const compact = text.trim()
  if (compact === '' || compact.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(compact)) return text
  return Buffer.from(compact, 'base64').toString('utf8')
}

function parseForClient(name: string, text: string): Policy {
  try {
    return parsePolicy(name, text)
  } catch (error) {
    if (error instanceof PolicySyntaxError) throw invalidRequest(`failed to parse policy: ${error.message}`)
    throw error
  }
}

function parseStored(stored: StoredPolicy): Policy {
  try {
    return parsePolicy(stored.name, stored.text)
  } catch (cause) {
    throw new StoredPolicyError(`stored policy ${JSON.stringify(stored.name)} does not parse: write it again`, {
      cause,
    })
  }
}

function decodeStored(name: string, bytes: Uint8Array): string {
  const stored = parseDocument(Buffer.from(bytes).toString('utf8'))
  if (typeof stored === 'object' && stored !== null && 'version' in stored && 'text' in stored) {
    if (stored.version === 1 && typeof stored.text === 'string') return stored.text
  }
  throw new StoredPolicyError(`stored policy ${JSON.stringify(name)} is not of format version 1: write it again`)
}

function parseDocument(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}
