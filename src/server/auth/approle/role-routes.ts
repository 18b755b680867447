/** `role` and `role/:name` with its single settings (vault-api 8). */
import { stringField } from '../../logical/fields.ts'
import {
  type Field,
  type Fields,
  invalidRequest,
  type JsonObject,
  LogicalError,
  type LogicalRequest,
  type LogicalResponse,
  NAME,
  type PathParameters,
  type Route,
  unsupportedPath,
} from '../../logical/index.ts'
import type { LeaseTtl } from '../../token/index.ts'
import { newUuid } from './keyed-name.ts'
import { changeRole, newRole, type Role, ROLE_FIELDS, showDeprecated, showRole } from './role.ts'
import type { RoleStore } from './role-store.ts'
import type { SecretIdStore } from './secret-id-store.ts'

export interface RoleRoutesOptions {
  readonly roles: RoleStore
  readonly secretIds: SecretIdStore
  readonly random: (bytes: number) => Buffer
  readonly leaseTtl: () => LeaseTtl
}

const KEY_BYTES = 32
const MAX_NAME = 4096

export const ROLE_NAME: Field = { type: 'string', in: 'path', about: 'The name of the role; its case does not matter.' }

const ROLE_PATH = new RegExp(`^role/(${NAME})$`)

/** For the existence check: `undefined` for a path that is not a role's. */
export function roleExists(roles: RoleStore, path: string): boolean | undefined {
  const name = ROLE_PATH.exec(path)?.[1]
  return name === undefined ? undefined : roles.get(name.toLowerCase()) !== undefined
}

export function roleName({ role_name: name = '' }: PathParameters): string {
  return name.toLowerCase()
}

export function roleRoutes({ roles, secretIds, random, leaseTtl }: RoleRoutesOptions): Route[] {
  async function write(request: LogicalRequest, parameters: PathParameters): Promise<LogicalResponse> {
    const name = roleName(parameters)
    if (name.length > MAX_NAME) throw invalidRequest(`role_name is longer than maximum of ${MAX_NAME} bytes`)
    const creating = request.operation === 'create'
    let warnings: readonly string[] = []
    await roles.change(name, (current) => {
      // The policy has allowed one of the two; what another request did meanwhile must not turn it into the other.
      if (!creating && current === undefined) {
        throw new LogicalError('unsupported-path', `role name ${JSON.stringify(name)} doesn't exist`, 'bare')
      }
      if (creating && current !== undefined) throw invalidRequest('the role was created meanwhile: try again')
      const base = current ?? newRole(name, random(KEY_BYTES), newUuid(random))
      const changed = changeRole(request.data, base, { creating, lease: leaseTtl() })
      warnings = changed.warnings
      return changed.role
    })
    return { kind: 'none', warnings }
  }

  /** Changes a role that must exist; who names another one has the path wrong. */
  async function change(name: string, data: JsonObject): Promise<LogicalResponse> {
    let warnings: readonly string[] = []
    await roles.change(name, (current) => {
      if (current === undefined) throw unsupportedPath()
      const changed = changeRole(data, current, { creating: false, lease: leaseTtl() })
      warnings = changed.warnings
      return changed.role
    })
    return { kind: 'none', warnings }
  }

  function read(show: (role: Role) => JsonObject, warnings: readonly string[] = []) {
    return (_: LogicalRequest, parameters: PathParameters): LogicalResponse => {
      const role = roles.get(roleName(parameters))
      return role === undefined ? { kind: 'none' } : { kind: 'data', data: show(role), warnings }
    }
  }

  function settingRoute([path, setting]: readonly [string, Setting]): Route {
    return {
      pattern: new RegExp(`role/(?<role_name>${NAME})/${path}`),
      about: `One setting of a role: ${setting.missing}. A deletion gives it back its default.`,
      fields: { role_name: ROLE_NAME, ...roleFields(setting.fields) },
      operations: {
        read: read(setting.show, setting.warnings),
        update: ({ data }, parameters) => {
          const given = setting.fields.filter((field) => data[field] !== undefined && data[field] !== null)
          if (roles.get(roleName(parameters)) === undefined) throw unsupportedPath()
          if (given.length === 0) throw invalidRequest(`missing ${setting.missing}`)
          return change(roleName(parameters), Object.fromEntries(given.map((field) => [field, data[field] ?? null])))
        },
        delete: (_, parameters) => {
          if (roles.get(roleName(parameters)) === undefined) return { kind: 'none' }
          return change(roleName(parameters), setting.reset)
        },
      },
    }
  }

  return [
    {
      pattern: /role\/?/,
      about: 'The names of all roles.',
      fields: {},
      operations: { list: () => ({ kind: 'list', keys: roles.all().map(({ name }) => name) }) },
    },
    {
      pattern: new RegExp(`role/(?<role_name>${NAME})`),
      about: 'A role: what its logins must bring, and what tokens they get.',
      fields: { role_name: ROLE_NAME, ...ROLE_FIELDS },
      operations: {
        read: read(showRole),
        update: write,
        delete: async (_, parameters) => {
          const role = await roles.remove(roleName(parameters))
          if (role !== undefined) await secretIds.removeFolder(role.folder)
          return { kind: 'none' }
        },
      },
    },
    {
      pattern: new RegExp(`role/(?<role_name>${NAME})/role-id`),
      about: 'The role-id of a role.',
      fields: { role_name: ROLE_NAME, ...roleFields(['role_id']) },
      operations: {
        read: read(({ roleId }) => ({ role_id: roleId })),
        update: ({ data }, parameters) => {
          if (roles.get(roleName(parameters)) === undefined) throw unsupportedPath()
          const roleId = (stringField(data, 'role_id') ?? '').trim()
          if (roleId === '') throw invalidRequest('missing role_id')
          return change(roleName(parameters), { role_id: roleId })
        },
      },
    },
    ...Object.entries(SETTINGS).map(settingRoute),
  ]
}

