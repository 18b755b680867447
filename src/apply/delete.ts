/**
 * Deletions, which come last. An entry loses exactly the version that the plan saw, and only its readers lose it: the
 * metadata and the older versions stay, and `undelete` is the way back. Policies and roles have no versions; that they
 * are still Plenum's is looked at once more.
 */
import { type Hub, type HubAccess, namePrefix } from '../hub/index.ts'
import { type Change, idOf, type ResourceKind } from '../plan/index.ts'
import {
  deletePolicy,
  deleteRole,
  deleteSecretVersion,
  readMetadata,
  readPolicy,
  readRole,
  readSecret,
  type VaultClient,
  VaultError,
} from '../vault/index.ts'
import { placesOf } from './places.ts'
import { isMarkedPolicy, policiesOfRole } from './read-access.ts'
import { DRIFTED_MEANWHILE, failed, type Outcome } from './report.ts'

interface Deleter {
  readonly client: VaultClient
  readonly hub: Hub
  readonly access: HubAccess
}

/** Never rejects. */
export async function deleteObject(change: Change, deleter: Deleter): Promise<Outcome> {
  try {
    return await DELETE[change.kind](change, deleter)
  } catch (error) {
    return failed(error)
  }
}

async function deleteMarkedPolicy({ address }: Change, { client, hub }: Deleter): Promise<Outcome> {
  const name = idOf(address)
  const text = await readPolicy(client, name)
  if (text === undefined) return { status: 'applied' }
  if (!isMarkedPolicy(hub, text)) return DRIFTED_MEANWHILE
  await deletePolicy(client, name)
  return { status: 'applied' }
}

async function deleteOwnRole({ address }: Change, { client, hub, access }: Deleter): Promise<Outcome> {
  const name = idOf(address)
  const settings = await readRole(client, access.authMount, name)
  if (settings === undefined) return { status: 'applied' }
  if (!policiesOfRole(settings).every((policy) => policy.startsWith(namePrefix(hub)))) return DRIFTED_MEANWHILE
  await deleteRole(client, access.authMount, name)
  return { status: 'applied' }
}

async function deleteEntry({ kind, address, cas }: Change, { client, hub }: Deleter): Promise<Outcome> {
  const place = placesOf(hub).find((one) => one.kind === kind)
  const path = `${place?.folder ?? ''}/${idOf(address)}`
  const { mount } = hub.vault
  const metadata = await readMetadata(client, mount, path)
  if (metadata === undefined) return { status: 'applied' }
  if (metadata.currentVersion !== cas) return DRIFTED_MEANWHILE
  try {
    await deleteSecretVersion(client, mount, path, cas)
  } catch (error) {
    if (!(error instanceof VaultError) || error.effect === 'none') throw error
    const read = await readSecret(client, mount, path)
    if (read.kind !== 'deleted' || read.version !== cas) throw error
  }
  return { status: 'applied', version: cas }
}

/** Others may live there. No plan asks for it. */
async function keepMount(): Promise<Outcome> {
  return { status: 'skipped', reason: 'mounts and auth methods are never deleted' }
}

const DELETE: Readonly<Record<ResourceKind, (change: Change, deleter: Deleter) => Promise<Outcome>>> = {
  mount: keepMount,
  auth: keepMount,
  policy: deleteMarkedPolicy,
  role: deleteOwnRole,
  connection: deleteEntry,
  variable: deleteEntry,
  secret: deleteEntry,
}
