/** Drives the engine as the pipeline does: existence check, then the operation. */
import { parseJson, stringifyJson } from '../../json/index.ts'
import {
  type Backend,
  type JsonObject,
  LogicalError,
  type LogicalResponse,
  type Operation,
} from '../../logical/index.ts'
import type { Storage } from '../../storage/index.ts'
import { createKv1 } from './index.ts'

export interface Driver {
  readonly backend: Backend
  ask(operation: Operation, path: string, data?: string): Promise<LogicalResponse>
  /** The text of the answer's data, the keys of a list, or the kind of an answer without data. */
  get(operation: Operation, path: string, data?: string): Promise<unknown>
  /** Status and text of the refusal. */
  refused(operation: Operation, path: string, data?: string): Promise<string>
}

export function openDriver(storage: Storage, now: () => number = () => 1_767_225_600_000): Driver {
  const backend = createKv1({ storage, now })
  const driver: Driver = {
    backend,
    async ask(operation, path, data = '{}') {
      const isNew = operation === 'update' && backend.exists(path) === false
      return backend.handle({
        id: 'r',
        operation: isNew ? 'create' : operation,
        mountPoint: 'secret/',
        path,
        data: parseJson(data) as JsonObject,
        caller: undefined,
        clientToken: '',
        sudo: false,
        remoteAddress: '127.0.0.1',
      })
    },
    async get(operation, path, data) {
      const response = await driver.ask(operation, path, data)
      if (response.kind === 'list') return response.keys
      return response.kind === 'data' ? stringifyJson(response.data) : response.kind
    },
    async refused(operation, path, data) {
      try {
        return `not refused: ${(await driver.ask(operation, path, data)).kind}`
      } catch (error) {
        if (error instanceof LogicalError) return `${error.status} ${error.clientText}`
        throw error
      }
    },
  }
  return driver
}
