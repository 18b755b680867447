/**
 * The user's configuration folder: what must not lie in the hub's folder, because that is copied, shared and backed up.
 *
 *   $XDG_CONFIG_HOME/plenum, else ~/.config/plenum
 *     unseal/<storeId>.json                        the embedded store's key (0600)
 *     credentials/<storeId>/operator/              role_id, secret_id of the operator (0600)
 *
 * Whoever has `.plenum` alone has ciphertext; whoever has this folder alone has keys to nothing.
 */
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { type CredentialFiles, credentialFiles } from './credential-files.ts'

export interface ConfigFolder {
  readonly path: string
  unsealKey(storeId: string): string
  operator(storeId: string): CredentialFiles
}

export interface ConfigFolderOptions {
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly home?: string
}

/** A relative XDG_CONFIG_HOME is ignored, as its specification wants. */
export function configFolder({ env = process.env, home = homedir() }: ConfigFolderOptions = {}): ConfigFolder {
  const base = env['XDG_CONFIG_HOME']
  const path = join(base !== undefined && isAbsolute(base) ? base : join(home, '.config'), 'plenum')
  return {
    path,
    unsealKey: (storeId) => join(path, 'unseal', `${storeId}.json`),
    operator: (storeId) => credentialFiles(join(path, 'credentials', storeId, 'operator')),
  }
}
