/** Hubs made without plenum.yaml, and the whole way from one to its plan, for this folder's tests. */
import {
  type DeclaredEntry,
  type Hub,
  type HubAccess,
  POLICY_MARK,
  type ResolvedEntry,
  type ResolvedField,
} from '../hub/index.ts'
import { desiredState, type EntryKind, makePlan, type Plan } from '../plan/index.ts'
import { fingerprintKey, type Json, sensitive } from '../sensitive/index.ts'
import type { VaultClient } from '../vault/index.ts'
import { type ApplyOptions, applyPlan } from './apply.ts'
import { placesOf } from './places.ts'
import { readActual } from './read-actual.ts'
import type { ApplyReport } from './report.ts'

export interface SampleEntry {
  readonly kind: EntryKind
  readonly id: string
  readonly external?: boolean
  /** By field: a value, or how to come by one. */
  readonly fields?: Readonly<Record<string, string | number | ResolvedField>>
}

export interface Sample {
  readonly hub: Hub
  readonly access: HubAccess
  readonly resolved: readonly ResolvedEntry[]
}

interface SampleOptions {
  readonly name?: string
  readonly mount?: string
  /** Roles and policies by the last part of their name. Default: airflow, project-p. */
  readonly roles?: readonly string[]
}

export const generated: ResolvedField = { kind: 'keep', make: { kind: 'generate', length: 12, alphabet: 'abcdefghij' } }
export const prompted: ResolvedField = { kind: 'keep', make: { kind: 'prompt', question: 'what is it?' } }

export function takenFrom(path: string, field: string): ResolvedField {
  return { kind: 'vault', path, field }
}

export function sample(entries: readonly SampleEntry[], options: SampleOptions = {}): Sample {
  const { name = 'h', mount = 'secret', roles = ['airflow', 'project-p'] } = options
  const hub: Hub = {
    name,
    file: '/hub/plenum.yaml',
    folder: '/hub',
    airflow: { version: '3.3', provider: '4.8' },
    vault: { mount, connections: 'airflow/connections', variables: 'airflow/variables', projects: 'projects' },
    envFiles: [],
    environments: new Map([['dev', { kind: 'embedded' }]]),
    projects: [{ name: 'p', owner: 'p@example.com' }],
    entries: [],
  }
  const resolved = entries.map((one) => resolvedEntry(hub, one))
  return { hub: { ...hub, entries: resolved.map(({ entry }) => entry) }, access: sampleAccess(hub, roles), resolved }
}

function resolvedEntry(hub: Hub, { kind, id, external = false, fields = {} }: SampleEntry): ResolvedEntry {
  const folder = placesOf(hub).find((place) => place.kind === kind)?.folder ?? ''
  const at = { file: hub.file, line: 1, column: 1 }
  const entry: DeclaredEntry = { kind, id, project: 'p', path: `${folder}/${id}`, external, fields: new Map(), at }
  const all = Object.entries(fields).map(([name, value]): [string, ResolvedField] => {
    return [name, typeof value === 'object' ? value : { kind: 'value', value: sensitive<Json>(value) }]
  })
  return { entry, fields: new Map(all) }
}

function sampleAccess(hub: Hub, roles: readonly string[]): HubAccess {
  const names = roles.map((role) => `plenum-${hub.name}-${role}`)
  const rules = (name: string): string =>
    `${POLICY_MARK(hub)}\n# ${name}\npath "${hub.vault.mount}/data/airflow/*" {\n  capabilities = ["read"]\n}\n`
  return {
    authMount: 'approle',
    policies: new Map(names.map((name) => [name, rules(name)])),
    roles: names.map((name) => ({
      name,
      purpose: { kind: 'airflow' },
      policies: [name],
      settings: { token_policies: [name], token_ttl: 3600, token_type: 'batch', secret_id_bound_cidrs: [] },
    })),
  }
}

export async function planFor(
  client: VaultClient,
  { hub, access, resolved }: Sample,
  overwrite = false,
): Promise<Plan> {
  const key = fingerprintKey()
  const desired = desiredState(hub, access, resolved, key)
  const actual = await readActual(client, { hub, access, key, desired, concurrency: 8 })
  return makePlan(desired, actual, { overwrite, shadowing: [] })
}

/** Bytes that count up: generated values are known, and differ. */
function counting(): (bytes: number) => Buffer {
  let next = 0
  return (bytes) => Buffer.from(Array.from({ length: bytes }, () => (next = (next + 1) % 200)))
}

export async function carryOut(
  client: VaultClient,
  plan: Plan,
  one: Sample,
  options: Partial<ApplyOptions> = {},
): Promise<ApplyReport> {
  return applyPlan(plan, { client, ...one, concurrency: 8, random: counting(), ...options })
}

/** `applied`, or what else became of each, by address. */
export function statuses({ results }: ApplyReport): Record<string, string> {
  return Object.fromEntries(
    results.map(({ address, status, reason }) => [address, reason === undefined ? status : `${status}: ${reason}`]),
  )
}
