/** An approle mount with its storage, its clock and its token store, for the tests here. */
import type { Backend, JsonObject, LogicalRequest, LogicalResponse, Operation } from '../../logical/index.ts'
import { createTokenWorld, createShelf, type Shelf, type TokenWorld } from '../../token/shelf.case.ts'
import { createAppRole } from './index.ts'

export interface AppRoleWorld {
  readonly tokens: TokenWorld
  readonly shelf: Shelf
  readonly backend: Backend
  /** Effective maximum of the mount, in seconds. */
  maxTtl: number
  readonly pass: (milliseconds: number) => void
  /** As the pipeline asks: an update of what does not exist is a create. */
  readonly ask: (operation: Operation, path: string, data?: JsonObject, from?: string) => Promise<LogicalResponse>
  readonly data: (operation: Operation, path: string, data?: JsonObject) => Promise<JsonObject>
  /** A role of these settings; its role-id. */
  readonly role: (name: string, settings?: JsonObject) => Promise<string>
  readonly secretId: (
    name: string,
    fields?: JsonObject,
  ) => Promise<{ readonly secret: string; readonly accessor: string }>
  readonly login: (roleId: string, secret?: string, from?: string) => Promise<LogicalResponse>
  /** The same mount after a restart. */
  readonly restart: () => void
}

export const MOUNT_POINT = 'auth/approle/'

export async function createAppRoleWorld(): Promise<AppRoleWorld> {
  const tokens = await createTokenWorld()
  const shelf = createShelf()
  const open = (): Backend =>
    createAppRole({
      storage: shelf,
      now: () => tokens.now,
      random: tokens.random,
      leaseTtl: () => ({ default: 3600, max: world.maxTtl }),
      tokens: tokens.tokens,
      mountPoint: MOUNT_POINT,
    })
  const world: { -readonly [K in keyof AppRoleWorld]: AppRoleWorld[K] } = {
    tokens,
    shelf,
    maxTtl: 86_400,
    backend: undefined as unknown as Backend,
    pass(milliseconds) {
      tokens.now += milliseconds
    },
    async ask(operation, path, data = {}, from = '127.0.0.1') {
      const absent = operation === 'update' && world.backend.exists(path) === false
      const request: LogicalRequest = {
        id: 'r',
        operation: absent ? 'create' : operation,
        mountPoint: MOUNT_POINT,
        path,
        data,
        caller: undefined,
        clientToken: '',
        sudo: false,
        remoteAddress: from,
      }
      return world.backend.handle(request)
    },
    async data(operation, path, data) {
      const response = await world.ask(operation, path, data)
      if (response.kind !== 'data') throw new Error(`expected data from ${path}, got ${response.kind}`)
      return response.data
    },
    async role(name, settings = {}) {
      await world.ask('update', `role/${name}`, settings)
      return textOf(await world.data('read', `role/${name}/role-id`), 'role_id')
    },
    async secretId(name, fields = {}) {
      const data = await world.data('update', `role/${name}/secret-id`, fields)
      return { secret: textOf(data, 'secret_id'), accessor: textOf(data, 'secret_id_accessor') }
    },
    login: (roleId, secret = '', from = '127.0.0.1') =>
      world.ask('update', 'login', { role_id: roleId, secret_id: secret }, from),
    restart() {
      world.backend = open()
    },
  }
  world.restart()
  return world
}

function textOf(data: JsonObject, name: string): string {
  const value = data[name]
  if (typeof value !== 'string') throw new Error(`expected ${name} to be a text`)
  return value
}

export const bad = (message: string): unknown => ({ code: 'invalid-request', message, channel: 'bare' })
export const internal = (message: string): unknown => ({ code: 'internal', message, channel: 'wrapped' })
export const wrongCredentials: unknown = { code: 'invalid-credentials', message: 'invalid role or secret ID' }
export const unsupported: unknown = { code: 'unsupported-path' }
