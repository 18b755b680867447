/**
 * What of the sources is brought in, and what is not and why. Data alone; `select.ts` decides.
 *
 * Invariant: every Found is an origin of exactly one entry, or left out exactly once. Nothing here holds a value but
 * `data`.
 */
import type { JsonObject } from '../airflow/index.ts'
import type { FingerprintKey, Sensitive } from '../sensitive/index.ts'
import type { ProjectRules } from './assign.ts'
import type { Finding, Found, Note, Origin, SourceKind } from './found.ts'

/** Of environment variables that are no Airflow objects. */
export const CLASSES = ['secret', 'configuration', 'unknown'] as const
export type NameClass = (typeof CLASSES)[number]

/** The secret of a project that its environment variables become. */
export const ENV_SECRET = 'env'

export interface Declared {
  /** Somebody else writes it: an import may. Otherwise plenum.yaml says where the value comes from. */
  readonly external: boolean
  readonly project: string
}

export interface SelectOptions {
  /** Patterns; none: everything. */
  readonly only: readonly string[]
  readonly except: readonly string[]
  readonly withDefaults: boolean
  readonly rules: ProjectRules
  /** What environment variables become: fields of the secret `<project>/env`, or variables in lower case. */
  readonly names: 'secrets' | 'variables' | 'none'
  /** Which of them. */
  readonly classes: readonly NameClass[]
  /** Which source is right where two differ. */
  readonly prefer: SourceKind | undefined
  readonly key: FingerprintKey
  /** Whether one value under several names is looked for: a digest of each field of each object. Default true. */
  readonly findDuplicates?: boolean
  /** By `kind:id`. */
  readonly declared: ReadonlyMap<string, Declared>
}

export type EntryKind = 'connection' | 'variable' | 'secret'

/** `source`: the source itself names the project. `declared`: plenum.yaml does. */
export type Because = 'declared' | 'source' | 'rule' | 'map' | 'name' | 'dags' | 'holding'

export interface ImportedEntry {
  readonly kind: EntryKind
  /** conn_id, variable key, or `<project>/<name>`. */
  readonly id: string
  readonly project: string
  readonly because: Because
  /** `because` for people: `rule trading_*`. */
  readonly reason: string
  readonly data: Sensitive<JsonObject>
  /** For custom_metadata: description, team and what others had put there, as Vault takes it. */
  readonly metadata: Readonly<Record<string, string>>
  readonly origins: readonly Origin[]
  readonly notes: readonly Note[]
}

export const LEFT_OUT_REASONS = [
  'not-asked',
  'default',
  'name-class',
  'declared',
  'not-preferred',
  'collision',
  'refused',
] as const
export type LeftOutReason = (typeof LEFT_OUT_REASONS)[number]

export interface LeftOut {
  readonly kind: Found['kind']
  readonly id: string
  readonly where: string
  readonly reason: LeftOutReason
  readonly text: string
  /** What takes it, where something does. */
  readonly hint: string | undefined
}

/**
 * value  one id with several values
 * case   ids that differ in case alone: one environment variable, one row in MySQL, and no plenum.yaml can declare both
 * path   an id that lies below another one in Vault, where Airflow would take it for a team's
 */
export interface Collision {
  readonly kind: 'value' | 'case' | 'path'
  readonly object: EntryKind
  readonly ids: readonly string[]
  readonly where: readonly string[]
  /** The source that `prefer` took. Undefined: none of them is brought in. */
  readonly decided: SourceKind | undefined
}

/** The same value under several names. */
export interface Duplicate {
  /** `connection x: password`, `variable y`, `secret p/env: API_KEY`. */
  readonly names: readonly string[]
}

export interface Selection {
  /** Connections, variables, secrets; within each in the order of the sources. */
  readonly entries: readonly ImportedEntry[]
  readonly leftOut: readonly LeftOut[]
  readonly duplicates: readonly Duplicate[]
  readonly collisions: readonly Collision[]
  /** Of the sources and of the selection. */
  readonly findings: readonly Finding[]
  /** Of the sources, about objects that were not asked for. */
  readonly otherFindings: readonly Finding[]
}
