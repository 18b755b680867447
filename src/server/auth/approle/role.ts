/**
 * A role: what it is, how it is stored, how requests change it and how it is shown (vault-api 8). Pure.
 *
 *     role/<h + HMAC of the name>        { "version": 1, "name", "key": <base64>, "folder", "roleId", "bindSecretId",
 *                                          "secretIdBoundCidrs", "secretIdNumUses", "secretIdTtl", "localSecretIds",
 *                                          "token": { policies, ttl, ... }, "deprecated": { "policies", "period" } }
 *     role-id/<h + HMAC of the role-id>  the role's name
 *     salt                               of both, 32 raw bytes
 *
 * `key` is the role's own HMAC key for its secret-ids: a role that is deleted and made again knows none of the old ones.
 */
import { parseCidrs } from '../../logical/cidr.ts'
import { goDuration } from '../../logical/duration.ts'
import { boolField, durationField, intField, stringField, stringListField } from '../../logical/fields.ts'
import { type Fields, internalError, invalidRequest, type JsonObject } from '../../logical/index.ts'
import {
  DEFAULT_TOKEN_SETTINGS,
  type LeaseTtl,
  oldNameFields,
  type OldNames,
  type OldNamesUsed,
  oldNamesUsed,
  readTokenSettings,
  showOldNames,
  showTokenSettings,
  TOKEN_FIELDS,
  type TokenSettings,
  underNewNames,
} from '../../token/index.ts'
import { keyedName } from './keyed-name.ts'

/** Durations in seconds. */
export interface Role {
  readonly name: string
  readonly key: Buffer
  /** `h` + HMAC of the name under the key: where its secret-ids lie. */
  readonly folder: string
  readonly roleId: string
  readonly bindSecretId: boolean
  readonly secretIdBoundCidrs: readonly string[]
  /** Of each secret-id; 0: no limit. */
  readonly secretIdNumUses: number
  /** Of each secret-id; 0: no limit. */
  readonly secretIdTtl: number
  /** Kept and shown; there is no cluster here to be local in. */
  readonly localSecretIds: boolean
  readonly token: TokenSettings
  /** Whether the setting was made under its old name, which is then shown too. */
  readonly deprecated: OldNamesUsed<OldName>
}

type OldName = 'policies' | 'period'

const OLD_NAMES: OldNames<OldName> = { policies: 'token_policies', period: 'token_period' }
const VERSION = 1

/** What `changeRole` reads. */
export const ROLE_FIELDS: Fields = {
  role_id: { type: 'string', about: 'What logins of the role bring; made by the server unless it is given.' },
  bind_secret_id: { type: 'bool', about: 'Whether logins must bring a secret-id.' },
  secret_id_bound_cidrs: { type: 'list', about: 'Networks that logins with a secret-id of the role must come from.' },
  bound_cidr_list: { type: 'list', about: 'The older name of secret_id_bound_cidrs.', deprecated: true },
  secret_id_num_uses: { type: 'int', about: 'How many logins a secret-id is good for; 0 for any number.' },
  secret_id_ttl: { type: 'duration', about: 'How long a secret-id can be used; 0 for no end.' },
  local_secret_ids: {
    type: 'bool',
    about: 'Kept and shown alone: there is no cluster. Can be given to a new role only.',
  },
  ...TOKEN_FIELDS,
  ...oldNameFields(OLD_NAMES),
}

export function newRole(name: string, key: Buffer, roleId: string): Role {
  return {
    name,
    key,
    folder: keyedName(key, name),
    roleId,
    bindSecretId: true,
    secretIdBoundCidrs: [],
    secretIdNumUses: 0,
    secretIdTtl: 0,
    localSecretIds: false,
    token: DEFAULT_TOKEN_SETTINGS,
    deprecated: { policies: false, period: false },
  }
}

export interface ChangedRole {
  readonly role: Role
  readonly warnings: readonly string[]
}

/**
 * Absent fields keep their value.
 * @throws {LogicalError} with Vault's text for each setting or combination that cannot be
 */
export function changeRole(
  data: JsonObject,
  current: Role,
  o: { readonly creating: boolean; readonly lease: LeaseTtl },
): ChangedRole {
  const { settings, warnings } = readTokenSettings(underNewNames(data, OLD_NAMES), current.token)

  const local = boolField(data, 'local_secret_ids')
  if (local !== undefined && !o.creating)
    throw invalidRequest('local_secret_ids can only be modified during role creation')
  const roleId = stringField(data, 'role_id')?.trim() ?? current.roleId
  if (roleId === '') throw invalidRequest('invalid role_id supplied, or failed to generate a role_id')
  const cidrs = stringListField(data, 'secret_id_bound_cidrs') ?? stringListField(data, 'bound_cidr_list')
  const numUses = intField(data, 'secret_id_num_uses') ?? current.secretIdNumUses
  if (numUses < 0) throw invalidRequest('secret_id_num_uses cannot be negative')
  if (settings.period > o.lease.max) {
    throw invalidRequest(
      `period of "${goDuration(settings.period)}" is greater than the backend's maximum lease TTL of "${goDuration(o.lease.max)}"`,
    )
  }
  const role: Role = {
    ...current,
    roleId,
    bindSecretId: boolField(data, 'bind_secret_id') ?? current.bindSecretId,
    secretIdBoundCidrs: cidrs === undefined ? current.secretIdBoundCidrs : parseCidrs(cidrs),
    secretIdNumUses: numUses,
    secretIdTtl: durationField(data, 'secret_id_ttl') ?? current.secretIdTtl,
    localSecretIds: local ?? current.localSecretIds,
    token: settings,
    deprecated: oldNamesUsed(data, OLD_NAMES, current.deprecated),
  }
  if (!isConstrained(role)) throw internalError('at least one constraint should be enabled on the role')
  const truncated =
    "token_max_ttl is greater than the backend mount's maximum TTL value; issued tokens' max TTL value will be truncated"
  return { role, warnings: settings.maxTtl > o.lease.max ? [...warnings, truncated] : warnings }
}

function isConstrained({ bindSecretId, secretIdBoundCidrs, token }: Role): boolean {
  return bindSecretId || secretIdBoundCidrs.length > 0 || token.boundCidrs.length > 0
}

export function showRole(role: Role): JsonObject {
  return {
    bind_secret_id: role.bindSecretId,
    secret_id_bound_cidrs: role.secretIdBoundCidrs.length === 0 ? null : [...role.secretIdBoundCidrs],
    secret_id_num_uses: role.secretIdNumUses,
    secret_id_ttl: role.secretIdTtl,
    local_secret_ids: role.localSecretIds,
    ...showTokenSettings(role.token),
    ...showDeprecated(role),
  }
}

/** The old names, where they were used. */
export function showDeprecated({ token, deprecated }: Role): JsonObject {
  return showOldNames(token, OLD_NAMES, deprecated)
}

export function encodeRole(role: Role): Buffer {
  return Buffer.from(JSON.stringify({ version: VERSION, ...role, key: role.key.toString('base64') }))
}

export function decodeRole(bytes: Uint8Array): Role {
  const { version, key, ...role } = JSON.parse(Buffer.from(bytes).toString('utf8')) as Omit<Role, 'key'> & {
    version: number
    key: string
  }
  if (version !== VERSION)
    throw new AppRoleRecordError(`a stored role has format version ${version}, expected ${VERSION}`)
  return { ...role, key: Buffer.from(key, 'base64') }
}

/** What lies in the store cannot be read as a role or secret-id. Nothing is guessed: the request fails. */
export class AppRoleRecordError extends Error {
  readonly code = 'approle-record'
}
