/**
 * The roles of a test server's hub, by their short names (`airflow`, `project-trading`, `ci`, `sync`, `operator`): what
 * each logs in with, a client in its place, and the environment of a program that runs as it.
 *
 * A role's credentials are issued when they are first asked for, past `failNext` and the audit log.
 */
import { BACKEND, backendKwargs } from '../airflow/index.ts'
import { type Hub, type HubAccess, type HubRole, shortRoleName } from '../hub/index.ts'
import { type Sensitive, sensitive } from '../sensitive/index.ts'
import {
  appRoleToken,
  generateSecretId,
  loginAppRole,
  readRoleId,
  type TokenProvider,
  type VaultClient,
  type VaultClientOptions,
} from '../vault/index.ts'
import { TestServerError } from './errors.ts'
import { CONFIG_PATH } from './secrets.ts'

export interface TestCredentials {
  readonly roleId: string
  readonly secretId: Sensitive<string>
}

/** How long a client bears an outage: `maxRetries` (default 2, after waits of a second and more), `timeoutMs`. */
export type Patience = Pick<VaultClientOptions, 'maxRetries' | 'timeoutMs'>

export interface RolesOptions {
  readonly hub: Hub
  readonly access: HubAccess
  /** As root, without sockets. */
  readonly local: VaultClient
  /** Over the wire. Closed with the server. */
  readonly open: (tokens: TokenProvider, patience?: Patience) => VaultClient
  readonly address: string
  readonly hasConfigs: boolean
  /** Unix milliseconds. */
  readonly now: () => number
}

export class Roles {
  readonly #options: RolesOptions
  readonly #credentials = new Map<string, Promise<TestCredentials>>()

  constructor(options: RolesOptions) {
    this.#options = options
  }

  get all(): readonly HubRole[] {
    return this.#options.access.roles
  }

  /** @throws {TestServerError} 'testing-role' */
  async credentials(name: string): Promise<TestCredentials> {
    const role = this.#role(name)
    const known = this.#credentials.get(role.name)
    if (known !== undefined) return known
    const issuing = this.#issue(role)
    this.#credentials.set(role.name, issuing)
    // A sealed server issues none; the next call asks again.
    issuing.catch(() => this.#credentials.delete(role.name))
    return issuing
  }

  /** Logs in with its first request, and anew when its token has expired. @throws {TestServerError} 'testing-role' */
  async clientFor(name: string, patience?: Patience): Promise<VaultClient> {
    const { access, open, now } = this.#options
    const { roleId, secretId } = await this.credentials(name)
    return open(appRoleToken({ mount: access.authMount, roleId: sensitive(roleId), secretId, now }), patience)
  }

  /** @throws {TestServerError} 'testing-role' */
  async env(name: string): Promise<Record<string, string>> {
    const { purpose } = this.#role(name)
    const { access, address, local } = this.#options
    const credentials = await this.credentials(name)
    if (purpose.kind === 'airflow') return this.#airflowEnv(credentials)
    const { roleId, secretId } = credentials
    const { token } = await loginAppRole(local, { mount: access.authMount, roleId: sensitive(roleId), secretId })
    return { VAULT_ADDR: address, VAULT_TOKEN: token.reveal() }
  }

  #airflowEnv({ roleId, secretId }: TestCredentials): Record<string, string> {
    const { hub, access, address, hasConfigs } = this.#options
    const kwargs = backendKwargs({
      airflowVersion: hub.airflow.version,
      providerVersion: hub.airflow.provider,
      address,
      mount: hub.vault.mount,
      connectionsPath: hub.vault.connections,
      variablesPath: hub.vault.variables,
      authMount: access.authMount,
      configPath: hasConfigs ? CONFIG_PATH : undefined,
      roleId,
      secretId,
    })
    return { AIRFLOW__SECRETS__BACKEND: BACKEND, AIRFLOW__SECRETS__BACKEND_KWARGS: kwargs.reveal().trim() }
  }

  #role(name: string): HubRole {
    const { roles } = this.#options.access
    const role = roles.find((one) => shortRoleName(one) === name || one.name === name)
    if (role !== undefined) return role
    const names = roles.map(shortRoleName).join(', ')
    throw new TestServerError('testing-role', `the hub has no role ${JSON.stringify(name)}: there are ${names}`)
  }

  async #issue({ name }: HubRole): Promise<TestCredentials> {
    const { access, local } = this.#options
    const roleId = await readRoleId(local, access.authMount, name)
    if (roleId === undefined)
      throw new TestServerError('testing-role', `the role ${name} is no longer in the server: the test removed it`)
    const { secretId } = await generateSecretId(local, access.authMount, name)
    return { roleId, secretId }
  }
}
