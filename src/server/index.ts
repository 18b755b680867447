/**
 * The embedded Vault-compatible server: one process, one encrypted store, the Vault HTTP API.
 *
 * `core/` is the one place that knows all other folders; `http/` only translates; engines and auth methods see a storage
 * of their own and nothing else. A request is traced file by file in ARCHITECTURE.md.
 *
 * It binds to loopback unless told otherwise and speaks plain HTTP. Not here: TLS, replication, several nodes: a real
 * cluster is configured by Plenum, never replaced by it.
 */
import { type AuditPlace, createCore, type Core } from './core/index.ts'
import { answerDirectly, type DirectAnswer, type DirectRequest, listen, MOST_BODY_BYTES } from './http/index.ts'
import { createMemoryStorage, openLmdbStorage, type Storage } from './storage/index.ts'

export interface ServerOptions {
  /** `memory` forgets everything when the process ends. */
  readonly storage: { readonly kind: 'memory' } | { readonly kind: 'lmdb'; readonly folder: string }
  /** Default 127.0.0.1. */
  readonly host?: string | undefined
  /** 0 picks a free one. */
  readonly port: number
  /** Absolute folders in which audit files may lie. Default: none. */
  readonly auditFolders?: readonly string[] | undefined
  /** Whether who fails to log in too often is locked out for a while. Default: yes. */
  readonly userLockout?: boolean | undefined
  /** What audit devices may use of this process; the store's folder is never part of it. */
  readonly auditPlace?: Omit<AuditPlace, 'keepOut'> | undefined
  /** Work on the core before anyone can connect: initialising and unsealing it. When it fails, nothing listens. */
  readonly beforeListen?: ((core: Core) => Promise<void>) | undefined
  /** Unix milliseconds. Default: the system clock. */
  readonly now?: (() => number) | undefined
  /** Default: the system's generator. */
  readonly random?: ((bytes: number) => Buffer) | undefined
  /** Told of every error that is a bug here; the client sees a bare 500. It never holds a request. */
  readonly onInternalError?: ((error: unknown) => void) | undefined
  readonly onAuditFailure?: ((error: unknown, device: string) => void) | undefined
}

export interface EmbeddedServer {
  /** `http://127.0.0.1:8200` */
  readonly address: string
  readonly core: Core
  /** The same API for a client in this process. Never rejects. */
  answer(request: DirectRequest): Promise<DirectAnswer>
  /** Answers what is under way, then seals and closes the store. */
  close(): Promise<void>
}

/**
 * Starts sealed, as Vault does: whoever holds the key unseals through `core` or over HTTP.
 * @throws {StoreError} when the store cannot be opened
 * @throws {ListenError} when the address cannot be listened on; the store is closed again
 */
export async function startServer(options: ServerOptions): Promise<EmbeddedServer> {
  const { storage: kind, host, port, auditFolders, userLockout, now, random, onInternalError, onAuditFailure } = options
  const storage = openStorage(kind)
  const core = createCore({
    storage,
    storageType: kind.kind === 'memory' ? 'inmem' : 'lmdb',
    ...(now === undefined ? {} : { now }),
    ...(random === undefined ? {} : { random }),
    ...(auditFolders === undefined ? {} : { auditFolders }),
    ...(userLockout === undefined ? {} : { userLockout }),
    auditPlace: { ...options.auditPlace, keepOut: kind.kind === 'lmdb' ? [kind.folder] : [] },
    ...(onInternalError === undefined ? {} : { onInternalError }),
    ...(onAuditFailure === undefined ? {} : { onAuditFailure }),
  })
  try {
    await options.beforeListen?.(core)
    const front = await listen(core, {
      port,
      ...(host === undefined ? {} : { host }),
      ...(onInternalError === undefined ? {} : { onInternalError }),
    })
    return {
      address: front.address,
      core,
      answer: answerDirectly(core, {
        maxBodyBytes: MOST_BODY_BYTES,
        onInternalError: onInternalError ?? (() => undefined),
      }),
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

function openStorage(kind: ServerOptions['storage']): Storage {
  return kind.kind === 'memory' ? createMemoryStorage() : openLmdbStorage({ folder: kind.folder })
}

export { type AuditPlace, type Core, type InitializeOptions, VAULT_VERSION } from './core/index.ts'
export { ListenError } from './http/index.ts'
export { KeyFileError, readKeyFile, writeKeyFile } from './seal/index.ts'
export { StoreError } from './storage/index.ts'
