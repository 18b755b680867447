/** Drives the engine as the pipeline does: existence check, then the operation, the answer in plain JSON. */
import { type JsonObject, parseJson, stringifyJson } from '../../json/index.ts'
import { type Backend, LogicalError, type LogicalResponse, type Operation } from '../../logical/index.ts'
import { createMemoryStorage, type Storage } from '../../storage/index.ts'
import { createKv2 } from './index.ts'

/** Where a driver's clock stands until a test moves it. */
export const START = 1_767_225_600_000
export const TIME = '2026-01-01T00:00:00.000Z'

/** The version object of a version that was written at `START`. */
export function version(number: number, more: Record<string, unknown> = {}): Record<string, unknown> {
  return { version: number, created_time: TIME, deletion_time: '', destroyed: false, custom_metadata: null, ...more }
}

export interface Driver {
  readonly backend: Backend
  readonly storage: Storage
  /** Unix milliseconds; stands still unless a test moves it. */
  time: number
  /** The engine's answer as it is. `data` is JSON text or a plain value. */
  ask(operation: Operation, path: string, data?: unknown): Promise<LogicalResponse>
  /** The data of the answer as plain JSON; the kind of an answer without data. */
  get(operation: Operation, path: string, data?: unknown): Promise<unknown>
  /** The text of the refusal. */
  refused(operation: Operation, path: string, data?: unknown): Promise<string>
  /** Another engine on the same storage, with nothing cached. */
  restart(): Driver
}

export function fieldsOf(data: unknown): JsonObject {
  const text = typeof data === 'string' ? data : JSON.stringify(data)
  return parseJson(text) as JsonObject
}

export function openDriver(storage: Storage = createMemoryStorage(), time: number = START): Driver {
  const driver: Driver = {
    storage,
    time,
    backend: createKv2({ storage, now: () => driver.time }),
    async ask(operation, path, data = {}) {
      const isNew = operation === 'update' && driver.backend.exists(path) === false
      return driver.backend.handle({
        id: 'r',
        operation: isNew ? 'create' : operation,
        mountPoint: 'secret/',
        path,
        data: fieldsOf(data),
        caller: undefined,
        clientToken: '',
        sudo: false,
        remoteAddress: '127.0.0.1',
      })
    },
    async get(operation, path, data) {
      return plainAnswer(await driver.ask(operation, path, data))
    },
    async refused(operation, path, data) {
      try {
        return `not refused: ${(await driver.ask(operation, path, data)).kind}`
      } catch (error) {
        if (error instanceof LogicalError) return `${error.status} ${error.clientText}`
        throw error
      }
    },
    restart: () => openDriver(storage, driver.time),
  }
  return driver
}

function plainAnswer(response: LogicalResponse): unknown {
  if (response.kind === 'list') return { keys: response.keys }
  if (response.kind === 'data') return JSON.parse(stringifyJson(response.data))
  if (response.kind === 'gone')
    return { gone: response.data === null ? null : JSON.parse(stringifyJson(response.data)) }
  return response.kind
}
