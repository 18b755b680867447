/**
 * The cubbyhole (vault-api 14.8): a place for secrets that each service token has for itself, always mounted.
 *
 * Invariant: a path is looked for below the id of the token that asks, so no other token reaches it, not even root's. It
 * ends with the token: what lies here is part of what the token store removes, in the same commit as the token
 * (`token/record.ts`).
 *
 *     <id of the token>/secret/<path>   the object, JSON, UTF-8; marked entries (`storage/marked.ts`)
 *     <id of the token>/mark/<path>
 */
import { type JsonObject, parseJson, stringifyJson } from '../../json/index.ts'
import {
  type Backend,
  invalidRequest,
  type LogicalRequest,
  type LogicalResponse,
  type PathShape,
  permissionDenied,
  type TokenEntry,
  unsupportedOperation,
} from '../../logical/index.ts'
import { MarkedEntries, type Storage, StorageKeyError } from '../../storage/index.ts'

interface CubbyholeOptions {
  /** The part of the token store's view in which things of tokens lie. */
  readonly storage: Storage
  /** Unix milliseconds. */
  readonly now: () => number
  /** Changes what a token keeps, one change of a token at a time. @throws {LogicalError} 403 for a token that is gone */
  readonly changeKept: (owner: TokenEntry, change: () => Promise<void>) => Promise<void>
}

/** For help alone: there is one path, and `handle` knows its operations. */
const ROUTES: readonly PathShape[] = [
  {
    pattern: /(?<path>.*)/,
    about: 'A secret of the token that asks: an object with any fields.',
    arbitrary: true,
    fields: {
      path: { type: 'string', in: 'path', about: 'The secret, or of a list the folder, with its slashes.' },
    },
    operations: { read: true, list: true, create: true, update: true, delete: true },
  },
]

export function createCubbyhole({ storage, now, changeKept }: CubbyholeOptions): Backend {
  const entriesOf = ({ id }: TokenEntry): MarkedEntries =>
    new MarkedEntries({ storage, values: `${id}/secret/`, marks: `${id}/mark/`, now })

  function handle({ operation, path, data, caller }: LogicalRequest): LogicalResponse | Promise<LogicalResponse> {
    const owner = ownerOf(caller)
    const entries = entriesOf(owner)
    switch (operation) {
      case 'read':
        return read(entries, path)
      case 'list':
        return list(entries, path)
      case 'create':
      case 'update':
        return write(owner, entries, path, data)
      case 'delete':
        return remove(owner, entries, path)
      case 'patch':
      case 'scan':
        throw unsupportedOperation()
    }
  }

  async function write(
    owner: TokenEntry,
    entries: MarkedEntries,
    path: string,
    data: JsonObject,
  ): Promise<LogicalResponse> {
    if (path === '') throw invalidRequest('missing path')
    if (path.endsWith('/')) throw invalidRequest("cannot write to a path ending in '/'")
    if (Object.keys(data).length === 0) throw invalidRequest('missing data fields')
    const document = Buffer.from(stringifyJson(data))
    await changeKept(owner, () => entries.put(path, document))
    return { kind: 'none' }
  }

  async function remove(owner: TokenEntry, entries: MarkedEntries, path: string): Promise<LogicalResponse> {
    if (isKeyPath(path)) await changeKept(owner, () => storage.commit(entries.removal(path)))
    return { kind: 'none' }
  }

  return {
    type: 'cubbyhole',
    about: 'Secrets that one token alone can reach, and that end with it.',
    isUnauthenticated: () => false,
    needsSudo: () => false,
    exists(path, caller) {
      if (caller?.type !== 'service' || !isKeyPath(path)) return undefined
      try {
        return entriesOf(caller).has(path)
      } catch (error) {
        // `handle` refuses it, after the policy has been asked.
        if (error instanceof StorageKeyError) return undefined
        throw error
      }
    },
    handle: Object.assign(handle, { routes: ROUTES }),
  }
}

async function list(entries: MarkedEntries, folder: string): Promise<LogicalResponse> {
  return { kind: 'list', keys: await entries.list(folder) }
}

function read(entries: MarkedEntries, path: string): LogicalResponse {
  if (path === '') throw invalidRequest('missing path')
  const bytes = isKeyPath(path) ? entries.get(path) : undefined
  return bytes === undefined
    ? { kind: 'none' }
    : { kind: 'data', data: parseJson(bytes.toString('utf8')) as JsonObject }
}

/** A batch token is not stored, so nothing could end with it (S38). */
function ownerOf(caller: TokenEntry | undefined): TokenEntry {
  if (caller === undefined) throw permissionDenied()
  if (caller.type === 'service') return caller
  throw invalidRequest('cubbyhole operations are only supported by "service" type tokens')
}

/** The root and the folders hold secrets and are none. */
function isKeyPath(path: string): boolean {
  return path !== '' && !path.endsWith('/')
}
