/**
 * Which Airflow object lies at which Vault path. Paths go below the mount, without `data/` (that is KV's affair), and
 * are what Airflow's backend builds: `<connections>/<conn_id>`, nothing cleaned, nothing encoded (airflow 1.2).
 */
import type { Hub } from './hub.ts'

export function connectionPath(vault: Hub['vault'], connId: string): string {
  return `${vault.connections}/${connId}`
}

export function variablePath(vault: Hub['vault'], key: string): string {
  return `${vault.variables}/${key}`
}

export function projectSecretPath(vault: Hub['vault'], project: string, name: string): string {
  return `${projectFolder(vault, project)}/${name}`
}

/** Where Plenum keeps what is its own: the key of sync, and what `import --finish` can put back. */
export function ownFolder(hub: Pick<Hub, 'name'>): string {
  return `${OWN_ROOT}/${hub.name}`
}

export const OWN_ROOT = 'plenum'

/** All that a project keeps for its own services. */
export function projectFolder(vault: Hub['vault'], project: string): string {
  return `${vault.projects}/${project}`
}
