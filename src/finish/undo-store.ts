/**
 * Undo records in Vault.
 *
 *   plenum/<hub>/undo/<id>/0001, 0002, …   {"part": "<base64>"}: the record as JSON, cut in pieces of at most 400 kB
 *   plenum/<hub>/undo/<id>/index           {"format": 1, "state": …, "parts", "bytes", "steps", what it is about}
 *
 * The index is written last: a record that has one is whole. Its state goes `prepared` -> `done` -> `undone`, each step
 * with check-and-set, so that two who work on one record meet.
 *
 * A record holds what was in clear text before. Vault keeps it until it is removed, with every version (`forgetUndo`):
 * the pieces first, so that what is left of an interrupted removal still says what it was.
 */
import { mapBounded } from '../concurrency/index.ts'
import { ownFolder } from '../hub/index.ts'
import { canonicalJson, type Json, type Sensitive, sensitive } from '../sensitive/index.ts'
import {
  type JsonRecord,
  listSecrets,
  readSecret,
  removeSecret,
  type VaultClient,
  VaultError,
  writeSecret,
} from '../vault/index.ts'
import { FinishError } from './errors.ts'
import { decodeRecord, encodeRecord, type UndoRecord } from './undo-record.ts'

export interface UndoStore {
  readonly client: VaultClient
  readonly mount: string
  /** The hub's name. */
  readonly hub: string
}

export type UndoState = 'prepared' | 'done' | 'undone'

export interface UndoIndex {
  readonly state: UndoState
  readonly id: string
  /** Unix ms. */
  readonly createdAt: number
  readonly source: string
  readonly rows: number
  /** As they are shown. */
  readonly files: readonly string[]
  readonly parts: number
  readonly bytes: number
  /** Of the clean-up, those that are behind: `rows`, and the path of each file. */
  readonly steps: readonly string[]
}

export interface StoredUndo {
  readonly index: UndoIndex
  /** Of the index in Vault. */
  readonly version: number
  readonly record: UndoRecord
}

/** `incomplete`: the pieces of a clean-up that ended before it changed anything. */
export type UndoListed =
  | { readonly kind: 'record'; readonly index: UndoIndex }
  | { readonly kind: 'incomplete'; readonly id: string }

/** Base64 of this many bytes, with what Vault puts around it, is below 400 kB. */
const PART_BYTES = 288_000
const AT_ONCE = 4
const INDEX = 'index'

/** Sorts by time and is told from others of the same second. `random`: at least 4 bytes. */
export function newUndoId(now: number, random: Buffer): string {
  const time = new Date(now).toISOString().replaceAll(/[-:]|\.\d+/g, '')
  return `${time.toLowerCase()}-${random.subarray(0, 4).toString('hex')}`
}

/** Writing the same record again is no error. @throws {FinishError} 'finish-undo-taken'. */
export async function writeUndo(store: UndoStore, record: UndoRecord): Promise<void> {
  const bytes = Buffer.from(JSON.stringify(encodeRecord(record)), 'utf8')
  const parts = Array.from({ length: Math.ceil(bytes.length / PART_BYTES) }, (_, at) =>
    bytes.subarray(at * PART_BYTES, (at + 1) * PART_BYTES).toString('base64'),
  )
  await mapBounded(parts, AT_ONCE, async (part, at) =>
    put(store, partPath(store, record.id, at), sensitive({ part }), 0),
  )
  const index: UndoIndex = {
    state: 'prepared',
    id: record.id,
    createdAt: record.createdAt,
    source: record.source,
    rows: record.rows.length,
    files: record.files.map(({ shown }) => shown),
    parts: parts.length,
    bytes: bytes.length,
    steps: [],
  }
  const path = indexPath(store, record.id)
  const there = await readSecret(store.client, store.mount, path)
  if (there.kind !== 'found') await put(store, path, encodeIndex(index), 0)
  // The pieces are ours, or `put` had refused them; the record may be further on by now.
  else if (decodeIndex(there.data.reveal(), record.id).bytes !== bytes.length) throw taken(path)
}

/** @throws {FinishError} 'finish-undo-unknown', 'finish-undo-broken'. */
export async function readUndo(store: UndoStore, id: string, signal?: AbortSignal): Promise<StoredUndo> {
  const { client, mount } = store
  const read = isId(id) ? await readSecret(client, mount, indexPath(store, id), { signal }) : undefined
  if (read?.kind !== 'found') throw unknown(store, id)
  const index = decodeIndex(read.data.reveal(), id)
  const numbers = Array.from({ length: index.parts }, (_, at) => at)
  const parts = await mapBounded(numbers, AT_ONCE, async (at) => {
    const part = await readSecret(client, mount, partPath(store, id, at), { signal })
    const text = part.kind === 'found' ? part.data.reveal()['part'] : undefined
    return typeof text === 'string' ? Buffer.from(text, 'base64') : broken(id)
  })
  const bytes = Buffer.concat(parts)
  if (bytes.length !== index.bytes) return broken(id)
  return { index, version: read.version, record: decodeRecord(parsed(bytes.toString('utf8'), id)) }
}

