/**
 * Rules for the same path, from all of a caller's policies, become one (vault-api 10.2).
 *
 * Invariant: the order of the policies does not matter, and `deny` in any of them leaves nothing but `deny`.
 */
import type { JsonValue } from '../json/json.ts'
import { parsePattern, type PathPattern, patternKey } from './pattern.ts'
import type { Capability, PathRule, Policy } from './policy.ts'
import { expandTemplate, type TemplateSubject } from './template.ts'

export interface MergedRule {
  readonly pattern: PathPattern
  /** Which policies grant a capability. Holds only `deny` when any of them denies. */
  readonly granted: Map<Capability, Set<string>>
  readonly allowed: Map<string, readonly JsonValue[]>
  readonly denied: Map<string, readonly JsonValue[]>
  readonly required: Set<string>
  readonly mfaMethods: Set<string>
  minWrappingTtl: number
  maxWrappingTtl: number
  paginationLimit: number
}

interface MergedRules {
  readonly rules: readonly MergedRule[]
  /** Unix milliseconds up to which the rules hold: the first `expiration` ahead, infinity without one. */
  readonly validUntil: number
}

/** Drops rules that have expired at `now` (unix milliseconds) and paths that cannot be resolved for the subject. */
export function mergePolicies(
  policies: readonly Policy[],
  subject: TemplateSubject | undefined,
  now: number,
): MergedRules {
  const merged = new Map<string, MergedRule>()
  let validUntil = Number.POSITIVE_INFINITY
  for (const policy of policies) {
    for (const rule of policy.rules) {
      const { expiresAt } = rule
      if (expiresAt !== undefined && now > expiresAt) continue
      const pattern = resolvePath(rule, subject)
      if (pattern === undefined) continue
      if (expiresAt !== undefined) validUntil = Math.min(validUntil, expiresAt)
      const key = patternKey(pattern)
      const target = merged.get(key) ?? emptyRule(pattern)
      merged.set(key, target)
      mergeInto(target, rule, policy.name)
    }
  }
  return { rules: [...merged.values()], validUntil }
}

function resolvePath(rule: PathRule, subject: TemplateSubject | undefined): PathPattern | undefined {
  if (rule.path.kind !== 'template') return rule.path
  const path = expandTemplate(rule.path, subject)
  return path === undefined ? undefined : parsePattern(path)
}

function emptyRule(pattern: PathPattern): MergedRule {
  return {
    pattern,
    granted: new Map(),
    allowed: new Map(),
    denied: new Map(),
    required: new Set(),
    mfaMethods: new Set(),
    minWrappingTtl: 0,
    maxWrappingTtl: 0,
    paginationLimit: 0,
  }
}

function mergeInto(target: MergedRule, rule: PathRule, policy: string): void {
  if (rule.capabilities.has('deny')) return denyOnly(target, policy)
  if (target.granted.has('deny')) return
  for (const capability of rule.capabilities) grant(target, capability, policy)
  mergeValues(target.allowed, rule.parameters.allowed)
  mergeValues(target.denied, rule.parameters.denied)
  for (const name of rule.parameters.required) target.required.add(name)
  for (const method of rule.mfaMethods) target.mfaMethods.add(method)
  target.minWrappingTtl = smallerBound(target.minWrappingTtl, rule.minWrappingTtl)
  target.maxWrappingTtl = smallerBound(target.maxWrappingTtl, rule.maxWrappingTtl)
  target.paginationLimit = smallerBound(target.paginationLimit, rule.paginationLimit)
}

function denyOnly(target: MergedRule, policy: string): void {
  const by = target.granted.get('deny') ?? new Set()
  for (const part of [target.granted, target.allowed, target.denied, target.required, target.mfaMethods]) part.clear()
  target.granted.set('deny', by.add(policy))
  target.minWrappingTtl = 0
  target.maxWrappingTtl = 0
  target.paginationLimit = 0
}

function grant(target: MergedRule, capability: Capability, policy: string): void {
  const by = target.granted.get(capability)
  if (by === undefined) target.granted.set(capability, new Set([policy]))
  else by.add(policy)
}

/** An empty list, which stands for any value, beats a list of values. */
function mergeValues(
  target: Map<string, readonly JsonValue[]>,
  added: ReadonlyMap<string, readonly JsonValue[]>,
): void {
  for (const [name, values] of added) {
    const present = target.get(name)
    const any = values.length === 0 || present?.length === 0
    target.set(name, any ? [] : [...values, ...(present ?? [])])
  }
}

/** The smaller of two bounds, where 0 is no bound. */
function smallerBound(a: number, b: number): number {
  return a === 0 || b === 0 ? a + b : Math.min(a, b)
}
