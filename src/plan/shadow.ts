/**
 * Declared connections and variables that also stand in an environment variable.
 *
 * Airflow asks Vault first, so such a copy is never seen until Vault cannot be reached; then Airflow silently uses the
 * old value. Only names are looked at, never what stands behind them.
 */
import { connectionEnvName, variableEnvName } from '../airflow/index.ts'
import { type DeclaredEntry, type EnvSource, type FileSource, type Hub, parseDotenv } from '../hub/index.ts'
import { addressOf } from './address.ts'
import type { Shadow } from './plan.ts'

export function shadowsOf(hub: Hub, env: EnvSource, files: FileSource): Shadow[] {
  const places = hub.envFiles.map((path) => ({ path, names: parseDotenv(files.read(path) ?? '', env).values }))
  return hub.entries.flatMap((entry): Shadow[] => {
    const variable = envName(entry)
    if (variable === undefined) return []
    const where = places.filter(({ names }) => names.has(variable)).map(({ path }) => shortPath(hub, path))
    if (env.get(variable) !== undefined) where.unshift('the environment')
    return where.map((place) => ({ address: addressOf(entry.kind, entry.id), variable, where: place }))
  })
}

function envName({ kind, id }: DeclaredEntry): string | undefined {
  if (kind === 'connection') return connectionEnvName(id)
  return kind === 'variable' ? variableEnvName(id) : undefined
}

function shortPath(hub: Hub, path: string): string {
  return path.startsWith(`${hub.folder}/`) ? path.slice(hub.folder.length + 1) : path
}
