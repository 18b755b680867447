/**
 * Logging in with a role-id and a secret-id (vault-api 8).
 *
 * Invariant: whatever is wrong with the credentials, the answer is the same text (unknown role-id, unknown, expired or
 * used up secret-id). A login that is refused for where it comes from spends no use. Without limited uses it writes
 * nothing and waits for nothing.
 */
import { cidrsAllow } from '../../logical/cidr.ts'
import { stringField } from '../../logical/fields.ts'
import {
  type Fields,
  invalidCredentials,
  invalidRequest,
  type JsonObject,
  type LogicalError,
  type LogicalRequest,
  type LogicalResponse,
  permissionDenied,
} from '../../logical/index.ts'
import { grantOf } from '../../token/index.ts'
import type { Role } from './role.ts'
import type { RoleStore } from './role-store.ts'
import { checkSubset, type SecretId } from './secret-id.ts'
import type { FoundSecretId, SecretIdStore } from './secret-id-store.ts'

export const LOGIN_FIELDS: Fields = {
  role_id: { type: 'string', about: 'Says which role logs in.' },
  secret_id: { type: 'string', about: 'Proves it, unless the role asks for none.' },
}

export function createLogin(
  roles: RoleStore,
  secretIds: SecretIdStore,
): (request: LogicalRequest) => LogicalResponse | Promise<LogicalResponse> {
  return ({ data, remoteAddress }) => {
    const roleId = roleIdOf(data)
    if (roleId === '') throw invalidRequest('missing role_id')
    const secret = (stringField(data, 'secret_id') ?? '').trim()
    const role = roles.byRoleId(roleId)
    if (role === undefined) throw wrongCredentials()
    const found = role.bindSecretId ? findSecretId(role, secret, secretIds) : undefined
    checkSource(role, found?.secretId, remoteAddress)
    if (found === undefined || found.secretId.numUses === 0) return grantTo(role, found?.secretId)
    return secretIds.useOnce(found.key).then((used) => {
      if (used === undefined) throw wrongCredentials()
      return grantTo(role, used)
    })
  }
}

/** Empty when there is none. */
export function roleIdOf(data: JsonObject): string {
  return (stringField(data, 'role_id') ?? '').trim()
}

function findSecretId(role: Role, secret: string, secretIds: SecretIdStore): FoundSecretId {
  if (secret === '') throw invalidRequest('missing secret_id')
  const found = secretIds.find(role, secret)
  if (found === undefined) throw wrongCredentials()
  return found
}

function checkSource(role: Role, secretId: SecretId | undefined, address: string): void {
  const source = `source address ${JSON.stringify(address)} unauthorized`
  if (secretId !== undefined && secretId.cidrs.length > 0) {
    checkSubset(secretId.cidrs, role.secretIdBoundCidrs)
    if (!cidrsAllow(secretId.cidrs, address))
      throw invalidRequest(`${source} through CIDR restrictions on the secret ID`)
  }
  if (role.secretIdBoundCidrs.length > 0 && !cidrsAllow(role.secretIdBoundCidrs, address)) {
    throw invalidRequest(`${source} by CIDR restrictions on the role`)
  }
  const bound = tokenCidrs(role, secretId)
  if (bound.length > 0 && !cidrsAllow(bound, address)) throw permissionDenied()
}

function grantTo(role: Role, secretId: SecretId | undefined): LogicalResponse {
  const metadata = Object.assign(Object.create(null) as Record<string, string>, secretId?.metadata, {
    role_name: role.name,
  })
  const boundCidrs = tokenCidrs(role, secretId)
  return { kind: 'grant', grant: grantOf(role.token, { displayName: '', metadata, boundCidrs }) }
}

function tokenCidrs(role: Role, secretId: SecretId | undefined): readonly string[] {
  return secretId !== undefined && secretId.tokenCidrs.length > 0 ? secretId.tokenCidrs : role.token.boundCidrs
}

function wrongCredentials(): LogicalError {
  return invalidCredentials('invalid role or secret ID')
}
