/**
 * plenum.yaml for a test: read, resolved, and every value that is not given filled in.
 *
 * Invariant: nothing of the machine gets in. Neither the process environment nor env_files nor other files are read, so
 * that a test does the same everywhere and no developer's password is ever in a test server. What a test does not give
 * gets a placeholder that names where it would come from.
 */
import { readFileSync, statSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  type DeclaredEntry,
  formatHubMessage,
  type Hub,
  HubReferenceError,
  loadHub,
  type Reference,
  type ResolvedEntry,
  type ResolvedField,
  resolveEntries,
} from '../hub/index.ts'
import { type Json, Sensitive, sensitive } from '../sensitive/index.ts'
import { TestServerError } from './errors.ts'

/** A path or URL of plenum.yaml or its folder; its text (more than one line); or what it says, as an object. */
export type HubSource = string | URL | Readonly<Record<string, Json>>

export type Clear = string | Sensitive<string>

/** What references of the hub lead to. */
export interface HubValues {
  /** For `env` references, by the variable's name. */
  readonly env?: Readonly<Record<string, Clear | undefined>> | undefined
  /** For `file` references and `env_files`: texts, by path as the hub names it, or absolute. */
  readonly files?: Readonly<Record<string, Clear>> | undefined
  /** What becomes of references to a value that is not given. Default `placeholder`. */
  readonly missing?: 'placeholder' | 'error' | undefined
}

/** A hub that declares nothing: Airflow's role, and the paths that Plenum uses unless told otherwise. */
export function emptyHub(mount: string): Hub {
  const folder = process.cwd()
  return {
    name: 'test',
    file: join(folder, HUB_FILE),
    folder,
    airflow: { version: '3.3', provider: '4.8' },
    vault: { mount, connections: 'airflow/connections', variables: 'airflow/variables', projects: 'projects' },
    envFiles: [],
    environments: new Map([['dev', { kind: 'embedded' }]]),
    projects: [],
    entries: [],
  }
}

const HUB_FILE = 'plenum.yaml'
const NOTHING = { get: () => undefined, read: () => undefined }

/** @throws {TestServerError} 'testing-hub' with everything that is wrong with it */
export function readHub(source: HubSource): Hub {
  const { file, text } = textOf(source)
  const result = loadHub({ file, text, env: NOTHING, files: NOTHING, references: 'unchecked' })
  if (result.kind === 'hub') return result.hub
  throw new TestServerError('testing-hub', result.errors.map((error) => formatHubMessage(error)).join('\n'))
}

function textOf(source: HubSource): { readonly file: string; readonly text: string } {
  if (typeof source === 'string' && source.includes('\n')) return { file: resolve(HUB_FILE), text: source }
  // JSON is YAML.
  if (typeof source === 'object' && !(source instanceof URL))
    return { file: resolve(HUB_FILE), text: JSON.stringify(source, undefined, 2) }
  const path = source instanceof URL ? fileURLToPath(source) : resolve(source)
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
  const file = isFolder ? join(path, HUB_FILE) : path
  try {
    return { file, text: readFileSync(file, 'utf8') }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new TestServerError(
      'testing-hub',
      `the hub ${file} cannot be read: ${why}. A path is relative to ${process.cwd()}, where this process runs; a URL made with import.meta.url is relative to the test's file`,
      { cause },
    )
  }
}

/**
 * Values for all references but those to another entry of Vault.
 * @throws {HubReferenceError} for what leads nowhere when `missing` is `error`, and for a given port that is none
 */
export function resolveHub(hub: Hub, { env = {}, files = {}, missing = 'placeholder' }: HubValues): ResolvedEntry[] {
  const given = Object.entries(env).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, textIn(value)] as const],
  )
  const variables = new Map(given)
  const texts = new Map(Object.entries(files).map(([path, value]) => [resolve(hub.folder, path), textIn(value)]))
  try {
    return filled(resolveEntries(sourcesOf(hub, variables, texts)), missing)
  } catch (error) {
    if (!(error instanceof HubReferenceError) || missing === 'error') throw error
    const ports = portSources(hub)
    for (const { kind, name } of error.missing) {
      if (kind === 'port') throw error
      const value = ports.has(name)
        ? String(PLACEHOLDER_PORT)
        : placeholderText(kind === 'file' ? relative(hub.folder, name) : name)
      ;(kind === 'env' ? variables : texts).set(name, value)
    }
    return filled(resolveEntries(sourcesOf(hub, variables, texts)), missing)
  }
}

function sourcesOf(hub: Hub, variables: ReadonlyMap<string, string>, texts: ReadonlyMap<string, string>) {
  return {
    hub,
    env: { get: (name: string) => variables.get(name) },
    files: { read: (path: string) => texts.get(path) },
  }
}

function textIn(value: Clear): string {
  return value instanceof Sensitive ? value.reveal() : value
}

/** In a test nobody is asked: `prompt` is answered with a placeholder. */
function filled(resolved: readonly ResolvedEntry[], missing: 'placeholder' | 'error'): ResolvedEntry[] {
  if (missing === 'error') return [...resolved]
  return resolved.map((one) => ({
    ...one,
    fields: new Map([...one.fields].map((field) => answered(one.entry, field))),
  }))
}

function answered({ kind, id }: DeclaredEntry, [name, field]: [string, ResolvedField]): [string, ResolvedField] {
  if (field.kind !== 'keep' || field.make.kind !== 'prompt') return [name, field]
  return [name, { kind: 'value', value: placeholder(kind, id, name) }]
}

/** Names of what a port is taken from. */
function portSources(hub: Hub): Set<string> {
  const names = hub.entries
    .filter(({ kind }) => kind === 'connection')
    .flatMap(({ fields }) => sourceName(fields.get('port')))
  return new Set(names)
}

function sourceName(reference: Reference | undefined): string[] {
  if (reference?.kind === 'env') return [reference.name]
  return reference?.kind === 'file' ? [reference.path] : []
}

const PLACEHOLDER_PORT = 65_535

/** For a field of an entry: `placeholder-<id>-<field>`, for a variable `placeholder-<key>`; 65535 for a port. */
export function placeholder(kind: DeclaredEntry['kind'], id: string, field: string): Sensitive<Json> {
  if (kind === 'connection' && field === 'port') return sensitive(PLACEHOLDER_PORT)
  return sensitive(placeholderText(kind === 'variable' ? id : `${id}-${field}`))
}

/** Of a variable of the environment or a file: `placeholder-BROKER_PASSWORD`. */
function placeholderText(name: string): string {
  return `placeholder-${name}`
}
