/**
 * The access decision (vault-api 10.2 to 10.4).
 *
 * A caller's policies are compiled once; `authorize` then runs on every request and allocates nothing for a plain rule.
 * One rule decides: the first hit among exact path, exact path without the slash of a list, best pattern, best pattern
 * without the slash. Nothing else is consulted, so a broad grant never reaches past a more specific deny (S5).
 *
 * Invariant: pure. The same policies and request give the same decision, whatever the order of the policies; requests
 * are judged, never kept, never changed. Anything unknown is denied.
 *
 * It does not know which paths need sudo: an allowed decision says whether the caller has it, the pipeline asks. It does
 * not enforce `mfa_methods`.
 */
import type { JsonObject } from '../json/json.ts'
import type { Operation } from '../logical/logical.ts'
import { type MergedRule, mergePolicies } from './merge.ts'
import { judgeParameters } from './parameters.ts'
import { comparePrecedence, formatPattern, matchesSegments, reachesBelow, type SegmentsPattern } from './pattern.ts'
import { CAPABILITIES, type Capability, type ParameterRules, type Policy } from './policy.ts'
import { PrefixTable } from './prefix-table.ts'
import type { TemplateSubject } from './template.ts'

export type AccessOperation = Operation | 'help'

export interface AccessRequest {
  /** Canonical, without leading slash. A list's path may end in `/`. */
  readonly path: string
  readonly operation: AccessOperation
  /** Body fields, or the query of a read. */
  readonly data: JsonObject | undefined
  /** The X-Vault-Wrap-TTL header in seconds; 0 is as if it were absent. */
  readonly wrapTtlSeconds: number | undefined
}

export type DenyReason =
  | 'no-matching-rule'
  | 'explicit-deny'
  | 'missing-capability'
  | 'wrapping-ttl'
  | 'parameter-missing'
  | 'parameter-denied'

export interface Allowed {
  readonly allowed: true
  /** The rule (or root) gives sudo on this path as well. */
  readonly sudo: boolean
  /** Policies that grant the operation, sorted. */
  readonly grantedBy: readonly string[]
  /** Most entries one list answer may have; 0 sets no bound. The caller of `authorize` caps the request's `limit`. */
  readonly paginationLimit: number
}
export interface Denied {
  readonly allowed: false
  /** For the audit log and operators. Clients only ever see "permission denied". */
  readonly reason: DenyReason
}
export type Decision = Allowed | Denied

export interface Acl {
  /** The root policy: everything is allowed. */
  readonly root: boolean
  /** Unix milliseconds after which the ACL must be compiled again; infinity unless a rule has an `expiration`. */
  readonly validUntil: number
  /** Whether a path speaks of the caller, so that another subject may have other rules. */
  readonly templated: boolean
  authorize(request: AccessRequest): Decision
  /** In Vault's own order; only `deny` when there is nothing, only `root` for root. The path is taken as a list's path. */
  capabilitiesOn(path: string): ReadonlySet<Capability | 'root'>
  /** Whether anything at or below a mount (`secret/`) is granted, so that its existence may be shown. */
  canSee(mount: string): boolean
  /** Every rule, for showing: paths as a policy writes them, capabilities sorted. Root has none. */
  rules(): { readonly exact: readonly ShownRule[]; readonly patterns: readonly ShownRule[] }
}

export interface ShownRule {
  readonly path: string
  readonly capabilities: readonly string[]
}

/** `root` beside other policies. A token may hold it alone or not at all (vault-api 10.2). */
export class RootPolicyError extends Error {
  readonly code = 'policy-root-not-alone'
}

/**
 * `now` (unix milliseconds) leaves out rules that have expired. Without it every rule with an `expiration` is left out.
 * @throws {RootPolicyError}
 */
export function compileAcl(
  policies: readonly Policy[],
  subject?: TemplateSubject,
  now: number = Number.POSITIVE_INFINITY,
): Acl {
  if (policies.some((policy) => policy.name === 'root')) {
    if (policies.length > 1) throw new RootPolicyError('other policies present along with root')
    return ROOT_ACL
  }
  const { rules, validUntil } = mergePolicies(policies, subject, now)
  return new RuleAcl(rules, validUntil, policies.some(hasTemplates))
}

function hasTemplates({ rules }: Policy): boolean {
  return rules.some(({ path }) => path.kind === 'template')
}