/** The next state of a record that is at `version`. @throws {FinishError} 'finish-busy'. */
export async function advanceUndo(store: UndoStore, index: UndoIndex, version: number): Promise<number> {
  return put(store, indexPath(store, index.id), encodeIndex(index), version)
}

/** The newest first. */
export async function listUndo(store: UndoStore, signal?: AbortSignal): Promise<readonly UndoListed[]> {
  const { client, mount } = store
  const keys = await listSecrets(client, mount, undoFolder(store), signal)
  const ids = [...new Set(keys.map((key) => key.replace(/\/$/, '')))].filter(isId).sort().reverse()
  return mapBounded(ids, AT_ONCE, async (id): Promise<UndoListed> => {
    const read = await readSecret(client, mount, indexPath(store, id), { signal })
    return read.kind === 'found'
      ? { kind: 'record', index: decodeIndex(read.data.reveal(), id) }
      : { kind: 'incomplete', id }
  })
}

/** Removes a record, or the pieces of one, for good. What is not there is no error: somebody else may have removed it. */
export async function forgetUndo(store: UndoStore, id: string, signal?: AbortSignal): Promise<void> {
  const { client, mount } = store
  if (!isId(id)) throw unknown(store, id)
  const keys = await listSecrets(client, mount, `${undoFolder(store)}/${id}`, signal)
  const remove = async (key: string): Promise<void> => removeSecret(client, mount, `${undoFolder(store)}/${id}/${key}`)
  await mapBounded(
    keys.filter((key) => key !== INDEX),
    AT_ONCE,
    remove,
  )
  if (keys.includes(INDEX)) await remove(INDEX)
}

function unknown(store: UndoStore, id: string): FinishError {
  return new FinishError('finish-undo-unknown', `there is no undo record ${id} of the hub ${store.hub}`, {
    hint: '--undo --list shows the records that there are',
  })
}

function undoFolder({ hub }: UndoStore): string {
  return `${ownFolder({ name: hub })}/undo`
}

function indexPath(store: UndoStore, id: string): string {
  return `${undoFolder(store)}/${id}/${INDEX}`
}

function partPath(store: UndoStore, id: string, at: number): string {
  return `${undoFolder(store)}/${id}/${String(at + 1).padStart(4, '0')}`
}

function isId(id: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/.test(id)
}

/** The version after `cas`. What lies there already as it should is a success: an answer may have been lost. */
async function put(
  { client, mount }: UndoStore,
  path: string,
  data: Sensitive<JsonRecord>,
  cas: number,
): Promise<number> {
  try {
    const { version } = await writeSecret(client, mount, path, data, cas)
    return version
  } catch (error) {
    if (!(error instanceof VaultError)) throw error
    if (error.code !== 'vault-cas-mismatch' && error.effect === 'none') throw error
    const read = await readSecret(client, mount, path)
    const isOurs = read.kind === 'found' && canonicalJson(read.data.reveal()) === canonicalJson(data.reveal())
    if (isOurs && read.version === cas + 1) return read.version
    if (error.code !== 'vault-cas-mismatch') throw error
    throw cas === 0
      ? new FinishError('finish-undo-taken', `${path} holds another undo record`, {
          hint: 'run it again',
          cause: error,
        })
      : new FinishError('finish-busy', `somebody else works on the undo record ${path}`, {
          hint: 'wait for the other run to end, then run it again',
          cause: error,
        })
  }
}

function taken(path: string, cause?: unknown): FinishError {
  return new FinishError('finish-undo-taken', `${path} holds another undo record`, { hint: 'run it again', cause })
}

function encodeIndex({ steps, files, ...index }: UndoIndex): Sensitive<JsonRecord> {
  return sensitive({ format: 1, ...index, steps: [...steps], files: [...files] })
}

function decodeIndex(data: JsonRecord, id: string): UndoIndex {
  const { format, state, createdAt, source, rows, files, parts, bytes, steps } = data
  const isWhole =
    format === 1 &&
    (state === 'prepared' || state === 'done' || state === 'undone') &&
    isCount(createdAt) &&
    typeof source === 'string' &&
    isCount(rows) &&
    isCount(parts) &&
    isCount(bytes) &&
    isTexts(files) &&
    isTexts(steps)
  return isWhole ? { state, id, createdAt, source, rows, files, parts, bytes, steps } : broken(id)
}

function isCount(value: Json | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function isTexts(value: Json | undefined): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function parsed(text: string, id: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch (error) {
    if (error instanceof SyntaxError) return broken(id)
    throw error
  }
}

function broken(id: string): never {
  throw new FinishError('finish-undo-broken', `the undo record ${id} is not whole`, {
    hint: 'older versions of its parts may still lie in Vault',
  })
}
