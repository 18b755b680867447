/**
 * `plenum server`: the embedded server alone, without a hub, in the place of `vault server`. It starts sealed, as Vault
 * does; with --dev it is ready at once, keeps nothing, and tells its unseal key and root token to whoever reads its output.
 */
import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { isIP } from 'node:net'
import { hostname } from 'node:os'
import { sensitive, type Sensitive } from '../../sensitive/index.ts'
import { type EmbeddedServer, type LocalServer, startServer, VAULT_VERSION } from '../../server/index.ts'
import { enableSecretsEngine, revokeSelf, staticToken, VaultClient } from '../../vault/index.ts'
import { CommandError } from '../failure.ts'
import type { GlobalOptions } from '../globals.ts'
import { keepHeapModest } from '../heap.ts'
import { watchInterruption } from '../interrupt.ts'
import type { Screen } from '../screen.ts'
import { type DevTls, makeDevTls } from '../serving/dev-tls.ts'
import { openLog, type ServerLog } from '../serving/log.ts'
import type { ServingEvent } from '../serving/news.ts'
import { type PidFile, writePidFile } from '../serving/pid-file.ts'
import { reload } from '../serving/reload.ts'
import { type ServingOptions, settleServing } from '../serving/settings.ts'
import { devWords, startedWords } from '../serving/words.ts'
import { userLockoutOf } from '../user-lockout.ts'
import { readVersion } from '../version.ts'

export interface ServerCommandOptions extends GlobalOptions, ServingOptions {
  /** Whether audit devices may be enabled with a prefix. */
  readonly auditPrefix?: boolean
  readonly devRootTokenId?: string
  readonly devKvV1?: boolean
  readonly devTls?: boolean
  readonly devTlsCertDir?: string
  readonly devTlsSan?: readonly string[]
}

export async function server(options: ServerCommandOptions, screen: Screen): Promise<number> {
  keepHeapModest()
  const { devTls: withTls = false, devTlsCertDir: folder, devTlsSan: names = [] } = options
  if (!withTls) {
    if (folder === undefined && names.length === 0) return serve(options, undefined, screen)
    throw new CommandError('call-wrong', `--dev-tls-${folder === undefined ? 'san' : 'cert-dir'} needs --dev-tls`, {
      hint: 'add --dev-tls',
      status: 2,
    })
  }
  const unfit = names.find((name) => isIP(name) === 0 && !/^[\w*.-]+$/.test(name))
  if (unfit !== undefined) {
    throw new CommandError('call-wrong', `--dev-tls-san ${unfit} is neither a DNS name nor an address`, {
      hint: 'one name each: --dev-tls-san vault.internal --dev-tls-san 10.0.0.7',
      status: 2,
    })
  }
  const devTls = await makeDevTls({ folder, names, hostname: hostname(), now: Date.now(), random: randomBytes })
  try {
    return await serve({ ...options, dev: true }, devTls, screen)
  } finally {
    devTls.remove()
  }
}

