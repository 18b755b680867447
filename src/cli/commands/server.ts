/**
 * `plenum server`: the embedded server alone, without a hub, in the place of `vault server`. It starts sealed, as Vault
 * does; with --dev it is ready at once, keeps nothing, and tells its unseal key and root token to whoever reads its output.
 */
import { mkdirSync } from 'node:fs'
import { sensitive, type Sensitive } from '../../sensitive/index.ts'
import { type EmbeddedServer, type LocalServer, startServer, VAULT_VERSION } from '../../server/index.ts'
import { enableSecretsEngine, revokeSelf, staticToken, VaultClient } from '../../vault/index.ts'
import type { GlobalOptions } from '../globals.ts'
import { watchInterruption } from '../interrupt.ts'
import type { Screen } from '../screen.ts'
import { watchTroubles } from '../server-troubles.ts'
import { type ServingOptions, settleServing } from '../serving/settings.ts'
import { devWords, startedWords } from '../serving/words.ts'
import { userLockoutOf } from '../user-lockout.ts'
import { readVersion } from '../version.ts'

export interface ServerCommandOptions extends GlobalOptions, ServingOptions {
  /** Whether audit devices may be enabled with a prefix. */
  readonly auditPrefix?: boolean
  /** Mebibytes of disk below which an audit log is reported. */
  readonly auditReserve: number
  readonly devRootTokenId?: string
}

export async function server(options: ServerCommandOptions, screen: Screen): Promise<number> {
  const { dev = false, auditPrefix = false, auditReserve } = options
  const serving = settleServing(options)
  const { storage, listeners, auditFolders, leaseTtl, logLevel } = serving
  const say = (text: string): void => {
    if (!['warn', 'error'].includes(logLevel)) screen.say(text)
  }
  let reopenAudit = (): void => undefined
  const interruption = watchInterruption(process, () => {
    reopenAudit()
    say('SIGHUP: the audit logs are opened anew')
  })
  for (const folder of auditFolders) mkdirSync(folder, { recursive: true, mode: 0o700 })
  let key = ''
  let token: Sensitive<string> | undefined
  const running = await startServer({
    storage,
    listeners,
    auditFolders,
    userLockout: userLockoutOf(process.env),
    auditPlace: {
      stdout: writeOut,
      allowPrefix: auditPrefix,
      reserveBytes: auditReserve * 1024 ** 2,
      onNotice: (text) => screen.warn(text),
    },
    leaseTtl,
    // Before it listens: who waits for the port finds it ready, and nobody else comes first.
    beforeListen: async (core, local) => {
      if (!dev) return
      const made = await core.initialize({ shares: 1, threshold: 1 })
      for (const share of made.keys) await core.unsealWithKey(share)
      key = made.keys.map((share) => share.toString('base64')).join('\n')
      token = await fillDev(local, sensitive(made.rootToken), options.devRootTokenId)
    },
    ...watchTroubles(screen).options,
  })
  reopenAudit = () => running.core.reopenAudit()
  try {
    const { addresses } = running
    const version = await readVersion()
    screen.print(startedWords({ serving, addresses, version, vaultVersion: VAULT_VERSION }))
    if (token === undefined) tellSealed(running, screen, say)
    else tellOpen(running, { key, token }, screen, say)
    await interruption.arrived
    say('stopping')
    return 0
  } finally {
    await running.close()
    interruption.release()
  }
}

function tellSealed({ address, addresses, core }: EmbeddedServer, screen: Screen, say: (text: string) => void): void {
  screen.document({ address, addresses, initialized: core.initialized, sealed: true })
  const next = core.initialized
    ? 'unseal it with `vault operator unseal`'
    : 'initialise it with `vault operator init`, then unseal it'
  say(`sealed; export VAULT_ADDR=${address} and ${next}. Ctrl-C stops it, the data stays.`)
}

interface DevSecrets {
  readonly key: string
  readonly token: Sensitive<string>
}

function tellOpen(
  { address, addresses }: EmbeddedServer,
  { key, token }: DevSecrets,
  screen: Screen,
  say: (text: string) => void,
): void {
  // The secrets this command prints: `--dev` asks for them.
  const clear = token.reveal()
  screen.print(devWords(address, key, clear))
  screen.document({ address, addresses, unseal_key: key, root_token: clear, dev: true })
  say(
    'dev mode: NOT SAFE for production (in memory, unsealed, root token on the screen). Ctrl-C stops it and forgets everything.',
  )
}

/** Resolves once the text is handed to whoever reads this process's output. */
function writeOut(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(error) : resolve()))
  })
}

/** Names nothing on a network: requests go straight to the core. */
const IN_PROCESS = 'http://127.0.0.1'

/** As `vault server -dev`: KV version 2 at `secret/`, and a root token of the wanted text. */
async function fillDev(
  local: LocalServer,
  first: Sensitive<string>,
  wantedToken: string | undefined,
): Promise<Sensitive<string>> {
  const client = new VaultClient({ address: IN_PROCESS, local, tokens: staticToken(first) })
  try {
    await enableSecretsEngine(client, 'secret', { type: 'kv', options: { version: '2' } })
    if (wantedToken === undefined) return first
    const token = sensitive(wantedToken)
    const body = token.map((id) => ({ id, policies: ['root'], no_parent: true }))
    await client.request('POST', 'auth/token/create', { body })
    await revokeSelf(client)
    return token
  } finally {
    await client.close()
  }
}
