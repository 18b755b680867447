/** Reads the sources and decides what of them is meant: everything of an import before Vault is asked. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import {
  CLASSES,
  ImportError,
  mentionsOf,
  type NameClass,
  parseProjectMap,
  type ProjectRules,
  type Reading,
  readVaultSource,
  type VaultReading,
  selectObjects,
  type Selection,
  SOURCE_KINDS,
  type SourceKind,
} from '../../importers/index.ts'
import { fingerprintKey } from '../../sensitive/index.ts'
import { CommandError } from '../failure.ts'
import type { Screen } from '../screen.ts'
import { withVault } from '../with-vault.ts'
import type { History } from './history.ts'
import { type ImportHub, openImportHub } from './import-hub.ts'
import { otherVault } from './other-vault.ts'
import type { ImportOptions, ImportSource } from './options.ts'
import { reading } from './reading.ts'
import { openText, readLocalSources, type ReadSources } from './sources.ts'

export interface OpenedImport extends ReadSources {
  readonly hub: ImportHub
  /** Older versions, of another Vault. */
  readonly history: History
  readonly selection: Selection
}

export async function openImport(
  source: ImportSource,
  paths: readonly string[],
  options: ImportOptions,
  screen: Screen,
  signal: AbortSignal,
): Promise<OpenedImport> {
  if (source === 'vault') {
    const hub = openImportHub(options, screen, undefined)
    const read = await readOtherVault(hub, options, screen, signal)
    const selection = selectFrom([read], hub, options)
    const { history } = read
    return {
      hub,
      readings: [read],
      database: undefined,
      passedOver: [],
      files: [],
      reread: () => [],
      history,
      selection,
    }
  }
  const local = await readLocalSources(source, paths, options, signal)
  const { readings } = local
  for (const { file, why } of local.passedOver) screen.warn(`${file} is not read: ${why}`)
  const hub = openImportHub(options, screen, linesOf(readings))
  return { ...local, hub, history: new Map(), selection: selectFrom(readings, hub, options) }
}

function selectFrom(readings: readonly Reading[], hub: ImportHub, options: ImportOptions): Selection {
  const entries = hub.current?.hub.entries ?? []
  return selectObjects(readings, {
    only: options.only ?? [],
    except: options.except ?? [],
    withDefaults: options.withDefaults === true,
    rules: projectRules(
      options,
      hub.current?.hub.projects.map(({ name }) => name) ?? [],
      readings.flatMap(({ found }) => found.map(({ id }) => id)),
    ),
    names: options.names,
    classes: classesOf(options),
    prefer: preferred(options),
    key: fingerprintKey(),
    declared: new Map(entries.map(({ kind, id, external, project }) => [`${kind}:${id}`, { external, project }])),
  })
}

/** What says which project an object goes to. */
export type ProjectOptions = Pick<ImportOptions, 'project' | 'projectMap' | 'dags' | 'holding'>

/** `projects`: declared ones. `ids`: what may be assigned, to look for in the DAGs. */
export function projectRules(
  { project = [], projectMap, dags, holding }: ProjectOptions,
  projects: readonly string[],
  ids: readonly string[],
): ProjectRules {
  const given = project.map(parseRule)
  const rules = given.flatMap((one) => (one.pattern === undefined ? [] : [{ ...one, pattern: one.pattern }]))
  const rest = given.flatMap((one) => (one.pattern === undefined ? [{ ...one, pattern: '*' }] : []))
  const map = projectMap === undefined ? [] : parseProjectMap(openText(projectMap))
  return {
    // A project for everything is still said in so many words: it comes after the map, and before names and DAGs.
    rules: rest.length === 0 ? rules : [...rules, ...map, ...rest],
    map: rest.length === 0 ? map : [],
    projects,
    mentions: dags === undefined ? new Map() : mentionsOf(dagFiles(dags), ids, resolve(dags)),
    holding,
  }
}

/** `PATTERN=PROJECT`, or a project for everything. */
function parseRule(text: string): { readonly pattern: string | undefined; readonly project: string } {
  const at = text.lastIndexOf('=')
  const pattern = at === -1 ? undefined : text.slice(0, at)
  const project = text.slice(at + 1)
  if (pattern !== '' && project !== '') return { pattern, project }
  throw wrongCall(`--project ${text} is no rule`, "write --project 'trading_*=trading', or --project trading")
}

function classesOf({ class: given }: ImportOptions): readonly NameClass[] {
  const classes = given ?? ['secret']
  return classes.map((one) => {
    const known = CLASSES.find((name) => name === one)
    if (known !== undefined) return known
    throw wrongCall(`--class ${one} is none`, `it is one of ${CLASSES.join(', ')}`)
  })
}

function preferred({ prefer }: ImportOptions): SourceKind | undefined {
  if (prefer === undefined) return undefined
  const known = SOURCE_KINDS.find((kind) => kind === prefer)
  if (known !== undefined) return known
  throw wrongCall(`--prefer ${prefer} is no source`, `it is one of ${SOURCE_KINDS.join(', ')}`)
}

function wrongCall(message: string, hint: string): CommandError {
  return new CommandError('call-wrong', message, { hint, status: 2 })
}

/** Of the Airflow whose database was read. */
function linesOf(readings: readonly Reading[]): readonly string[] | undefined {
  return readings.map(({ airflowLines }) => airflowLines).find((lines) => lines !== undefined)
}

const DAG_FILE = /\.(?:py|ya?ml|json|sql)$/
const LARGEST_DAG_FILE = 2 * 1024 * 1024

function dagFiles(root: string): { readonly path: string; readonly text: string }[] {
  return reading(root, () =>
    readdirSync(root, { recursive: true, withFileTypes: true }).flatMap((entry) => {
      const path = join(entry.parentPath, entry.name)
      if (!entry.isFile() || !DAG_FILE.test(entry.name) || statSync(path).size > LARGEST_DAG_FILE) return []
      return [{ path: resolve(path), text: readFileSync(path, 'utf8') }]
    }),
  )
}

async function readOtherVault(
  { current }: ImportHub,
  options: ImportOptions,
  screen: Screen,
  signal: AbortSignal,
): Promise<VaultReading> {
  const { mount = 'secret', prefix = '', kvVersion, connectionsPath, variablesPath, projectsPath } = options
  const read = {
    mount,
    prefix,
    version: kvVersion === '1' ? (1 as const) : (2 as const),
    layout: { connections: connectionsPath, variables: variablesPath, projects: projectsPath },
    withVersions: options.withVersions === true,
    signal,
  }
  const other = await otherVault(options)
  if (other !== undefined) {
    try {
      return await readVaultSource(other, { ...read, concurrency: other.pace })
    } finally {
      await other.close()
    }
  }
  if (current === undefined)
    throw new ImportError('import-no-vault', 'there is no plenum.yaml here that says which Vault to read', {
      hint: 'name the Vault with --from-address and --from-token-file',
    })
  const { port } = options
  return withVault({
    hub: current,
    port,
    screen,
    work: (_, client) => readVaultSource(client, { ...read, concurrency: client.pace }),
  })
}
