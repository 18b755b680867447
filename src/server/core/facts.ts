/** The server and its machine as `sys/host-info`, `sys/metrics` and their neighbours tell of them. */
import { arch, cpus, freemem, platform, release, totalmem, uptime } from 'node:os'
import type { AuditBroker, AuditDeviceStatus } from '../audit/index.ts'
import type { FactsPort } from '../engines/system/index.ts'
import type { Entities } from '../identity/index.ts'
import type { JsonObject } from '../json/index.ts'
import type { TokenStore } from '../token/index.ts'
import type { Activity } from './activity.ts'
import type { MountTable } from './mounts.ts'
import type { Setting } from './setting.ts'
import { VAULT_VERSION } from './vault-version.ts'

interface FactSources {
  readonly activity: Activity
  readonly tokens: TokenStore
  readonly entities: Entities
  readonly mounts: MountTable
  readonly auditStatus: () => readonly AuditDeviceStatus[]
  readonly auditTimes: AuditBroker['times']
  readonly versions: Setting<readonly InstalledVersion[]>
  readonly config: JsonObject
  readonly now: () => number
  /** For the times of `activity`. */
  readonly elapsed: () => number
}

export interface InstalledVersion {
  readonly version: string
  /** Unix milliseconds. */
  readonly installed: number
}

/** Counting goes over the keys of every token: not more often than this for whoever only watches. */
const COUNT_EVERY_MS = 60_000

export function createFacts({
  activity,
  tokens,
  entities,
  mounts,
  auditStatus,
  auditTimes,
  versions,
  config,
  now,
  elapsed,
}: FactSources): FactsPort {
  let counted = { at: Number.NEGATIVE_INFINITY, stored: 0, expiring: 0 }
  return {
    versions: () => versions.get(),
    config: () => config,
    underWay: () => activity.underWay(),
    answers: () => activity.answers(),
    logins: () => activity.logins,
    times: () => ({ ...activity.times(elapsed()), audit: auditTimes() }),
    audit: () => auditStatus().map(({ path, stored, refused }) => ({ path, stored, refused })),
    mounts: () => ({ logical: mounts.list('secret').length, auth: mounts.list('auth').length }),
    memory: () => {
      const { rss, heapUsed } = process.memoryUsage()
      return { rss, heapUsed }
    },
    entities: () => entities.count(),
    tokens: () => tokens.count(),
    tokensLately() {
      if (now() - counted.at >= COUNT_EVERY_MS) counted = { at: now(), ...tokens.count() }
      return counted
    },
    host: hostFacts,
  }
}

function hostFacts(): JsonObject {
  const total = totalmem()
  const free = freemem()
  const all = cpus()
  const memory = { total, available: free, free, used: total - free, usedPercent: ((total - free) / total) * 100 }
  return {
    cpu: all.map(({ model, speed }, index) => ({ cpu: index, modelName: model, mhz: speed, cores: 1 })),
    cpu_times: all.map(({ times }, index) => ({
      cpu: `cpu${index}`,
      user: times.user / 1000,
      system: times.sys / 1000,
      idle: times.idle / 1000,
      nice: times.nice / 1000,
      irq: times.irq / 1000,
    })),
    host: { os: platform(), kernelVersion: release(), kernelArch: arch(), uptime: Math.floor(uptime()) },
    memory,
  }
}

/** Every version that has served this store, the oldest first. */
export async function noteVersion(versions: Setting<readonly InstalledVersion[]>, installed: number): Promise<void> {
  if (versions.get().at(-1)?.version === VAULT_VERSION) return
  await versions.change((before) => [...before, { version: VAULT_VERSION, installed }])
}
