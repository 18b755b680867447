/**
 * `data/` and `subkeys/`: the secrets themselves (vault-api 6.1, 6.4).
 *
 * A read of the newest version is what a server does most: it finds the key in the cache and hands out the answer that
 * it made the last time, until the key changes or its time comes.
 */
import { JsonLimitError, type JsonObject, parseJson, RawJson, stringifyJson } from '../../json/index.ts'
import { intField, objectField } from '../../logical/fields.ts'
import {
  type Description,
  type Field,
  invalidRequest,
  LogicalError,
  type LogicalRequest,
  type LogicalResponse,
} from '../../logical/index.ts'
import { object, versionAnswer } from './answers.ts'
import { type Engine, KEY_PATH, type Operations } from './operations.ts'
import type { KeyState } from './key-store.ts'
import { isObject, mergeObject, subkeysOf } from './merge-patch.ts'
import { casParameter, versionParameter } from './parameters.ts'
import { addVersion, type CasResult, checkCas, type KeyMetadata, softDelete, versionState } from './versions.ts'

const VERSION: Field = { type: 'int', in: 'query', about: 'The version to read; the newest when left out, or 0.' }

export const DATA: Description = {
  about: 'A secret: its newest version or an older one. A write adds a version.',
  fields: {
    path: KEY_PATH,
    version: VERSION,
    data: { type: 'map', about: 'The secret: an object. Of a patch: what changes in it, null for what goes.' },
    options: { type: 'map', about: 'With `cas`: the version that this write expects to be the newest; 0 for none.' },
  },
}

export const SUBKEYS: Description = {
  about: 'The names in a secret, without its values.',
  fields: {
    path: KEY_PATH,
    version: VERSION,
    depth: { type: 'int', in: 'query', about: 'How many levels of objects are shown; 0 for all.' },
  },
}

/** The most that one request may bring (vault-api 1.6): patches must not grow a secret past what could be written. */
const MAX_DOCUMENT_BYTES = 32 * 1024 * 1024

type DataResponse = Extract<LogicalResponse, { kind: 'data' }>

export function dataOperations(engine: Engine): Operations {
  // One answer for each state of a key: a state is immutable, so the answer is too.
  const answers = new WeakMap<KeyState, DataResponse>()
  return {
    read: (request, path) => read(engine, answers, request, path),
    update: (request, path) => write(engine, request, path),
    patch: (request, path) => patch(engine, request, path),
    delete: async (_, path) => {
      await engine.changeExisting(path, (meta, now) => softDelete(meta, [meta.currentVersion], now))
      return { kind: 'none' }
    },
  }
}

export function subkeysOperations(engine: Engine): Operations {
  return {
    read: ({ data }, path) => {
      const depth = Math.max(0, intField(data, 'depth') ?? 0)
      const found = find(engine, path, versionParameter(data))
      if (found === undefined) return { kind: 'none' }
      const { document, metadata } = found
      if (document === undefined) return { kind: 'gone', data: object({ metadata, subkeys: null }) }
      const subkeys = subkeysOf(fieldsOf(document), depth)
      return { kind: 'data', data: object({ metadata, subkeys }) }
    },
  }
}

function read(
  engine: Engine,
  answers: WeakMap<KeyState, DataResponse>,
  { data }: LogicalRequest,
  path: string,
): LogicalResponse {
  const version = versionParameter(data)
  if (version === 0) {
    const state = engine.keys.find(path)
    const known = state === undefined ? undefined : answers.get(state)
    if (state !== undefined && known !== undefined && isLive(state.meta, state.meta.currentVersion, engine))
      return known
  }
  const found = find(engine, path, version)
  if (found === undefined) return { kind: 'none' }
  const { state, document, metadata } = found
  if (document === undefined) return { kind: 'gone', data: object({ data: null, metadata }) }
  const answer = object({ data: document, metadata: new RawJson(stringifyJson(metadata), parseJson) })
  const response: DataResponse = { kind: 'data', data: Object.freeze(answer) }
  if (found.version === state.meta.currentVersion) answers.set(state, Object.freeze(response))
  return response
}

