/**
 * Verification: a hub's secrets arrive where they are wanted and nowhere else, proved by the very requests that Airflow
 * and the projects' services will make, with their own credentials.
 *
 * Invariant: it uses no privilege of Plenum's and writes nothing. Logins aside it makes one request a look-up, as
 * VaultBackend does.
 *
 * It does not compare values with plenum.yaml: that is `plan`. It therefore needs none of the references in it.
 */
import { providerOf } from '../airflow/index.ts'
import { type Bound, mapBounded } from '../concurrency/index.ts'
import type { Hub, HubAccess, HubRole } from '../hub/index.ts'
import type { FingerprintKey } from '../sensitive/index.ts'
import { type VaultClient, VaultError } from '../vault/index.ts'
import { type Check, checksOf, tryCheck } from './checks.ts'
import type { IsolationFinding, LookupFinding, VerifyReport } from './findings.ts'
import { lookupsOf, makeLookup } from './lookup.ts'

export interface VerifyOptions {
  readonly hub: Hub
  readonly access: HubAccess
  /** A client that logs in as this role. Called once a role; closed here. */
  readonly clientFor: (role: HubRole) => VaultClient
  /** Requests under way at once. */
  readonly concurrency: Bound
  /** Digests of what Airflow gets are made with it, for a comparison. Default: none are. */
  readonly key?: FingerprintKey | undefined
  readonly onProgress?: ((done: number, total: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** A role with its client, and whether it got in. */
interface Entered {
  readonly role: HubRole
  readonly client: VaultClient
  readonly rest: readonly Check[]
  readonly first: IsolationFinding
  readonly inside: boolean
}

export async function verifyHub(options: VerifyOptions): Promise<VerifyReport> {
  const { hub, access, concurrency, clientFor } = options
  const clients: VaultClient[] = []
  try {
    // All clients first: a role without credentials stops everything before a request is made.
    const roles = [...checksOf(hub, access)].map(([role, checks]) => {
      const client = clientFor(role)
      clients.push(client)
      return { role, client, checks }
    })
    const entered = await mapBounded(roles, concurrency, ({ role, client, checks }) =>
      enter(role, client, checks, options),
    )
    return await verifyEntered(entered, options)
  } finally {
    await Promise.all(clients.map((client) => client.close()))
  }
}

async function verifyEntered(entered: readonly Entered[], options: VerifyOptions): Promise<VerifyReport> {
  const { hub, access, concurrency, key, signal } = options
  const airflow = entered.find(({ role }) => role.purpose.kind === 'airflow')
  const declared = lookupsOf(hub)
  const checks = entered
    .filter(({ inside }) => inside)
    .flatMap(({ client, rest }) => rest.map((check) => ({ client, check })))
  const total = declared.length + checks.length
  let done = 0
  const count = <T>(result: T): T => {
    done += 1
    options.onProgress?.(done, total)
    return result
  }

  const { generation, version } = providerOf(hub.airflow.provider)
  const lookups = await mapBounded(declared, concurrency, async ({ path, ...lookup }): Promise<LookupFinding> => {
    if (airflow?.inside !== true) return count({ ...lookup, outcome: { kind: 'untried' } })
    const outcome = await makeLookup(
      airflow.client,
      { ...lookup, path },
      { mount: hub.vault.mount, generation, key, signal },
    )
    return count({ ...lookup, outcome })
  })
  const loginPath = loginPathOf(access)
  const rest = await mapBounded(checks, concurrency, async ({ client, check }) =>
    count(await tryCheck(client, check, loginPath, signal)),
  )
  const isolation = [...entered.map(({ first }) => first), ...rest]
  return {
    provider: version,
    role: airflow?.role.name ?? '',
    lookups,
    isolation,
    ok:
      lookups.every(({ outcome }) => outcome.kind === 'resolved') &&
      isolation.every(({ problem }) => problem === undefined),
  }
}

/** The first check of a role, which logs in. Everything else is pointless when that fails. */
async function enter(
  role: HubRole,
  client: VaultClient,
  [first, ...rest]: readonly Check[],
  { access, signal }: VerifyOptions,
): Promise<Entered> {
  const loginPath = loginPathOf(access)
  if (first === undefined) throw new Error(`no checks for role ${role.name}`)
  try {
    return { role, client, rest, first: await tryCheck(client, first, loginPath, signal), inside: true }
  } catch (error) {
    if (!(error instanceof VaultError)) throw error
    const problem = {
      text: `cannot log in: ${error.message}`,
      hint:
        error.code === 'vault-bad-request'
          ? 'its role_id or secret_id is no longer good: `plenum up` issues new ones'
          : undefined,
    }
    const finding: IsolationFinding = {
      role: role.name,
      subject: first.subject,
      expected: 'login',
      request: `POST ${loginPath}`,
      problem,
    }
    return { role, client, rest, first: finding, inside: false }
  }
}

function loginPathOf({ authMount }: HubAccess): string {
  return `auth/${authMount}/login`
}
