/** `role/:name/secret-id` and its kin: making, looking up and destroying secret-ids (vault-api 8). */
import { stringField } from '../../logical/fields.ts'
import {
  type Field,
  internalError,
  invalidRequest,
  LogicalError,
  type LogicalRequest,
  type LogicalResponse,
  NAME,
  type PathParameters,
  type Route,
} from '../../logical/index.ts'
import type { LeaseTtl } from '../../token/index.ts'
import { newUuid } from './keyed-name.ts'
import type { Role } from './role.ts'
import { ROLE_NAME, roleName } from './role-routes.ts'
import type { RoleStore } from './role-store.ts'
import { planSecretId, SECRET_ID_FIELDS, showSecretId } from './secret-id.ts'
import type { FoundSecretId, SecretIdStore } from './secret-id-store.ts'

export interface SecretIdRoutesOptions {
  readonly roles: RoleStore
  readonly secretIds: SecretIdStore
  readonly now: () => number
  readonly random: (bytes: number) => Buffer
  readonly leaseTtl: () => LeaseTtl
}

const MAX_SECRET_ID = 4096

/** A deletion has no body. */
const SECRET_ID: Field = { type: 'string', in: 'both', about: 'The secret-id itself.' }
const ACCESSOR: Field = { type: 'string', in: 'both', about: 'The accessor that was told with the secret-id.' }

export function secretIdRoutes({ roles, secretIds, now, random, leaseTtl }: SecretIdRoutesOptions): Route[] {
  function findRole(parameters: PathParameters, missing: (text: string) => LogicalError): Role {
    const name = roleName(parameters)
    const role = roles.get(name)
    if (role === undefined) throw missing(`role ${JSON.stringify(name)} does not exist`)
    return role
  }

  async function issue({ data }: LogicalRequest, parameters: PathParameters, text: string): Promise<LogicalResponse> {
    const role = findRole(parameters, (missing) => new LogicalError('unsupported-path', missing, 'bare'))
    const secretId = planSecretId(data, role, { accessor: newUuid(random), now: now(), maxTtl: leaseTtl().max })
    await secretIds.register(role, text, secretId)
    const { accessor, ttl, numUses } = secretId
    return {
      kind: 'data',
      data: { secret_id: text, secret_id_accessor: accessor, secret_id_ttl: ttl, secret_id_num_uses: numUses },
    }
  }

  /** `undefined` when the role has no such secret-id. */
  function findByText(request: LogicalRequest, parameters: PathParameters): FoundSecretId | undefined {
    const text = required(request, 'secret_id')
    return secretIds.find(findRole(parameters, internalError), text)
  }

  async function destroyByText(request: LogicalRequest, parameters: PathParameters): Promise<LogicalResponse> {
    const found = findByText(request, parameters)
    if (found !== undefined) await secretIds.destroy(found)
    return { kind: 'none' }
  }

  function lookupByAccessor(request: LogicalRequest, parameters: PathParameters): LogicalResponse {
    const accessor = required(request, 'secret_id_accessor')
    const role = findRole(parameters, internalError)
    const found = secretIds.byAccessor(accessor)
    if (found !== undefined && secretIds.isOf(role, found)) return { kind: 'data', data: showSecretId(found.secretId) }
    const error = `failed to find accessor entry for secret_id_accessor: ${JSON.stringify(accessor)}`
    return { kind: 'gone', data: { error } }
  }

  async function destroyByAccessor(request: LogicalRequest, parameters: PathParameters): Promise<LogicalResponse> {
    const accessor = required(request, 'secret_id_accessor')
    const role = findRole(parameters, internalError)
    const found = secretIds.byAccessor(accessor)
    // Error texts go to the audit log in clear: this one must not hold the accessor.
    if (found === undefined) throw internalError('failed to find accessor entry for secret_id_accessor')
    if (!secretIds.isOf(role, found)) throw new LogicalError('permission-denied', 'invalid secret id accessor', 'bare')
    await secretIds.destroy(found)
    return { kind: 'none' }
  }

  const below = (path: string): RegExp => new RegExp(`role/(?<role_name>${NAME})/${path}`)
  return [
    {
      pattern: below('secret-id/?'),
      about: 'Makes a secret-id of the role, or lists the accessors of those that there are.',
      fields: { role_name: ROLE_NAME, ...SECRET_ID_FIELDS },
      operations: {
        list: async (_, parameters) => ({
          kind: 'list',
          keys: await secretIds.accessors(findRole(parameters, invalidRequest)),
        }),
        update: (request, parameters) => issue(request, parameters, newUuid(random)),
      },
    },
    {
      pattern: below('custom-secret-id'),
      about: 'Takes a text of the caller as a secret-id of the role.',
      fields: {
        role_name: ROLE_NAME,
        secret_id: { type: 'string', about: 'The secret-id, of at most 4096 bytes.' },
        ...SECRET_ID_FIELDS,
      },
      operations: {
        update: (request, parameters) => {
          const text = required(request, 'secret_id')
          if (Buffer.byteLength(text) > MAX_SECRET_ID)
            throw invalidRequest(`secret_id is longer than maximum of ${MAX_SECRET_ID} bytes`)
          return issue(request, parameters, text)
        },
      },
    },
    {
      pattern: below('secret-id/lookup'),
      about: 'What is known of a secret-id.',
      fields: { role_name: ROLE_NAME, secret_id: SECRET_ID },
      operations: {
        update: (request, parameters) => {
          const found = findByText(request, parameters)
          return found === undefined ? { kind: 'none' } : { kind: 'data', data: showSecretId(found.secretId) }
        },
      },
    },
    {
      pattern: below('secret-id/destroy'),
      about: 'Ends a secret-id.',
      fields: { role_name: ROLE_NAME, secret_id: SECRET_ID },
      operations: { update: destroyByText, delete: destroyByText },
    },
    {
      pattern: below('secret-id-accessor/lookup'),
      about: 'What is known of the secret-id with this accessor.',
      fields: { role_name: ROLE_NAME, secret_id_accessor: ACCESSOR },
      operations: { update: lookupByAccessor },
    },
    {
      pattern: below('secret-id-accessor/destroy'),
      about: 'Ends the secret-id with this accessor.',
      fields: { role_name: ROLE_NAME, secret_id_accessor: ACCESSOR },
      operations: { update: destroyByAccessor, delete: destroyByAccessor },
    },
  ]
}

/** As a login trims it. */
function required({ data }: LogicalRequest, field: 'secret_id' | 'secret_id_accessor'): string {
  const text = (stringField(data, field) ?? '').trim()
  if (text === '') throw invalidRequest(`missing ${field}`)
  return text
}
