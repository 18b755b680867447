/**
 * Who may read what: the AppRole roles of a hub and their policies. Pure; `plan` compares them with Vault.
 *
 *   plenum-<hub>-airflow             Airflow itself: all connections and variables
 *   plenum-<hub>-project-<project>   services of one project: its own secrets
 *   plenum-<hub>-ci                  a pipeline that runs plan and apply
 *   plenum-<hub>-sync                `plenum sync`: connections and variables, and its own key
 *   plenum-<hub>-operator            a person who runs the hub
 *
 * One role a reader, and one policy of the same name a role. In Airflow every task reads through Airflow's role: a
 * project's connections are not hidden from the tasks of other projects (airflow 2.3). What only one project may see
 * belongs into its `secrets`.
 */
import type { Json } from '../sensitive/index.ts'
import {
  AUTH_MOUNT,
  airflowRules,
  ciRules,
  namePrefix,
  operatorRules,
  projectRules,
  syncRules,
} from './access-policies.ts'
import type { Hub } from './hub.ts'
import { policyText, type PolicyRule } from './policy-text.ts'
import { type RoleSettings, roleSettings, SETTING_NAMES } from './role-settings.ts'

export type RolePurpose =
  | { readonly kind: 'airflow' }
  | { readonly kind: 'project'; readonly project: string }
  | { readonly kind: 'ci' }
  | { readonly kind: 'sync' }
  | { readonly kind: 'operator' }

export interface HubRole {
  readonly name: string
  readonly purpose: RolePurpose
  readonly policies: readonly string[]
  /** In Vault's own words, as `GET auth/approle/role/<name>` gives them back. */
  readonly settings: Readonly<Record<string, Json>>
}

export interface HubAccess {
  readonly authMount: 'approle'
  /** Name to HCL text. */
  readonly policies: ReadonlyMap<string, string>
  readonly roles: readonly HubRole[]
}

/** First line of every policy that Plenum writes for this hub. The name is in quotes so that none begins another. */
export function POLICY_MARK(hub: Pick<Hub, 'name'>): string {
  return `# managed by plenum: hub "${hub.name}"`
}

export function accessOf(hub: Hub): HubAccess {
  const purposes: readonly RolePurpose[] = [
    { kind: 'airflow' },
    ...hub.projects.map(({ name }): RolePurpose => ({ kind: 'project', project: name })),
    { kind: 'ci' },
    { kind: 'sync' },
    { kind: 'operator' },
  ]
  const roles = purposes.map((purpose): HubRole => {
    const name = roleName(hub, purpose)
    const settings: RoleSettings = roleSettings(purpose.kind, [name])
    return { name, purpose, policies: [name], settings: { ...settings } }
  })
  const policies = new Map(roles.map(({ name, purpose }) => [name, textOf(hub, purpose)] as const))
  return { authMount: AUTH_MOUNT, policies, roles }
}

/** @throws {RangeError} for a project that the hub does not have: a mistake of the caller. */
export function roleOf(access: HubAccess, purpose: RolePurpose): HubRole {
  const role = access.roles.find((one) => isSame(one.purpose, purpose))
  if (role !== undefined) return role
  throw new RangeError(
    `the hub has no role for ${purpose.kind === 'project' ? `project ${purpose.project}` : purpose.kind}`,
  )
}

/** A role's name without what all roles of the hub share: `airflow`, `project-trading`, `ci`, `sync`, `operator`. */
export function shortRoleName({ purpose }: Pick<HubRole, 'purpose'>): string {
  return purpose.kind === 'project' ? `project-${purpose.project}` : purpose.kind
}

function isSame(a: RolePurpose, b: RolePurpose): boolean {
  return a.kind === 'project' ? b.kind === 'project' && a.project === b.project : a.kind === b.kind
}

function roleName(hub: Hub, purpose: RolePurpose): string {
  return `${namePrefix(hub)}${shortRoleName({ purpose })}`
}

function textOf(hub: Hub, purpose: RolePurpose): string {
  const mark = POLICY_MARK(hub).replace(/^# /, '')
  if (purpose.kind === 'project') {
    const { project } = purpose
    return policyText([mark, `services of project ${project}: its own secrets`], projectRules(hub, project))
  }
  const { readers, rules } = POLICIES[purpose.kind]
  return policyText([mark, readers], rules(hub))
}

interface PolicyContent {
  readonly readers: string
  readonly rules: (hub: Hub) => PolicyRule[]
}

const POLICIES: Readonly<Record<Exclude<RolePurpose['kind'], 'project'>, PolicyContent>> = {
  airflow: { readers: 'Airflow: its connections and variables', rules: airflowRules },
  ci: { readers: 'a pipeline that runs plenum plan and plenum apply', rules: rulesOfCi },
  sync: { readers: 'plenum sync: what people change in Airflow', rules: syncRules },
  operator: { readers: 'a person who runs the hub', rules: operatorRules },
}

function rulesOfCi(hub: Hub): PolicyRule[] {
  const projects = hub.projects.map(({ name }): RolePurpose => ({ kind: 'project', project: name }))
  const writable = [{ kind: 'airflow' } as const, ...projects].map((purpose) => roleName(hub, purpose))
  return ciRules(hub, writable, SETTING_NAMES)
}
