/**
 * Where `env` references look: the process environment, then the hub's env_files in order. The first that has the
 * variable wins, an empty value included.
 */
import { type Sensitive, sensitive } from '../sensitive/index.ts'
import { type Dotenv, parseDotenv } from './dotenv.ts'

/** The process environment only. */
export interface EnvSource {
  get(name: string): string | undefined
}

/** For env_files and `file` references. Undefined when a file cannot be read, whatever the reason. */
export interface FileSource {
  read(path: string): string | undefined
}

export interface EnvFile {
  /** Absolute. */
  readonly path: string
  /** Undefined when the file cannot be read. */
  readonly content: Dotenv | undefined
}

export interface EnvLayers {
  readonly files: readonly EnvFile[]
  get(name: string): Sensitive<string> | undefined
}

/** Reads every file once. What changes on the disk afterwards is not seen. */
export function readEnvLayers(paths: readonly string[], env: EnvSource, source: FileSource): EnvLayers {
  const files = paths.map((path): EnvFile => {
    const text = source.read(path)
    return { path, content: text === undefined ? undefined : parseDotenv(text, env) }
  })
  return {
    files,
    get: (name) => {
      const own = env.get(name)
      if (own !== undefined) return sensitive(own)
      return files.map(({ content }) => content?.values.get(name)?.value).find((value) => value !== undefined)
    },
  }
}
