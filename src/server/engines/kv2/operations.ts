/** What the operations of every API prefix are, and what they work with. */
import type { Field, LogicalRequest, LogicalResponse, Operation } from '../../logical/index.ts'
import type { KeyStore } from './key-store.ts'
import type { MountConfigStore } from './mount-config.ts'
import type { KeyMetadata, Transition } from './versions.ts'

/** `path` is the key below the API prefix; of a list, the folder. */
type OperationHandler = (request: LogicalRequest, path: string) => LogicalResponse | Promise<LogicalResponse>

/** `update` is also `create`. */
export type Operations = Readonly<Partial<Record<Exclude<Operation, 'create'>, OperationHandler>>>

/** What every prefix but `config` has in its path. */
export const KEY_PATH: Field = {
  type: 'string',
  in: 'path',
  about: 'The key, or of a list the folder, with its slashes.',
}

export type ChangeVersions = (meta: KeyMetadata, now: number) => Transition

export interface Engine {
  readonly keys: KeyStore
  readonly config: MountConfigStore
  /** Unix milliseconds. */
  readonly now: () => number
  /** Runs work on a key while no other such work on it runs. */
  exclusively<T>(path: string, work: () => Promise<T>): Promise<T>
  /** Changes a key if it is there and the change changes anything. */
  changeExisting(path: string, change: ChangeVersions): Promise<void>
}
