/**
 * Who may do what: the rules of each policy, least privilege.
 *
 * Two traps of Vault shape what follows (vault-api 8, 10.3):
 *
 * - Names of policies and roles are compared in lower case and paths in policies are not: a deny for `…/plenum-x-ci`
 *   does not cover `…/PLENUM-X-CI`, which is the same policy. So nothing here rests on a deny; what may be written is
 *   named.
 * - `auth/approle/role/plenum-x-*` also covers `…/role/plenum-x-airflow/secret-id`, and no rule with `+` is more
 *   specific than it. Whoever writes a role by prefix can make its secret-ids. So CI gets roles by their whole names.
 */
import { ownFolder, projectFolder } from './layout.ts'
import type { Hub } from './hub.ts'
import type { PolicyRule } from './policy-text.ts'

export const AUTH_MOUNT = 'approle'
const ROLES = `auth/${AUTH_MOUNT}/role`
const POLICIES = 'sys/policies/acl'

/** Names of the hub's policies and roles begin with it; a policy and its role carry one name. */
export function namePrefix(hub: Pick<Hub, 'name'>): string {
  return `plenum-${hub.name}-`
}

/**
 * Reading anything below the prefixes, declared or not: a miss is then 404, and Airflow goes on to the next backend.
 * With a 403 it logs an error, and from provider 4.8.1 on logs in once more for nothing (airflow 1.5). Nothing else:
 * the backend never lists and never looks at metadata.
 */
export function airflowRules({ vault }: Hub): PolicyRule[] {
  return [
    {
      path: { below: `${vault.mount}/data/${vault.connections}` },
      capabilities: ['read'],
      why: 'connections; a miss is 404, not 403',
    },
    {
      path: { below: `${vault.mount}/data/${vault.variables}` },
      capabilities: ['read'],
      why: 'variables; a miss is 404, not 403',
    },
  ]
}

export function projectRules({ vault }: Hub, project: string): PolicyRule[] {
  const folder = projectFolder(vault, project)
  return [
    { path: { below: `${vault.mount}/data/${folder}` }, capabilities: ['read'], why: "the project's own secrets" },
  ]
}

/**
 * What `plan` and `apply` ask, day to day. CI can neither enable engines nor make credentials, nor change its own policy
 * or the operator's: the first apply, and the one after a project came or went, is the operator's.
 *
 * `writable` are the names of the policies that CI may write: those of Airflow and of the declared projects. It may
 * write the roles of the same names, with their settings and no more: not with a role_id of its choice, and only with
 * `bind_secret_id`, or it could enter as one of them without a secret-id.
 *
 * So CI decides what Airflow and the projects may read, and can become none of them.
 */
export function ciRules(hub: Hub, writable: readonly string[], roleSettings: readonly string[]): PolicyRule[] {
  const prefix = namePrefix(hub)
  const parameters = Object.fromEntries(
    roleSettings.map((name) => [name, name === 'bind_secret_id' ? true : 'any'] as const),
  )
  return [
    ...stateRules(hub),
    ...entryRules(hub.vault.mount, foldersOf(hub), CI_ON_ENTRIES),
    { path: { startingWith: `${POLICIES}/${prefix}` }, capabilities: ['read'], why: "compare the hub's policies" },
    { path: { startingWith: `${ROLES}/${prefix}` }, capabilities: ['read'], why: "compare the hub's roles" },
    ...writable.flatMap((name): PolicyRule[] => [
      {
        path: { exact: `${POLICIES}/${name}` },
        capabilities: ['create', 'read', 'update', 'delete'],
        why: `policy ${name}`,
      },
      {
        path: { exact: `${ROLES}/${name}` },
        capabilities: ['create', 'read', 'update', 'delete'],
        parameters,
        why: `role ${name}: its settings, not its secret-ids`,
      },
    ]),
  ]
}

/**
 * `plenum sync` follows Airflow's database: it writes connections and variables, and softly deletes what it made. It
 * has no business with projects' secrets, policies or roles. Its own key it may make once and never replace.
 */
export function syncRules(hub: Hub): PolicyRule[] {
  const { mount, connections, variables } = hub.vault
  return [
    ...entryRules(mount, [connections, variables], SYNC_ON_ENTRIES),
    {
      path: { exact: `${mount}/data/${ownFolder(hub)}/sync` },
      capabilities: ['create', 'read'],
      why: 'the key of its digests',
    },
  ]
}

/**
 * A person who runs the hub: all that CI may, and what CI may not. Whoever writes policies can give himself any right,
 * so this is as good as an administrator of the hub; it is kept short against mistakes, not against him.
 *
 * Left out: removing a mount or an auth method, and deleting metadata (`destroy` removes the data and leaves the trace),
 * but for the records of clean-ups, which are Plenum's own.
 */
