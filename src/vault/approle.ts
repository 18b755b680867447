/**
 * AppRole administration (vault-api 8): roles, role-ids and secret-ids. `mount` is the path below `auth/`, mostly
 * `approle`. Vault lower-cases role names. For logging in see `login.ts` and `appRoleToken`.
 */
import { type Json, type Sensitive, sensitive } from '../sensitive/index.ts'
import { ask, askForKeys } from './ask.ts'
import type { VaultClient } from './client.ts'
import type { JsonRecord } from './decode.ts'
import { encodeFolder, encodeName } from './path.ts'

export interface NewSecretId {
  readonly secretId: Sensitive<string>
  readonly accessor: string
}

export interface SecretIdInfo {
  readonly accessor: string
  /** Unix ms. */
  readonly createdAt: number
  /** Unix ms; undefined when it does not expire. */
  readonly expiresAt: number | undefined
  /** Logins left; 0: no limit. */
  readonly usesLeft: number
  readonly metadata: Readonly<Record<string, string>>
}

export async function listRoles(client: VaultClient, mount: string, signal?: AbortSignal): Promise<string[]> {
  return askForKeys(client, `auth/${encodeFolder(mount)}/role`, signal)
}

/** The role's settings in Vault's own words (`token_policies`, `secret_id_ttl`, ...). */
export async function readRole(
  client: VaultClient,
  mount: string,
  name: string,
  signal?: AbortSignal,
): Promise<JsonRecord | undefined> {
  const reply = await ask(client, 'GET', rolePath(mount, name), { signal })
  return reply.status === 404 ? undefined : reply.body.at('data').record()
}

/** Creates it, or changes the given settings of it. */
export async function writeRole(
  client: VaultClient,
  mount: string,
  name: string,
  settings: JsonRecord,
  signal?: AbortSignal,
): Promise<void> {
  await ask(client, 'POST', rolePath(mount, name), { body: settings, signal })
}

/** With its secret-ids. Nothing happens when there is none of that name. */
export async function deleteRole(
  client: VaultClient,
  mount: string,
  name: string,
  signal?: AbortSignal,
): Promise<void> {
  await ask(client, 'DELETE', rolePath(mount, name), { signal })
}

export async function readRoleId(
  client: VaultClient,
  mount: string,
  name: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const reply = await ask(client, 'GET', `${rolePath(mount, name)}/role-id`, { signal })
  return reply.status === 404 ? undefined : reply.body.at('data').at('role_id').string()
}

/** Sent once: a second one would leave an unused secret-id behind. 'vault-not-found' when there is no such role. */
export async function generateSecretId(
  client: VaultClient,
  mount: string,
  name: string,
  options: {
    readonly metadata?: Readonly<Record<string, string>> | undefined
    readonly signal?: AbortSignal | undefined
  } = {},
): Promise<NewSecretId> {
  const { metadata, signal } = options
  const body = metadata === undefined ? {} : { metadata: JSON.stringify(metadata) }
  const reply = await ask(client, 'POST', `${rolePath(mount, name)}/secret-id`, { body, signal, retry: false })
  const data = reply.body.at('data')
  return { secretId: sensitive(data.at('secret_id').string()), accessor: data.at('secret_id_accessor').string() }
}

/** Undefined when the role has no such secret-id (any more). A missing role is an error. */
export async function lookupSecretId(
  client: VaultClient,
  mount: string,
  name: string,
  secretId: Sensitive<string>,
  signal?: AbortSignal,
): Promise<SecretIdInfo | undefined> {
  const body = secretId.map((clear): Json => ({ secret_id: clear }))
  const reply = await ask(client, 'POST', `${rolePath(mount, name)}/secret-id/lookup`, { body, signal })
  if (reply.status === 204 || reply.status === 404) return undefined
  const data = reply.body.at('data')
  const expiresAt = data.at('expiration_time').time()
  return {
    accessor: data.at('secret_id_accessor').string(),
    createdAt: data.at('creation_time').time(),
    // Go's zero time, year 1, stands for "never".
    expiresAt: expiresAt < 0 ? undefined : expiresAt,
    usesLeft: data.at('secret_id_num_uses').count(),
    metadata: data.at('metadata').stringMap(),
  }
}

function rolePath(mount: string, name: string): string {
  return `auth/${encodeFolder(mount)}/role/${encodeName(name)}`
}
