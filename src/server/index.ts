/**
 * The embedded Vault-compatible server: one process, one encrypted store, the Vault HTTP API.
 *
 * `core/` is the one place that knows all other folders; `http/` only translates; engines and auth methods see a storage
 * of their own and nothing else. A request is traced file by file in ARCHITECTURE.md.
 *
 * It binds to loopback and speaks plain HTTP unless told otherwise. Not here: replication, several nodes: a real
 * cluster is configured by Plenum, never replaced by it.
 */
import { type AuditPlace, createCore, type Core, type LoggersPort, type Report, systemLeaseTtl } from './core/index.ts'
import {
  answerDirectly,
  type DirectAnswer,
  type DirectRequest,
  type FaultSource,
  type HttpFront,
  type Listener,
  listen,
  MOST_BODY_BYTES,
  type TlsRenewal,
} from './http/index.ts'
import type { JsonObject } from './json/index.ts'
import { LOCKOUT_SCOPES, userLockoutOfType, type UserLockoutSettings } from './logical/user-lockout.ts'
import { createMemoryStorage, openLmdbStorage, type PhysicalStorage } from './storage/index.ts'

export interface ServerOptions {
  /** `memory` forgets everything when the process ends. */
  readonly storage: { readonly kind: 'memory' } | { readonly kind: 'lmdb'; readonly folder: string }
  /** Plain HTTP on 127.0.0.1; 0 picks a free one. Default: `listeners` alone. */
  readonly port?: number | undefined
  readonly listeners?: readonly Listener[] | undefined
  /** Absolute folders in which audit files may lie. Default: none. */
  readonly auditFolders?: readonly string[] | undefined
  /** Whether who fails to log in too often is locked out for a while. Default: yes. */
  readonly userLockout?: boolean | undefined
  /** After how many failures, and for how long. Default: Vault's, five and 15 minutes. */
  readonly userLockoutSettings?: UserLockoutSettings | undefined
  /** What audit devices may use of this process; the store's folder is never part of it. */
  readonly auditPlace?: Omit<AuditPlace, 'keepOut'> | undefined
  /** In seconds. Default: Vault's, 768 h each; a shorter maximum alone is the default as well. */
  readonly leaseTtl?: { readonly default?: number | undefined; readonly max?: number | undefined } | undefined
  /** Where whoever starts it keeps the number of its process, for `sys/config/state/sanitized`. Default: nowhere. */
  readonly pidFile?: string | undefined
  /**
   * Work on the core before anyone can connect: initialising and unsealing it, and requests of this process. When it
   * fails, nothing listens.
   */
  readonly beforeListen?: ((core: Core, local: LocalServer) => Promise<void>) | undefined
  /** Unix milliseconds. Default: the system clock. */
  readonly now?: (() => number) | undefined
  /** Default: the system's generator. */
  readonly random?: ((bytes: number) => Buffer) | undefined
  /** Told of what happens, for a log. Default: nobody is. */
  readonly report?: Report | undefined
  /** Of the log that the program keeps, for `sys/loggers`. Default: it keeps none. */
  readonly loggers?: LoggersPort | undefined
  /** Of the program that the server is part of, for `sys/plenum/status`. */
  readonly version?: string | undefined
  /** How long requests under way may take when it stops, in ms. Default 10,000. */
  readonly stopWithinMs?: number | undefined
  /** Makes requests at the listeners fail on purpose. Default: none does. */
  readonly testOnlyFaults?: FaultSource | undefined
}

/** The same API for a client in this process. */
export interface LocalServer {
  /** Never rejects. */
  answer(request: DirectRequest): Promise<DirectAnswer>
}

export interface EmbeddedServer extends LocalServer {
  /** The first of `addresses`. */
  readonly address: string
  /** `http://127.0.0.1:8200`, `unix:///run/plenum.sock`: that of `port`, then one a listener. */
  readonly addresses: readonly string[]
  readonly core: Core
  /**
   * Takes certificates, keys and client authorities of listeners that lie where this server listens with TLS; what else
   * they say counts for nothing. New connections see them. One that cannot be used changes nothing.
   */
  renewTls(listeners: readonly Listener[]): readonly TlsRenewal[]
  /** Answers what is under way, then seals and closes the store. */
  close(): Promise<void>
}

/**
 * The core of a store alone, for work on one that no server serves. Starts sealed; nobody can connect. The caller closes it.
 * `listening`: the addresses of a front that is put before it.
 * @throws {StoreError} when the store cannot be opened, or somebody has it open
 */
