/**
 * The core: storage, barrier, seal and, while unsealed, a session; and the one door to them, `handle`.
 *
 * It knows all of the server's folders but http, and holds no logic of theirs: a request goes to `handle.ts` and the
 * pipeline, the answers given while sealed are `status.ts`.
 */
import { randomFillSync } from 'node:crypto'
import { createBarrier, keySpace } from '../barrier/index.ts'
import { CORS_HEADERS, type CorsConfig, type LoggersPort } from '../engines/system/index.ts'
import type { JsonObject } from '../json/index.ts'
import { LogicalError } from '../logical/index.ts'
import type { UserLockoutSettings } from '../logical/user-lockout.ts'
import { createSeal } from '../seal/index.ts'
import { type PhysicalStorage, stageStorage } from '../storage/index.ts'
import { Activity } from './activity.ts'
import type { AuditDeviceReport, AuditPlace } from './audit-devices.ts'
import { createSteadyClock } from './clock.ts'
import type { Report } from './events.ts'
import { handleUnsealed } from './handle.ts'
import { type LeaseTtl, SYSTEM_LEASE_TTL } from './lease-ttl.ts'
import { createAuditedRoot } from './root-token.ts'
import { replyToError } from './reply.ts'
import type { CoreReply, CoreRequest } from './request.ts'
import { openSession, type Session } from './session.ts'
import { createSnapshots } from './snapshots.ts'
import { isStatusPath, type StatusHost, statusReply } from './status.ts'
import type { About } from './system-host.ts'

export interface CoreOptions {
  readonly storage: PhysicalStorage
  readonly storageType: 'inmem' | 'lmdb'
  /** Unix milliseconds, not running back. Default: the system clock, made steady (`clock.ts`). */
  readonly now?: () => number
  /** Default: the system's generator. */
  readonly random?: (bytes: number) => Buffer
  /** Absolute folders in which audit files may lie. Default: none. */
  readonly auditFolders?: readonly string[]
  /** What audit devices may use of this process. */
  readonly auditPlace?: AuditPlace
  /** How long tokens live when neither mount nor request says it. Default: Vault's, 768 h each. */
  readonly leaseTtl?: LeaseTtl
  /** What the server was started with, for `sys/config/state/sanitized`: no secret. */
  readonly configState?: JsonObject
  /** Told of what happens. Default: nobody is. */
  readonly report?: Report
  /** Of the log that the program keeps. Default: it keeps none, and there is no `sys/loggers`. */
  readonly loggers?: LoggersPort | undefined
  /** Of the program that the server is part of, for `sys/plenum/status`. */
  readonly version?: string
  /** Where it listens, for `sys/plenum/status`. */
  readonly listeners?: () => readonly string[]
  /** Whether who fails to log in too often is locked out for a while. Default: yes. */
  readonly userLockout?: boolean
  /** After how many failures, and for how long. Default: Vault's. */
  readonly userLockoutSettings?: UserLockoutSettings | undefined
  /** Between two rounds of removing expired tokens from the store and looking at the key's age, in ms. Default 30,000. */
  readonly sweepEveryMs?: number
}

export interface InitializeOptions {
  readonly shares: number
  readonly threshold: number
  /** Called with the unseal keys and the root token before anything is written; if it rejects, nothing is. */
  readonly beforeCommit?: ((keys: readonly Buffer[], storeId: string, rootToken: string) => Promise<void>) | undefined
}

export interface Core {
  handle(request: CoreRequest): CoreReply | Promise<CoreReply>
  readonly initialized: boolean
  readonly sealed: boolean
  /** Whose web pages may ask; `undefined` for nobody's, and while sealed. All headers that they may send. */
  readonly cors: CorsConfig | undefined
  /** Empty while uninitialised. */
  readonly storeId: string
  /** Leaves the server sealed, as Vault does. A crash leaves it uninitialised or fully initialised. */
  initialize(options: InitializeOptions): Promise<{ readonly keys: readonly Buffer[]; readonly rootToken: string }>
  /** @throws when the key is not this store's, or audit devices are enabled and none can be opened. */
  unsealWithKey(key: Buffer): Promise<void>
  /** How many shares make the unseal key; 0 while uninitialised. */
  readonly threshold: number
  /**
   * A new root token for whoever holds the unseal key: what `sys/generate-root` gives a quorum and a token with sudo (D5).
   * The audit devices record it as a request of that path, without a caller.
   */
  generateRootToken(key: Buffer): Promise<string>
  seal(): Promise<void>
  /** Audit devices open anew what they write to, as Vault's on SIGHUP. One that cannot is reported. */
  reopenAudit(): void
  /**
   * What is done every `sweepEveryMs`, now: expired tokens leave the store, a key that has served its time is replaced.
   * For whoever moves the clock. Nothing while sealed.
   */
  tidyUp(): Promise<void>
  /** Each audit device since the server was unsealed. Empty while sealed. */
  auditStatus(): readonly AuditDeviceReport[]
  close(): Promise<void>
}

/** By the machine's clock that never goes back, in ms. */
const elapsed = (): number => performance.now()

