/**
 * References -> values. `env` and `file` are read here; `generate` and `prompt` stay orders for whoever sees that Vault
 * has no value, and `vault` stays a place to read from.
 *
 * Invariant: a value is wrapped before anything else happens to it. An entry resolves as a whole or throws one error
 * that names everything missing, by variable, file and place.
 */
import { relative } from 'node:path'
import { type Json, type Sensitive, sensitive } from '../sensitive/index.ts'
import { isEmpty } from './entry-data.ts'
import { type EnvLayers, type EnvSource, type FileSource, readEnvLayers } from './env-layers.ts'
import { splitFieldPath } from './field-path.ts'
import type { DeclaredEntry, Hub, Position, Reference, ResolvedField } from './hub.ts'
import type { CustomMetadata } from './marks.ts'
import { dottedPath, formatPosition } from './messages.ts'
import { parsePort, PORT_TEXT } from './port.ts'

export interface ResolveOptions {
  readonly hub: Hub
  readonly env: EnvSource
  readonly files: FileSource
}

export interface ResolvedEntry {
  readonly entry: DeclaredEntry
  readonly fields: ReadonlyMap<string, ResolvedField>
  /** For custom_metadata, beside the marks of the project: what an import knows of it. */
  readonly metadata?: CustomMetadata | undefined
}

/** One reference that leads nowhere. */
export interface MissingReference {
  /** `port`: there is a value, and it is no port. */
  readonly kind: 'env' | 'file' | 'port'
  /** Of the variable, or the path of the file. */
  readonly name: string
  /** Where the entry stands; undefined for the credentials of an environment. */
  readonly at: Position | undefined
  /** `projects.trading.connections.ibkr.password`. */
  readonly path: string
}

export class HubReferenceError extends Error {
  override readonly name = 'HubReferenceError'
  readonly code = 'hub-unresolved'
  readonly missing: readonly MissingReference[]
  readonly hint: string

  constructor(missing: readonly MissingReference[], hub: Hub) {
    super(missing.map((one) => describe(one, hub)).join('\n'))
    this.missing = missing
    const files = hub.envFiles.map((path) => relative(hub.folder, path)).join(', ')
    this.hint =
      files === ''
        ? 'set the variables, or name a file that has them:  env_files: [.env]'
        : `set the variables, or write them into ${files}`
  }
}

/** @throws {HubReferenceError} */
export function resolveEntry(entry: DeclaredEntry, options: ResolveOptions): ResolvedEntry {
  const missing: MissingReference[] = []
  const resolved = resolveFields(entry, options, missing)
  if (missing.length > 0) throw new HubReferenceError(missing, options.hub)
  return resolved
}

/** All entries of the hub, with one error for all that is missing. @throws {HubReferenceError} */
export function resolveEntries(options: ResolveOptions): ResolvedEntry[] {
  const missing: MissingReference[] = []
  const resolved = options.hub.entries.map((entry) => resolveFields(entry, options, missing))
  if (missing.length > 0) throw new HubReferenceError(missing, options.hub)
  return resolved
}

/**
 * For credentials of an environment, which are literal, `env` or `file`.
 * @throws {HubReferenceError}
 */
export function resolveText(reference: Reference, options: ResolveOptions): Sensitive<string> {
  if (reference.kind === 'literal') {
    return sensitive(typeof reference.value === 'string' ? reference.value : JSON.stringify(reference.value))
  }
  if (reference.kind !== 'env' && reference.kind !== 'file') {
    throw new TypeError(`a ${reference.kind} reference has no text of its own`)
  }
  const value = read(reference, options)
  if (value !== undefined) return value
  throw new HubReferenceError([{ ...missingOf(reference), at: undefined, path: 'environments' }], options.hub)
}

