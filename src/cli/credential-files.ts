/**
 * One role's credentials as files: `role_id` and `secret_id`, 0600 in a folder of 0700. They are what services read
 * (Vault Agent's file names), so each holds its text and nothing else.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Sensitive, sensitive } from '../sensitive/index.ts'
import { makePrivateFolder, writePrivateFile } from './private-files.ts'

export interface CredentialFiles {
  readonly folder: string
  readonly roleId: string
  readonly secretId: string
  /** Airflow's role alone: the whole backend_kwargs as JSON. */
  readonly kwargs: string
}

export interface Credentials {
  readonly roleId: string
  readonly secretId: Sensitive<string>
}

export function credentialFiles(folder: string): CredentialFiles {
  return {
    folder,
    roleId: join(folder, 'role_id'),
    secretId: join(folder, 'secret_id'),
    kwargs: join(folder, 'backend_kwargs.json'),
  }
}

/** `undefined` unless both files are there and hold something. */
export function readCredentials(files: CredentialFiles): Credentials | undefined {
  if (!existsSync(files.roleId) || !existsSync(files.secretId)) return undefined
  const roleId = readFileSync(files.roleId, 'utf8').trim()
  const secretId = readFileSync(files.secretId, 'utf8').trim()
  return roleId === '' || secretId === '' ? undefined : { roleId, secretId: sensitive(secretId) }
}

/** The secret-id first: a role_id whose secret_id never came would look like credentials that do not work. */
export function writeCredentials(files: CredentialFiles, { roleId, secretId }: Credentials): void {
  makePrivateFolder(files.folder)
  writePrivateFile(files.secretId, secretId.reveal())
  writePrivateFile(files.roleId, roleId)
}