export function createCore(options: CoreOptions): Core {
  const { storage, random = systemRandom, report = () => undefined } = options
  const { now = createSteadyClock(Date.now, elapsed), leaseTtl = SYSTEM_LEASE_TTL } = options
  const about: About = {
    started: now(),
    version: options.version ?? '',
    storageType: options.storageType,
    listeners: options.listeners ?? (() => []),
  }
  const reportBug = (error: unknown, requestId = ''): void => report({ kind: 'internal-error', error, requestId })
  const barrier = createBarrier({ lower: storage, random, now })
  const seal = createSeal({ lower: storage, barrier, random })
  const snapshots = createSnapshots({ storage, barrier, seal, now, sealServer: () => sealNow() })
  const activity = new Activity()
  const { configState = {} } = options
  let session: Session | undefined
  /** Two who unseal at once get one session. */
  let opening: Promise<void> | undefined
  let sweeper: NodeJS.Timeout | undefined

  const status: StatusHost = {
    status: () => seal.status(),
    initialize: (init) => initialize(init),
    async submitKey(text) {
      await snapshots.settled()
      const result = await seal.submitUnsealKey(text)
      if (!result.sealed) await startSession()
      else if (result.progress > 0)
        report({ kind: 'unseal-progress', progress: result.progress, threshold: result.threshold })
      return result
    },
    resetUnseal: () => seal.resetUnseal(),
    storageType: options.storageType,
    now,
  }

  function startSession(): Promise<void> {
    if (session !== undefined) return Promise.resolve()
    opening ??= openNewSession().finally(() => {
      opening = undefined
    })
    return opening
  }

  async function openNewSession(): Promise<void> {
    let started: Session
    try {
      started = await openSession({
        barrier,
        now,
        elapsed,
        random,
        auditFolders: options.auditFolders ?? [],
        userLockout: options.userLockout ?? true,
        userLockoutSettings: options.userLockoutSettings ?? {},
        auditPlace: options.auditPlace ?? {},
        report,
        loggers: options.loggers,
        about,
        leaseTtl,
        activity,
        configState,
        seal,
        sealServer: sealNow,
        snapshots,
      })
    } catch (error) {
      seal.sealNow()
      throw error
    }
    if (barrier.sealed) {
      started.occupancy.end()
      throw new LogicalError('sealed', 'Vault is sealed', 'bare')
    }
    session = started
    report({ kind: 'unsealed' })
    sweeper = setInterval(() => void tidyUp(started), options.sweepEveryMs ?? 30_000).unref()
  }

  /**
   * Expired tokens are dead already; this only frees their space, a bounded piece at a time. And a key that has served
   * its time is replaced.
   */
  async function tidyUp(current: Session): Promise<void> {
    try {
      if (session === current) await barrier.rotateIfDue()
      let count = 0
      let removed: number
      do {
        removed = session === current ? await current.tokens.sweep(now()) : 0
        count += removed
      } while (removed > 0)
      if (count > 0) report({ kind: 'tokens-expired', count })
    } catch (error) {
      // Sealed meanwhile: the next session goes on where this one stopped.
      if (session === current) reportBug(error)
    }
  }

  function sealNow(): Promise<void> {
    const ending = session
    session = undefined
    clearInterval(sweeper)
    seal.sealNow()
    ending?.tokens.reset()
    ending?.rekey.cancel()
    ending?.rootGeneration.cancel()
    ending?.occupancy.end()
    if (ending !== undefined) report({ kind: 'sealed' })
    return Promise.resolve()
  }

  async function initialize({
    shares,
    threshold,
    beforeCommit,
  }: InitializeOptions): Promise<{ keys: readonly Buffer[]; rootToken: string }> {
    // Everything happens on a staged storage with a barrier of its own; one commit at the end makes it real.
    const staged = stageStorage(storage)
    const newBarrier = createBarrier({ lower: staged, random, now })
    const newSeal = createSeal({ lower: staged, barrier: newBarrier, random })
    const { keys, rootKey } = await newSeal.init({ shares, threshold })
    newBarrier.unseal(rootKey)
    const first = await openSession({
      barrier: newBarrier,
      now,
      elapsed,
      random,
      auditFolders: [],
      userLockout: false,
      userLockoutSettings: {},
      auditPlace: {},
      report: () => undefined,
      about,
      leaseTtl,
      activity: new Activity(),
      configState: {},
      seal: newSeal,
      sealServer: () => Promise.resolve(),
      snapshots,
    })
    const { token } = await first.tokens.createRoot()
    await beforeCommit?.(keys, newSeal.status().storeId, token)
    await staged.release()
    newBarrier.seal()
    report({ kind: 'initialized', shares, threshold })
    return { keys, rootToken: token }
  }

  return {
    get initialized() {
      return seal.status().initialized
    },
    get sealed() {
      return session === undefined
    },
    get cors() {
      const config = session?.config.cors.get() ?? undefined
      return config && { ...config, allowedHeaders: [...CORS_HEADERS, ...config.allowedHeaders] }
    },
    get storeId() {
      return seal.status().storeId
    },
    get threshold() {
      return seal.status().threshold
    },
    handle(request) {
      if (isStatusPath(request.path))
        return statusReply(request, status).catch((error: unknown) => replyToError(error, reportBug))
      if (session === undefined) return replyToError(new LogicalError('sealed', 'Vault is sealed', 'bare'), reportBug)
      return handleUnsealed(request, session, { time: now(), elapsed, activity, report })
    },
    initialize,
    async unsealWithKey(key) {
      await snapshots.settled()
      await seal.unsealWithKey(key)
      await startSession()
    },
    async generateRootToken(key) {
      if (session === undefined) throw new LogicalError('sealed', 'Vault is sealed', 'bare')
      seal.verifyKey(key)
      return createAuditedRoot(session)
    },
    seal: sealNow,
    tidyUp: async () => {
      if (session !== undefined) await tidyUp(session)
    },
    reopenAudit: () => session?.audit.reopen(),
    auditStatus: () => session?.auditDevices.reports() ?? [],
    async close() {
      if (session !== undefined) await sealNow()
      await storage.close()
    },
  }
}

/** What comes of it may become a key. */
function systemRandom(bytes: number): Buffer {
  return randomFillSync(keySpace(bytes))
}