const ROOT_DECISION: Decision = { allowed: true, sudo: true, grantedBy: ['root'], paginationLimit: 0 }
const HELP_DECISION: Decision = { allowed: true, sudo: false, grantedBy: [], paginationLimit: 0 }
const ROOT_CAPABILITIES: ReadonlySet<Capability | 'root'> = new Set(['root'])
const NO_CAPABILITIES: ReadonlySet<Capability> = new Set(['deny'])

const ROOT_ACL: Acl = {
  root: true,
  validUntil: Number.POSITIVE_INFINITY,
  templated: false,
  authorize: () => ROOT_DECISION,
  capabilitiesOn: () => ROOT_CAPABILITIES,
  canSee: () => true,
  rules: () => ({ exact: [], patterns: [] }),
}

const DENIED: Readonly<Record<DenyReason, Denied>> = {
  'no-matching-rule': { allowed: false, reason: 'no-matching-rule' },
  'explicit-deny': { allowed: false, reason: 'explicit-deny' },
  'missing-capability': { allowed: false, reason: 'missing-capability' },
  'wrapping-ttl': { allowed: false, reason: 'wrapping-ttl' },
  'parameter-missing': { allowed: false, reason: 'parameter-missing' },
  'parameter-denied': { allowed: false, reason: 'parameter-denied' },
}

/** Whether request data is judged. A list or delete has none (vault-api 10.4). */
const JUDGES_DATA: Readonly<Record<Exclude<AccessOperation, 'help'>, boolean>> = {
  create: true,
  read: true,
  update: true,
  patch: true,
  delete: false,
  list: false,
  scan: false,
}

interface Conditions {
  readonly minWrappingTtl: number
  readonly maxWrappingTtl: number
  readonly parameters: ParameterRules
}

interface CompiledRule {
  readonly capabilities: ReadonlySet<Capability>
  readonly grantsSomething: boolean
  /** Before conditions. */
  readonly decisions: Readonly<Record<Exclude<AccessOperation, 'help'>, Decision>>
  readonly conditions: Conditions | undefined
  /** Place in the order of precedence; 0 is the most specific of the caller's rules. */
  readonly rank: number
}

interface SegmentsRule {
  readonly rule: CompiledRule
  readonly pattern: SegmentsPattern
  /** The literal text before the first `+` segment: a cheap test before the path is split. */
  readonly head: string
}

class RuleAcl implements Acl {
  readonly root = false
  readonly validUntil: number
  readonly templated: boolean
  readonly #exact = new Map<string, CompiledRule>()
  readonly #prefixes = new Map<string, CompiledRule>()
  readonly #prefixTable: PrefixTable<CompiledRule>
  /** Most specific first. */
  readonly #segments: SegmentsRule[] = []

  constructor(rules: readonly MergedRule[], validUntil: number, templated: boolean) {
    this.validUntil = validUntil
    this.templated = templated
    const ordered = rules.toSorted((a, b) => comparePrecedence(b.pattern, a.pattern))
    for (const [rank, merged] of ordered.entries()) {
      const { pattern } = merged
      const rule = compileRule(merged, rank)
      if (pattern.kind === 'exact') this.#exact.set(pattern.text, rule)
      else if (pattern.kind === 'prefix') this.#prefixes.set(pattern.text, rule)
      else this.#segments.push({ rule, pattern, head: headOf(pattern) })
    }
    this.#prefixTable = new PrefixTable([...this.#prefixes])
  }

  authorize(request: AccessRequest): Decision {
    const { path, operation } = request
    if (operation === 'help') return HELP_DECISION
    const rule = this.#find(path, operation === 'list' || operation === 'scan')
    if (rule === undefined) return DENIED['no-matching-rule']
    const decision = rule.decisions[operation]
    if (!decision.allowed || rule.conditions === undefined) return decision
    const reason = refusal(rule.conditions, request, JUDGES_DATA[operation])
    return reason === undefined ? decision : DENIED[reason]
  }

  capabilitiesOn(path: string): ReadonlySet<Capability> {
    return this.#find(path, true)?.capabilities ?? NO_CAPABILITIES
  }

