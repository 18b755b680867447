/**
 * The hub that an import goes into: the nearest plenum.yaml, or one that is made for it. Nothing is written here; the
 * text with the new declarations is kept apart until the values are in Vault.
 */
import { existsSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { AirflowVersionError, providerOf } from '../../airflow/index.ts'
import { type DeclaredAddition, declareEntries } from '../../hub/index.ts'
import { CommandError } from '../failure.ts'
import { type FoundHub, findHub, HUB_FILE, type OpenHub, openHubText, readHubFile } from '../hub-file.ts'
import type { Screen } from '../screen.ts'
import type { ImportOptions } from './options.ts'

export interface ImportHub {
  readonly found: FoundHub
  /** Undefined: there is none yet. */
  readonly text: string | undefined
  /** The hub as it is. Undefined for a new one. */
  readonly current: OpenHub | undefined
  /** The text with these declared, and the hub that it makes. */
  declaring(additions: readonly DeclaredAddition[]): { readonly text: string; readonly hub: OpenHub }
}

/** The provider that goes with an Airflow when nobody says which. */
const USUAL = { version: '3.3', provider: '4.8' }
const USUAL_OF_2 = '4.7'

/** `airflowLines`: what the Airflow may be that was read (`Reading`), for a hub that is made anew. */
export function openImportHub(
  options: ImportOptions,
  screen: Screen,
  airflowLines: readonly string[] | undefined,
): ImportHub {
  const found = locate(options)
  const text = existsSync(found.file) ? readHubFile(found.file) : undefined
  const current = text === undefined ? undefined : openHubText(found, text, options, screen, 'unchecked')
  if (text === undefined && options.airflowVersion === undefined) warnOfGuess(airflowLines, screen)
  const settings = { file: found.file, hub: newHub(options, found, airflowLines) }
  return {
    found,
    text,
    current,
    declaring(additions) {
      const declared = declareEntries(text, { ...settings, entries: additions })
      // Its warnings were given with the current text.
      const quiet = text === undefined ? screen : { warn: () => undefined }
      return { text: declared.text, hub: openHubText(found, declared.parsed, options, quiet, 'unchecked') }
    },
  }
}

function locate({ hub }: ImportOptions): FoundHub {
  try {
    return findHub(hub)
  } catch (error) {
    if (!(error instanceof CommandError) || error.code !== 'hub-not-found') throw error
    const folder = resolve(hub ?? '.')
    // A folder that is not there was mistyped; making it would hide that.
    if (!existsSync(folder) || basename(folder) === HUB_FILE) throw error
    return { folder, file: join(folder, HUB_FILE) }
  }
}

function newHub(
  { name, airflowVersion, provider }: ImportOptions,
  { folder }: FoundHub,
  lines: readonly string[] | undefined,
): { readonly name: string; readonly airflow: string; readonly provider: string } {
  const airflow = airflowVersion ?? newestOf(lines)
  const chosen = provider ?? (airflow.startsWith('2.') ? USUAL_OF_2 : USUAL.provider)
  try {
    providerOf(chosen)
  } catch (cause) {
    if (!(cause instanceof AirflowVersionError)) throw cause
    throw new CommandError('call-wrong', cause.message, { status: 2, cause })
  }
  return { name: name ?? hubNameOf(basename(folder)), airflow, provider: chosen }
}

function newestOf(lines: readonly string[] | undefined): string {
  return lines?.at(-1) ?? USUAL.version
}

/** A database that does not tell its Airflow exactly. */
function warnOfGuess(lines: readonly string[] | undefined, screen: Screen): void {
  if (lines === undefined || lines.length === 1) return
  const what = lines.length === 0 ? 'does not tell which Airflow it is of' : `may be of Airflow ${lines.join(', ')}`
  screen.warn(
    `the database ${what}; the new plenum.yaml says ${newestOf(lines)}`,
    'say which it is with --airflow-version, or correct airflow.version in plenum.yaml',
  )
}

/** Lower case, letters, digits and `-`: what policies and roles may be named after. */
export function hubNameOf(folder: string): string {
  const name = folder
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 40)
    .replace(/-+$/, '')
  return /^[a-z]/.test(name) ? name : 'my-hub'
}
