/**
 * `plenum server`: the embedded server alone, without a hub. It starts sealed, as Vault does; with --dev it is ready at
 * once, keeps nothing, and tells its root token to whoever reads its output.
 */
import { mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { sensitive, type Sensitive } from '../../sensitive/index.ts'
import { type EmbeddedServer, startServer } from '../../server/index.ts'
import { enableSecretsEngine, revokeSelf, staticToken, VaultClient } from '../../vault/index.ts'
import { CommandError } from '../failure.ts'
import type { GlobalOptions } from '../globals.ts'
import { watchInterruption } from '../interrupt.ts'
import type { Screen } from '../screen.ts'
import { watchTroubles } from '../server-troubles.ts'
import { userLockoutOf } from '../user-lockout.ts'

export interface ServerCommandOptions extends GlobalOptions {
  readonly port: number
  readonly data?: string
  readonly auditFolder?: string
  /** Whether audit devices may be enabled with a prefix. */
  readonly auditPrefix?: boolean
  /** Mebibytes of disk below which an audit log is reported. */
  readonly auditReserve: number
  readonly dev?: boolean
  readonly devRootTokenId?: string
}

export async function server(options: ServerCommandOptions, screen: Screen): Promise<number> {
  const { port, data, dev = false, auditFolder, auditPrefix = false, auditReserve } = options
  if (dev === (data !== undefined)) {
    throw new CommandError(
      'server-storage',
      dev ? '--dev keeps nothing and takes no --data' : 'the server has no place for its store',
      {
        hint: 'plenum server --data FOLDER, or plenum server --dev to try something out',
        status: 2,
      },
    )
  }
  let reopenAudit = (): void => undefined
  const interruption = watchInterruption(process, () => {
    reopenAudit()
    screen.say('SIGHUP: the audit logs are opened anew')
  })
  const auditFolders = auditFolder === undefined ? [] : [resolve(auditFolder)]
  for (const folder of auditFolders) mkdirSync(folder, { recursive: true, mode: 0o700 })
  const running = await startServer({
    storage: data === undefined ? { kind: 'memory' } : { kind: 'lmdb', folder: resolve(data) },
    port,
    auditFolders,
    userLockout: userLockoutOf(process.env),
    auditPlace: {
      stdout: writeOut,
      allowPrefix: auditPrefix,
      reserveBytes: auditReserve * 1024 ** 2,
      onNotice: (text) => screen.warn(text),
    },
    ...watchTroubles(screen).options,
  })
  reopenAudit = () => running.core.reopenAudit()
  try {
    if (dev) await openDev(running, options.devRootTokenId, screen)
    else tellSealed(running, screen)
    await interruption.arrived
    screen.say('stopping')
    return 0
  } finally {
    await running.close()
    interruption.release()
  }
}

function tellSealed({ address, core }: EmbeddedServer, screen: Screen): void {
  screen.print(address)
  screen.document({ address, initialized: core.initialized, sealed: true })
  const next = core.initialized
    ? 'unseal it with `vault operator unseal`'
    : 'initialise it with `vault operator init`, then unseal it'
  screen.say(`sealed; export VAULT_ADDR=${address} and ${next}. Ctrl-C stops it, the data stays.`)
}

/** As `vault server -dev`: KV version 2 at `secret/`, and the root token on the screen because it is asked for. */
async function openDev(
  { address, core }: EmbeddedServer,
  wantedToken: string | undefined,
  screen: Screen,
): Promise<void> {
  const { keys, rootToken } = await core.initialize({ shares: 1, threshold: 1 })
  for (const key of keys) await core.unsealWithKey(key)
  const client = new VaultClient({ address, tokens: staticToken(sensitive(rootToken)) })
  let token: Sensitive<string> = sensitive(rootToken)
  try {
    await enableSecretsEngine(client, 'secret', { type: 'kv', options: { version: '2' } })
    if (wantedToken !== undefined) {
      token = sensitive(wantedToken)
      const body = token.map((id) => ({ id, policies: ['root'], no_parent: true }))
      await client.request('POST', 'auth/token/create', { body })
      await revokeSelf(client)
    }
  } finally {
    await client.close()
  }
  // The one secret this command prints: `--dev` asks for it.
  const clear = token.reveal()
  screen.print(`VAULT_ADDR=${address}\nVAULT_TOKEN=${clear}`)
  screen.document({ address, root_token: clear, dev: true })
  screen.say(
    'dev mode: NOT SAFE for production (in memory, unsealed, root token on the screen). Ctrl-C stops it and forgets everything.',
  )
}

/** Resolves once the text is handed to whoever reads this process's output. */
function writeOut(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(error) : resolve()))
  })
}
