/**
 * The access decision against the specification's words (vault-api 10.3, 10.4), done again here in the most naive way and
 * with nothing of the fast matcher: rules as texts, every one tried on every request.
 */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AccessOperation, compileAcl } from './acl.ts'
import { parsePolicy } from './parse.ts'
import { CAPABILITIES } from './policy.ts'
import { OPERATIONS, patternText, requestPath, ruleText } from './rules.case.ts'

interface Rule {
  readonly path: string
  readonly capabilities: readonly string[]
}

const isSegmented = (path: string): boolean => path === '+' || path.startsWith('+/') || path.includes('/+')

/** Rules of the same path are one, and a slash at the beginning is none. */
function merged(written: readonly Rule[]): Rule[] {
  const rules = written.map((rule) => ({ ...rule, path: rule.path.replace(/^\//, '') }))
  const paths = [...new Set(rules.map(({ path }) => path))]
  return paths.map((path) => ({
    path,
    capabilities: rules.filter((rule) => rule.path === path).flatMap(({ capabilities }) => capabilities),
  }))
}

/** "exact(path)" */
const exact = (rules: readonly Rule[], path: string): Rule | undefined =>
  rules.find((rule) => !rule.path.endsWith('*') && !isSegmented(rule.path) && rule.path === path)

/** "split both on `/`; `+` matches exactly one segment; without `*` segment counts must be equal; with `*` ..." */
function segmentsMatch(pattern: string, path: string): boolean {
  const open = pattern.endsWith('*')
  const wanted = (open ? pattern.slice(0, -1) : pattern).split('/')
  const given = path.split('/')
  if (open ? given.length < wanted.length : given.length !== wanted.length) return false
  return wanted.every((part, index) => {
    if (part === '+') return true
    return open && index === wanted.length - 1 ? given[index]?.startsWith(part) === true : given[index] === part
  })
}

/** "candidates = the longest matching prefix rule + every segment-wildcard rule that matches", the highest of them. */
function nonExact(rules: readonly Rule[], path: string): Rule | undefined {
  const [longest] = rules
    .filter((rule) => rule.path.endsWith('*') && !isSegmented(rule.path) && path.startsWith(rule.path.slice(0, -1)))
    .toSorted((a, b) => b.path.length - a.path.length)
  const candidates = rules.filter(
    (rule) => rule === longest || (isSegmented(rule.path) && segmentsMatch(rule.path, path)),
  )
  return candidates.toSorted((a, b) => priority(b.path, a.path))[0]
}

/** Positive when the first is the higher. */
function priority(a: string, b: string): number {
  const bare = (path: string): string => path.replace(/\*$/, '')
  const firstWildcard = (path: string): number => (isSegmented(path) ? path.indexOf('+') : bare(path).length)
  const plus = (path: string): number => (isSegmented(path) ? path.split('+').length - 1 : 0)
  return (
    firstWildcard(a) - firstWildcard(b) ||
    Number(b.endsWith('*')) - Number(a.endsWith('*')) ||
    plus(b) - plus(a) ||
    bare(a).length - bare(b).length ||
    (bare(a) > bare(b) ? 1 : -1)
  )
}

/** "First hit is *the* rule; nothing else is consulted." */
function verdict(rules: readonly Rule[], path: string, operation: AccessOperation): boolean {
  if (operation === 'help') return true
  const lists = operation === 'list' || operation === 'scan'
  const bare = path.replace(/\/$/, '')
  const rule =
    exact(rules, path) ??
    (lists ? exact(rules, bare) : undefined) ??
    nonExact(rules, path) ??
    (lists && path.endsWith('/') ? nonExact(rules, bare) : undefined)
  if (rule === undefined || rule.capabilities.includes('deny')) return false
  return rule.capabilities.includes(operation)
}

const rule: fc.Arbitrary<Rule> = fc.record({
  path: patternText,
  capabilities: fc.oneof(
    { weight: 5, arbitrary: fc.subarray([...CAPABILITIES].filter((one) => one !== 'deny')) },
    { weight: 1, arbitrary: fc.constant(['deny']) },
  ),
})
/** Paths that a rule names, so that many are hit, and others. */
const asked = (rules: readonly Rule[]): fc.Arbitrary<string> =>
  fc.oneof(
    requestPath,
    fc.constantFrom(...rules.map(({ path }) => path.replace(/\*$/, '').replaceAll('+', 'b'))),
    fc.constantFrom(...rules.map(({ path }) => `${path.replace(/\*$/, '').replaceAll('+', 'a')}/`)),
  )

describe('S5, S8: the access decision', () => {
  it('is the one of the specification, word by word', () => {
    const cases = fc
      .array(rule, { minLength: 1, maxLength: 8 })
      .chain((rules) => fc.tuple(fc.constant(rules), asked(rules)))
    let allowed = 0
    fc.assert(
      fc.property(
        cases,
        fc.constantFrom(...OPERATIONS),
        fc.integer({ min: 0, max: 8 }),
        ([rules, path], operation, cut) => {
          // Over two policies, for a caller has several.
          const texts = [rules.slice(0, cut), rules.slice(cut)].map((part) =>
            part.map((one) => ruleText(one.path, one.capabilities)).join('\n'),
          )
          const acl = compileAcl(texts.map((text, index) => parsePolicy(`p${index}`, text)))
          const decision = acl.authorize({ path, operation, data: undefined, wrapTtlSeconds: undefined })
          allowed += decision.allowed ? 1 : 0
          expect(decision.allowed).toBe(verdict(merged(rules), path, operation))
        },
      ),
      { numRuns: Number(process.env['PLENUM_FUZZ_RUNS'] ?? 3000) },
    )
    expect(allowed).toBeGreaterThan(100)
  })

  it('of fixture F is that of the text by hand as well', () => {
    const rules: Rule[] = [
      { path: 'k/metadata/*', capabilities: ['list'] },
      { path: 'k/metadata/private/*', capabilities: ['deny'] },
      { path: 'k/metadata/private/granted/*', capabilities: ['list'] },
    ]
    const lists = (path: string): boolean => verdict(rules, path, 'list')
    expect(['k/', 'k/metadata/', 'k/metadata/private/', 'k/metadata/private/granted/x/'].map(lists)).toEqual([
      false,
      true,
      false,
      true,
    ])
  })
})
