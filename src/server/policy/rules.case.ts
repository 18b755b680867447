/** Arbitrary policies and requests for the property tests: few names, so that rules meet. */
import * as fc from 'fast-check'
import type { AccessOperation } from './acl.ts'
import { parsePolicy } from './parse.ts'
import { CAPABILITIES, type Policy } from './policy.ts'

export const OPERATIONS: readonly Exclude<AccessOperation, 'help'>[] = [
  'create',
  'read',
  'update',
  'patch',
  'delete',
  'list',
  'scan',
]

const segment = fc.constantFrom('a', 'b', 'ab', '')
const patternSegment = fc.constantFrom('a', 'b', 'ab', 'a+', '+a', '', '+', '+')

/** `+*` is the one thing that a pattern may not hold. */
export const patternText: fc.Arbitrary<string> = fc
  .tuple(fc.array(patternSegment, { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([parts, open]) => parts.join('/') + (open ? '*' : ''))
  .filter((text) => !text.includes('+*'))

export const requestPath: fc.Arbitrary<string> = fc
  .array(segment, { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join('/'))

const grants = fc.uniqueArray(fc.constantFrom(...CAPABILITIES.filter((one) => one !== 'deny')), { maxLength: 4 })

export function ruleText(path: string, capabilities: readonly string[], more = ''): string {
  return `path ${JSON.stringify(path)} { capabilities = ${JSON.stringify(capabilities)} ${more} }`
}

const ruleLine = fc
  .tuple(patternText, fc.oneof({ weight: 4, arbitrary: grants }, fc.constant(['deny'])))
  .map(([path, capabilities]) => ruleText(path, capabilities))

const conditions = fc.constantFrom(
  'allowed_parameters = { k = ["x", "y"] }',
  'allowed_parameters = { k = [], "*" = [] }',
  'denied_parameters = { k = ["x"] }',
  'required_parameters = ["k"]',
  'min_wrapping_ttl = 10',
  'max_wrapping_ttl = 20',
)
const conditionLine = fc
  .tuple(patternText, grants, conditions)
  .map(([path, capabilities, more]) => ruleText(path, capabilities, more))

function policies(line: fc.Arbitrary<string>): fc.Arbitrary<Policy[]> {
  return fc
    .array(fc.array(line, { maxLength: 5 }), { maxLength: 4 })
    .map((texts) => texts.map((lines, index) => parsePolicy(`p${index}`, lines.join('\n'))))
}

export const plainPolicies: fc.Arbitrary<Policy[]> = policies(ruleLine)
export const anyPolicies: fc.Arbitrary<Policy[]> = policies(fc.oneof(ruleLine, conditionLine))
