/**
 * From what was asked to what the sources hold: opens files, databases and other Vaults, and reads. The only place where
 * importers meet the disk, the environment and the network.
 */
import { spawn } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { type EnvSource, parseDotenv } from '../../hub/index.ts'
import {
  type AirflowDatabase,
  airflowHomeSettings,
  createRowReader,
  decodeText,
  type DatabaseTarget,
  ImportError,
  openAirflowDatabase,
  parseDsn,
  readAirflowDatabase,
  readAirflowExport,
  readAirflowSettings,
  readCompose,
  readEnvFiles,
  readHelm,
  type Reading,
  type TextFile,
  type TextFiles,
} from '../../importers/index.ts'
import { type Sensitive, sensitive } from '../../sensitive/index.ts'
import { shown } from '../hub-file.ts'
import { filesOfFolder, type FolderFiles, type TextSource } from './folder.ts'
import type { ImportOptions, ImportSource } from './options.ts'
import { reading } from './reading.ts'
import { shellWords } from './shell-words.ts'

/** The database of Airflow, once its settings are known. */
export interface DatabaseSource {
  readonly target: DatabaseTarget
  readonly fernetKeys: Sensitive<string> | undefined
  readonly facts: readonly string[]
}

export interface ReadSources {
  readonly readings: readonly Reading[]
  /** Where rows came from. */
  readonly database: DatabaseSource | undefined
  readonly passedOver: FolderFiles['passedOver']
  /** Files that the sources are, as they were given or found. */
  readonly files: readonly string[]
  /** The text sources once more, with these in the place of files on the disk (by absolute path). */
  readonly reread: (files: ReadonlyMap<string, TextFile>) => readonly Reading[]
}

/** Sources that are not read through here: another Vault needs a client. */
export type LocalSource = Exclude<ImportSource, 'vault'>

export async function readLocalSources(
  source: LocalSource,
  paths: readonly string[],
  options: ImportOptions,
  signal: AbortSignal,
): Promise<ReadSources> {
  const found = source === 'folder' ? filesOfFolder(paths[0] ?? '.') : filesGiven(source, paths)
  const dotenv = dotenvOf(found.texts)
  const { airflowHome } = found
  const database =
    source === 'airflow-db'
      ? await databaseOf(options)
      : airflowHome === undefined
        ? undefined
        : await databaseOf({ ...options, airflowHome }, withDotenv(dotenv))
  const reread = (instead: ReadonlyMap<string, TextFile>): Reading[] =>
    found.texts.map(({ source: kind, files }) => {
      const opened = files.map((path) => instead.get(resolve(path)) ?? openText(path))
      return READERS[kind](opened, { named: filesNamed(instead), options })
    })
  const readings = [...(database === undefined ? [] : [await readDatabase(database, signal)]), ...reread(new Map())]
  if (readings.length > 0) {
    const files = found.texts.flatMap((text) => text.files)
    return { readings, database, reread, passedOver: found.passedOver, files }
  }
  throw new ImportError('import-nothing-found', `${paths[0] ?? '.'} has nothing that Plenum can read`, {
    hint: 'it looks for airflow.cfg, airflow.db, .env, compose files, Dockerfile, devcontainer.json, exports (connections.json, variables.json …), airflow_settings.yaml and values.yaml',
  })
}

function dotenvOf(texts: FolderFiles['texts']): TextFile[] {
  return texts.flatMap(({ source, files }) => (source === 'env-file' ? files.map(openText) : []))
}

function filesGiven(source: Exclude<LocalSource, 'folder'>, files: readonly string[]): FolderFiles {
  return { airflowHome: undefined, texts: source === 'airflow-db' ? [] : [{ source, files }], passedOver: [] }
}

interface Surroundings {
  /** Files that the sources name: env files, secrets. */
  readonly named: TextFiles
  readonly options: ImportOptions
}

/** Sources that are files, by the one who reads them. */
const READERS: Readonly<Record<TextSource, (files: readonly TextFile[], around: Surroundings) => Reading>> = {
  'env-file': (files) => readEnvFiles(files, { env: PROCESS_ENV }),
  compose: (files, { named }) => readCompose(files, { env: PROCESS_ENV, files: named }),
  'airflow-export': (files, { options: { what } }) => readAirflowExport(files, { what }),
  'airflow-settings': (files) => readAirflowSettings(files),
  helm: (files) => readHelm(files),
}

/** The disk, with `instead` in the place of what is there. */
function filesNamed(instead: ReadonlyMap<string, TextFile>): TextFiles {
  return {
    read(path, from) {
      const absolute = resolve(from ?? '.', path)
      const edited = instead.get(absolute)
      if (edited !== undefined) return edited
      if (statSync(absolute, { throwIfNoEntry: false })?.isFile() !== true) return undefined
      return { ...openText(absolute), shown: shown(absolute) }
    },
  }
}

