/**
 * What `plenum server` was called with, and what its configuration says -> how the server is to run. Files are read here,
 * nothing is started and nothing is written.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import {
  type ConfiguredListener,
  type Listener,
  type LogFormat,
  type LogLevel,
  mergeUserLockouts,
  parseAddress,
  readServerConfig,
  type ServerConfig,
  type ServerOptions,
} from '../../server/index.ts'
import { CommandError, ProblemsError } from '../failure.ts'
import type { DevTls } from './dev-tls.ts'

export interface ServingOptions {
  readonly port?: number
  /** Files, or folders of them. */
  readonly config?: readonly string[]
  readonly data?: string
  readonly auditFolder?: string
  /** MiB */
  readonly auditReserve?: number
  readonly logLevel?: LogLevel
  readonly logFormat?: LogFormat
  readonly dev?: boolean
  readonly devListenAddress?: string
}

export type DevTlsFiles = Pick<DevTls, 'certificateFile' | 'keyFile'>

export interface Serving {
  readonly storage: ServerOptions['storage']
  /** Vault's word for it. */
  readonly storageType: string
  readonly listeners: readonly Listener[]
  /** Absolute. */
  readonly auditFolders: readonly string[]
  readonly leaseTtl: ServerConfig['leaseTtl']
  readonly userLockout: ServerConfig['userLockout']
  readonly apiAddress: string | undefined
  /** Absolute. */
  readonly pidFile: string | undefined
  /** Bytes of disk that are to stay free for audit logs. */
  readonly auditReserve: number
  readonly logLevel: LogLevel
  /** Where nobody says it: text for a person, JSON for a program. */
  readonly logFormat: LogFormat | undefined
}

const DEFAULT_PORT = 8200
const DEFAULT_RESERVE_MIB = 64

/**
 * `devTls`: files for the listener of `--dev`.
 * @throws {CommandError | ProblemsError} for a wrong call, or everything that is wrong with a configuration.
 */
export function settleServing(options: ServingOptions, devTls?: DevTlsFiles): Serving {
  const { auditFolder, dev = false } = options
  const config = mergeConfigs((options.config ?? []).flatMap(filesOf).map(readConfigFile))
  const { storage, storageType } = settleStorage(options, config)
  return {
    storage,
    storageType,
    listeners: settleListeners(options, config, dev, devTls),
    auditFolders: [...config.auditFolders, ...(auditFolder === undefined ? [] : [auditFolder])].map((one) =>
      resolve(one),
    ),
    leaseTtl: config.leaseTtl,
    userLockout: config.userLockout,
    apiAddress: config.apiAddress,
    pidFile: config.pidFile === undefined ? undefined : resolve(config.pidFile),
    auditReserve: (options.auditReserve ?? config.auditReserve ?? DEFAULT_RESERVE_MIB) * 1024 ** 2,
    logLevel: options.logLevel ?? config.logLevel ?? 'info',
    logFormat: options.logFormat ?? config.logFormat,
  }
}

/** A folder stands for its `.hcl` and `.json` files, in the order of their names. */
function filesOf(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path]
  const files = readdirSync(path).filter((name) => /\.(?:hcl|json)$/.test(name))
  if (files.length > 0) return files.sort().map((name) => join(path, name))
  throw new CommandError('server-config', `${path} holds no .hcl or .json file`, {
    hint: 'name a configuration file, or a folder of them',
  })
}

function readConfigFile(path: string): ServerConfig {
  const read = readServerConfig(readFileSync(path, 'utf8'))
  if (read.kind === 'config') return read.config
  throw new ProblemsError(
    read.problems.map(({ line, column, message }) => ({
      code: 'server-config',
      message: `${path}:${line}:${column}: ${message}`,
      hint: undefined,
    })),
  )
}

