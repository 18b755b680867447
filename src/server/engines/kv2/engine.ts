/**
 * The KV version 2 engine (vault-api 6): a table of API prefixes, each with its operations, over one store of keys.
 *
 * Invariant: a write is parsed before it waits its turn, then reads, decides (`versions.ts`) and commits while nobody
 * else writes the same key. Of several writers with the same check-and-set number exactly one succeeds.
 */
import {
  type Backend,
  declaredNames,
  type Description,
  invalidRequest,
  type LogicalRequest,
  type LogicalResponse,
  type Operation,
  parameterWarnings,
  unsupportedOperation,
  warned,
} from '../../logical/index.ts'
import { type Storage, StorageKeyError, unhurried } from '../../storage/index.ts'
import { CONFIG, configOperations } from './config-path.ts'
import { DATA, dataOperations, SUBKEYS, subkeysOperations } from './data-paths.ts'
import { KeyStore } from './key-store.ts'
import { DETAILED_METADATA, detailedMetadataOperations, METADATA, metadataOperations } from './metadata-paths.ts'
import { MountConfigStore } from './mount-config.ts'
import type { Engine, Operations } from './operations.ts'
import { Turns } from '../../../concurrency/index.ts'
import { type Unversioned, Upgrade } from './upgrade.ts'
import { DELETE, deleteOperations, DESTROY, destroyOperations, UNDELETE, undeleteOperations } from './version-paths.ts'

interface Kv2Options {
  /** The mount's own view of the barrier. */
  readonly storage: Storage
  /** Unix milliseconds. */
  readonly now: () => number
  /** What version 1 left in the same view. Default: nothing. */
  readonly unversioned?: Unversioned
}

const NOTHING: Unversioned = {
  isEmpty: () => true,
  paths: () => unhurried([]),
  document: () => undefined,
  removal: () => [],
}

/** Prefixes whose writes count as `create` while the key has no metadata. */
const WITH_EXISTENCE_CHECK: ReadonlySet<string> = new Set(['data', 'metadata'])

export function createKv2(options: Kv2Options): Backend {
  const engine = createEngine(options)
  const upgrade = new Upgrade(engine, options.unversioned ?? NOTHING)
  const prefixes: ReadonlyMap<string, Section> = new Map([
    ['data', section(DATA, dataOperations(engine))],
    ['metadata', section(METADATA, metadataOperations(engine))],
    ['detailed-metadata', section(DETAILED_METADATA, detailedMetadataOperations(engine))],
    ['delete', section(DELETE, deleteOperations(engine))],
    ['undelete', section(UNDELETE, undeleteOperations(engine))],
    ['destroy', section(DESTROY, destroyOperations(engine))],
    ['subkeys', section(SUBKEYS, subkeysOperations(engine))],
  ])
  const config = section(CONFIG, configOperations(engine))

  const route = (request: LogicalRequest): LogicalResponse | Promise<LogicalResponse> => {
    const { path } = request
    const slash = path.indexOf('/')
    if (slash === -1) return path === 'config' ? run(config, request, undefined) : invalidPath(request)
    const found = prefixes.get(path.slice(0, slash))
    return found === undefined ? invalidPath(request) : run(found, request, path.slice(slash + 1))
  }

  function handle(request: LogicalRequest): LogicalResponse | Promise<LogicalResponse> {
    try {
      if (!upgrade.isDone) throw upgrade.refusal()
      const response = route(request)
      return response instanceof Promise ? response.catch(refuseUnstorablePath) : response
    } catch (error) {
      return refuseUnstorablePath(error)
    }
  }

  const routes = [
    { pattern: /config/, ...config },
    ...Array.from(prefixes, ([prefix, found]) => ({ pattern: new RegExp(`${prefix}/(?<path>.*)`), ...found })),
  ]

  return {
    type: 'kv',
    about: 'Secrets with versions, settings and metadata (KV version 2).',
    isUnauthenticated: () => false,
    needsSudo: () => false,
    exists(path) {
      const slash = path.indexOf('/')
      if (slash === -1 || !WITH_EXISTENCE_CHECK.has(path.slice(0, slash))) return undefined
      try {
        if (!upgrade.isDone) return undefined
        return engine.keys.find(path.slice(slash + 1)) !== undefined
      } catch (error) {
        // `handle` refuses it, after the policy has been asked.
        if (error instanceof StorageKeyError) return undefined
        throw error
      }
    },
    handle: Object.assign(handle, { routes }),
    takeOver: () => upgrade.run(),
  }
}

interface Section extends Description {
  readonly operations: Operations
  readonly declared: ReadonlySet<string>
}

function section(description: Description, operations: Operations): Section {
  return { ...description, operations, declared: declaredNames(description) ?? new Set() }
}

/** A path that is too long for the storage, or that it does not trust, is the client's fault. */
function refuseUnstorablePath(error: unknown): never {
  if (error instanceof StorageKeyError) throw invalidRequest(`no secret can lie at this path: ${error.message}`)
  throw error
}

function createEngine({ storage, now }: Kv2Options): Engine {
  const keys = new KeyStore(storage)
  const config = new MountConfigStore(storage)
  const writers = new Turns()
  const exclusively = <T>(path: string, work: () => Promise<T>) => writers.run(path, work)
  return {
    keys,
    config,
    now,
    exclusively,
    changeExisting: (path, change) =>
      exclusively(path, async () => {
        const meta = keys.find(path)?.meta
        if (meta === undefined) return
        const transition = change(meta, now())
        if (transition.next !== meta) await keys.change(path, transition)
      }),
  }
}

/** `path` is `undefined` where none was captured. */
function run(
  { operations, declared }: Section,
  request: LogicalRequest,
  path: string | undefined,
): LogicalResponse | Promise<LogicalResponse> {
  const operation = request.operation === 'create' ? 'update' : request.operation
  const handler = operations[operation]
  if (handler === undefined) throw unsupportedOperation()
  if ((operation === 'update' || operation === 'patch') && request.path.endsWith('/')) {
    throw invalidRequest("cannot write to a path ending in '/'")
  }
  return warned(handler(request, path ?? ''), parameterWarnings(request, declared, { path }))
}

/** The CLI's verb for each operation; there is none for a patch of a path that is none. */
const VERBS: Readonly<Record<Exclude<Operation, 'patch'>, string>> = {
  create: 'put',
  update: 'put',
  read: 'get',
  list: 'list',
  scan: 'list',
  delete: 'delete',
}

/** A client that takes this for version 1: told so, in the words that the Vault CLI looks for. */
function invalidPath({ operation, path }: LogicalRequest): LogicalResponse {
  if (operation === 'patch') throw unsupportedOperation()
  const warning =
    path === ''
      ? 'Non-listing operations on the root of a K/V v2 mount are not supported.'
      : `Invalid path for a versioned K/V secrets engine. See the API docs for the appropriate API endpoints to use. If using the Vault CLI, use 'vault kv ${VERBS[operation]}' for this operation.`
  return { kind: 'gone', data: null, warnings: [warning] }
}
