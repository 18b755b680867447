/**
 * Issues what each role logs in with, and keeps it as files: role_id, and a secret_id that is made anew only when the
 * one at hand no longer serves.
 *
 * A replaced secret-id is not destroyed: whoever still holds it may use it until it expires.
 */
import { type Bound, mapBounded } from '../concurrency/index.ts'
import { type HubAccess, type HubRole, shortRoleName } from '../hub/index.ts'
import { generateSecretId, lookupSecretId, readRoleId, type SecretIdInfo, type VaultClient } from '../vault/index.ts'
import { type CredentialFiles, type Credentials, readCredentials, writeCredentials } from './credential-files.ts'
import { CommandError } from './failure.ts'
import { type OpenHub, shown } from './hub-file.ts'
import { roleFiles } from './roles.ts'

/** A secret-id in the last fifth of its life is replaced now, while there is somebody to do it. */
const LAST_PART = 0.2

/** Whether a secret-id will still do. Pure. */
export function stillServes(info: SecretIdInfo | undefined, now: number): boolean {
  if (info === undefined) return false
  if (info.expiresAt === undefined) return true
  return info.expiresAt - now > (info.expiresAt - info.createdAt) * LAST_PART
}

export interface IssuedCredentials {
  /** Short role names. */
  readonly issued: readonly string[]
  readonly kept: readonly string[]
}

export interface IssueOptions {
  readonly client: VaultClient
  readonly hub: OpenHub
  readonly access: HubAccess
  readonly storeId: string | undefined
  readonly concurrency: Bound
  readonly now: number
  readonly signal?: AbortSignal
}

export async function issueCredentials(options: IssueOptions): Promise<IssuedCredentials> {
  const { hub, access, storeId, concurrency } = options
  const wanted = access.roles.flatMap((role) => {
    const files = roleFiles(hub, role, storeId)
    return files === undefined ? [] : [{ role, files }]
  })
  const results = await mapBounded(wanted, concurrency, async ({ role, files }) => ({
    name: shortRoleName(role),
    fresh: await issueOne(role, files, options),
  }))
  const names = (fresh: boolean) => results.filter((result) => result.fresh === fresh).map(({ name }) => name)
  return { issued: names(true), kept: names(false) }
}

/** @throws {CommandError} naming the command that makes them. */
export function requireCredentials(hub: OpenHub, role: HubRole, storeId: string | undefined): Credentials {
  const files = roleFiles(hub, role, storeId)
  const credentials = files === undefined ? undefined : readCredentials(files)
  if (credentials !== undefined) return credentials
  throw new CommandError(
    'credentials-missing',
    `no credentials of ${shortRoleName(role)} for environment ${hub.environment} in ${shown(files?.folder ?? hub.run.path)}`,
    {
      hint: `\`plenum up -e ${hub.environment}\` issues them`,
    },
  )
}

/** True when a new secret-id was made. */
async function issueOne(
  role: HubRole,
  files: CredentialFiles,
  { client, access, hub, now, signal }: IssueOptions,
): Promise<boolean> {
  const mount = access.authMount
  const roleId = await readRoleId(client, mount, role.name, signal)
  if (roleId === undefined) {
    throw new CommandError('role-missing', `Vault has no role ${role.name}`, {
      hint: `\`plenum apply -e ${hub.environment}\` makes it`,
    })
  }
  const held = readCredentials(files)
  const info = held === undefined ? undefined : await lookupSecretId(client, mount, role.name, held.secretId, signal)
  if (held !== undefined && stillServes(info, now)) {
    writeCredentials(files, { roleId, secretId: held.secretId })
    return false
  }
  const { secretId } = await generateSecretId(client, mount, role.name, {
    metadata: { hub: hub.hub.name, 'issued-by': 'plenum' },
    ...(signal === undefined ? {} : { signal }),
  })
  writeCredentials(files, { roleId, secretId })
  return true
}