/** Listeners and audit folders of all files; for everything else the last one that says it. */
function mergeConfigs(configs: readonly ServerConfig[]): ServerConfig {
  const last = <T>(pick: (config: ServerConfig) => T | undefined): T | undefined =>
    configs.map(pick).findLast((value) => value !== undefined)
  const leaseTtl = { default: last((one) => one.leaseTtl.default), max: last((one) => one.leaseTtl.max) }
  return {
    storage: last(({ storage }) => storage),
    listeners: configs.flatMap(({ listeners }) => listeners),
    apiAddress: last(({ apiAddress }) => apiAddress),
    pidFile: last(({ pidFile }) => pidFile),
    logLevel: last(({ logLevel }) => logLevel),
    logFormat: last(({ logFormat }) => logFormat),
    leaseTtl,
    userLockout: mergeUserLockouts(configs.map(({ userLockout }) => userLockout)),
    auditFolders: configs.flatMap(({ auditFolders }) => auditFolders),
    auditReserve: last(({ auditReserve }) => auditReserve),
  }
}

function settleStorage(
  { data, dev = false }: ServingOptions,
  { storage }: ServerConfig,
): Pick<Serving, 'storage' | 'storageType'> {
  const memory = { storage: { kind: 'memory' }, storageType: 'inmem' } as const
  const refuse = (message: string): CommandError =>
    new CommandError('server-storage', message, {
      hint: 'plenum server --data FOLDER, plenum server --config FILE, or plenum server --dev to try something out',
      status: 2,
    })
  if (dev) {
    if (data !== undefined) throw refuse('--dev keeps nothing and takes no --data')
    if (storage?.kind === 'folder')
      throw refuse(`--dev keeps nothing, and the configuration says storage "${storage.type}"`)
    return memory
  }
  if (data !== undefined && storage !== undefined)
    throw refuse('the store has two places: --data and the configuration')
  if (data !== undefined) return { storage: { kind: 'lmdb', folder: resolve(data) }, storageType: 'file' }
  if (storage === undefined) throw refuse('the server has no place for its store')
  if (storage.kind === 'memory') return memory
  return { storage: { kind: 'lmdb', folder: resolve(storage.path) }, storageType: storage.type }
}

function settleListeners(
  { port, devListenAddress }: ServingOptions,
  { listeners }: ServerConfig,
  dev: boolean,
  devTls: DevTlsFiles | undefined,
): readonly Listener[] {
  const refuse = (message: string, hint: string): CommandError =>
    new CommandError('server-listeners', message, { hint, status: 2 })
  // Without --dev it counts for nothing, as in Vault: it may stand in the environment of both.
  const wanted = dev && devListenAddress !== '' ? devListenAddress : undefined
  const place = wanted === undefined ? undefined : parseAddress(wanted)
  if (wanted !== undefined && place === undefined)
    throw refuse('--dev-listen-address must be HOST:PORT', 'for example 127.0.0.1:8200')
  if (port !== undefined && (place !== undefined || (!dev && listeners.length > 0))) {
    throw refuse(
      `where to listen is said twice: --port and ${place === undefined ? 'the configuration' : '--dev-listen-address'}`,
      'leave --port away',
    )
  }
  const own = dev || listeners.length === 0
  const tls =
    devTls === undefined
      ? undefined
      : { certificateFile: devTls.certificateFile, keyFile: devTls.keyFile, clientAuthorityFile: undefined }
  const first = { kind: 'tcp', host: '127.0.0.1', port: port ?? DEFAULT_PORT, ...place, tls } as const
  return [...(own ? [first] : []), ...listeners].map(withFiles)
}

/** With the certificate and key in memory. A file that cannot be read is told by the system, with its path. */
function withFiles(listener: ConfiguredListener): Listener {
  if (listener.kind === 'unix') return { ...listener, path: resolve(listener.path) }
  const { tls, ...rest } = listener
  if (tls === undefined) return rest
  const { certificateFile, keyFile, clientAuthorityFile, ...how } = tls
  return {
    ...rest,
    tls: {
      ...how,
      certificate: readFileSync(certificateFile),
      key: readFileSync(keyFile),
      clientAuthority: clientAuthorityFile === undefined ? undefined : readFileSync(clientAuthorityFile),
    },
  }
}
