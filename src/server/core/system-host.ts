/** The core as the system backend sees it (`engines/system/host.ts`). */
import { randomUUID } from 'node:crypto'
import type { AuditPort, ConfigPort, MountsPort, MountView, SystemHost } from '../engines/system/index.ts'
import { invalidRequest } from '../logical/index.ts'
import type { PolicyStore } from '../policy/index.ts'
import type { RateLimits } from '../quota/index.ts'
import type { TokenStore } from '../token/index.ts'
import { openApi } from './help.ts'
import type { MountEntry, MountTable } from './mounts.ts'
import { SYSTEM_LEASE_TTL } from './lease-ttl.ts'

interface SystemParts {
  readonly mounts: MountTable
  readonly tokens: TokenStore
  readonly policies: PolicyStore
  readonly rateLimits: RateLimits
  readonly config: ConfigPort
}

export function createSystemHost(
  { mounts, tokens, policies, rateLimits, config }: SystemParts,
  audit: AuditPort,
  seal: () => Promise<void>,
): SystemHost {
  return {
    secrets: secretsPort(mounts, rateLimits),
    auths: authsPort(mounts, tokens, rateLimits),
    audit,
    quotas: rateLimits,
    config,
    leaseTtl: SYSTEM_LEASE_TTL,
    tokenByText: (token) => (token === '' ? undefined : tokens.lookup(token)),
    tokenByAccessor: (accessor) => tokens.byAccessor(accessor),
    capabilities: (token, path) => [...policies.acl(token.policies).capabilitiesOn(path)].sort(),
    rules(token) {
      const acl = policies.acl(token.policies)
      return { root: acl.root, ...acl.rules() }
    },
    sees: (token, mountPath) => policies.acl(token.policies).canSee(mountPath),
    openApi(token) {
      if (token === undefined) return openApi([])
      const acl = policies.acl(token.policies)
      const seen = mounts.all().filter(({ entry }) => acl.canSee(entry.path))
      return openApi(seen.map(({ entry, backend }) => ({ path: entry.path, backend })))
    },
    mountOf(path) {
      const found = mounts.route(path)
      if (found === undefined) return undefined
      const { entry } = found.mounted
      return { view: viewOf(entry), fullPath: entry.path }
    },
    async remount(from, to) {
      await mounts.move(from, to)
      await rateLimits.mountMoved(from, to)
      tokens.moveRenewals(from, to)
      await tokens.revokeByPath(from)
    },
    uuid: randomUUID,
    seal,
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
      await mounts.disable(`auth/${path}`, 'token credential backend cannot be disabled')
      await tokens.revokeByPath(`auth/${path}`)
      await rateLimits.mountMoved(`auth/${path}`, undefined)
    },
    change: (path, decide) => mounts.change(`auth/${path}`, (entry) => decide(viewOf(entry))),
  }
}

function viewOf(entry: MountEntry): MountView {
  return { ...entry, path: entry.class === 'auth' ? entry.path.slice('auth/'.length) : entry.path }
}
