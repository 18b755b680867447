/** `connection:warehouse` <-> where it lies. Pure. */
import { checkConnectionId, checkVariableKey } from '../../airflow/index.ts'

export interface Paths {
  readonly connection: (id: string) => string
  readonly variable: (id: string) => string
}

/** Undefined for an id that Vault's paths or Airflow cannot hold: the selection reports it. */
export function pathOfAddress(address: string, paths: Paths): string | undefined {
  const at = address.indexOf(':')
  const id = address.slice(at + 1)
  const kind = address.slice(0, at)
  if (kind === 'connection') return checkConnectionId(id)?.severity === 'error' ? undefined : paths.connection(id)
  if (kind === 'variable') return checkVariableKey(id)?.severity === 'error' ? undefined : paths.variable(id)
  return undefined
}