interface Found {
  readonly state: KeyState
  readonly version: number
  /** `undefined` when the version is deleted or destroyed. */
  readonly document: RawJson | undefined
  readonly metadata: JsonObject
}

/** `wanted` 0 is the newest version. `undefined` for a key or a version that is not there. */
function find(engine: Engine, path: string, wanted: number): Found | undefined {
  const chosen = (meta: KeyMetadata) => (wanted === 0 ? meta.currentVersion : wanted)
  const opened = engine.keys.open(path, (meta) => (isLive(meta, chosen(meta), engine) ? chosen(meta) : undefined))
  if (opened === undefined) return undefined
  const { state, document } = opened
  const version = chosen(state.meta)
  const metadata = versionAnswer(state.meta, version)
  return metadata === undefined ? undefined : { state, version, document, metadata }
}

function isLive(meta: KeyMetadata, version: number, { now }: Engine): boolean {
  return versionState(meta, version, now()) === 'live'
}

function write(engine: Engine, { data }: LogicalRequest, path: string): Promise<LogicalResponse> {
  const document = objectField(data, 'data')
  if (document === undefined) throw invalidRequest('no data provided')
  const cas = casParameter(data)
  const text = stringifyJson(document)
  return engine.exclusively(path, async () => {
    const meta = engine.keys.find(path)?.meta
    requireCas(checkCas(meta, engine.config.current, cas))
    return store(engine, path, meta, text)
  })
}

function patch(engine: Engine, { data }: LogicalRequest, path: string): Promise<LogicalResponse> {
  const changes = objectField(data, 'data')
  if (changes === undefined) throw invalidRequest('no data provided')
  const cas = casParameter(data)
  return engine.exclusively(path, async () => {
    const meta = engine.keys.find(path)?.meta
    if (meta === undefined) return { kind: 'gone', data: null }
    requireCas(checkCas(meta, engine.config.current, cas))
    const found = find(engine, path, 0)
    if (found?.document === undefined) return { kind: 'gone', data: found?.metadata ?? null }
    const text = checkedText(mergeObject(fieldsOf(found.document), changes))
    return store(engine, path, meta, text)
  })
}

async function store(
  engine: Engine,
  path: string,
  meta: KeyMetadata | undefined,
  text: string,
): Promise<LogicalResponse> {
  const transition = addVersion(meta, engine.config.current, engine.now())
  await engine.keys.change(path, transition, text)
  const { next } = transition
  const answer = versionAnswer(next, next.currentVersion)
  if (answer === undefined) throw new Error('a version that was just added is not there')
  return { kind: 'data', data: answer }
}

const CAS_REFUSALS: Readonly<Record<Exclude<CasResult, 'ok'>, string>> = {
  'cas-required': 'check-and-set parameter required for this call',
  'cas-mismatch': 'check-and-set parameter did not match the current version',
}

function requireCas(result: CasResult): void {
  if (result !== 'ok') throw invalidRequest(CAS_REFUSALS[result])
}

/** A document that a patch has grown must stay one that can be read again. */
function checkedText(document: JsonObject): string {
  const text = stringifyJson(document)
  if (Buffer.byteLength(text) > MAX_DOCUMENT_BYTES) {
    throw new LogicalError('too-large', 'the patched secret is too large', 'bare')
  }
  try {
    parseJson(text)
  } catch (error) {
    if (error instanceof JsonLimitError)
      throw invalidRequest(`the patched secret is too complex: limit of ${error.limit}`)
    throw error
  }
  return text
}

/** Only objects are ever stored. */
function fieldsOf(document: RawJson): JsonObject {
  const value = document.value()
  if (!isObject(value)) throw new Error('a stored secret is not an object')
  return value
}
