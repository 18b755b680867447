/**
 * `plenum server generate-root`: a new root token for whoever has lost the last one and still has the unseal shares, or
 * the key file of `plenum up`. Over the API that takes a token with sudo (D5, S16); here it takes the store's folder and
 * the key, while no server has the store open.
 *
 * Invariant: the audit devices of the store record it before anybody has the token. The token goes to one place, standard
 * output or a file of 0600 that was not there before, and the key is overwritten.
 */
import { closeSync, existsSync, fchmodSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Sensitive, sensitive } from '../../sensitive/index.ts'
import { type Core, isStoreFolder, openCore, readKeyFile } from '../../server/index.ts'
import { configFolder } from '../config-folder.ts'
import { CommandError, systemHint } from '../failure.ts'
import type { GlobalOptions } from '../globals.ts'
import { findHub, nearestHub, noneFrom, shown } from '../hub-file.ts'
import { runFolder } from '../run-folder.ts'
import type { Screen } from '../screen.ts'
import { watchTroubles } from '../server-troubles.ts'
import { type ServingOptions, settleServing } from '../serving/settings.ts'
import { keyFromFiles, keyFromTerminal, wrongShares } from '../serving/unseal-shares.ts'

export interface GenerateRootOptions extends GlobalOptions, ServingOptions {
  /** Files of unseal shares; `-` is standard input. */
  readonly shares?: readonly string[]
  readonly keyFile?: string
  readonly out?: string
}

/** A store on disk, and where its audit logs may lie. */
interface Place {
  readonly folder: string
  readonly auditFolders: readonly string[]
}

export async function generateRoot(options: GenerateRootOptions, screen: Screen): Promise<number> {
  refuseWrongCall(options)
  const place = settlePlace(options)
  if (!isStoreFolder(place.folder)) throw noStore(`there is no store in ${shown(place.folder)}`)
  const out = options.out === undefined ? undefined : new PrivateFile(resolve(options.out))
  try {
    const token = await makeToken(place, options, screen)
    if (out === undefined) {
      // What the command is for.
      screen.print(token.reveal())
      screen.document({ root_token: token.reveal() })
    } else {
      out.write(`${token.reveal()}\n`)
      screen.say(`the root token is in ${shown(out.path)}, readable by you alone`)
      screen.document({ out: out.path })
    }
  } catch (error) {
    out?.discard()
    throw error
  } finally {
    out?.close()
  }
  screen.say('it may do everything and never ends: revoke it when it has served, with `vault token revoke -self`')
  return 0
}

async function makeToken(
  { folder, auditFolders }: Place,
  options: GenerateRootOptions,
  screen: Screen,
): Promise<Sensitive<string>> {
  const core = openCore({
    storage: { kind: 'lmdb', folder },
    auditFolders,
    // Standard output is the token's: what a device would write there is shown beside it.
    auditPlace: { stdout: writeToStderr, allowPrefix: true },
    report: watchTroubles(screen).report,
  })
  try {
    if (!core.initialized) throw noStore(`the store in ${shown(folder)} was never initialised`)
    const found = await findKey(core, options, screen)
    try {
      await unseal(core, found)
      return sensitive(await core.generateRootToken(found.key))
    } finally {
      found.key.fill(0)
    }
  } finally {
    await core.close()
  }
}

/** A key, and in words where it is from. */
interface FoundKey {
  readonly key: Buffer
  readonly from: string
}

const SHARES = 'these unseal shares'

async function findKey(core: Core, { shares, keyFile }: GenerateRootOptions, screen: Screen): Promise<FoundKey> {
  const { storeId, threshold } = core
  const fromFile = (path: string): FoundKey => ({ key: readKeyFile(path, storeId), from: shown(path) })
  if (keyFile !== undefined) return fromFile(resolve(keyFile))
  const asked = shares === undefined || (shares.length === 1 && shares[0] === '-')
  if (shares !== undefined && !(asked && screen.interactive))
    return { key: await keyFromFiles(shares, threshold), from: SHARES }
  const own = configFolder().unsealKey(storeId)
  if (shares === undefined && existsSync(own)) return fromFile(own)
  if (screen.interactive) return { key: await keyFromTerminal(threshold, screen), from: SHARES }
  throw wrongCall(
    'there is no key file of this store here, and nobody to ask for its unseal shares',
    '--shares FILE, --shares - for standard input, or --key-file FILE',
  )
}

async function unseal(core: Core, { key, from }: FoundKey): Promise<void> {
  try {
    await core.unsealWithKey(key)
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'invalid-request')) throw cause
    throw wrongShares(`this store does not open with ${from}`, cause)
  }
}

function refuseWrongCall({ dev = false, shares, keyFile }: GenerateRootOptions): void {
  if (dev) throw wrongCall('a server of --dev keeps nothing that a root token could be made for')
  if (shares !== undefined && keyFile !== undefined)
    throw wrongCall('the key is said twice: --shares and --key-file', 'leave one away')
}

/** @throws {CommandError} without `--data` or `--config` and without a hub */
function settlePlace(options: GenerateRootOptions): Place {
  if (options.data === undefined && options.config === undefined) {
    // Who names nothing and is in no hub has more ways than a plenum.yaml.
    if (options.hub === undefined && nearestHub() === undefined) throw noStore(`which store? There is ${noneFrom()}`)
    const { vault, path } = runFolder(findHub(options.hub).folder)
    return { folder: vault, auditFolders: [path] }
  }
  const { storage, auditFolders } = settleServing(options)
  if (storage.kind === 'memory') throw noStore('the configuration keeps its store in memory')
  return { folder: storage.folder, auditFolders }
}

function noStore(message: string): CommandError {
  return new CommandError('store-missing', message, {
    hint: "name the store's folder with --data, its server's configuration with --config, or its hub with --hub",
  })
}

function wrongCall(message: string, hint = '`plenum server generate-root --help` shows the options'): CommandError {
  return new CommandError('call-wrong', message, { hint, status: 2 })
}

function writeToStderr(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stderr.write(text, (error) => (error ? reject(error) : resolve()))
  })
}

/** A new file of 0600, there before the token is: where none can be made, no token is. */
class PrivateFile {
  readonly path: string
  readonly #file: number

  /** @throws {CommandError} when it is there already, or cannot be made */
  constructor(path: string) {
    this.path = path
    try {
      this.#file = openSync(path, 'wx', 0o600)
      fchmodSync(this.#file, 0o600)
    } catch (cause) {
      throw unwritable(path, cause)
    }
  }

  write(text: string): void {
    try {
      writeSync(this.#file, text)
      fsyncSync(this.#file)
    } catch (cause) {
      throw unwritable(this.path, cause)
    }
  }

  close(): void {
    closeSync(this.#file)
  }

  discard(): void {
    rmSync(this.path, { force: true })
  }
}

function unwritable(path: string, cause: unknown): CommandError {
  const why = cause instanceof Error ? cause.message : String(cause)
  const there = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST'
  const hint = there ? 'name a file that is not there yet' : systemHint(cause)
  return new CommandError('file-unwritable', `${shown(path)} cannot be written: ${why}`, {
    ...(hint === undefined ? {} : { hint }),
    cause,
  })
}