async function serve(options: ServerCommandOptions, devTls: DevTls | undefined, screen: Screen): Promise<number> {
  const { dev = false, auditPrefix = false } = options
  const serving = settleServing(options, devTls)
  const { storage, listeners, auditFolders, leaseTtl } = serving
  const logFormat = serving.logFormat ?? (process.stderr.isTTY ? 'standard' : 'json')
  const log = openLog({
    level: screen.quiet ? 'error' : serving.logLevel,
    format: logFormat,
    stream: process.stderr,
    now: Date.now,
    exit: () => process.exit(),
  })
  /** Words for a person, who has no use for them among lines of JSON. */
  const say = (text: string): void => {
    if (logFormat === 'standard' && !['warn', 'error'].includes(serving.logLevel)) screen.say(text)
  }
  const early = holdBack(log)
  let onHangup = (): void => undefined
  const interruption = watchInterruption(process, () => {
    early.log.tell({ kind: 'hangup' })
    onHangup()
  })
  for (const folder of auditFolders) mkdirSync(folder, { recursive: true, mode: 0o700 })
  let key = ''
  let token: Sensitive<string> | undefined
  const version = await readVersion()
  let running: EmbeddedServer | undefined
  let pidFile: PidFile | undefined
  try {
    running = await startServer({
      storage,
      listeners,
      auditFolders,
      userLockout: userLockoutOf(process.env),
      userLockoutSettings: serving.userLockout,
      auditPlace: {
        stdout: writeOut,
        allowPrefix: auditPrefix,
        reserveBytes: serving.auditReserve,
        // What keeps nothing has no log that must go on.
        holdReserve: storage.kind !== 'memory',
      },
      leaseTtl,
      pidFile: serving.pidFile,
      version,
      // Before it listens: who waits for the port finds it ready, and nobody else comes first.
      beforeListen: async (core, local) => {
        if (!dev) return
        const made = await core.initialize({ shares: 1, threshold: 1 })
        for (const share of made.keys) await core.unsealWithKey(share)
        key = made.keys.map((share) => share.toString('base64')).join('\n')
        token = await fillDev(local, sensitive(made.rootToken), options)
      },
      report: early.log.tell,
      loggers: log.loggers,
    })
    const started = running
    if (serving.pidFile !== undefined) pidFile = writePidFile(serving.pidFile, process.pid)
    onHangup = () => {
      started.core.reopenAudit()
      reload({ server: started, log, serving, settle: () => settleServing(options, devTls) })
    }
    screen.print(startedWords({ serving, addresses: started.addresses, version, vaultVersion: VAULT_VERSION }))
    const { initialized, sealed } = started.core
    early.log.tell({ kind: 'started', version, initialized, sealed })
    if (token === undefined) tellSealed(started, screen, say)
    else tellOpen(started, { key, token, authorityFile: devTls?.authorityFile }, screen, say)
    early.release()
    await interruption.arrived
    log.tell({ kind: 'stopping' })
    return 0
  } finally {
    early.release()
    try {
      await running?.close()
    } finally {
      if (pidFile !== undefined) removePidFile(pidFile, log)
    }
    interruption.release()
    log.close()
  }
}

/** A server that ended well has ended well: what is left of it is told, and the next start replaces it. */
function removePidFile(file: PidFile, log: ServerLog): void {
  try {
    file.remove()
  } catch (error) {
    log.tell({ kind: 'pid-file-left', path: file.path, error })
  }
}

/** Until the server has started, its log waits: the words for a person come first, and say that it streams in below. */
function holdBack(log: ServerLog): { readonly log: Pick<ServerLog, 'tell'>; release(): void } {
  let held: ServingEvent[] | undefined = []
  return {
    log: {
      tell: (event) => (held === undefined ? log.tell(event) : void held.push(event)),
    },
    release() {
      for (const event of held ?? []) log.tell(event)
      held = undefined
    },
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
  /** Of `--dev-tls`. */
  readonly authorityFile: string | undefined
}

function tellOpen(
  { address, addresses }: EmbeddedServer,
  { key, token, authorityFile }: DevSecrets,
  screen: Screen,
  say: (text: string) => void,
): void {
  // The secrets this command prints: `--dev` asks for them.
  const clear = token.reveal()
  screen.print(devWords({ address, authorityFile, unsealKey: key, rootToken: clear }))
  const caCert = authorityFile === undefined ? {} : { ca_cert: authorityFile }
  screen.document({ address, addresses, ...caCert, unseal_key: key, root_token: clear, dev: true })
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

/** As `vault server -dev`: KV version 2 (or 1) at `secret/`, and a root token of the wanted text. */
async function fillDev(
  local: LocalServer,
  first: Sensitive<string>,
  { devRootTokenId: wantedToken, devKvV1 = false }: Pick<ServerCommandOptions, 'devRootTokenId' | 'devKvV1'>,
): Promise<Sensitive<string>> {
  const client = new VaultClient({ address: IN_PROCESS, local, tokens: staticToken(first) })
  try {
    await enableSecretsEngine(client, 'secret', { type: 'kv', options: { version: devKvV1 ? '1' : '2' } })
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
