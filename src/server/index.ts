/**
 * The embedded Vault-compatible server: one process, one encrypted store, the Vault HTTP API.
 *
 * `core/` is the one place that knows all other folders; `http/` only translates; engines and auth methods see a storage
 * of their own and nothing else. A request is traced file by file in ARCHITECTURE.md.
 *
 * It binds to loopback and speaks plain HTTP unless told otherwise. Not here: replication, several nodes: a real
 * cluster is configured by Plenum, never replaced by it.
 */
import { type AuditPlace, createCore, type Core, systemLeaseTtl } from './core/index.ts'
import {
  answerDirectly,
  type DirectAnswer,
  type DirectRequest,
  type FaultSource,
  type Listener,
  listen,
  MOST_BODY_BYTES,
} from './http/index.ts'
import type { JsonObject } from './json/index.ts'
import { createMemoryStorage, openLmdbStorage, type Storage } from './storage/index.ts'

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
  /** What audit devices may use of this process; the store's folder is never part of it. */
  readonly auditPlace?: Omit<AuditPlace, 'keepOut'> | undefined
  /** In seconds. Default: Vault's, 768 h each; a shorter maximum alone is the default as well. */
  readonly leaseTtl?: { readonly default?: number | undefined; readonly max?: number | undefined } | undefined
  /**
   * Work on the core before anyone can connect: initialising and unsealing it, and requests of this process. When it
   * fails, nothing listens.
   */
  readonly beforeListen?: ((core: Core, local: LocalServer) => Promise<void>) | undefined
  /** Unix milliseconds. Default: the system clock. */
  readonly now?: (() => number) | undefined
  /** Default: the system's generator. */
  readonly random?: ((bytes: number) => Buffer) | undefined
  /** Told of every error that is a bug here; the client sees a bare 500. It never holds a request. */
  readonly onInternalError?: ((error: unknown) => void) | undefined
  readonly onAuditFailure?: ((error: unknown, device: string) => void) | undefined
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
  /** Answers what is under way, then seals and closes the store. */
  close(): Promise<void>
}

/**
 * Starts sealed, as Vault does: whoever holds the key unseals through `core` or over HTTP.
 * @throws {StoreError} when the store cannot be opened
 * @throws {ListenError} when the address cannot be listened on; the store is closed again
 */
export async function startServer(options: ServerOptions): Promise<EmbeddedServer> {
  const {
    storage: kind,
    port,
    listeners = [],
    auditFolders,
    userLockout,
    now,
    random,
    onInternalError,
    onAuditFailure,
    stopWithinMs,
  } = options
  const storage = openStorage(kind)
  const core = createCore({
    storage,
    storageType: kind.kind === 'memory' ? 'inmem' : 'lmdb',
    ...(now === undefined ? {} : { now }),
    ...(random === undefined ? {} : { random }),
    ...(auditFolders === undefined ? {} : { auditFolders }),
    ...(userLockout === undefined ? {} : { userLockout }),
    configState: configStateOf(options),
    auditPlace: { ...options.auditPlace, keepOut: kind.kind === 'lmdb' ? [kind.folder] : [] },
    ...(options.leaseTtl === undefined ? {} : { leaseTtl: systemLeaseTtl(options.leaseTtl) }),
    ...(onInternalError === undefined ? {} : { onInternalError }),
    ...(onAuditFailure === undefined ? {} : { onAuditFailure }),
  })
  try {
    const local: LocalServer = {
      answer: answerDirectly(core, {
        maxBodyBytes: MOST_BODY_BYTES,
        onInternalError: onInternalError ?? (() => undefined),
      }),
    }
    await options.beforeListen?.(core, local)
    const front = await listen(core, {
      listeners: [...(port === undefined ? [] : [{ kind: 'tcp' as const, host: '127.0.0.1', port }]), ...listeners],
      ...(stopWithinMs === undefined ? {} : { stopWithinMs }),
      ...(onInternalError === undefined ? {} : { onInternalError }),
      ...(options.testOnlyFaults === undefined ? {} : { testOnlyFaults: options.testOnlyFaults }),
    })
    return {
      address: front.addresses[0] ?? '',
      addresses: front.addresses,
      core,
      ...local,
      async close() {
        await front.close()
        await core.close()
      },
    }
  } catch (error) {
    await core.close()
    throw error
  }
}

/** Vault's words for what the server was started with. No path of a key or certificate is among it. */
function configStateOf({ storage, port, listeners = [], leaseTtl }: ServerOptions): JsonObject {
  const own = port === undefined ? [] : [{ type: 'tcp', config: { address: `127.0.0.1:${port}`, tls_disable: true } }]
  return {
    storage: { type: storage.kind === 'memory' ? 'inmem' : 'lmdb' },
    listeners: [
      ...own,
      ...listeners.map((listener) =>
        listener.kind === 'unix'
          ? { type: 'unix', config: { address: listener.path } }
          : {
              type: 'tcp',
              config: { address: `${listener.host}:${listener.port}`, tls_disable: listener.tls === undefined },
            },
      ),
    ],
    default_lease_ttl: leaseTtl?.default ?? 0,
    max_lease_ttl: leaseTtl?.max ?? 0,
    disable_clustering: true,
    enable_ui: false,
  }
}

function openStorage(kind: ServerOptions['storage']): Storage {
  return kind.kind === 'memory' ? createMemoryStorage() : openLmdbStorage({ folder: kind.folder })
}

export { type AuditPlace, type Core, type InitializeOptions, VAULT_VERSION } from './core/index.ts'
export { type ConfiguredListener, parseAddress, readServerConfig, type ServerConfig } from './config/index.ts'
export { type Fault, type FaultSource, ListenError, type Listener, type TlsSettings } from './http/index.ts'
export { KeyFileError, readKeyFile, writeKeyFile } from './seal/index.ts'
export { StoreError } from './storage/index.ts'
