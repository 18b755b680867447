/**
 * The server's configuration file, in Vault's HCL or JSON -> `ServerConfig`. Pure.
 *
 * Invariant: a whole configuration, or every problem with its line and column; a key that means nothing here is a
 * problem, never passed over. Vault's keys that one node of this server needs are known; some of them are accepted and
 * change nothing, because what they would change is not here (memory locking, clusters, a user interface).
 *
 * `audit_folders` and `audit_reserve` are Plenum's own: where audit files may lie, and the room that they are to have.
 */
import { HclSyntaxError, parseSyntax, type SyntaxObject } from '../hcl/index.ts'
import type { UserLockoutSettings } from '../logical/user-lockout.ts'
import { type ConfiguredListener, readListener } from './listeners.ts'
import { type ConfigProblem, Section } from './section.ts'
import { readUserLockouts } from './user-lockout.ts'

export interface ServerConfig {
  /** `undefined` when the file names none. A folder is as written. */
  readonly storage: ConfiguredStorage | undefined
  readonly listeners: readonly ConfiguredListener[]
  readonly apiAddress: string | undefined
  /** As written. */
  readonly pidFile: string | undefined
  readonly logLevel: LogLevel | undefined
  readonly logFormat: LogFormat | undefined
  /** In seconds. */
  readonly leaseTtl: { readonly default: number | undefined; readonly max: number | undefined }
  readonly userLockout: UserLockoutSettings
  readonly auditFolders: readonly string[]
  /** MiB of disk that are to stay free for audit files. */
  readonly auditReserve: number | undefined
}

/** `type` is Vault's word for it: `inmem`, `file`, `raft`. */
export type ConfiguredStorage =
  | { readonly kind: 'memory'; readonly type: string }
  | { readonly kind: 'folder'; readonly type: string; readonly path: string }

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

const LOG_FORMATS = ['standard', 'json'] as const
export type LogFormat = (typeof LOG_FORMATS)[number]

const MOST_MEBIBYTES = 9_999_999

export type ReadConfig =
  | { readonly kind: 'config'; readonly config: ServerConfig }
  | { readonly kind: 'problems'; readonly problems: readonly [ConfigProblem, ...ConfigProblem[]] }

/** Never throws for what a text holds. */
export function readServerConfig(text: string): ReadConfig {
  let document: SyntaxObject
  try {
    document = parseSyntax(text)
  } catch (error) {
    if (!(error instanceof HclSyntaxError)) throw error
    const { line, column } = error
    return { kind: 'problems', problems: [{ line, column, message: error.message.replace(/^at \d+:\d+: /, '') }] }
  }
  const problems: ConfigProblem[] = []
  const config = read(new Section(document, '', problems))
  const [first, ...others] = problems.sort((a, b) => a.line - b.line || a.column - b.column)
  return first === undefined ? { kind: 'config', config } : { kind: 'problems', problems: [first, ...others] }
}

function read(file: Section): ServerConfig {
  file.accept('cluster_addr', 'cluster_name', 'disable_cache', 'disable_clustering', 'disable_mlock', 'telemetry', 'ui')
  const leaseTtl = { default: file.duration('default_lease_ttl'), max: file.duration('max_lease_ttl') }
  if (leaseTtl.default !== undefined && leaseTtl.max !== undefined && leaseTtl.default > leaseTtl.max)
    file.refuse('default_lease_ttl is longer than max_lease_ttl', file.placeOf('default_lease_ttl'))
  const config: ServerConfig = {
    storage: readStorage(file),
    listeners: file.blocks('listener').flatMap(({ label, section }) => readListener(label, section)),
    apiAddress: file.text('api_addr'),
    pidFile: file.text('pid_file'),
    logLevel: file.choice('log_level', LOG_LEVELS),
    logFormat: file.choice('log_format', LOG_FORMATS),
    auditReserve: file.whole('audit_reserve', { least: 0, most: MOST_MEBIBYTES }),
    leaseTtl,
    userLockout: readUserLockouts(file),
    auditFolders: file.texts('audit_folders') ?? [],
  }
  file.end()
  return config
}

/** `backend` is Vault's older word. */
function readStorage(file: Section): ConfiguredStorage | undefined {
  const [first, second] = [...file.blocks('storage'), ...file.blocks('backend')]
  if (second !== undefined) second.section.refuse('there is one storage, and it is named already')
  if (first === undefined) return undefined
  const { label, section } = first
  if (label === 'inmem') {
    section.end()
    return { kind: 'memory', type: label }
  }
  if (label !== 'file' && label !== 'raft')
    return section.refuse('the embedded store stands for storage of type file, raft and inmem alone')
  const path = section.text('path')
  if (label === 'raft') readRaft(section)
  section.end()
  return path === undefined
    ? section.refuse('path is missing: the folder of the store')
    : { kind: 'folder', type: label, path }
}

function readRaft(section: Section): void {
  section.accept(
    'node_id',
    'performance_multiplier',
    'trailing_logs',
    'snapshot_threshold',
    'snapshot_interval',
    'max_entry_size',
    'autopilot_reconcile_interval',
  )
  section.deny('retry_join', 'there is one node here: for several, run a Vault or OpenBao cluster')
}

export { type ConfiguredListener, parseAddress, type TlsFiles } from './listeners.ts'
export type { ConfigProblem } from './section.ts'
export { mergeUserLockouts } from './user-lockout.ts'
