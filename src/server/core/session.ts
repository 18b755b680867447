/**
 * All that exists only while the server is unsealed: mounts, policies, tokens, audit devices. Sealing drops it whole,
 * so nothing of it can be reached, or lingers in a cache, once the keys are gone (S45).
 */
import { randomUUID } from 'node:crypto'
import { AuditBroker } from '../audit/index.ts'
import { createAppRole } from '../auth/approle/index.ts'
import { createPlaceholder } from '../auth/placeholder.ts'
import { createTokenBackend } from '../auth/token/index.ts'
import type { Barrier } from '../barrier/index.ts'
import { createKv2 } from '../engines/kv2/index.ts'
import {
  type AuditedHeaders,
  type ConfigPort,
  type CorsConfig,
  createSystem,
  INHERIT,
} from '../engines/system/index.ts'
import type { Backend } from '../logical/index.ts'
import { PolicyStore } from '../policy/index.ts'
import { RateLimits } from '../quota/index.ts'
import type { Storage } from '../storage/index.ts'
import { TokenStore } from '../token/index.ts'
import { createAuditDevices } from './audit-devices.ts'
import { Occupancy } from './occupancy.ts'
import { openSetting } from './setting.ts'
import { createSystemHost } from './system-host.ts'
import { type LeaseTtl, SYSTEM_LEASE_TTL } from './lease-ttl.ts'
import { type MountEntry, MountTable } from './mounts.ts'

export interface Session {
  readonly mounts: MountTable
  readonly policies: PolicyStore
  readonly tokens: TokenStore
  readonly audit: AuditBroker
  readonly rateLimits: RateLimits
  readonly config: ConfigPort
  readonly now: () => number
  readonly occupancy: Occupancy
  /** Effective lease TTLs of a mount, in seconds. */
  leaseTtl(mount: MountEntry): LeaseTtl
}

export interface SessionOptions {
  readonly barrier: Barrier
  readonly now: () => number
  readonly random: (bytes: number) => Buffer
  readonly auditFolders: readonly string[]
  readonly onAuditFailure: (error: unknown, device: string) => void
  /** Seals the server that this session belongs to. */
  readonly seal: () => Promise<void>
}

/** @throws {AuditWriteError} when an enabled audit device cannot be opened: the server then stays sealed. */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { barrier, now, random } = options
  const policies = new PolicyStore({ storage: barrier.view('sys/policy/'), now })
  await policies.ensureDefault()
  const tokens = await TokenStore.open({ storage: barrier.view('sys/token/'), cipher: barrier, now, random })

  const core = barrier.view('core/')
  const mounts = new MountTable({
    storage: core,
    create: (entry) =>
      createBackend(entry, barrier.view(dataPrefix(entry)), options, tokens, () =>
        // Tuned meanwhile, or moved.
        leaseTtl(mounts.current(entry.uuid) ?? entry),
      ),
    erase: (entry) => erase(barrier.view(dataPrefix(entry))),
    random,
    uuid: randomUUID,
  })
  const audit = new AuditBroker(options.onAuditFailure)
  const devices = createAuditDevices({ storage: core, broker: audit, folders: options.auditFolders, random, now })

  const occupancy = new Occupancy(() => audit.close())
  const rateLimits = new RateLimits(barrier.view('sys/quotas/'))
  const config: ConfigPort = {
    cors: openSetting<CorsConfig | null>(core, 'cors', null),
    auditedHeaders: openSetting<AuditedHeaders>(core, 'audited-headers', {}),
  }
  const session: Session = { mounts, policies, tokens, audit, rateLimits, config, now, occupancy, leaseTtl }
  const host = createSystemHost(session, devices, options.seal)
  mounts.addFixed(
    fixedEntry('sys/', 'system', 'system', 'system endpoints used for control, policy and debugging'),
    createSystem(host, policies),
  )
  mounts.addFixed(
    fixedEntry('auth/token/', 'auth', 'token', 'token based credentials'),
    createTokenBackend({ tokens, policies, now, leaseTtl: SYSTEM_LEASE_TTL }),
  )
  mounts.load()
  devices.load()
  return session
}

function leaseTtl({ config }: MountEntry): LeaseTtl {
  const max = config.maxLeaseTtl === 0 ? SYSTEM_LEASE_TTL.max : config.maxLeaseTtl
  return {
    default: Math.min(config.defaultLeaseTtl === 0 ? SYSTEM_LEASE_TTL.default : config.defaultLeaseTtl, max),
    max,
  }
}

/** The engines and auth methods this server has. An unknown type gives `undefined`: there is no such plugin. */
function createBackend(
  entry: MountEntry,
  storage: Storage,
  { now, random }: SessionOptions,
  tokens: TokenStore,
  mountTtl: () => LeaseTtl,
): Backend | undefined {
  if (entry.class === 'secret' && entry.type === 'kv' && entry.options?.['version'] === '2')
    return createKv2({ storage, now })
  if (entry.class === 'auth' && entry.type === 'approle')
    return createAppRole({ storage, now, random, mountPoint: entry.path, leaseTtl: mountTtl, tokens })
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
    local: false,
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
  for (const key of keysBelow(view, '')) {
    pending.push(key)
    if (pending.length >= CHUNK) await flush()
  }
  await flush()
}

function* keysBelow(view: Storage, prefix: string): Generator<string> {
  for (const name of view.list(prefix)) {
    if (name.endsWith('/')) yield* keysBelow(view, prefix + name)
    else yield prefix + name
  }
}
