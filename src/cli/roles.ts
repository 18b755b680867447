/** Where the credentials of each role of a hub lie. The operator's lie in the user's configuration folder alone. */
import { type HubRole, shortRoleName } from '../hub/index.ts'
import type { CredentialFiles } from './credential-files.ts'
import type { OpenHub } from './hub-file.ts'

/** `undefined`: no credentials of it are kept on this machine (the operator of a Vault that is not ours). */
export function roleFiles(hub: OpenHub, role: HubRole, storeId: string | undefined): CredentialFiles | undefined {
  if (role.purpose.kind === 'operator') return storeId === undefined ? undefined : hub.config.operator(storeId)
  return hub.run.credentials(hub.environment, shortRoleName(role))
}
