/**
 * The plan: desired + actual -> changes. Pure and synchronous; equal inputs give equal plans, ordered by address.
 *
 * Invariant: a plan never holds a value. Fields are compared by fingerprint (`sensitive/fingerprint.ts`), and what is
 * shown is which fields differ. What Plenum does not manage is listed and never deleted.
 *
 * It reads nothing and writes nothing: `apply/` brings the actual state and carries the changes out.
 */
import type { Fingerprint, Json } from '../sensitive/index.ts'

export type SettingsKind = 'mount' | 'auth' | 'policy' | 'role'
export type EntryKind = 'connection' | 'variable' | 'secret'
export type ResourceKind = SettingsKind | EntryKind

/** `connection:project_trading_ibkr`, `secret:trading/api_keys`, `policy:plenum-airflow`, `mount:secret`, `auth:approle`. */
export type Address = `${ResourceKind}:${string}`

/**
 * One field of a desired entry. `keep`: any value in Vault will do; one is made when there is none. `same`: whatever
 * that field of another entry holds, after this plan is carried out.
 */
export type DesiredField =
  | { readonly kind: 'exact'; readonly fingerprint: Fingerprint }
  | { readonly kind: 'keep' }
  | { readonly kind: 'same'; readonly path: string; readonly field: string }

/** Settings that are not secret and may be shown: a policy's text, a role's parameters, a mount's options. */
export type Settings = { readonly [name: string]: Json }

/** Where entries live and who may read them. */
export interface DesiredSettings {
  readonly kind: SettingsKind
  readonly address: Address
  readonly settings: Settings
}

export interface DesiredEntry {
  readonly kind: EntryKind
  readonly address: Address
  /** Below the KV mount. */
  readonly path: string
  readonly external: boolean
  readonly fields: ReadonlyMap<string, DesiredField>
  /** custom_metadata that Plenum sets: managed-by, hub, project, owner, source. Without `plenum-version`. */
  readonly metadata: Readonly<Record<string, string>>
}

export type Desired = DesiredSettings | DesiredEntry

export interface ActualSettings {
  readonly kind: SettingsKind
  readonly address: Address
  readonly settings: Settings
  /** Plenum made it for this hub (the mark in a policy's text; a role whose policies all carry it). */
  readonly managed: boolean
}

export interface ActualEntry {
  readonly kind: EntryKind
  readonly address: Address
  readonly path: string
  /** The check-and-set number: the newest version, also when it is deleted. */
  readonly version: number
  /** The newest version is deleted or destroyed: absent for readers, but check-and-set still counts it. */
  readonly deleted: boolean
  /** Empty for what is not declared: Plenum does not read it. */
  readonly fields: ReadonlyMap<string, Fingerprint>
  readonly metadata: Readonly<Record<string, string>>
  /** custom_metadata says that Plenum made it for this hub. */
  readonly managed: boolean
  /** Unix milliseconds of the newest version. */
  readonly changedAt: number
}

/** What the `same` fields of a declared entry lead to just now, as it would be stored there. Not a thing to plan for. */
export interface ActualSource {
  readonly kind: 'source'
  /** Of the declared entry. */
  readonly address: Address
  /** By the name of the `same` field; what leads nowhere is not there. */
  readonly fields: ReadonlyMap<string, Fingerprint>
}

export type Actual = ActualSettings | ActualEntry | ActualSource

export type FieldChange = { readonly field: string; readonly change: 'added' | 'removed' | 'changed' }

interface ChangeOf<Action extends string, Kind extends ResourceKind> {
  readonly action: Action
  readonly kind: Kind
  readonly address: Address
  /** The version of an entry that the change follows: 0 for none, and for everything that has no versions. */
  readonly cas: number
  readonly fields: readonly FieldChange[]
}

export type Change =
  | ChangeOf<'create', ResourceKind>
  | ChangeOf<'update', ResourceKind>
  /** Only custom_metadata differs: adopted, or an interrupted apply is completed. */
  | ChangeOf<'mark', EntryKind>
  | ChangeOf<'delete', ResourceKind>

/** Declared, but what is in Vault is not what Plenum wrote: not overwritten unless asked to. */
export interface Drift {
  readonly kind: ResourceKind
  readonly address: Address
  /**
   * `changed`: somebody wrote after Plenum did. `foreign`: it was there before Plenum and differs. `other-hub`: Plenum
   * made it for another hub, so two hubs declare one thing.
   */
  readonly reason: 'changed' | 'foreign' | 'other-hub'
  /** 0 for a policy and a role, which have no versions. */
  readonly version: number
  /** Unix milliseconds; 0 when Vault does not say. */
  readonly changedAt: number
  readonly fields: readonly FieldChange[]
}

/** What no apply can reach before a person has done something. */
export interface Blocked {
  readonly kind: ResourceKind
  readonly address: Address
  readonly text: string
  readonly hint: string
}

/** A declared connection or variable that also stands in an environment variable: Vault hides that copy, and Airflow falls back to it when Vault fails. */
export interface Shadow {
  readonly address: Address
  /** `AIRFLOW_CONN_X` and where it was seen: `the environment` or `.env`. */
  readonly variable: string
  readonly where: string
}

export interface Plan {
  readonly formatVersion: 1
  /** In the order of their carrying out: by kind, then by address; what is deleted comes last. */
  readonly changes: readonly Change[]
  /** Declared and found as declared. */
  readonly unchanged: number
  readonly drifted: readonly Drift[]
  readonly blocked: readonly Blocked[]
  /** Under our prefixes, not made by Plenum for this hub. */
  readonly unmanaged: readonly Address[]
  /** `external` entries that do not exist. */
  readonly missing: readonly Address[]
  readonly shadowing: readonly Shadow[]
}

export interface PlanOptions {
  /** Turn drift into updates. Default false. */
  readonly overwrite: boolean
  readonly shadowing: readonly Shadow[]
}