/** Beyond this it is no file that people write; it would only exhaust the memory. In bytes. */
const LARGEST_FILE = 64 * 1024 * 1024

export function openText(path: string): TextFile {
  const absolute = resolve(path)
  return reading(path, () => {
    if (statSync(absolute).size > LARGEST_FILE)
      throw new ImportError('import-too-large', `${path} is larger than ${LARGEST_FILE / 1024 / 1024} MB`)
    return { shown: path, path: absolute, bytes: readFileSync(absolute) }
  })
}

/** What says where the database is. */
export type DatabaseOptions = Pick<ImportOptions, 'airflowHome' | 'dsn' | 'fernetKeyFile' | 'schema' | 'writeDsn'>

/** Where the database is and what opens its rows. @throws {ImportError | CommandError} */
export async function databaseOf(options: DatabaseOptions, env: EnvSource = PROCESS_ENV): Promise<DatabaseSource> {
  const { dsn, fernetKeyFile, schema, airflowHome } = options
  if (dsn !== undefined) {
    const target = parseDsn(sensitive(dsn), schema === undefined ? {} : { schema })
    return { target, fernetKeys: fernetKeyFile === undefined ? undefined : keysIn(fernetKeyFile), facts: [] }
  }
  const home = resolve(airflowHome ?? process.env['AIRFLOW_HOME'] ?? join(homedir(), 'airflow'))
  const settings = await airflowHomeSettings({ home, env, runCommand, readFile: readConfig })
  const fernetKeys = fernetKeyFile === undefined ? settings.fernetKeys : keysIn(fernetKeyFile)
  return { target: settings.target, fernetKeys, facts: settings.facts }
}

const PROCESS_ENV: EnvSource = { get: (name) => process.env[name] }

/** A hub that runs in containers has Airflow's settings in its `.env`. The shell's own win. */
function withDotenv(files: readonly TextFile[]): EnvSource {
  const layers = files.map((file) => parseDotenv(decodeText(file).text, PROCESS_ENV).values)
  return {
    get: (name) => process.env[name] ?? layers.map((values) => values.get(name)?.value.reveal()).find(isThere),
  }
}

function isThere(value: string | undefined): value is string {
  return value !== undefined
}

function keysIn(path: string): Sensitive<string> {
  return reading(path, () => sensitive(readFileSync(resolve(path), 'utf8').trim()))
}

function readConfig(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) return undefined
    throw error
  }
}

async function readDatabase(source: DatabaseSource, signal: AbortSignal): Promise<Reading> {
  const rows = createRowReader(source.fernetKeys)
  const database = await openAirflowDatabase({ target: source.target, access: 'read' })
  try {
    const read = await readAirflowDatabase(database, rows, signal)
    return { ...read, facts: [...source.facts, ...read.facts] }
  } finally {
    await database.close()
  }
}

/** The database that a source has, as `readLocalSources` finds it; else the one that the options name. */
export async function databaseOfSource(
  source: ImportSource,
  paths: readonly string[],
  options: ImportOptions,
): Promise<DatabaseSource> {
  if (source !== 'folder' || options.dsn !== undefined) return databaseOf(options)
  const { airflowHome, texts } = filesOfFolder(paths[0] ?? '.')
  return databaseOf({ ...options, ...(airflowHome === undefined ? {} : { airflowHome }) }, withDotenv(dotenvOf(texts)))
}

/** With the rights to change rows: `--write-dsn`, else the same way as for reading. */
export async function openForWriting(options: DatabaseOptions, source: DatabaseSource): Promise<AirflowDatabase> {
  const { writeDsn } = options
  const { schema } = source.target
  const target =
    writeDsn === undefined ? source.target : parseDsn(sensitive(writeDsn), schema === undefined ? {} : { schema })
  return openAirflowDatabase({ target, access: 'write' })
}

/** A `_CMD` setting, as Airflow runs it: no shell, and what it prints is the value. In ms. */
const COMMAND_TIMEOUT = 30_000

function runCommand(command: string): Promise<Sensitive<string>> {
  const [program, ...args] = shellWords(command) ?? []
  if (program === undefined) return Promise.reject(commandFailed())
  return new Promise((fulfil, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'], timeout: COMMAND_TIMEOUT })
    const chunks: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.on('error', () => reject(commandFailed()))
    child.on('close', (status) => {
      if (status === 0) fulfil(sensitive(Buffer.concat(chunks).toString('utf8').trimEnd()))
      else reject(commandFailed())
    })
  })
}

/** Its own words are not shown: they may hold what it was to print. */
function commandFailed(): ImportError {
  return new ImportError('import-command', 'a _CMD setting of Airflow failed', {
    hint: 'run the command of that setting yourself, as the user who runs this; Airflow runs it without a shell',
  })
}
