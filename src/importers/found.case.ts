/** Found objects and readings for tests. */
import type { JsonObject } from '../airflow/index.ts'
import { sensitive } from '../sensitive/index.ts'
import type { Finding, Found, Note, Reading, SourceKind } from './found.ts'

export interface FoundOptions {
  readonly source?: SourceKind
  readonly where?: string
  readonly description?: string
  readonly team?: string
  readonly notes?: readonly Note[]
}

export function found(kind: Found['kind'], id: string, data: JsonObject, options: FoundOptions = {}): Found {
  const { source = 'airflow-db', where = `${kind} ${id}`, description, team, notes = [] } = options
  const origin = { source, where, place: { kind: 'file', file: '/hub/source' } } as const
  return { kind, id, data: sensitive(data), description, team, origin, notes }
}

export function connection(id: string, data: JsonObject = { conn_type: 'http' }, options?: FoundOptions): Found {
  return found('connection', id, data, options)
}

export function variable(id: string, value = 'text', options?: FoundOptions): Found {
  return found('variable', id, { value }, options)
}

export function envName(id: string, value = 'text', options?: FoundOptions): Found {
  return found('name', id, { value }, { source: 'env-file', ...options })
}

export function reading(all: readonly Found[], findings: readonly Finding[] = []): Reading {
  const source = all[0]?.origin.source ?? 'airflow-db'
  return { source, label: source, facts: [], found: all, findings }
}
