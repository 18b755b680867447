/** Names of policies on their way into a token: one spelling, sorted, no duplicates (S3, S39). */
import { invalidRequest } from '../logical/errors.ts'

export const ROOT = 'root'
export const DEFAULT = 'default'

/** Of policies that the server gives out itself and nobody may ask for. */
export const RESPONSE_WRAPPING = 'response-wrapping'
const UNASSIGNABLE = [RESPONSE_WRAPPING]

/** Trimmed, lower case, sorted. `root` is never beside others. */
export function sanitizePolicies(names: readonly string[]): string[] {
  const clean = new Set(names.map((name) => name.trim().toLowerCase()).filter((name) => name !== ''))
  return clean.has(ROOT) ? [ROOT] : [...clean].sort()
}

export function withDefault(policies: readonly string[]): string[] {
  return sanitizePolicies([...policies, DEFAULT])
}

export function isRoot(policies: readonly string[]): boolean {
  return policies.includes(ROOT)
}

/** Nobody else can have this policy: such a token holds one answer and nothing more. */
export function isWrapping({ policies }: { readonly policies: readonly string[] }): boolean {
  return policies.length === 1 && policies[0] === RESPONSE_WRAPPING
}

/** @throws {LogicalError} 400 for a policy that only the server gives out */
export function refuseUnassignable(policies: readonly string[]): void {
  const refused = UNASSIGNABLE.find((name) => policies.includes(name))
  if (refused !== undefined) throw invalidRequest(`cannot assign policy ${JSON.stringify(refused)}`)
}
