import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../json/json.ts'
import { type AccessRequest, compileAcl, type Decision } from './acl.ts'
import { parsePolicy } from './parse.ts'
import { comparePrecedence, matchesSegments, parsePattern, type PathPattern, patternKey } from './pattern.ts'
import type { Policy } from './policy.ts'
import { anyPolicies, OPERATIONS, patternText, plainPolicies, requestPath, ruleText } from './rules.case.ts'

const operation = fc.constantFrom(...OPERATIONS)
const data = fc.option(fc.constantFrom<JsonObject>({ k: 'x' }, { k: 'z' }, { other: 1 }, {}), { nil: undefined })
const wrapTtlSeconds = fc.option(fc.constantFrom(0, 5, 15, 25), { nil: undefined })
const request: fc.Arbitrary<AccessRequest> = fc.record({ path: requestPath, operation, data, wrapTtlSeconds })

function decide(policies: readonly Policy[], path: string, operation: AccessRequest['operation']): Decision {
  return compileAcl(policies).authorize({ path, operation, data: undefined, wrapTtlSeconds: undefined })
}

describe('an ACL', () => {
  it('does not depend on the order of the policies', () => {
    const shuffled = anyPolicies.chain((policies) =>
      fc.tuple(fc.constant(policies), fc.shuffledSubarray(policies, { minLength: policies.length })),
    )
    fc.assert(
      fc.property(shuffled, request, ([policies, other], asked) => {
        expect(compileAcl(other).authorize(asked)).toEqual(compileAcl(policies).authorize(asked))
        expect(compileAcl(other).capabilitiesOn(asked.path)).toEqual(compileAcl(policies).capabilitiesOn(asked.path))
      }),
      { numRuns: 300 },
    )
  })

  it('never allows more when a deny is added', () => {
    fc.assert(
      fc.property(anyPolicies, patternText, request, (policies, path, asked) => {
        const denied = [...policies, parsePolicy('deny', ruleText(path, ['deny']))]
        const after = compileAcl(denied).authorize(asked).allowed
        expect(after && !compileAcl(policies).authorize(asked).allowed).toBe(false)
      }),
      { numRuns: 500 },
    )
  })

  it('shows the capabilities that it grants', () => {
    fc.assert(
      fc.property(plainPolicies, requestPath, (policies, path) => {
        const shown = compileAcl(policies).capabilitiesOn(path)
        // The path is shown as a list's: only lists look past a closing slash.
        const comparable = path.endsWith('/') ? (['list', 'scan'] as const) : OPERATIONS
        const granted = comparable.filter((one) => decide(policies, path, one).allowed)
        expect(granted).toEqual(comparable.filter((one) => shown.has(one)))
      }),
      { numRuns: 300 },
    )
  })

  it('decides by the rule that a search through all of them would choose', () => {
    fc.assert(
      fc.property(plainPolicies, requestPath, operation, (policies, path, asked) => {
        expect(decide(policies, path, asked).allowed).toBe(chosenByHand(policies, path, asked))
      }),
      { numRuns: 500 },
    )
  })

  it('keeps no request and changes none', () => {
    const acl = compileAcl([parsePolicy('p', ruleText('a', ['update'], 'allowed_parameters = { k = ["x"] }'))])
    const asked = Object.freeze({
      path: 'a',
      operation: 'update' as const,
      data: Object.freeze({ k: 'x' }),
      wrapTtlSeconds: undefined,
    })
    expect(acl.authorize(asked).allowed).toBe(true)
    expect(acl.authorize(asked)).toEqual(acl.authorize(asked))
  })

  it('drops a rule when its expiration has passed, and says until when it holds', () => {
    const text = 'path "a" { capabilities = ["read"] expiration = "2030-01-01T00:00:00Z" }'
    const end = Date.parse('2030-01-01T00:00:00Z')
    const policy = parsePolicy('p', text)
    const asked = { path: 'a', operation: 'read', data: undefined, wrapTtlSeconds: undefined } as const
    const before = compileAcl([policy], undefined, end)
    expect([before.authorize(asked).allowed, before.validUntil]).toEqual([true, end])
    const after = compileAcl([policy], undefined, end + 1)
    expect([after.authorize(asked).allowed, after.validUntil]).toEqual([false, Number.POSITIVE_INFINITY])
  })

  it('S55: treats names of Object.prototype as names', () => {
    const acl = compileAcl([
      parsePolicy('p', ruleText('constructor', ['update'], 'allowed_parameters = { "__proto__" = ["x"] }')),
    ])
    const data = Object.create(null) as JsonObject
    data['__proto__'] = 'x'
    const asked = { path: 'constructor', operation: 'update', data, wrapTtlSeconds: undefined } as const
    expect(acl.authorize(asked).allowed).toBe(true)
    expect(acl.authorize({ ...asked, path: 'toString' }).allowed).toBe(false)
    expect(acl.authorize({ ...asked, data: { constructor: 'x' } }).allowed).toBe(false)
  })
})

describe('comparePrecedence', () => {
  const pattern = patternText.map(parsePattern)
  it('is a total order', () => {
    fc.assert(
      fc.property(pattern, pattern, pattern, (a, b, c) => {
        const [ab, bc, ac] = [comparePrecedence(a, b), comparePrecedence(b, c), comparePrecedence(a, c)]
        expect(Math.sign(ab)).toBe(-Math.sign(comparePrecedence(b, a)) + 0)
        expect(ab === 0).toBe(patternKey(a) === patternKey(b))
        expect(ab > 0 && bc > 0 && ac <= 0).toBe(false)
      }),
      { numRuns: 1000 },
    )
  })
})

/** Vault-api 10.3 read aloud: slow, and with nothing to go wrong. */
function chosenByHand(policies: readonly Policy[], path: string, operation: AccessRequest['operation']): boolean {
  const rules = policies.flatMap((policy) => policy.rules)
  const patterns = rules.map((rule) => rule.path).filter((one): one is PathPattern => one.kind !== 'template')
  const isList = operation === 'list' || operation === 'scan'
  const bare = isList && path.endsWith('/') ? path.slice(0, -1) : undefined
  const exact = (text: string) => patterns.find((one) => one.kind === 'exact' && one.text === text)
  const best = (text: string) =>
    patterns
      .filter((one) => matches(one, text))
      .sort(comparePrecedence)
      .at(-1)
  const chosen = exact(path) ?? (bare === undefined ? undefined : exact(bare)) ?? best(path)
  const decisive = chosen ?? (bare === undefined ? undefined : best(bare))
  if (decisive === undefined) return false
  const same = rules.filter(({ path }) => path.kind !== 'template' && patternKey(path) === patternKey(decisive))
  const has = (capability: string) => same.some((rule) => new Set<string>(rule.capabilities).has(capability))
  return has(operation) && !has('deny')
}

function matches(pattern: PathPattern, path: string): boolean {
  if (pattern.kind === 'exact') return false
  return pattern.kind === 'prefix' ? path.startsWith(pattern.text) : matchesSegments(pattern, path.split('/'))
}