  canSee(mount: string): boolean {
    if (!this.capabilitiesOn(mount).has('deny')) return true
    for (const [path, rule] of this.#exact) if (rule.grantsSomething && path.startsWith(mount)) return true
    for (const [prefix, rule] of this.#prefixes) if (rule.grantsSomething && prefix.startsWith(mount)) return true
    return this.#segmentsReachBelow(mount)
  }

  rules(): ReturnType<Acl['rules']> {
    const shown = (path: string, { capabilities }: CompiledRule): ShownRule => ({
      path,
      capabilities: [...capabilities].sort(),
    })
    return {
      exact: Array.from(this.#exact, ([path, rule]) => shown(path, rule)),
      patterns: [
        // As Vault shows them: without the closing `*`.
        ...Array.from(this.#prefixes, ([prefix, rule]) => shown(prefix, rule)),
        ...this.#segments.map(({ rule, pattern }) => shown(formatPattern(pattern), rule)),
      ],
    }
  }

  /** A grant that loses to a deny on the whole mount shows nothing. */
  #segmentsReachBelow(mount: string): boolean {
    const cover = this.#prefixTable.longestOf(mount)
    const parts = mount.replace(/\/$/, '').split('/')
    return this.#segments.some(
      ({ rule, pattern }) =>
        rule.grantsSomething && (cover === undefined || rule.rank < cover.rank) && reachesBelow(pattern, parts),
    )
  }

  /** The one rule that decides (vault-api 10.3). The order keeps a list from passing a more specific deny (S5). */
  #find(path: string, isList: boolean): CompiledRule | undefined {
    const withoutSlash = isList && path.endsWith('/') ? path.slice(0, -1) : undefined
    const exact = this.#exact.get(path) ?? (withoutSlash === undefined ? undefined : this.#exact.get(withoutSlash))
    const rule = exact ?? this.#bestPattern(path)
    return rule ?? (withoutSlash === undefined ? undefined : this.#bestPattern(withoutSlash))
  }

  #bestPattern(path: string): CompiledRule | undefined {
    const prefix = this.#prefixTable.longestOf(path)
    let parts: readonly string[] | undefined
    for (const { rule, pattern, head } of this.#segments) {
      if (prefix !== undefined && prefix.rank < rule.rank) break
      if (!path.startsWith(head)) continue
      parts ??= path.split('/')
      if (matchesSegments(pattern, parts)) return rule
    }
    return prefix
  }
}

function compileRule(merged: MergedRule, rank: number): CompiledRule {
  const { granted, paginationLimit } = merged
  const isDenied = granted.has('deny')
  const sudo = granted.has('sudo')
  const decide = (operation: Exclude<AccessOperation, 'help'>): Decision => {
    if (isDenied) return DENIED['explicit-deny']
    const by = granted.get(operation)
    if (by === undefined) return DENIED['missing-capability']
    return { allowed: true, sudo, grantedBy: [...by].sort(), paginationLimit }
  }
  const capabilities = new Set(CAPABILITIES.filter((capability) => granted.has(capability)))
  return {
    capabilities: capabilities.size === 0 ? NO_CAPABILITIES : capabilities,
    grantsSomething: !isDenied && capabilities.size > 0,
    decisions: {
      create: decide('create'),
      read: decide('read'),
      update: decide('update'),
      patch: decide('patch'),
      delete: decide('delete'),
      list: decide('list'),
      scan: decide('scan'),
    },
    conditions: conditionsOf(merged),
    rank,
  }
}

function conditionsOf(merged: MergedRule): Conditions | undefined {
  const { allowed, denied, required, minWrappingTtl, maxWrappingTtl } = merged
  if (allowed.size + denied.size + required.size + minWrappingTtl + maxWrappingTtl === 0) return undefined
  return { minWrappingTtl, maxWrappingTtl, parameters: { allowed, denied, required } }
}

/** Bounds that exclude each other, as a merge can make them, refuse every TTL and every unwrapped request. */
function refusal(conditions: Conditions, request: AccessRequest, judgesData: boolean): DenyReason | undefined {
  const { minWrappingTtl, maxWrappingTtl } = conditions
  const ttl = request.wrapTtlSeconds ?? 0
  if (maxWrappingTtl > 0 && (ttl <= 0 || ttl > maxWrappingTtl)) return 'wrapping-ttl'
  if (minWrappingTtl > 0 && ttl < minWrappingTtl) return 'wrapping-ttl'
  if (!judgesData) return undefined
  const verdict = judgeParameters(conditions.parameters, request.data)
  return verdict === 'allowed' ? undefined : verdict
}

function headOf(pattern: SegmentsPattern): string {
  const first = pattern.segments.findIndex((segment) => 'any' in segment)
  const literal = pattern.text.split('/').slice(0, first === -1 ? undefined : first)
  return literal.join('/')
}
