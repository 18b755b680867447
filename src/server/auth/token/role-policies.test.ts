import { describe, expect, it } from 'vitest'
import { matchesAny, policiesThroughRole, restrictsPolicies } from './role-policies.ts'
import { newTokenRole, type TokenRole } from './role.ts'

const role = (fields: Partial<TokenRole>): TokenRole => ({ ...newTokenRole('ci'), ...fields })
const through = (fields: Partial<TokenRole>, wanted: string[] = [], noDefaultPolicy = false): string[] =>
  policiesThroughRole(role(fields), { wanted, ofParent: ['default', 'parent'], noDefaultPolicy })

describe('policies through a role (vault-api 7.1, 6)', () => {
  it('a role without lists has no word', () => {
    expect(restrictsPolicies(role({ noDefaultPolicy: true, orphan: true }))).toBe(false)
    for (const list of ['allowedPolicies', 'allowedPoliciesGlob', 'disallowedPolicies', 'disallowedPoliciesGlob']) {
      expect(restrictsPolicies(role({ [list]: ['a'] }))).toBe(true)
    }
  })

  it.each<[string, Partial<TokenRole>, string[], string[]]>([
    ['all that is allowed, when nothing is asked', { allowedPolicies: ['a', 'b'] }, [], ['a', 'b', 'default']],
    ['no globs then', { allowedPolicies: ['a'], allowedPoliciesGlob: ['t-*'] }, [], ['a', 'default']],
    ['default alone where only globs are allowed', { allowedPoliciesGlob: ['t-*'] }, [], ['default']],
    ['what is asked and allowed', { allowedPolicies: ['a', 'b'] }, ['b'], ['b', 'default']],
    ['what is asked and matches', { allowedPoliciesGlob: ['t-*'] }, ['t-1', 't-2'], ['default', 't-1', 't-2']],
    ['default when asked, as it would be added', { allowedPolicies: ['a'] }, ['a', 'default'], ['a', 'default']],
    ['no default when the role says so', { allowedPolicies: ['a'], noDefaultPolicy: true }, ['a'], ['a']],
    ['no default when it is disallowed', { disallowedPolicies: ['default'] }, ['a'], ['a']],
    ['no default when a glob disallows it', { disallowedPoliciesGlob: ['de*'] }, ['a'], ['a']],
    ['anything that is not disallowed', { disallowedPolicies: ['x'] }, ['anything'], ['anything', 'default']],
    ['the parent’s, when nothing is asked or allowed', { disallowedPolicies: ['x'] }, [], ['default', 'parent']],
  ])('gives %s', (_, fields, wanted, given) => expect(through(fields, wanted)).toEqual(given))

  it('no default where the caller wants none', () => {
    expect(through({ allowedPolicies: ['a'] }, ['a'], true)).toEqual(['a'])
    expect(() => through({ allowedPolicies: ['a'] }, ['a', 'default'], true)).toThrow('must be subset')
  })

  it.each<[string, Partial<TokenRole>, string[]]>([
    [
      'token policies (["default" "q"]) must be subset of the role\'s allowed policies (["a" "b" "default"]) or glob policies (["t-*"])',
      { allowedPolicies: ['a', 'b'], allowedPoliciesGlob: ['t-*'] },
      ['q'],
    ],
    ['token policy "x" is disallowed by this role', { disallowedPolicies: ['x'] }, ['a', 'x']],
    ['token policy "dev" is disallowed by this role', { disallowedPoliciesGlob: ['de*'] }, ['a', 'dev']],
    ['token policy "default" is disallowed by this role', { disallowedPolicies: ['default'] }, []],
    // Also what the role allows by itself.
    ['token policy "a" is disallowed by this role', { allowedPolicies: ['a'], disallowedPolicies: ['a'] }, []],
  ])('refuses: %s', (text, fields, wanted) =>
    expect(() => through(fields, wanted)).toThrow(
      expect.objectContaining({ message: text, code: 'invalid-request' }) as Error,
    ),
  )

  it.each<[string, string, boolean]>([
    ['a', 'a', true],
    ['a', 'ab', false],
    ['*', '', true],
    ['*', 'anything', true],
    ['a*', 'a', true],
    ['a*', 'ba', false],
    ['*a', 'bca', true],
    ['*a', 'ab', false],
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['a*b*c', 'axxbyyc', true],
    ['a*b*c', 'acb', false],
    ['a*b*b', 'ab', false],
    ['a**b', 'ab', true],
    ['a.b', 'axb', false],
    ['', 'a', false],
  ])('the glob %j on %j: %s', (glob, text, fits) => expect(matchesAny([glob], text)).toBe(fits))
})
