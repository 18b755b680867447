/**
 * The policies that a token role lets a caller have (vault-api 7.1, 6). Pure.
 *
 * Invariant: a role that lists policies decides alone: its lists replace the rule that a child's policies are a subset
 * of its parent's. Whether the result may hold `root` is not decided here: `create.ts` looks at what comes out.
 */
import { invalidRequest } from '../../logical/index.ts'
import { DEFAULT, sanitizePolicies, withDefault } from '../../token/index.ts'
import type { TokenRole } from './role.ts'

/** Whether the role has a word on policies; without one it changes nothing about who may have which. */
export function restrictsPolicies(role: TokenRole): boolean {
  return [role.allowedPolicies, role.allowedPoliciesGlob, role.disallowedPolicies, role.disallowedPoliciesGlob].some(
    (list) => list.length > 0,
  )
}

export interface WantedPolicies {
  /** Sanitized; empty when the caller names none. */
  readonly wanted: readonly string[]
  readonly ofParent: readonly string[]
  /** The caller wants no `default`. */
  readonly noDefaultPolicy: boolean
}

/** @throws {LogicalError} 400 for a policy that the role does not give */
export function policiesThroughRole(role: TokenRole, { wanted, ofParent, noDefaultPolicy }: WantedPolicies): string[] {
  const addsDefault = !noDefaultPolicy && !role.noDefaultPolicy && !isDisallowed(role, DEFAULT)
  const complete = (names: readonly string[]): string[] => (addsDefault ? withDefault(names) : sanitizePolicies(names))
  const policies = choose(role, wanted, ofParent, complete)
  const disallowed = policies.find((name) => isDisallowed(role, name))
  if (disallowed !== undefined)
    throw invalidRequest(`token policy ${JSON.stringify(disallowed)} is disallowed by this role`)
  return policies
}

function choose(
  role: TokenRole,
  wanted: readonly string[],
  ofParent: readonly string[],
  complete: (names: readonly string[]) => string[],
): string[] {
  if (role.allowedPolicies.length === 0 && role.allowedPoliciesGlob.length === 0) {
    return complete(wanted.length === 0 ? ofParent : wanted)
  }
  const allowed = complete(role.allowedPolicies)
  if (wanted.length === 0) return allowed
  const policies = complete(wanted)
  const fits = (name: string): boolean => allowed.includes(name) || matchesAny(role.allowedPoliciesGlob, name)
  if (!policies.every(fits)) {
    throw invalidRequest(
      `token policies (${quoted(policies)}) must be subset of the role's allowed policies (${quoted(allowed)}) or glob policies (${quoted(role.allowedPoliciesGlob)})`,
    )
  }
  return policies
}

function isDisallowed(role: TokenRole, name: string): boolean {
  return role.disallowedPolicies.includes(name) || matchesAny(role.disallowedPoliciesGlob, name)
}

export function matchesAny(globs: readonly string[], text: string): boolean {
  return globs.some((glob) => matches(glob, text))
}

/** `*` stands for any characters, also none, anywhere and as often as one likes. Linear in the text's length. */
function matches(glob: string, text: string): boolean {
  const [first = '', ...rest] = glob.split('*')
  const last = rest.pop()
  if (last === undefined) return glob === text
  if (!text.startsWith(first)) return false
  let from = first.length
  for (const part of rest) {
    const at = text.indexOf(part, from)
    if (at === -1) return false
    from = at + part.length
  }
  return text.length - last.length >= from && text.endsWith(last)
}

/** As Go prints a list of strings: `["a" "b"]`. */
function quoted(names: readonly string[]): string {
  return `[${names.map((name) => JSON.stringify(name)).join(' ')}]`
}
