/**
 * What a folder has at its top that the sources can read. Names decide; nothing below is searched, but for `airflow/` and
 * `.devcontainer/`.
 */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { reading } from './reading.ts'

/** Sources that are files. */
export type TextSource = 'env-file' | 'compose' | 'airflow-export' | 'airflow-settings' | 'helm'

export interface FolderFiles {
  /** The folder itself, or `airflow` in it, when airflow.cfg or airflow.db lies there. */
  readonly airflowHome: string | undefined
  /** In the order in which they are read. Paths begin with the folder as it was given. */
  readonly texts: readonly {
    readonly source: TextSource
    readonly files: readonly string[]
  }[]
  /** Files that look like a source and are not read, and why. */
  readonly passedOver: readonly { readonly file: string; readonly why: string }[]
}

const ENV = /^\.env(?:\.[\w-]+)?$/
/** Made to be copied: what they hold is no secret. */
const ENV_SAMPLE = /\.(?:example|sample|template|dist)$/
/** docker compose takes the first of these that is there, and its override. */
const COMPOSE = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml']
const COMPOSE_OTHER = /^(?:docker-)?compose\.[\w.-]+\.ya?ml$/
const DOCKERFILE = /^Dockerfile(?:\.[\w-]+)?$/
const EXPORT = /^(?:connections|variables)(?:[-_.]export(?:ed)?)?\.(?:json|ya?ml|env)$/
const SETTINGS = /^airflow_settings\.ya?ml$/
const VALUES = /^values(?:[-_.][\w-]+)?\.ya?ml$/

export function filesOfFolder(folder: string): FolderFiles {
  const names = reading(folder, () => readdirSync(folder).sort())
  const home = [folder, join(folder, 'airflow')].find(
    (path) => existsSync(join(path, 'airflow.cfg')) || existsSync(join(path, 'airflow.db')),
  )
  const pick = (pattern: RegExp, except?: RegExp): string[] =>
    names.filter((name) => pattern.test(name) && except?.test(name) !== true)
  const compose = composeFiles(names)
  const containers = [...compose, ...pick(DOCKERFILE), ...devcontainers(folder, names)]
  const found: readonly { readonly source: TextSource; readonly files: readonly string[] }[] = [
    { source: 'env-file', files: pick(ENV, ENV_SAMPLE) },
    { source: 'compose', files: containers },
    { source: 'airflow-export', files: pick(EXPORT) },
    { source: 'airflow-settings', files: pick(SETTINGS) },
    { source: 'helm', files: pick(VALUES) },
  ]
  const texts = found.map(({ source, files }) => ({ source, files: files.map((name) => join(folder, name)) }))
  const others = pick(COMPOSE_OTHER).filter((name) => !compose.includes(name))
  return {
    airflowHome: home,
    texts: texts.filter(({ files }) => files.length > 0),
    passedOver: others.map((name) => ({
      file: join(folder, name),
      why: 'docker compose takes it only with -f; name the files in that order: plenum import compose FILE FILE',
    })),
  }
}

function composeFiles(names: readonly string[]): string[] {
  const base = COMPOSE.find((name) => names.includes(name))
  if (base === undefined) return []
  const overrides = ['yaml', 'yml'].map((ending) => base.replace(/\.ya?ml$/, `.override.${ending}`))
  const override = overrides.find((name) => names.includes(name))
  return override === undefined ? [base] : [base, override]
}

function devcontainers(folder: string, names: readonly string[]): string[] {
  const below = join('.devcontainer', 'devcontainer.json')
  return [
    ...(existsSync(join(folder, below)) ? [below] : []),
    ...names.filter((name) => name === '.devcontainer.json' || name === 'devcontainer.json'),
  ]
}
