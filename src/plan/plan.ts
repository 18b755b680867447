/**
 * The plan: desired + actual -> changes. Pure and synchronous; equal inputs give equal plans, ordered by address.
 *
 * Invariant: a plan never holds a value. Fields are compared by fingerprint (`sensitive/fingerprint.ts`), and what is
 * shown is which fields differ. What Plenum does not manage is listed and never deleted.
 *
 * It reads nothing and writes nothing: `apply/` brings the actual state and carries the changes out.
 */
import type { Fingerprint, Json } from '../sensitive/index.ts'

export type EntryKind = 'connection' | 'variable' | 'secret'
export type ResourceKind = 'mount' | 'auth' | 'policy' | 'role' | EntryKind

/** `connection:project_trading_ibkr`, `secret:trading/api_keys`, `policy:plenum-airflow`, `mount:secret`, `auth:approle`. */
export type Address = `${ResourceKind}:${string}`

/** One field of a desired entry. `keep`: any value in Vault will do; one is made when there is none. */
export type DesiredField = { readonly kind: 'exact'; readonly fingerprint: Fingerprint } | { readonly kind: 'keep' }

/** Settings that are not secret and may be shown: a policy's text, a role's parameters, a mount's options. */
export type Settings = { readonly [name: string]: Json }

export type Desired =
  | { readonly kind: 'mount' | 'auth' | 'policy' | 'role'; readonly address: Address; readonly settings: Settings }
  | {
      readonly kind: EntryKind
      readonly address: Address
      /** Below the KV mount. */
      readonly path: string
      readonly external: boolean
      readonly fields: ReadonlyMap<string, DesiredField>
      /** custom_metadata that Plenum sets: managed-by, hub, project, owner. Without `plenum-version`. */
      readonly metadata: Readonly<Record<string, string>>
    }

export type Actual =
  | {
      readonly kind: 'mount' | 'auth' | 'policy' | 'role'
      readonly address: Address
      readonly settings: Settings
      /** Plenum made it for this hub (the mark in a policy's text; a role whose policies all carry it). */
      readonly managed: boolean
    }
  | {
      readonly kind: EntryKind
      readonly address: Address
      readonly path: string
      /** The check-and-set number: the newest version, also when it is deleted. */
      readonly version: number
      /** The newest version is deleted or destroyed: absent for readers, but check-and-set still counts it. */
      readonly deleted: boolean
      readonly fields: ReadonlyMap<string, Fingerprint>
      readonly metadata: Readonly<Record<string, string>>
      /** Unix milliseconds of the newest version. */
      readonly changedAt: number
    }

/** `plenum-version` in custom_metadata: the version that Plenum wrote last. A newer one means somebody else wrote. */
export const MANAGED_BY = 'managed-by'
export const HUB = 'hub'
export const WRITTEN_VERSION = 'plenum-version'

export type FieldChange = { readonly field: string; readonly change: 'added' | 'removed' | 'changed' }

export type Change =
  | { readonly action: 'create'; readonly kind: ResourceKind; readonly address: Address; readonly cas: number; readonly fields: readonly FieldChange[] }
  | { readonly action: 'update'; readonly kind: ResourceKind; readonly address: Address; readonly cas: number; readonly fields: readonly FieldChange[] }
  /** Only custom_metadata differs: adopted, or an interrupted apply is completed. */
  | { readonly action: 'mark'; readonly kind: EntryKind; readonly address: Address; readonly cas: number; readonly fields: readonly FieldChange[] }
  | { readonly action: 'delete'; readonly kind: ResourceKind; readonly address: Address; readonly cas: number; readonly fields: readonly FieldChange[] }

/** Declared, but its value in Vault is not what Plenum wrote: not overwritten unless asked to. */
export interface Drift {
  readonly address: Address
  /** `changed`: somebody wrote after Plenum did. `foreign`: it was there before Plenum and differs. */
  readonly reason: 'changed' | 'foreign'
  readonly version: number
  readonly changedAt: number
  readonly fields: readonly FieldChange[]
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
  readonly changes: readonly Change[]
  readonly unchanged: number
  readonly drifted: readonly Drift[]
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
