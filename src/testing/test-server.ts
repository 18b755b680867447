/** One server of a test: put together, started, closed. What it can be asked is in the files beside this one. */
import { sensitive, type Sensitive } from '../sensitive/index.ts'
import { type Core, type LocalServer, startServer } from '../server/index.ts'
import { enableSecretsEngine, staticToken, type TokenProvider, VaultClient } from '../vault/index.ts'
import type { VerifyReport } from '../verify/index.ts'
import { type AuditEntry, type AuditFilter, AuditRecord } from './audit-record.ts'
import { createClock, type TestClock } from './clock.ts'
import type { Equipment, EquipOptions } from './equip.ts'
import { TestServerError } from './errors.ts'
import { createFailures, type Failure, type FailureOptions } from './failures.ts'
import type { Patience, TestCredentials } from './roles.ts'

export interface TestServerOptions extends EquipOptions {
  /**
   * The hub to set up, as `plenum apply` does: a path or URL of plenum.yaml or its folder, its text, or an object. Nothing
   * else of the machine is read. Default: none.
   */
  readonly hub?: EquipOptions['hub']
  /** What lies in Vault beside, or in place of, what the hub says. Without a hub they come with Airflow's role. */
  readonly secrets?: EquipOptions['secrets']
  /** The KV version 2 mount to make; `null` makes none. Default `secret`; with a hub, the hub's own alone. */
  readonly mount?: string | null | undefined
  /** Whether `auditEntries` is kept. Default true. */
  readonly audit?: boolean | undefined
  /** Default 0: a free one. */
  readonly port?: number | undefined
  /** Keeps the store here instead of in memory. */
  readonly folder?: string | undefined
  /** A folder in which audit devices may be enabled. */
  readonly auditFolder?: string | undefined
  /** What `clock` runs with. Unix milliseconds. Default: the system clock. */
  readonly now?: (() => number) | undefined
}