function resolveFields(entry: DeclaredEntry, options: ResolveOptions, missing: MissingReference[]): ResolvedEntry {
  const fields = new Map<string, ResolvedField>()
  for (const [name, reference] of entry.fields) {
    const field = resolveField(entry, name, reference, options, missing)
    if (field !== undefined) fields.set(name, field)
  }
  return { entry, fields }
}

/** Undefined for a field that is missing, or that is empty and so not stored. */
function resolveField(
  entry: DeclaredEntry,
  name: string,
  reference: Reference,
  options: ResolveOptions,
  missing: MissingReference[],
): ResolvedField | undefined {
  if (reference.kind === 'literal') return storedField(entry, name, sensitive(reference.value))
  if (reference.kind === 'vault') return { kind: 'vault', path: reference.path, field: reference.field }
  if (reference.kind === 'generate' || reference.kind === 'prompt') return { kind: 'keep', make: reference }
  const value = read(reference, options)
  const isPort = entry.kind === 'connection' && name === 'port'
  const stored = isPort && value !== undefined ? portOf(value) : value
  if (stored !== undefined) return storedField(entry, name, stored)
  const { kind, name: source } = missingOf(reference)
  missing.push({ kind: value === undefined ? kind : 'port', name: source, at: entry.at, path: pathOf(entry, name) })
  return undefined
}

/** An empty port stays empty. */
function portOf(value: Sensitive<string>): Sensitive<Json> | undefined {
  const text = value.reveal().trim()
  const port = text === '' ? '' : parsePort(text)
  return port === undefined ? undefined : sensitive<Json>(port)
}

/** `extra` keeps empty values, the fields of a connection do not. */
function storedField(entry: DeclaredEntry, name: string, value: Sensitive<Json>): ResolvedField | undefined {
  const isTop = entry.kind === 'connection' && splitFieldPath(name).length === 1
  return isTop && isEmpty(value.reveal()) ? undefined : { kind: 'value', value }
}

type ReadReference = Extract<Reference, { kind: 'env' | 'file' }>

function read(reference: ReadReference, options: ResolveOptions): Sensitive<string> | undefined {
  if (reference.kind === 'env') return layersOf(options).get(reference.name)
  const text = options.files.read(reference.path)
  return text === undefined ? undefined : sensitive(text.replace(/\r?\n$/, ''))
}

/** A hub's env_files are read once for all of its entries. */
const layersByHub = new WeakMap<Hub, { readonly options: ResolveOptions; readonly layers: EnvLayers }>()

function layersOf(options: ResolveOptions): EnvLayers {
  const { hub, env, files } = options
  const known = layersByHub.get(hub)
  if (known !== undefined && known.options.env === env && known.options.files === files) return known.layers
  const layers = readEnvLayers(hub.envFiles, env, files)
  layersByHub.set(hub, { options, layers })
  return layers
}

function missingOf(reference: ReadReference): { readonly kind: 'env' | 'file'; readonly name: string } {
  return reference.kind === 'env' ? { kind: 'env', name: reference.name } : { kind: 'file', name: reference.path }
}

const SECTIONS: Readonly<Record<DeclaredEntry['kind'], string>> = {
  connection: 'connections',
  variable: 'variables',
  secret: 'secrets',
}

function pathOf({ kind, project, id }: DeclaredEntry, field: string): string {
  const name = kind === 'secret' ? id.slice(project.length + 1) : id
  return dottedPath(['projects', project, SECTIONS[kind], name, ...(kind === 'variable' ? [] : splitFieldPath(field))])
}

function describe({ kind, name, at, path }: MissingReference, hub: Hub): string {
  const place = at === undefined ? path : `${formatPosition(at, hub.folder)}: ${path}`
  return `${place}: ${WHAT[kind](name)}`
}

const WHAT: Readonly<Record<MissingReference['kind'], (name: string) => string>> = {
  env: (name) => `the environment variable ${name} is not set`,
  file: (path) => `the file ${path} cannot be read`,
  port: (name) => `${name} does not hold a port, which is ${PORT_TEXT}`,
}
