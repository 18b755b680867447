/**
 * What Vault has, as the plan compares it: one request for each entry, in parallel with a bound.
 *
 * Invariant: values are turned into fingerprints as they arrive and are not kept. Of entries that the hub does not
 * declare only metadata is read, unless Plenum made them.
 *
 * It changes nothing. It looks at the declared mount and auth method, at policies and roles with this hub's prefix, and
 * at entries below the hub's three folders; the rest of Vault is not its business.
 */
import type { Bound } from '../concurrency/index.ts'
import type { Hub, HubAccess } from '../hub/index.ts'
import { type Actual, type ActualSettings, addressOf, type Desired } from '../plan/index.ts'
import type { FingerprintKey } from '../sensitive/index.ts'
import { type AuthMountInfo, type MountInfo, readAuthMounts, readMounts, type VaultClient } from '../vault/index.ts'
import { readPolicies, readRoles } from './read-access.ts'
import { readEntries } from './read-entries.ts'

export interface ReadActualOptions {
  readonly hub: Hub
  readonly access: HubAccess
  /** The same as for `desiredState`. */
  readonly key: FingerprintKey
  readonly desired: readonly Desired[]
  /** Requests under way at once. */
  readonly concurrency: Bound
  /** `ignored`: what the hub does not declare is not looked at. Default `read`. */
  readonly undeclared?: 'read' | 'ignored' | undefined
  /** Of the entries. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** Rejects with the first VaultError: half a picture makes a wrong plan. */
export async function readActual(client: VaultClient, options: ReadActualOptions): Promise<Actual[]> {
  const { hub, access, signal } = options
  const [mounts, authMounts] = await Promise.all([readMounts(client, signal), readAuthMounts(client, signal)])
  const mount = mounts.get(`${hub.vault.mount}/`)
  const auth = authMounts.get(`${access.authMount}/`)
  const policies = await readPolicies(client, options)
  const roles = auth?.type === 'approle' ? await readRoles(client, policies, options) : []
  const entries = mount?.type === 'kv' && mount.version === '2' ? await readEntries(client, options) : []
  return [...mountSettings(hub, mount), ...authSettings(access, auth), ...policies, ...roles, ...entries]
}

function mountSettings(hub: Hub, mount: MountInfo | undefined): ActualSettings[] {
  if (mount === undefined) return []
  const { type, version } = mount
  const settings = version === undefined ? { type } : { type, version }
  return [{ kind: 'mount', address: addressOf('mount', hub.vault.mount), settings, managed: false }]
}

function authSettings({ authMount }: HubAccess, auth: AuthMountInfo | undefined): ActualSettings[] {
  if (auth === undefined) return []
  return [{ kind: 'auth', address: addressOf('auth', authMount), settings: { type: auth.type }, managed: false }]
}
