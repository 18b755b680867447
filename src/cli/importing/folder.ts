/** What a folder has at its top that the sources can read. Names decide; nothing below is searched. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { reading } from './reading.ts'

/** Sources that are files. */
export type TextSource = 'env-file'

export interface FolderFiles {
  /** The folder itself, or `airflow` in it, when airflow.cfg or airflow.db lies there. */
  readonly airflowHome: string | undefined
  /** In the order in which they are read. Paths begin with the folder as it was given. */
  readonly texts: readonly {
    readonly source: TextSource
    readonly files: readonly string[]
  }[]
}

const ENV = /^\.env(?:\.[\w-]+)?$/
/** Made to be copied: what they hold is no secret. */
const ENV_SAMPLE = /\.(?:example|sample|template|dist)$/
export function filesOfFolder(folder: string): FolderFiles {
  const names = reading(folder, () => readdirSync(folder).sort())
  const home = [folder, join(folder, 'airflow')].find(
    (path) => existsSync(join(path, 'airflow.cfg')) || existsSync(join(path, 'airflow.db')),
  )
  const pick = (pattern: RegExp, except?: RegExp): string[] =>
    names.filter((name) => pattern.test(name) && except?.test(name) !== true).map((name) => join(folder, name))
  const texts = [{ source: 'env-file', files: pick(ENV, ENV_SAMPLE) }] as const
  return { airflowHome: home, texts: texts.filter(({ files }) => files.length > 0) }
}
