/**
 * The hub a command is about: finds plenum.yaml, reads it and what it refers to, and says everything that is wrong with
 * it. The only place where `hub/` meets the process environment and the disk.
 */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import {
  type EnvSource,
  type FileSource,
  type Hub,
  type HubMessage,
  loadHub,
  type ParsedText,
  type VaultTarget,
} from '../hub/index.ts'
import { type ConfigFolder, configFolder } from './config-folder.ts'
import { CommandError, type Problem, ProblemsError, systemHint } from './failure.ts'
import type { GlobalOptions } from './globals.ts'
import { type RunFolder, runFolder } from './run-folder.ts'
import type { Screen } from './screen.ts'

export const HUB_FILE = 'plenum.yaml'

export interface FoundHub {
  /** Absolute. */
  readonly folder: string
  readonly file: string
}

/** A hub with the environment that the command asked for, and the folders that go with it. */
export interface OpenHub {
  readonly hub: Hub
  readonly environment: string
  readonly target: VaultTarget
  readonly env: EnvSource
  readonly files: FileSource
  readonly run: RunFolder
  readonly config: ConfigFolder
}

/** What `hub/` may look at: the process environment, and files. A file that is not there or not ours gives nothing. */
const PROCESS_ENV: EnvSource = { get: (name) => process.env[name] }
const DISK: FileSource = { read: (path) => readText(path) }

/**
 * `--hub` names the folder (or the file itself); without it the nearest plenum.yaml upwards.
 * @throws {CommandError} when there is none.
 */
export function findHub(given: string | undefined, from: string = process.cwd()): FoundHub {
  if (given !== undefined) return givenHub(resolve(from, given))
  const found = nearestHub(from)
  if (found === undefined) throw noHub(noneFrom(from))
  return found
}

/** Upwards from a folder. */
export function nearestHub(from: string = process.cwd()): FoundHub | undefined {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const file = join(folder, HUB_FILE)
    if (existsSync(file)) return { folder, file }
    if (dirname(folder) === folder) return undefined
  }
}

/** In words, where there is none. */
export function noneFrom(from: string = process.cwd()): string {
  return `no ${HUB_FILE} in ${resolve(from)} or any folder above it`
}

/**
 * `unchecked` references for what needs no values: verifying, showing settings.
 * @throws {ProblemsError} with every error of the file; warnings go to the screen.
 */
export function openHub(
  options: GlobalOptions,
  screen: Screen,
  references: 'required' | 'unchecked' = 'required',
): OpenHub {
  const found = findHub(options.hub)
  return openHubText(found, readHubFile(found.file), options, screen, references)
}

/** As `openHub`, for a text that does not stand in the file yet. @throws {ProblemsError} */
export function openHubText(
  { file, folder }: FoundHub,
  text: string | ParsedText,
  options: Pick<GlobalOptions, 'environment'>,
  screen: Pick<Screen, 'warn'>,
  references: 'required' | 'unchecked',
): OpenHub {
  const result = loadHub({ file, text, env: PROCESS_ENV, files: DISK, references })
  for (const { message, hint } of result.warnings.map(problemOf)) screen.warn(message, hint)
  if (result.kind === 'errors') throw new ProblemsError(result.errors.map(problemOf))
  const { hub } = result
  const { environment } = options
  const target = hub.environments.get(environment)
  if (target === undefined) throw unknownEnvironment(hub, environment)
  return { hub, environment, target, env: PROCESS_ENV, files: DISK, run: runFolder(folder), config: configFolder() }
}

/** A path as short as it can be said from here. */
export function shown(path: string, from: string = process.cwd()): string {
  const way = relative(from, path)
  return way === '' ? '.' : way.length < path.length ? way : path
}

function givenHub(path: string): FoundHub {
  if (existsSync(path) && statSync(path).isFile()) {
    if (basename(path) !== HUB_FILE) throw noHub(`${path} is no ${HUB_FILE}`)
    return { folder: dirname(path), file: path }
  }
  const file = join(path, HUB_FILE)
  if (!existsSync(path)) throw noHub(`there is no folder ${path}`)
  if (!existsSync(file)) throw noHub(`no ${HUB_FILE} in ${path}`)
  return { folder: path, file }
}

function noHub(message: string): CommandError {
  return new CommandError('hub-not-found', message, {
    hint: `go to your hub's folder, name it with --hub DIR, or begin a ${HUB_FILE} with these lines:\n  version: 1\n  hub: my-hub\n  airflow: { version: "3.3", provider: "4.8" }`,
  })
}

export function readHubFile(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CommandError('hub-unreadable', `${shown(file)} cannot be read: ${why}`, {
      hint: systemHint(cause) ?? 'see who owns it and what its permissions allow',
      cause,
    })
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    // The reference that wanted it says so, with its line in plenum.yaml.
    if (error instanceof Error && 'syscall' in error) return undefined
    throw error
  }
}

function problemOf({ code, at, path, text, hint }: HubMessage): Problem {
  const where = `${shown(at.file)}:${at.line}:${at.column}`
  return { code, message: path === '' ? `${where}: ${text}` : `${where}: ${path}: ${text}`, hint }
}

function unknownEnvironment(hub: Hub, environment: string): CommandError {
  const known = [...hub.environments.keys()]
  return new CommandError(
    'environment-unknown',
    `${shown(hub.file)} has no environment ${JSON.stringify(environment)}`,
    {
      hint:
        known.length === 0
          ? `declare it:  environments: { ${environment}: { vault: embedded } }`
          : `it has: ${known.join(', ')}; choose one with -e`,
      status: 2,
    },
  )
}
