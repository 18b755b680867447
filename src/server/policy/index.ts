export {
  type AccessOperation,
  type AccessRequest,
  type Acl,
  type Allowed,
  compileAcl,
  type Decision,
  type Denied,
  type DenyReason,
  RootPolicyError,
} from './acl.ts'
export { DEFAULT_POLICY, DEFAULT_POLICY_TEXT, RESPONSE_WRAPPING_POLICY, ROOT_POLICY } from './fixed.ts'
export { normalizePolicyName, parsePolicy } from './parse.ts'
export { comparePrecedence, formatPattern, parsePattern, type PathPattern } from './pattern.ts'
export { CAPABILITIES, type Capability, type ParameterRules, type PathRule, type Policy } from './policy.ts'
export { PolicyStore, type PolicyStoreOptions, type StoredPolicy, StoredPolicyError } from './store.ts'
export { PolicySyntaxError } from './syntax.ts'
export type { TemplateAlias, TemplateGroup, TemplateSubject } from './template.ts'
