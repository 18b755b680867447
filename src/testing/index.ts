/**
 * A real server for tests, in the process, in milliseconds. Published as `plenum/testing`.
 *
 * ```ts
 * await using server = await startTestServer()
 * await writeSecret(server.client, 'secret', 'airflow/variables/x', sensitive({ value: '1' }), 0)
 * ```
 *
 * In memory, initialised, unsealed, with KV version 2 at `secret/`, on a free port of 127.0.0.1. Test only: whoever has
 * the process has the root token.
 */
import { enableSecretsEngine, type Sensitive, sensitive, staticToken, VaultClient } from '../vault/index.ts'
import { type Core, startServer } from '../server/index.ts'

export interface TestServerOptions {
  /** Default 0: a free one. */
  readonly port?: number
  /** Keeps the store here instead of in memory. */
  readonly folder?: string
  /** The KV version 2 mount to make; `null` makes none. Default `secret`. */
  readonly mount?: string | null
  /** A folder in which audit devices may be enabled. */
  readonly auditFolder?: string
  /** Unix milliseconds. Default: the system clock. */
  readonly now?: () => number
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
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const { folder, auditFolder, now, mount = 'secret' } = options
  const server = await startServer({
    storage: folder === undefined ? { kind: 'memory' } : { kind: 'lmdb', folder },
    port: options.port ?? 0,
    auditFolders: auditFolder === undefined ? [] : [auditFolder],
    now,
    report(event) {
      if (event.kind !== 'internal-error') return
      const { error } = event
      process.emitWarning(
        `internal error in the test server: ${error instanceof Error ? error.message : String(error)}`,
      )
    },
  })
  const { core, address } = server
  const { keys, rootToken } = await core.initialize({ shares: 1, threshold: 1 })
  const [unsealKey = Buffer.alloc(0)] = keys
  await core.unsealWithKey(unsealKey)
  const token = sensitive(rootToken)
  const client = new VaultClient({ address, tokens: staticToken(token) })
  if (mount !== null) await enableSecretsEngine(client, mount, { type: 'kv', options: { version: '2' } })
  const close = async (): Promise<void> => {
    await client.close()
    await server.close()
  }
  return { address, rootToken: token, unsealKey, client, core, close, [Symbol.asyncDispose]: close }
}