export function openCore(
  options: Omit<ServerOptions, 'port' | 'listeners' | 'beforeListen' | 'stopWithinMs' | 'testOnlyFaults'>,
  listening: () => readonly string[] = () => [],
): Core {
  const { storage: kind, auditFolders, userLockout, now, random, report = () => undefined, version } = options
  return createCore({
    storage: openStorage(kind),
    storageType: kind.kind === 'memory' ? 'inmem' : 'lmdb',
    ...(now === undefined ? {} : { now }),
    ...(random === undefined ? {} : { random }),
    ...(auditFolders === undefined ? {} : { auditFolders }),
    ...(userLockout === undefined ? {} : { userLockout }),
    userLockoutSettings: options.userLockoutSettings,
    configState: configStateOf(options),
    auditPlace: { ...options.auditPlace, keepOut: kind.kind === 'lmdb' ? [kind.folder] : [] },
    ...(options.leaseTtl === undefined ? {} : { leaseTtl: systemLeaseTtl(options.leaseTtl) }),
    ...(version === undefined ? {} : { version }),
    report,
    loggers: options.loggers,
    listeners: listening,
  })
}

/**
 * Starts sealed, as Vault does: whoever holds the key unseals through `core` or over HTTP.
 * @throws {StoreError} when the store cannot be opened
 * @throws {ListenError} when the address cannot be listened on; the store is closed again
 */
export async function startServer(options: ServerOptions): Promise<EmbeddedServer> {
  const { report = () => undefined, stopWithinMs } = options
  let front: HttpFront | undefined
  const onInternalError = (error: unknown): void => report({ kind: 'internal-error', error, requestId: '' })
  const core = openCore(options, () => front?.addresses ?? [])
  try {
    const local: LocalServer = {
      answer: answerDirectly(core, {
        maxBodyBytes: MOST_BODY_BYTES,
        onInternalError,
      }),
    }
    await options.beforeListen?.(core, local)
    const opened = await listen(core, {
      listeners: listenersOf(options),
      ...(stopWithinMs === undefined ? {} : { stopWithinMs }),
      onInternalError,
      onMalformed: (request) => report({ kind: 'request-malformed', ...request }),
      ...(options.testOnlyFaults === undefined ? {} : { testOnlyFaults: options.testOnlyFaults }),
    })
    front = opened
    for (const address of opened.addresses) report({ kind: 'listening', address, tls: address.startsWith('https:') })
    return {
      address: opened.addresses[0] ?? '',
      addresses: opened.addresses,
      core,
      ...local,
      renewTls: (fresh) => opened.renewTls(fresh),
      async close() {
        await opened.close()
        await core.close()
      },
    }
  } catch (error) {
    await core.close()
    throw error
  }
}

/** That of `port`, then the others. */
function listenersOf({ port, listeners = [] }: ServerOptions): readonly Listener[] {
  return [...(port === undefined ? [] : [{ kind: 'tcp' as const, host: '127.0.0.1', port }]), ...listeners]
}

/** Vault's words for what the server was started with. No path of a key or certificate is among it. */
function configStateOf(options: ServerOptions): JsonObject {
  const { storage, leaseTtl, pidFile } = options
  return {
    storage: { type: storage.kind === 'memory' ? 'inmem' : 'lmdb' },
    listeners: listenersOf(options).map((listener) =>
      listener.kind === 'unix'
        ? { type: 'unix', config: { address: listener.path } }
        : {
            type: 'tcp',
            config: { address: `${listener.host}:${listener.port}`, tls_disable: listener.tls === undefined },
          },
    ),
    default_lease_ttl: leaseTtl?.default ?? 0,
    max_lease_ttl: leaseTtl?.max ?? 0,
    ...userLockoutState(options.userLockoutSettings ?? {}),
    pid_file: pidFile ?? '',
    disable_clustering: true,
    enable_ui: false,
  }
}

/** Only where the configuration says something; durations in nanoseconds, as Vault shows these. */
function userLockoutState(settings: UserLockoutSettings): JsonObject {
  const said = LOCKOUT_SCOPES.filter((scope) => settings[scope] !== undefined)
  if (said.length === 0) return {}
  return {
    user_lockout_configs: [...new Set(['all', ...said])].map((type) => {
      const { threshold, duration, counterReset, disabled } = userLockoutOfType(type, settings)
      return {
        type,
        lockout_threshold: threshold,
        lockout_duration: nanoseconds(duration),
        lockout_counter_reset: nanoseconds(counterReset),
        disable_lockout: disabled,
      }
    }),
  }
}

function nanoseconds(seconds: number): number {
  return Math.round(seconds * 1e9)
}

function openStorage(kind: ServerOptions['storage']): PhysicalStorage {
  return kind.kind === 'memory' ? createMemoryStorage() : openLmdbStorage({ folder: kind.folder })
}

export {
  type AuditPlace,
  type Core,
  type Flaw,
  type InitializeOptions,
  type LoggersPort,
  type Report,
  type ServerEvent,
  VAULT_VERSION,
} from './core/index.ts'
export {
  type ConfiguredListener,
  type LogFormat,
  type LogLevel,
  mergeUserLockouts,
  parseAddress,
  readServerConfig,
  type ServerConfig,
} from './config/index.ts'
export {
  type Fault,
  type FaultSource,
  ListenError,
  type Listener,
  type TlsRenewal,
  type TlsSettings,
} from './http/index.ts'
export { decodeShare, KeyFileError, Quorum, readKeyFile, writeKeyFile } from './seal/index.ts'
export { isStoreFolder, StoreError } from './storage/index.ts'
