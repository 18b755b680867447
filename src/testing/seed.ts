/**
 * Puts a hub and a test's secrets into the server, by the plan and apply of the command line: mounts, policies, roles
 * and entries are what `plenum apply` makes.
 *
 * A secret that the hub declares takes the place of its references, and is written as any other. What the hub does not
 * declare (sources of `vault` references, `external` entries, anything else) is there before it, as by someone else's
 * hand.
 */
import { randomBytes } from 'node:crypto'
import { applyPlan, readActual } from '../apply/index.ts'
import { mapBounded } from '../concurrency/index.ts'
import {
  assembleData,
  type DeclaredEntry,
  flattenData,
  type Hub,
  type HubAccess,
  type ResolvedEntry,
} from '../hub/index.ts'
import { desiredState, makePlan, type Plan } from '../plan/index.ts'
import { fingerprintKey, type Json, type Sensitive } from '../sensitive/index.ts'
import { type VaultClient, writePolicy, writeRole, writeSecret } from '../vault/index.ts'
import { TestServerError } from './errors.ts'
import { placeholder } from './hub-source.ts'
import { CONFIG_PATH, type EntryData } from './secrets.ts'

export interface Seed {
  readonly hub: Hub
  readonly access: HubAccess
  readonly resolved: readonly ResolvedEntry[]
  /** By path below the mount. */
  readonly secrets: ReadonlyMap<string, EntryData>
  readonly missing: 'placeholder' | 'error'
}

/** `client` as root. @throws {TestServerError} 'testing-hub' with everything that could not be made */
export async function seedServer(
  client: VaultClient,
  { hub, access, resolved, secrets, missing }: Seed,
): Promise<void> {
  const declared = resolved.map((one) => withSecret(one, secrets))
  const owned = new Set(resolved.filter(({ entry }) => !entry.external).map(({ entry }) => entry.path))
  const others = new Map([...secrets].filter(([path]) => !owned.has(path)))
  if (missing === 'placeholder') addPlaceholders(others, hub, declared, owned)
  if (others.size > 0) {
    await bringAbout(client, hub, access, [])
    await mapBounded([...others], AT_ONCE, ([path, data]) => writeSecret(client, hub.vault.mount, path, data, 0))
  }
  await bringAbout(client, hub, access, declared)
}

const AT_ONCE = 32

/** What `plenum apply` does. */
async function bringAbout(
  client: VaultClient,
  hub: Hub,
  access: HubAccess,
  resolved: readonly ResolvedEntry[],
): Promise<void> {
  const key = fingerprintKey()
  const desired = desiredState(hub, access, resolved, key)
  const actual = await readActual(client, { hub, access, key, desired, concurrency: AT_ONCE, undeclared: 'ignored' })
  const plan = makePlan(desired, actual, { overwrite: false, shadowing: [] })
  const { results } = await applyPlan(plan, {
    client,
    hub,
    access,
    resolved,
    concurrency: AT_ONCE,
    random: randomBytes,
  })
  const failures = results
    .filter(({ status }) => status !== 'applied')
    .map(({ address, error, reason, status }) => `${address}: ${error?.message ?? reason ?? status}`)
  const problems = [...failures, ...leftAlone(plan)]
  if (problems.length > 0)
    throw new TestServerError('testing-hub', `the hub ${hub.name} cannot be set up:\n${problems.join('\n')}`)
}

function leftAlone({ blocked, drifted, missing }: Plan): string[] {
  return [
    ...blocked.map(({ address, text, hint }) => `${address}: ${text}; ${hint}`),
    ...drifted.map(({ address, reason }) => `${address}: differs from what is declared (${reason})`),
    ...missing.map((address) => `${address}: declared as external: give it in \`secrets\``),
  ]
}

function withSecret(one: ResolvedEntry, secrets: ReadonlyMap<string, EntryData>): ResolvedEntry {
  const { entry } = one
  const given = entry.external ? undefined : secrets.get(entry.path)
  if (given === undefined) return one
  const fields = [...flattenData(entry.kind, given)].map(([name, value]) => [name, { kind: 'value', value }] as const)
  return { ...one, fields: new Map(fields) }
}

/** For external entries and sources of `vault` references that are not given. */
function addPlaceholders(
  others: Map<string, EntryData>,
  hub: Hub,
  declared: readonly ResolvedEntry[],
  owned: ReadonlySet<string>,
): void {
  const wanted = new Map<string, Map<string, Sensitive<Json>>>()
  const kinds = new Map<string, DeclaredEntry['kind']>()
  const add = (kind: DeclaredEntry['kind'], path: string, name: string, value: Sensitive<Json>): void => {
    if (others.has(path) || owned.has(path)) return
    kinds.set(path, kind)
    wanted.set(path, (wanted.get(path) ?? new Map<string, Sensitive<Json>>()).set(name, value))
  }
  for (const { entry } of declared.filter(({ entry }) => entry.external)) {
    const { kind, path, id } = entry
    for (const name of EXTERNAL_FIELDS[kind]) add(kind, path, name, placeholder(kind, id, name))
  }
  for (const { entry, fields } of declared) {
    for (const [name, field] of fields) {
      if (field.kind !== 'vault') continue
      const kind = kindAt(hub, field.path)
      // What is taken for a port has to be one.
      const value = entry.kind === 'connection' && name === 'port' ? 'port' : field.field
      add(kind, field.path, field.field, placeholder(value === 'port' ? 'connection' : kind, field.path, value))
    }
  }
  for (const [path, fields] of wanted) others.set(path, assembleData(kinds.get(path) ?? 'secret', fields))
}

const EXTERNAL_FIELDS: Readonly<Record<DeclaredEntry['kind'], readonly string[]>> = {
  connection: ['conn_type', 'host', 'login', 'password'],
  variable: ['value'],
  secret: ['value'],
}

function kindAt({ vault }: Hub, path: string): DeclaredEntry['kind'] {
  if (path.startsWith(`${vault.connections}/`)) return 'connection'
  return path.startsWith(`${vault.variables}/`) ? 'variable' : 'secret'
}

/** A hub keeps no configuration options, so Airflow's role has to be allowed to read them. */
export async function allowConfigs(client: VaultClient, hub: Hub, { authMount, roles }: HubAccess): Promise<void> {
  const airflow = roles.find(({ purpose }) => purpose.kind === 'airflow')
  if (airflow === undefined) return
  await writePolicy(
    client,
    CONFIG_POLICY,
    `path "${hub.vault.mount}/data/${CONFIG_PATH}/*" { capabilities = ["read"] }`,
  )
  await writeRole(client, authMount, airflow.name, { token_policies: [...airflow.policies, CONFIG_POLICY] })
}

const CONFIG_POLICY = 'test-airflow-config'
