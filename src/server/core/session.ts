/**
 * All that exists only while the server is unsealed: mounts, policies, tokens, audit devices. Sealing drops it whole,
 * so nothing of it can be reached, or lingers in a cache, once the keys are gone (S45).
 */
import { randomUUID } from 'node:crypto'
import { AuditBroker } from '../audit/index.ts'
import { createAppRole } from '../auth/approle/index.ts'
import { Lockout } from '../auth/lockout.ts'
import { createPlaceholder } from '../auth/placeholder.ts'
import { createTokenBackend } from '../auth/token/index.ts'
import { createUserpass } from '../auth/userpass/index.ts'
import type { Barrier } from '../barrier/index.ts'
import { createCubbyhole } from '../engines/cubbyhole/index.ts'
import { createKv1, UnversionedSecrets } from '../engines/kv1/index.ts'
import { createKv2 } from '../engines/kv2/index.ts'
import {
  type AuditedHeaders,
  type ConfigPort,
  type CorsConfig,
  createSystem,
  INHERIT,
  type LoggersPort,
  type SnapshotsPort,
} from '../engines/system/index.ts'
import { Entities } from '../identity/index.ts'
import type { Backend } from '../logical/index.ts'
import { effectiveUserLockout, type UserLockoutConfig, type UserLockoutSettings } from '../logical/user-lockout.ts'
import { PolicyStore } from '../policy/index.ts'
import { RateLimits } from '../quota/index.ts'
import {
  createRekey,
  createRootGeneration,
  type Rekey,
  type RootGeneration,
  type Seal,
  type ShareBackup,
} from '../seal/index.ts'
import { type Storage, unhurriedKeys, unhurriedList } from '../storage/index.ts'
import { base62, SERVICE_TOKEN_LENGTH, TokenStore, WrappingTokens } from '../token/index.ts'
import type { JsonObject } from '../json/index.ts'
import type { Activity } from './activity.ts'
import { type AuditDevices, type AuditPlace, createAuditDevices } from './audit-devices.ts'
import type { Report } from './events.ts'
import { createFacts, type InstalledVersion, noteVersion } from './facts.ts'
import { Occupancy } from './occupancy.ts'
import { openSetting, type Setting } from './setting.ts'
import { type About, createSystemHost, keysPort } from './system-host.ts'
import { effectiveLeaseTtl, type LeaseTtl } from './lease-ttl.ts'
import { type MountEntry, MountTable } from './mounts.ts'

export interface Session {
  readonly mounts: MountTable
  readonly policies: PolicyStore
  readonly tokens: TokenStore
  readonly wrapping: WrappingTokens
  readonly entities: Entities
  /** `undefined` where nobody is locked out. */
  readonly lockout: Lockout | undefined
  readonly audit: AuditBroker
  readonly auditDevices: AuditDevices
  readonly rateLimits: RateLimits
  readonly config: ConfigPort
  readonly now: () => number
  readonly occupancy: Occupancy
  readonly rekey: Rekey
  /** The shares that the last rekey kept for the holders of PGP keys. */
  readonly shareBackup: Setting<ShareBackup | null>
  readonly rootGeneration: RootGeneration
  /** Effective lease TTLs of a mount, in seconds. */
  leaseTtl(mount: MountEntry): LeaseTtl
  /** Of an auth mount, as it is tuned now. */
  userLockout(mount: MountEntry): UserLockoutConfig
}

