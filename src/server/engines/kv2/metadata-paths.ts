/** `metadata/`: what is known of a key, its settings, its folder, its end (vault-api 6.3). Lists come in pages, as in OpenBao; so do scans. */
import { objectField } from '../../logical/fields.ts'
import { pageFields } from '../../logical/paging.ts'
import {
  type Description,
  type JsonObject,
  type LogicalRequest,
  type LogicalResponse,
  PAGE_FIELDS,
} from '../../logical/index.ts'
import { pageOf, scanPage, unhurried } from '../../storage/index.ts'
import { keyAnswer, object } from './answers.ts'
import { parseCustomMetadata, patchCustomMetadata } from './custom-metadata.ts'
import { type Engine, KEY_PATH, type Operations } from './operations.ts'
import { casWarnings, clearedSettings, SETTING_FIELDS, settingsParameter } from './settings.ts'
import { changeSettings, type KeySettings } from './versions.ts'

const CUSTOM_METADATA = 'custom_metadata'

export const METADATA: Description = {
  about: 'What is known of a key: its versions and settings. A deletion takes the key with all its versions.',
  fields: {
    path: KEY_PATH,
    ...PAGE_FIELDS,
    ...SETTING_FIELDS,
    custom_metadata: { type: 'map', about: 'Texts by name that are kept with the key.' },
  },
}

export const DETAILED_METADATA: Description = {
  about: 'The names in a folder, and what is known of each key.',
  fields: { path: KEY_PATH, ...PAGE_FIELDS },
}

export function metadataOperations(engine: Engine): Operations {
  return {
    list: async ({ data }, path) => ({ kind: 'list', keys: await listed(engine, data, path) }),
    scan: async ({ data }, path) => ({ kind: 'list', keys: await scanned(engine, data, path) }),
    read: (_, path) => {
      const meta = engine.keys.find(path)?.meta
      if (meta === undefined) return { kind: 'none' }
      return { kind: 'data', data: keyAnswer(meta) }
    },
    update: (request, path) => update(engine, request, path),
    patch: (request, path) => patch(engine, request, path),
    delete: (_, path) => remove(engine, path),
  }
}

/** `detailed-metadata/`: lists and scans with the metadata of each key beside. OpenBao's. */
export function detailedMetadataOperations(engine: Engine): Operations {
  return {
    list: async ({ data }, path) => detailed(engine, path, await listed(engine, data, path)),
    scan: async ({ data }, path) => detailed(engine, path, await scanned(engine, data, path)),
  }
}

async function listed(engine: Engine, data: JsonObject, folder: string): Promise<string[]> {
  const page = pageFields(data)
  return pageOf(await engine.keys.list(folder), page)
}

function scanned(engine: Engine, data: JsonObject, folder: string): Promise<string[]> {
  return scanPage((below) => engine.keys.list(below), folder, pageFields(data))
}

/** A folder has no metadata, and no entry. */
async function detailed(engine: Engine, folder: string, keys: readonly string[]): Promise<LogicalResponse> {
  if (keys.length === 0) return { kind: 'list', keys }
  const info = object({})
  for await (const key of unhurried(keys)) {
    const meta = engine.keys.find(folder + key)?.meta
    if (meta !== undefined) info[key] = keyAnswer(meta)
  }
  return { kind: 'list', keys, more: object({ key_info: info }) }
}

/** A request that sets nothing makes no key, as in Vault. */
async function update(engine: Engine, { data }: LogicalRequest, path: string): Promise<LogicalResponse> {
  const custom = objectField(data, CUSTOM_METADATA)
  const changes: Partial<KeySettings> = {
    ...settingsParameter(data),
    ...(custom === undefined ? {} : { customMetadata: parseCustomMetadata(custom) }),
  }
  if (Object.keys(changes).length === 0) return { kind: 'none' }
  const warnings = casWarnings(engine.config.current, changes)
  await engine.exclusively(path, () =>
    engine.keys.change(path, changeSettings(engine.keys.find(path)?.meta, changes, engine.now())),
  )
  return { kind: 'none', warnings }
}

function patch(engine: Engine, { data }: LogicalRequest, path: string): Promise<LogicalResponse> {
  const settings = { ...clearedSettings(data), ...settingsParameter(data) }
  const custom = objectField(data, CUSTOM_METADATA)
  return engine.exclusively(path, async () => {
    const meta = engine.keys.find(path)?.meta
    if (meta === undefined) return { kind: 'gone', data: null }
    const changes = { ...settings, ...patchedCustomMetadata(meta, data, custom) }
    if (Object.keys(changes).length === 0) return { kind: 'none' }
    await engine.keys.change(path, changeSettings(meta, changes, engine.now()))
    return { kind: 'none', warnings: casWarnings(engine.config.current, changes) }
  })
}

function patchedCustomMetadata(
  meta: KeySettings,
  data: JsonObject,
  custom: JsonObject | undefined,
): Partial<KeySettings> {
  if (custom !== undefined) return { customMetadata: patchCustomMetadata(meta.customMetadata, custom) }
  return data[CUSTOM_METADATA] === null ? { customMetadata: null } : {}
}

async function remove(engine: Engine, path: string): Promise<LogicalResponse> {
  await engine.exclusively(path, async () => {
    const meta = engine.keys.find(path)?.meta
    if (meta !== undefined) await engine.keys.remove(path, meta)
  })
  return { kind: 'none' }
}