export interface TestServer {
  /** `http://127.0.0.1:41234` */
  readonly address: string
  readonly rootToken: Sensitive<string>
  /** The whole key: one share, threshold one. */
  readonly unsealKey: Buffer
  /** With the root token. Closed with the server. */
  readonly client: VaultClient
  readonly core: Core
  readonly clock: TestClock
  /**
   * What a role of the hub logs in with: `airflow`, `project-trading`, `ci`, `sync`, `operator`. Always the same.
   * @throws {TestServerError} 'testing-role' for a role that there is not
   */
  credentials(role: string): Promise<TestCredentials>
  /** A client that logs in as this role, and again when its token has expired. Closed with the server. @throws as `credentials` */
  clientFor(role: string, patience?: Patience): Promise<VaultClient>
  /**
   * Environment variables of a program that runs as this role, secrets in clear. `airflow`: the settings of its
   * VaultBackend. Any other: VAULT_ADDR, and a VAULT_TOKEN that was made now. Without a role: those of root.
   * @throws as `credentials`
   */
  env(role?: string): Promise<Record<string, string>>
  /**
   * Every look-up of the hub, made as Airflow and the projects make it: what `plenum verify` does.
   * @throws {TestServerError} 'testing-role' without `hub` and `secrets`
   */
  verify(): Promise<VerifyReport>
  /** What was asked of the server over the wire since it started, or since they were cleared. @throws {TestServerError} 'testing-audit' */
  auditEntries(filter?: AuditFilter): AuditEntry[]
  clearAuditEntries(): void
  /** Lets the next requests that fit fail. @throws {TestServerError} 'testing-failure' for what cannot be */
  failNext(failure: FailureOptions): Failure
  /** From now on it answers 503, as a Vault that was restarted. */
  seal(): Promise<void>
  unseal(): Promise<void>
  /** Closes clients, listener and store; requests under way are answered. A second time does nothing. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * @throws {TestServerError} 'testing-hub', 'testing-secrets'
 * @throws {HubReferenceError} 'hub-unresolved', with `missing: 'error'`
 * @throws {AirflowFormatError} for a connection that cannot be read
 * @throws {ListenError} when `port` is taken
 */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const { folder, auditFolder, now = Date.now, audit = true } = options
  const record = new AuditRecord()
  const failures = createFailures()
  let tidyUp = async (): Promise<void> => undefined
  const clock = createClock(now, () => tidyUp())
  let made: Made | undefined
  const server = await startServer({
    storage: folder === undefined ? { kind: 'memory' } : { kind: 'lmdb', folder },
    port: options.port ?? 0,
    auditFolders: auditFolder === undefined ? [] : [auditFolder],
    auditPlace: { stdout: async (text) => record.take(text) },
    now: clock.now,
    testOnlyFaults: failures.source,
    beforeListen: async (core, local) => {
      tidyUp = () => core.tidyUp()
      made = await make(core, local, options)
      if (audit) await keepAudit(made.local)
      record.clear()
    },
    report(event) {
      if (event.kind !== 'internal-error') return
      const { error } = event
      process.emitWarning(
        `internal error in the test server: ${error instanceof Error ? error.message : String(error)}`,
      )
    },
  })
  if (made === undefined) throw new Error('the server listens before it was made')
  const { core, address } = server
  const { token, unsealKey, equipment } = made
  const clients: VaultClient[] = []
  const open = (tokens: TokenProvider, patience: Patience = {}): VaultClient => {
    const client = new VaultClient({ address, tokens, ...patience })
    clients.push(client)
    return client
  }
  const roles = equipment?.rolesAt({ open, address, now: clock.now })
  const withHub = <T>(there: T | undefined): T => {
    if (there !== undefined) return there
    throw new TestServerError(
      'testing-role',
      'this server has no hub, and so no roles: start it with `hub` or `secrets`',
    )
  }
  const shut = async (): Promise<void> => {
    failures.close()
    await Promise.all(clients.map((client) => client.close()))
    await server.close()
  }
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => {
    closing ??= shut()
    return closing
  }
  return {
    address,
    rootToken: token,
    unsealKey,
    client: open(staticToken(token)),
    core,
    clock,
    credentials: async (role) => withHub(roles).credentials(role),
    clientFor: async (role, patience) => withHub(roles).clientFor(role, patience),
    env: async (role) =>
      role === undefined ? { VAULT_ADDR: address, VAULT_TOKEN: token.reveal() } : withHub(roles).env(role),
    verify: async () => withHub(equipment).verify(withHub(roles)),
    auditEntries(filter = {}) {
      if (audit) return record.entries(filter)
      throw new TestServerError('testing-audit', 'this server was started with `audit: false`')
    },
    clearAuditEntries: () => record.clear(),
    failNext: (failure) => failures.add(failure),
    seal: () => core.seal(),
    unseal: () => core.unsealWithKey(unsealKey),
    close,
    [Symbol.asyncDispose]: close,
  }
}

interface Made {
  readonly token: Sensitive<string>
  readonly unsealKey: Buffer
  /** As root, without sockets: what it asks meets no failure and is in no audit entry that a test is told. */
  readonly local: VaultClient
  readonly equipment: Equipment | undefined
}

/** Before anyone can connect. */
async function make(core: Core, server: LocalServer, options: TestServerOptions): Promise<Made> {
  const { keys, rootToken } = await core.initialize({ shares: 1, threshold: 1 })
  const [unsealKey = Buffer.alloc(0)] = keys
  await core.unsealWithKey(unsealKey)
  const token = sensitive(rootToken)
  const local = new VaultClient({
    address: 'http://the.test.server',
    local: server,
    tokens: staticToken(token),
    maxRetries: 0,
  })
  const { hub, secrets, mount = hub === undefined ? 'secret' : null } = options
  if (hub !== undefined || secrets !== undefined) {
    const { equip } = await import('./equip.ts')
    return { token, unsealKey, local, equipment: await equip(local, { ...options, mount }) }
  }
  if (mount !== null) await enableSecretsEngine(local, mount, { type: 'kv', options: { version: '2' } })
  return { token, unsealKey, local, equipment: undefined }
}

/** The server's standard output is the test's record. */
async function keepAudit(client: VaultClient): Promise<void> {
  await client.request('POST', 'sys/audit/memory', { body: { type: 'file', options: { file_path: 'stdout' } } })
}