export interface SessionOptions {
  readonly barrier: Barrier
  readonly seal: Seal
  readonly now: () => number
  /** For how long something takes, in ms, by a clock that never goes back. */
  readonly elapsed: () => number
  readonly random: (bytes: number) => Buffer
  readonly auditFolders: readonly string[]
  /** Whether who fails to log in too often is locked out for a while. */
  readonly userLockout: boolean
  readonly userLockoutSettings: UserLockoutSettings
  readonly auditPlace: AuditPlace
  readonly report: Report
  /** The system's own. */
  readonly leaseTtl: LeaseTtl
  readonly activity: Activity
  /** What the server was started with, for `sys/config/state/sanitized`. */
  readonly configState: JsonObject
  readonly about: About
  /** Of the program's log, where it keeps one. */
  readonly loggers?: LoggersPort | undefined
  /** Seals the server that this session belongs to. */
  readonly sealServer: () => Promise<void>
  readonly snapshots: SnapshotsPort
}

/** @throws {AuditWriteError} when audit devices are enabled and none can be opened: the server then stays sealed. */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { barrier, now, elapsed, random, report } = options
  const policies = new PolicyStore({ storage: barrier.view('sys/policy/'), now })
  await policies.ensureDefault()
  const tokenStorage = barrier.view('sys/token/')
  const tokens = await TokenStore.open({ storage: tokenStorage, cipher: barrier, now, random })
  const wrapping = new WrappingTokens({ tokens, storage: tokenStorage, now })

  const entities = new Entities({ storage: barrier.view('identity/'), now, uuid: randomUUID })

  const core = barrier.view('core/')
  const mounts = new MountTable({
    storage: core,
    create: (entry) =>
      createBackend(entry, barrier.view(dataPrefix(entry)), { ...options, tokens, leaseTtl: () => currentTtl(entry) }),
    async erase(entry) {
      await erase(barrier.view(dataPrefix(entry)))
      await entities.forgetMount(entry.accessor)
    },
    random,
    uuid: randomUUID,
    report,
  })
  /** As the mount is tuned now, which may differ from when it was served first. */
  const leaseTtl = (entry: MountEntry): LeaseTtl => leaseTtlOf(entry, options.leaseTtl)
  const currentTtl = (entry: MountEntry): LeaseTtl =>
    leaseTtl(mounts.current(entry.uuid) ?? mounts.get(entry.path)?.entry ?? entry)
  const audit = new AuditBroker(report, now, elapsed)
  const { auditFolders: folders, auditPlace: place } = options
  const devices = createAuditDevices({ storage: core, broker: audit, folders, place, random, now, report })

  const occupancy = new Occupancy(() => {
    audit.close()
    devices.close()
  })
  const shareBackup = openSetting<ShareBackup | null>(core, 'share-backup', null)
  const rekey = createRekey({
    seal: options.seal,
    random,
    keepBackup: (backup) => shareBackup.change(() => backup),
  })
  const rootGeneration = createRootGeneration({
    seal: options.seal,
    random,
    otpLength: SERVICE_TOKEN_LENGTH,
    newOtp: () => base62(SERVICE_TOKEN_LENGTH, random),
    createRoot: async () => (await tokens.createRoot()).token,
  })
  const lockout = options.userLockout ? new Lockout() : undefined
  const rateLimits = new RateLimits(barrier.view('sys/quotas/'))
  const config: ConfigPort = {
    cors: openSetting<CorsConfig | null>(core, 'cors', null),
    auditedHeaders: openSetting<AuditedHeaders>(core, 'audited-headers', {}),
  }
  const session: Session = {
    mounts,
    policies,
    tokens,
    wrapping,
    entities,
    lockout,
    audit,
    auditDevices: devices,
    rateLimits,
    config,
    now,
    occupancy,
    rekey,
    shareBackup,
    rootGeneration,
    leaseTtl,
    userLockout: ({ type, config: tuned }) =>
      effectiveUserLockout(type, tuned.userLockout, options.userLockoutSettings),
  }
  const versions = openSetting<readonly InstalledVersion[]>(core, 'versions', [])
  await noteVersion(versions, now())
  const facts = createFacts({
    activity: options.activity,
    tokens,
    entities,
    mounts,
    auditStatus: () => audit.status(),
    auditTimes: () => audit.times(),
    elapsed,
    versions,
    config: options.configState,
    now,
  })
  const host = createSystemHost(session, devices, keysPort(barrier), {
    seal: options.sealServer,
    snapshots: options.snapshots,
    random,
    leaseTtl: options.leaseTtl,
    facts,
    about: options.about,
    loggers: options.loggers,
  })
  mounts.addFixed(
    fixedEntry('sys/', 'system', 'system', 'system endpoints used for control, policy and debugging'),
    createSystem(host, policies, barrier.view('sys/password-policy/')),
  )
  const token = fixedEntry('auth/token/', 'auth', 'token', 'token based credentials')
  mounts.addFixed(
    token,
    createTokenBackend({
      tokens,
      storage: barrier.view('sys/token-role/'),
      policies,
      now,
      leaseTtl: () => currentTtl(token),
      entityOf: (alias) => entities.of({ accessor: token.accessor, alias }),
    }),
  )
  mounts.addFixed(
    fixedEntry('cubbyhole/', 'secret', 'cubbyhole', 'per-token private secret storage'),
    createCubbyhole({
      // Below the tokens' own view, so that it goes in one commit with the token.
      storage: barrier.view('sys/token/cubbyhole/'),
      now,
      changeKept: (owner, change) => tokens.changeKept(owner, change),
    }),
  )
  mounts.load()
  devices.load()
  return session
}

