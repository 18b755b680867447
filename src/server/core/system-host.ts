/** The core as the system backend sees it (`engines/system/host.ts`). */
import { createHash, randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { Lockout } from '../auth/lockout.ts'
import type { Barrier } from '../barrier/index.ts'
import type {
  FactsPort,
  ConfigPort,
  KeysPort,
  LockoutPort,
  LoggersPort,
  MountsPort,
  MountView,
  RekeyPort,
  RootGenerationPort,
  SnapshotsPort,
  SystemHost,
} from '../engines/system/index.ts'
import { readPgpKeys, type Rekey, type RootGeneration, type ShareBackup } from '../seal/index.ts'
import type { Setting } from './setting.ts'
import { invalidRequest, type TokenEntry } from '../logical/index.ts'
import type { UserLockoutConfig } from '../logical/user-lockout.ts'
import type { Entities } from '../identity/index.ts'
import type { Acl, PolicyStore } from '../policy/index.ts'
import type { RateLimits } from '../quota/index.ts'
import { TokenLeases, type TokenStore, type WrappingTokens } from '../token/index.ts'
import { openApi } from './openapi.ts'
import { aclOf } from './judge.ts'
import type { AuditDevices } from './audit-devices.ts'
import type { MountEntry, MountTable } from './mounts.ts'
import type { LeaseTtl } from './lease-ttl.ts'
import { VAULT_VERSION } from './vault-version.ts'

interface SystemParts {
  readonly mounts: MountTable
  readonly tokens: TokenStore
  readonly policies: PolicyStore
  readonly entities: Entities
  readonly wrapping: WrappingTokens
  readonly lockout: Lockout | undefined
  readonly userLockout: (mount: MountEntry) => UserLockoutConfig
  readonly rekey: Rekey
  readonly shareBackup: Setting<ShareBackup | null>
  readonly rootGeneration: RootGeneration
  readonly rateLimits: RateLimits
  readonly config: ConfigPort
  readonly now: () => number
}

/** What the system backend may do to the server itself. */
interface ServerPowers {
  /** The system's own. */
  readonly leaseTtl: LeaseTtl
  readonly seal: () => Promise<void>
  readonly snapshots: SnapshotsPort
  readonly random: (bytes: number) => Buffer
  readonly facts: FactsPort
  readonly about: About
  readonly loggers: LoggersPort | undefined
}

/** What does not change from one unsealing to the next. */
export interface About {
  /** Unix milliseconds. */
  readonly started: number
  /** Of the program; empty where nobody said it. */
  readonly version: string
  readonly storageType: string
  /** Where it listens by now. */
  readonly listeners: () => readonly string[]
}

export function createSystemHost(
  parts: SystemParts,
  audit: AuditDevices,
  keys: KeysPort,
  { leaseTtl, seal, snapshots, random, facts, about, loggers }: ServerPowers,
): SystemHost {
  const { mounts, tokens, wrapping, rateLimits, config, now } = parts
  const acl = (token: TokenEntry): Acl => aclOf(token, parts)
  return {
    node: { hostname: hostname(), version: VAULT_VERSION },
    facts,
    loggers,
    keys,
    rekey: rekeyPort(parts),
    rootGeneration: rootGenerationPort(parts),
    secrets: secretsPort(mounts, rateLimits),
    auths: authsPort(mounts, tokens, rateLimits),
    audit,
    lockout: lockoutPort(parts),
    quotas: rateLimits,
    config,
    leaseTtl,
    tokenByText: (token) => (token === '' ? undefined : tokens.lookup(token)),
    tokenByAccessor: (accessor) => tokens.byAccessor(accessor),
    capabilities: (token, path) => [...acl(token).capabilitiesOn(path)].sort(),
    rules(token) {
      const all = acl(token)
      return { root: all.root, ...all.rules() }
    },
    sees: (token, mountPath) => acl(token).canSee(mountPath),
    openApi(token) {
      if (token === undefined) return openApi([])
      const all = acl(token)
      const seen = mounts.all().filter(({ entry }) => all.canSee(entry.path))
      return openApi(seen.map(({ entry, backend }) => ({ path: entry.path, backend })))
    },
    mountOf(path) {
      const found = mounts.route(path)
      if (found === undefined) return undefined
      const { entry } = found.mounted
      return { view: viewOf(entry), fullPath: entry.path }
    },
    wrapping,
    leases: new TokenLeases(tokens),
    tools: { random, digest: (algorithm, input) => createHash(algorithm).update(input).digest() },
    snapshots,
    now,
    async remount(from, to) {
      await mounts.move(from, to, () => tokens.revokeByPath(from))
      await rateLimits.mountMoved(from, to)
      tokens.moveRenewals(from, to)
      // Logins that were under way.
      await tokens.revokeByPath(from)
    },
    status: {
      about: () => ({ ...about, apiVersion: VAULT_VERSION, listeners: about.listeners() }),
      auditDevices: () => audit.reports(),
    },
    uuid: randomUUID,
    seal,
  }
}

function rekeyPort({ rekey, shareBackup, now }: SystemParts): RekeyPort {
  return {
    ...rekey,
    readPgpKeys: (keys) => readPgpKeys(keys, { now, prefix: 'invalid rekey seal configuration: ' }),
    backup: () => shareBackup.get() ?? undefined,
    forgetBackup: () => shareBackup.change(() => null),
  }
}

function rootGenerationPort({ rootGeneration, now }: SystemParts): RootGenerationPort {
  return {
    ...rootGeneration,
    async startFor(pgpKey) {
      const [recipient] = await readPgpKeys([pgpKey], { now, prefix: 'error parsing PGP key: ' })
      if (recipient === undefined) throw invalidRequest('could not acquire PGP key entity')
      return rootGeneration.startFor(recipient)
    },
  }
}

export function keysPort(barrier: Barrier): KeysPort {
  return {
    active: () => barrier.activeKey,
    rotation: () => barrier.rotation,
    setRotation: (rotation) => barrier.setRotation(rotation),
    rotate: () => barrier.rotate(),
  }
}

function secretsPort(mounts: MountTable, rateLimits: RateLimits): MountsPort {
  return {
    list: () => mounts.list('secret').map(viewOf),
    get: (path) => {
      const entry = mounts.get(path)?.entry
      return entry === undefined || entry.class === 'auth' ? undefined : viewOf(entry)
    },
    enable: (mount) => mounts.enable({ ...mount, class: 'secret' }),
    async disable(path) {
      await mounts.disable(path, `cannot unmount "${path}"`)
      await rateLimits.mountMoved(path, undefined)
    },
    change: (path, decide) => mounts.change(path, (entry) => decide(viewOf(entry))),
  }
}

function authsPort(mounts: MountTable, tokens: TokenStore, rateLimits: RateLimits): MountsPort {
  return {
    list: () => mounts.list('auth').map(viewOf),
    get: (path) => {
      const entry = mounts.get(`auth/${path}`)?.entry
      return entry === undefined ? undefined : viewOf(entry)
    },
    enable: (mount) => {
      if (mount.path === 'token/') throw invalidRequest('path is already in use at token/')
      return mounts.enable({ ...mount, path: `auth/${mount.path}`, class: 'auth' })
    },
    async disable(path) {
      // First: after a crash in between, nobody would ever end them.
      const endTokens = (): Promise<void> => tokens.revokeByPath(`auth/${path}`)
      await mounts.disable(`auth/${path}`, 'token credential backend cannot be disabled', endTokens)
      // Logins that were under way.
      await endTokens()
      await rateLimits.mountMoved(`auth/${path}`, undefined)
    },
    change: (path, decide) => mounts.change(`auth/${path}`, (entry) => decide(viewOf(entry))),
  }
}

function lockoutPort({ mounts, lockout, userLockout, now }: SystemParts): LockoutPort {
  return {
    locked() {
      const configs = new Map(mounts.list('auth').map((entry) => [entry.accessor, userLockout(entry)]))
      return lockout?.locked((accessor) => configs.get(accessor), now()) ?? []
    },
    unlock: (accessor, alias) => lockout?.clear({ accessor, alias }),
  }
}

function viewOf(entry: MountEntry): MountView {
  return { ...entry, path: entry.class === 'auth' ? entry.path.slice('auth/'.length) : entry.path }
}
