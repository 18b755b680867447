/** Verification with the credentials that lie on this machine, as the roles that own them. */
import type { HubAccess, HubRole } from '../hub/index.ts'
import { type FingerprintKey, sensitive } from '../sensitive/index.ts'
import { appRoleToken, type VaultClient } from '../vault/index.ts'
import { type VerifyReport, verifyHub } from '../verify/index.ts'
import { requireCredentials } from './credentials.ts'
import type { OpenHub } from './hub-file.ts'
import { startProgress } from './progress.ts'
import type { Screen } from './screen.ts'
import { openClient, type Reach } from './target.ts'

export interface VerificationOptions {
  readonly access: HubAccess
  readonly reach: Reach
  readonly screen: Screen
  readonly key?: FingerprintKey
  readonly signal: AbortSignal
}

export async function verifyWithCredentials(
  hub: OpenHub,
  { access, reach, screen, key, signal }: VerificationOptions,
): Promise<VerifyReport> {
  const progress = startProgress({ label: 'verify', quiet: screen.quiet })
  try {
    return await verifyHub({
      hub: hub.hub,
      access,
      concurrency: reach.connection.pace,
      clientFor: (role) => openAsRole(hub, role, { access, reach }),
      ...(key === undefined ? {} : { key }),
      onProgress: (done, total) => progress.update(done, total),
      signal,
    })
  } finally {
    progress.end()
  }
}

/** A client that enters with the credentials of this role. @throws {CommandError} when there are none here. */
export function openAsRole(
  hub: OpenHub,
  role: HubRole,
  { access, reach }: Pick<VerificationOptions, 'access' | 'reach'>,
): VaultClient {
  const { roleId, secretId } = requireCredentials(hub, role, reach.storeId)
  return openClient(
    reach,
    appRoleToken({ mount: access.authMount, roleId: sensitive(roleId), secretId, now: Date.now }),
  )
}