export function operatorRules(hub: Hub): PolicyRule[] {
  const { mount } = hub.vault
  const prefix = namePrefix(hub)
  return [
    ...stateRules(hub),
    ...entryRules(mount, [...foldersOf(hub), ownFolder(hub)], OPERATOR_ON_ENTRIES),
    {
      path: { below: `${mount}/metadata/${ownFolder(hub)}/undo` },
      capabilities: ['create', 'read', 'update', 'delete', 'list'],
      why: 'remove the record of a clean-up that nobody will undo',
    },
    { path: { exact: `sys/mounts/${mount}` }, capabilities: ['create', 'read', 'update'], why: 'enable the KV engine' },
    {
      path: { exact: `sys/auth/${AUTH_MOUNT}` },
      capabilities: ['create', 'read', 'update', 'sudo'],
      why: 'enable AppRole; sudo, as Vault asks for it',
    },
    {
      path: { startingWith: `${POLICIES}/${prefix}` },
      capabilities: ['create', 'read', 'update', 'delete'],
      why: "the hub's policies",
    },
    {
      path: { startingWith: `${ROLES}/${prefix}` },
      capabilities: ['create', 'read', 'update', 'delete', 'list'],
      why: "the hub's roles, their role-ids and secret-ids, these also by accessor",
    },
    {
      path: { exact: 'auth/token/lookup-accessor' },
      capabilities: ['create', 'update'],
      why: 'whose token an accessor of the audit log was',
    },
    {
      path: { exact: 'sys/audit' },
      capabilities: ['read', 'sudo'],
      why: 'see which audit devices are on; sudo, as Vault asks for it',
    },
    {
      path: { exact: 'sys/plenum/status' },
      capabilities: ['read'],
      why: 'how the embedded server does; no other Vault has it',
    },
  ]
}

/** What there is: engines, auth methods, names of policies and roles; and what entries are copied from. */
function stateRules(hub: Hub): PolicyRule[] {
  const { vault } = hub
  const sources = hub.entries.flatMap(({ fields }) =>
    [...fields.values()].flatMap((one) => (one.kind === 'vault' ? [one.path] : [])),
  )
  const foreign = [...new Set(sources)]
    .filter((path) => !foldersOf(hub).some((folder) => path.startsWith(`${folder}/`)))
    .sort()
  return [
    { path: { exact: 'sys/mounts' }, capabilities: ['read'], why: 'see which engines are mounted' },
    { path: { exact: 'sys/auth' }, capabilities: ['read'], why: 'see which auth methods are enabled' },
    { path: { exact: POLICIES }, capabilities: ['list'], why: 'names of policies' },
    { path: { exact: ROLES }, capabilities: ['list'], why: 'names of roles' },
    ...foreign.map(
      (path): PolicyRule => ({
        path: { exact: `${vault.mount}/data/${path}` },
        capabilities: ['read'],
        why: 'a value is copied from here',
      }),
    ),
  ]
}

/** KV's API words for an entry, and what may be done there. */
type OnEntries = readonly (Pick<PolicyRule, 'capabilities' | 'parameters' | 'why'> & {
  readonly api: 'data' | 'metadata' | 'delete' | 'undelete' | 'destroy'
})[]

const CI_ON_ENTRIES: OnEntries = [
  {
    api: 'data',
    capabilities: ['create', 'read', 'update'],
    why: 'write new versions, never delete by chance the newest',
  },
  {
    api: 'metadata',
    capabilities: ['create', 'read', 'update', 'list'],
    // max_versions or delete_version_after would let old versions vanish.
    parameters: { custom_metadata: 'any' },
    why: 'list entries and mark them as managed',
  },
  { api: 'delete', capabilities: ['create', 'update'], why: 'soft delete of one version, which can be undone' },
]

/** As CI; and its record of each object is changed key by key, so that two at once lose nothing of each other. */
const SYNC_ON_ENTRIES: OnEntries = CI_ON_ENTRIES.map((rights) =>
  rights.api === 'metadata'
    ? {
        ...rights,
        capabilities: ['create', 'read', 'update', 'patch', 'list'],
        // `cas_required: false` makes the metadata of a new key and changes nothing.
        parameters: { custom_metadata: 'any', cas_required: false },
        why: 'list entries, mark them, and keep the record of what was synced',
      }
    : rights,
)

const OPERATOR_ON_ENTRIES: OnEntries = [
  { api: 'data', capabilities: ['create', 'read', 'update', 'delete'], why: 'entries' },
  { api: 'metadata', capabilities: ['create', 'read', 'update', 'list'], why: 'list entries, see their versions' },
  { api: 'delete', capabilities: ['create', 'update'], why: 'soft delete of versions' },
  { api: 'undelete', capabilities: ['create', 'update'], why: 'bring deleted versions back' },
  { api: 'destroy', capabilities: ['create', 'update'], why: 'remove versions for good, after a leak' },
]

function entryRules(mount: string, folders: readonly string[], rights: OnEntries): PolicyRule[] {
  return folders.flatMap((folder) =>
    rights.map(({ api, ...rest }): PolicyRule => ({ path: { below: `${mount}/${api}/${folder}` }, ...rest })),
  )
}

function foldersOf({ vault }: Hub): string[] {
  return [vault.connections, vault.variables, vault.projects]
}
