/** A userpass mount with its storage, its clock and its token store, for the tests here. */
import type { Backend, JsonObject, LogicalResponse, Operation } from '../../logical/index.ts'
import { createShelf, createTokenWorld, type Shelf, type TokenWorld } from '../../token/shelf.case.ts'
import { createUserpass } from './index.ts'

export interface UserpassWorld {
  readonly tokens: TokenWorld
  readonly shelf: Shelf
  readonly backend: Backend
  /** As the pipeline asks: an update of what does not exist is a create. */
  readonly ask: (operation: Operation, path: string, data?: JsonObject, from?: string) => Promise<LogicalResponse>
  readonly data: (operation: Operation, path: string) => Promise<JsonObject>
  readonly user: (name: string, settings?: JsonObject) => Promise<void>
  readonly login: (name: string, password: string, from?: string) => Promise<LogicalResponse>
  /** The same mount after a restart. */
  readonly restart: () => void
}

export const MOUNT_POINT = 'auth/people/here/'
export const PASSWORD = 'correct horse'
/** As cheap as it gets: what a hash costs is no matter of these tests. */
export const COST: { readonly n: number; readonly r: number; readonly p: number } = { n: 2, r: 1, p: 1 }

export async function createUserpassWorld(): Promise<UserpassWorld> {
  const tokens = await createTokenWorld()
  const shelf = createShelf()
  const open = (): Backend =>
    createUserpass({
      storage: shelf,
      random: tokens.random,
      leaseTtl: () => ({ default: 3600, max: 86_400 }),
      tokens: tokens.tokens,
      mountPoint: MOUNT_POINT,
      cost: COST,
    })
  const world: { -readonly [K in keyof UserpassWorld]: UserpassWorld[K] } = {
    tokens,
    shelf,
    backend: open(),
    async ask(operation, path, data = {}, from = '127.0.0.1') {
      const absent = operation === 'update' && world.backend.exists(path) === false
      return world.backend.handle({
        id: 'r',
        operation: absent ? 'create' : operation,
        mountPoint: MOUNT_POINT,
        path,
        data,
        caller: undefined,
        clientToken: '',
        sudo: false,
        remoteAddress: from,
      })
    },
    async data(operation, path) {
      const response = await world.ask(operation, path)
      if (response.kind !== 'data') throw new Error(`expected data from ${path}, got ${response.kind}`)
      return response.data
    },
    async user(name, settings = {}) {
      await world.ask('update', `users/${name}`, { password: PASSWORD, ...settings })
    },
    login: (name, password, from) => world.ask('update', `login/${name}`, { password }, from),
    restart() {
      world.backend = open()
    },
  }
  return world
}