function roleFields(names: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(ROLE_FIELDS).filter(([name]) => names.includes(name)))
}

/** One setting that has a path of its own. */
interface Setting {
  /** Fields of a write that count. */
  readonly fields: readonly string[]
  /** What the refusal of a write without them names. */
  readonly missing: string
  readonly show: (role: Role) => JsonObject
  /** What a delete writes. */
  readonly reset: JsonObject
  readonly warnings?: readonly string[]
}

function cidrsOrNull(cidrs: readonly string[]): string[] | null {
  return cidrs.length === 0 ? null : [...cidrs]
}

function shown(role: Role, ...fields: readonly string[]): JsonObject {
  const all = showRole(role)
  return Object.fromEntries(fields.map((field) => [field, all[field] ?? null]))
}

/** A setting whose path is its field's name with hyphens. */
function plain(field: string, reset: number | boolean): Setting {
  return { fields: [field], missing: field, show: (role) => shown(role, field), reset: { [field]: reset } }
}

const SETTINGS: Readonly<Record<string, Setting>> = {
  'bind-secret-id': plain('bind_secret_id', true),
  'secret-id-num-uses': plain('secret_id_num_uses', 0),
  'secret-id-ttl': plain('secret_id_ttl', 0),
  'token-num-uses': plain('token_num_uses', 0),
  'token-ttl': plain('token_ttl', 0),
  'token-max-ttl': plain('token_max_ttl', 0),
  // Refused by `changeRole` once the role exists.
  'local-secret-ids': plain('local_secret_ids', false),
  policies: {
    fields: ['token_policies', 'policies'],
    missing: 'token_policies',
    show: (role) => ({ ...shown(role, 'token_policies'), ...pick(showDeprecated(role), 'policies') }),
    reset: { token_policies: [] },
  },
  period: {
    fields: ['token_period', 'period'],
    missing: 'period',
    show: (role) => ({ ...shown(role, 'token_period'), ...pick(showDeprecated(role), 'period') }),
    reset: { token_period: 0 },
  },
  'secret-id-bound-cidrs': {
    fields: ['secret_id_bound_cidrs'],
    missing: 'secret_id_bound_cidrs',
    show: (role) => shown(role, 'secret_id_bound_cidrs'),
    reset: { secret_id_bound_cidrs: [] },
  },
  'token-bound-cidrs': {
    fields: ['token_bound_cidrs'],
    missing: 'token_bound_cidrs',
    show: (role) => shown(role, 'token_bound_cidrs'),
    reset: { token_bound_cidrs: [] },
  },
  'bound-cidr-list': {
    fields: ['bound_cidr_list'],
    missing: 'bound_cidr_list',
    show: (role) => ({ bound_cidr_list: cidrsOrNull(role.secretIdBoundCidrs) }),
    reset: { bound_cidr_list: [] },
    warnings: [
      'The "bound_cidr_list" field is deprecated and will be removed. Please use "secret_id_bound_cidrs" instead.',
    ],
  },
}

function pick(data: JsonObject, field: string): JsonObject {
  const value = data[field]
  return value === undefined ? {} : { [field]: value }
}
