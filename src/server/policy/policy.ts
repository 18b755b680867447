/** What a parsed policy is. Made by `parse.ts`, compiled by `acl.ts`; nothing else looks at policy text. */
import type { JsonValue } from '../json/json.ts'
import type { PathPattern } from './pattern.ts'
import type { PathTemplate } from './template.ts'

/** In the order in which Vault lists them before it sorts (vault-api 10.4). */
export const CAPABILITIES = ['deny', 'sudo', 'read', 'list', 'update', 'delete', 'create', 'patch', 'scan'] as const
export type Capability = (typeof CAPABILITIES)[number]

/** Names are lower case. An empty list of values means any value; the name `*` stands for every name. */
export interface ParameterRules {
  readonly allowed: ReadonlyMap<string, readonly JsonValue[]>
  readonly denied: ReadonlyMap<string, readonly JsonValue[]>
  readonly required: ReadonlySet<string>
}

export interface PathRule {
  readonly path: PathPattern | PathTemplate
  /** `deny` stands alone. Empty: the rule grants nothing and still shadows broader rules. */
  readonly capabilities: ReadonlySet<Capability>
  readonly parameters: ParameterRules
  /** Seconds; 0 sets no bound. */
  readonly minWrappingTtl: number
  readonly maxWrappingTtl: number
  /** Entries of one list answer; 0 sets no bound. */
  readonly paginationLimit: number
  readonly mfaMethods: ReadonlySet<string>
  /** Unix milliseconds after which the rule is as if it were not written; `undefined` for never. */
  readonly expiresAt: number | undefined
}

export interface Policy {
  readonly name: string
  readonly rules: readonly PathRule[]
  /** What the text asks for and this server does not enforce. For the answer to the write. */
  readonly warnings: readonly string[]
}

export const NO_PARAMETERS: ParameterRules = { allowed: new Map(), denied: new Map(), required: new Set() }
