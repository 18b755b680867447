/**
 * The KV version 1 engine (vault-api 5): a secret is the object that was written, whole, and the next write replaces it.
 *
 * Invariant: what is read is what was written last, number by number; a secret is never part of one write and part of
 * another. What lies in storage (`secret-store.ts`) cannot be rolled back secret by secret.
 *
 * A mount that becomes version 2 retires this engine first: nothing is written behind the back of its successor.
 *
 * Left out: leases. `lease_duration` is a hint of the secret's own, or the mount's default, and nothing expires.
 */
import { type JsonObject, stringifyJson } from '../../json/index.ts'
import { signedDurationField } from '../../logical/fields.ts'
import { pageFields } from '../../logical/paging.ts'
import {
  type Backend,
  invalidRequest,
  LogicalError,
  type LogicalRequest,
  type LogicalResponse,
  PAGE_FIELDS,
  type PathShape,
  unsupportedOperation,
  upgrading,
} from '../../logical/index.ts'
import { type Page, pageOf, scanPage, type Storage, StorageKeyError } from '../../storage/index.ts'
import { SecretStore } from './secret-store.ts'
import { UnversionedSecrets } from './unversioned.ts'

interface Kv1Options {
  /** The mount's own view of the barrier. */
  readonly storage: Storage
  /** Unix milliseconds. */
  readonly now: () => number
}

/** For help alone: there is one path, and `perform` knows its operations. */
const ROUTES: readonly PathShape[] = [
  {
    pattern: /(?<path>.*)/,
    about: 'A secret: an object with any fields. A field `ttl` or `lease` is told to readers as the time to keep it.',
    arbitrary: true,
    fields: {
      path: { type: 'string', in: 'path', about: 'The secret, or of a list the folder, with its slashes.' },
      ...PAGE_FIELDS,
    },
    operations: { read: true, list: true, scan: true, create: true, update: true, delete: true },
  },
]

export function createKv1({ storage, now }: Kv1Options): Backend {
  const secrets = new SecretStore(storage, now)
  let retired = false
  function handle(request: LogicalRequest): LogicalResponse | Promise<LogicalResponse> {
    if (retired) throw upgrading()
    return perform(secrets, request)
  }

  return {
    type: 'kv',
    about: 'Secrets without versions: a write replaces what was there (KV version 1).',
    isUnauthenticated: () => false,
    needsSudo: () => false,
    exists(path) {
      if (!isKeyPath(path)) return undefined
      try {
        return secrets.has(path)
      } catch (error) {
        // `handle` refuses it, after the policy has been asked.
        if (error instanceof StorageKeyError) return undefined
        throw error
      }
    },
    handle: Object.assign(handle, { routes: ROUTES }),
    async retire() {
      retired = true
      await secrets.settled()
      const { all, damaged } = await new UnversionedSecrets(storage).count()
      if (damaged > 0) {
        throw invalidRequest(
          `cannot upgrade: ${damaged} of ${all} secrets cannot be read; restore the store from a backup, or write or delete these secrets`,
        )
      }
    },
  }
}

function perform(
  secrets: SecretStore,
  { operation, path, data }: LogicalRequest,
): LogicalResponse | Promise<LogicalResponse> {
  switch (operation) {
    case 'read':
      return read(secrets, path)
    case 'list':
      return list(secrets, path, pageFields(data))
    case 'scan':
      return scan(secrets, path, pageFields(data))
    case 'create':
    case 'update':
      return write(secrets, path, data)
    case 'delete':
      return remove(secrets, path)
    case 'patch':
      throw unsupportedOperation()
  }
}

async function list(secrets: SecretStore, folder: string, page: Page): Promise<LogicalResponse> {
  return { kind: 'list', keys: pageOf(await secrets.list(folder), page) }
}

async function scan(secrets: SecretStore, folder: string, page: Page): Promise<LogicalResponse> {
  return { kind: 'list', keys: await scanPage((below) => secrets.list(below), folder, page) }
}

function read(secrets: SecretStore, path: string): LogicalResponse {
  const data = isKeyPath(path) ? secrets.find(path) : undefined
  if (data === undefined) return { kind: 'none' }
  return { kind: 'data', data, leaseDuration: ownDuration(data) ?? 'default' }
}

async function write(secrets: SecretStore, path: string, data: JsonObject): Promise<LogicalResponse> {
  if (path === '') throw invalidRequest('missing path')
  if (path.endsWith('/')) throw invalidRequest("cannot write to a path ending in '/'")
  if (Object.keys(data).length === 0) throw invalidRequest('missing data fields')
  await secrets.put(path, stringifyJson(data))
  return { kind: 'none' }
}

async function remove(secrets: SecretStore, path: string): Promise<LogicalResponse> {
  if (isKeyPath(path)) await secrets.remove(path)
  return { kind: 'none' }
}

/** In seconds, from the secret's field `ttl`, or `lease` where there is no `ttl`. */
function ownDuration(data: JsonObject): number | undefined {
  try {
    return signedDurationField(data, Object.hasOwn(data, 'ttl') ? 'ttl' : 'lease')
  } catch (error) {
    // The fields are the user's: a `ttl` that is no duration is a secret like any other.
    if (error instanceof LogicalError) return undefined
    throw error
  }
}

/** The root and the folders hold secrets and are none. */
function isKeyPath(path: string): boolean {
  return path !== '' && !path.endsWith('/')
}
