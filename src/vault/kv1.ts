/**
 * KV version 1 (vault-api 5): one value a path, no versions, no metadata. For reading what older Vaults hold.
 *
 * Invariant: a secret's data is wrapped in `Sensitive` as soon as it is decoded.
 *
 * Left out: writing and deleting. Plenum writes to version 2 alone, because version 1 has no check-and-set.
 */
import { sensitive } from '../sensitive/index.ts'
import { ask, askForChildren } from './ask.ts'
import type { VaultClient } from './client.ts'
import type { SecretData } from './kv2.ts'
import { encodeFolder, encodePath } from './path.ts'

/** Undefined when nothing lies there. A mount of version 2 answers the same for every path that is not of its API. */
export async function readPlainSecret(
  client: VaultClient,
  mount: string,
  path: string,
  signal?: AbortSignal,
): Promise<SecretData | undefined> {
  const reply = await ask(client, 'GET', `${encodeFolder(mount)}/${encodePath(path)}`, { signal })
  return reply.status === 404 ? undefined : sensitive(reply.body.at('data').record())
}

/**
 * The direct children of a folder (`''`: of the mount), folders with a `/` at the end; none is an empty list. A name
 * that is both a secret and a folder stands there twice.
 */
export async function listPlainSecrets(
  client: VaultClient,
  mount: string,
  prefix: string,
  signal?: AbortSignal,
): Promise<string[]> {
  const path = prefix === '' ? encodeFolder(mount) : `${encodeFolder(mount)}/${encodeFolder(prefix)}`
  return askForChildren(client, path, signal)
}