function leaseTtlOf({ config }: MountEntry, system: LeaseTtl): LeaseTtl {
  return effectiveLeaseTtl({ default: config.defaultLeaseTtl, max: config.maxLeaseTtl }, system)
}

interface BackendSurroundings extends Omit<SessionOptions, 'leaseTtl'> {
  readonly tokens: TokenStore
  /** Effective values of the mount, in seconds. */
  readonly leaseTtl: () => LeaseTtl
}

/** The engines and auth methods this server has. An unknown type gives `undefined`: there is no such plugin. */
function createBackend(
  entry: MountEntry,
  storage: Storage,
  { now, random, tokens, leaseTtl }: BackendSurroundings,
): Backend | undefined {
  if (entry.class === 'secret' && entry.type === 'kv') {
    const version = entry.options?.['version']
    if (version === '1') return createKv1({ storage, now })
    if (version === '2') return createKv2({ storage, now, unversioned: new UnversionedSecrets(storage) })
  }
  if (entry.class === 'auth' && entry.type === 'approle')
    return createAppRole({ storage, now, random, mountPoint: entry.path, leaseTtl, tokens })
  if (entry.class === 'auth' && entry.type === 'userpass')
    return createUserpass({ storage, random, mountPoint: entry.path, leaseTtl, tokens })
  return entry.class === 'auth' ? createPlaceholder(entry.type) : undefined
}

function dataPrefix(entry: MountEntry): string {
  return `${entry.class === 'auth' ? 'auth' : 'logical'}/${entry.uuid}/`
}

function fixedEntry(path: string, of: MountEntry['class'], type: string, description: string): MountEntry {
  return {
    path,
    class: of,
    type,
    uuid: `${type}-0`,
    accessor: `${of === 'auth' ? 'auth_' : ''}${type}_00000000`,
    description,
    // Vault says so of this one: it is never replicated.
    local: type === 'cubbyhole',
    sealWrap: false,
    externalEntropyAccess: false,
    options: null,
    config: { ...INHERIT, tokenType: type === 'token' ? 'default-service' : '' },
  }
}

/** Deletes in chunks, so that a mount with many entries does not hold up everybody else. */
async function erase(view: Storage): Promise<void> {
  const CHUNK = 1000
  let pending: string[] = []
  const flush = async () => {
    await view.commit(pending.map((key) => ({ kind: 'delete', key })))
    pending = []
  }
  for await (const key of unhurriedKeys((folder) => unhurriedList(view, folder))) {
    pending.push(key)
    if (pending.length >= CHUNK) await flush()
  }
  await flush()
}
