/**
 * The embedded server of a hub, in this process: started, initialised the first time, unsealed, audited.
 *
 * Invariants: the unseal key is on disk before anything in the store depends on it, so that a crash leaves no store that
 * nobody can open; a root token is never on disk, lives as long as the work that needs it and is revoked after; nothing
 * is done with it before the audit device is on.
 */
import { basename } from 'node:path'
import { type Sensitive, sensitive } from '../sensitive/index.ts'
import {
  type Core,
  type EmbeddedServer,
  KeyFileError,
  readKeyFile,
  startServer,
  writeKeyFile,
} from '../server/index.ts'
import { revokeSelf, staticToken, VaultClient } from '../vault/index.ts'
import type { OpenHub } from './hub-file.ts'
import { prepareRunFolder } from './run-folder.ts'
import type { Screen } from './screen.ts'
import { removeServerFile, writeServerFile } from './server-file.ts'
import { watchTroubles } from './server-troubles.ts'
import { readVersion } from './version.ts'
import { userLockoutOf } from './user-lockout.ts'
import { embeddedReach, type Reach } from './target.ts'

export interface Embedded {
  readonly reach: Reach
  /** The store was made just now. */
  readonly created: boolean
  /** Work as root. The token is revoked after it, also when it fails. */
  asRoot<T>(work: (client: VaultClient) => Promise<T>): Promise<T>
  /** Its audit log is opened anew, after a rotation. */
  reopenAudit(): void
  /** Lets requests under way finish, seals, closes the store. */
  close(): Promise<void>
}

/** @throws {ListenError | StoreError | KeyFileError} and leaves nothing running. */
export async function startEmbedded(hub: OpenHub, port: number, screen: Screen): Promise<Embedded> {
  prepareRunFolder(hub.run)
  let firstToken: Sensitive<string> | undefined
  const troubles = watchTroubles(screen)
  const server = await startServer({
    storage: { kind: 'lmdb', folder: hub.run.vault },
    port,
    auditFolders: [hub.run.path],
    userLockout: userLockoutOf(process.env),
    // Before it listens: nobody else may come first to a store that is still to be initialised.
    beforeListen: async (core) => {
      if (!core.initialized) firstToken = await initialize(hub, core)
      await withKey(hub, core.storeId, (key) => unseal(hub, core, key))
    },
    report: troubles.report,
    version: await readVersion(),
  })
  const { core } = server
  try {
    const { storeId } = core
    writeServerFile(hub.run, { pid: process.pid, address: server.address, storeId })
    const reach = embeddedReach(server.address, storeId)
    let unusedToken = firstToken
    return {
      reach,
      created: firstToken !== undefined,
      async asRoot(work) {
        const token =
          unusedToken ?? (await withKey(hub, storeId, async (key) => sensitive(await core.generateRootToken(key))))
        unusedToken = undefined
        try {
          return await withRootToken(openLocally(server, token), async (client) => {
            await enableAudit(client, basename(hub.run.auditLog))
            return work(client)
          })
        } catch (error) {
          // The client has seen a 500; what broke in the server is the better news.
          throw troubles.first ?? error
        }
      },
      reopenAudit: () => core.reopenAudit(),
      async close() {
        try {
          removeServerFile(hub.run)
        } finally {
          await server.close()
        }
      },
    }
  } catch (error) {
    await server.close()
    throw error
  }
}

/** The root token of the initialisation, for the first work. */
async function initialize(hub: OpenHub, core: Core): Promise<Sensitive<string>> {
  const { keys, rootToken } = await core.initialize({
    shares: 1,
    threshold: 1,
    beforeCommit: async (made, storeId) => {
      for (const key of made) writeKeyFile(hub.config.unsealKey(storeId), key, storeId)
    },
  })
  for (const key of keys) key.fill(0)
  return sensitive(rootToken)
}

async function unseal(hub: OpenHub, core: Core, key: Buffer): Promise<void> {
  try {
    await core.unsealWithKey(key)
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'invalid-request')) throw cause
    throw new KeyFileError(
      'key-file-wrong-store',
      `${hub.config.unsealKey(core.storeId)} does not open this store: put back the one that was written for it`,
      { cause },
    )
  }
}

async function withKey<T>(hub: OpenHub, storeId: string, use: (key: Buffer) => Promise<T>): Promise<T> {
  const key = readKeyFile(hub.config.unsealKey(storeId), storeId)
  try {
    return await use(key)
  } finally {
    key.fill(0)
  }
}

/**
 * Many at once: writes that wait for the disk at the same time wait for it once, and here nothing else limits them.
 */
const AT_ONCE = 128

function openLocally(local: EmbeddedServer, token: Sensitive<string>): VaultClient {
  const { address } = local
  return new VaultClient({ address, local, tokens: staticToken(token), maxRetries: 0, connections: AT_ONCE })
}

async function withRootToken<T>(client: VaultClient, work: (client: VaultClient) => Promise<T>): Promise<T> {
  try {
    const result = await work(client)
    await revokeSelf(client)
    return result
  } catch (error) {
    // What went wrong first is what is told; the token ends all the same when the server still answers.
    await Promise.allSettled([revokeSelf(client)])
    throw error
  } finally {
    await client.close()
  }
}

const AUDIT_DEVICE = 'file/'

/** `file` is relative to the folder given to the server: the hub's folder may be moved or copied. */
async function enableAudit(client: VaultClient, file: string): Promise<void> {
  const { body } = await client.request('GET', 'sys/audit')
  const devices = typeof body === 'object' && body !== null && 'data' in body ? body['data'] : null
  if (typeof devices === 'object' && devices !== null && AUDIT_DEVICE in devices) return
  await client.request('POST', 'sys/audit/file', { body: { type: 'file', options: { file_path: file } } })
}
