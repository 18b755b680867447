/** `roles` and `roles/:name` (vault-api 7.2). Making tokens with a role is `create.ts`. */
import {
  type Field,
  invalidRequest,
  type LogicalRequest,
  type LogicalResponse,
  NAME,
  type PathParameters,
  type Route,
} from '../../logical/index.ts'
import type { LeaseTtl } from '../../token/index.ts'
import { changeTokenRole, newTokenRole, showTokenRole, TOKEN_ROLE_FIELDS } from './role.ts'
import type { TokenRoleStore } from './role-store.ts'

export const ROLE_NAME: Field = { type: 'string', in: 'path', about: 'The name of the role.' }

const ROLE_PATH = new RegExp(`^roles/(${NAME})$`)

/** For the existence check: `undefined` for a path that is not a role's. */
export function tokenRoleExists(roles: TokenRoleStore, path: string): boolean | undefined {
  const name = ROLE_PATH.exec(path)?.[1]
  return name === undefined ? undefined : roles.get(name) !== undefined
}

/** `leaseTtl` gives the effective values of the mount. */
export function tokenRoleRoutes(roles: TokenRoleStore, leaseTtl: () => LeaseTtl): Route[] {
  async function write(
    { data, operation }: LogicalRequest,
    { role_name: name = '' }: PathParameters,
  ): Promise<LogicalResponse> {
    let warnings: readonly string[] = []
    await roles.change(name, (current) => {
      // The policy has allowed one of the two; what another request did meanwhile must not turn it into the other.
      if (operation === 'create' && current !== undefined) {
        throw invalidRequest('the role was created meanwhile: try again')
      }
      if (operation === 'update' && current === undefined) {
        throw invalidRequest('the role was deleted meanwhile: try again')
      }
      const changed = changeTokenRole(data, current ?? newTokenRole(name), leaseTtl())
      warnings = changed.warnings
      return changed.role
    })
    return { kind: 'none', warnings }
  }

  return [
    {
      pattern: /roles\/?/,
      about: 'The names of all roles.',
      fields: {},
      operations: { list: () => ({ kind: 'list', keys: roles.names() }) },
    },
    {
      pattern: new RegExp(`roles/(?<role_name>${NAME})`),
      about: 'A role: on what terms tokens are made with it.',
      fields: { role_name: ROLE_NAME, ...TOKEN_ROLE_FIELDS },
      operations: {
        read: (_, { role_name: name = '' }) => {
          const role = roles.get(name)
          return role === undefined ? { kind: 'none' } : { kind: 'data', data: showTokenRole(role) }
        },
        update: write,
        delete: async (_, { role_name: name = '' }) => {
          await roles.remove(name)
          return { kind: 'none' }
        },
      },
    },
  ]
}
