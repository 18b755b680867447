/**
 * The core: storage, barrier, seal and, while unsealed, a session; and the one door to them, `handle`.
 *
 * It knows all of the server's folders but http, and holds no logic of theirs: the pipeline is `pipeline.ts`, the
 * answers given while sealed are `status.ts`.
 */
import { randomFillSync, randomUUID } from 'node:crypto'
import { createBarrier, keySpace } from '../barrier/index.ts'
import { CORS_HEADERS, type CorsConfig } from '../engines/system/index.ts'
import type { JsonObject } from '../json/index.ts'
import { LogicalError, type Operation } from '../logical/index.ts'
import { createSeal } from '../seal/index.ts'
import { type PhysicalStorage, stageStorage } from '../storage/index.ts'
import { Activity } from './activity.ts'
import type { AuditDeviceReport, AuditPlace } from './audit-devices.ts'
import { createSteadyClock } from './clock.ts'
import type { Report } from './events.ts'
import type { Exchange } from './exchange.ts'
import { type LeaseTtl, SYSTEM_LEASE_TTL } from './lease-ttl.ts'
import { runPipeline } from './pipeline.ts'
import { createAuditedRoot } from './root-token.ts'
import { replyTo, replyToError, withLimit } from './reply.ts'
import type { CoreMethod, CoreReply, CoreRequest } from './request.ts'
import { openSession, type Session } from './session.ts'
import { createSnapshots } from './snapshots.ts'
import { isStatusPath, type StatusHost, statusReply } from './status.ts'
import type { About } from './system-host.ts'
import { contextOf, parseWrapTtl } from './wrapping.ts'

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
  /** Of the program that the server is part of, for `sys/plenum/status`. */
  readonly version?: string
  /** Where it listens, for `sys/plenum/status`. */
  readonly listeners?: () => readonly string[]
  /** Whether who fails to log in too often is locked out for a while. Default: yes. */
  readonly userLockout?: boolean
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

export function createCore(options: CoreOptions): Core {
  const { storage, random = systemRandom, report = () => undefined } = options
  const { now = createSteadyClock(Date.now, () => performance.now()), leaseTtl = SYSTEM_LEASE_TTL } = options
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
        random,
        auditFolders: options.auditFolders ?? [],
        userLockout: options.userLockout ?? true,
        auditPlace: options.auditPlace ?? {},
        report,
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
      random,
      auditFolders: [],
      userLockout: false,
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
      return handleUnsealed(request, session, { time: now(), activity, report })
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

const OPERATIONS: Readonly<Record<Exclude<CoreMethod, 'HEAD'>, Operation | 'help'>> = {
  GET: 'read',
  HELP: 'help',
  LIST: 'list',
  SCAN: 'scan',
  POST: 'update',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
}

/** Any text of the parameter says yes, as in Vault. */
function asksForHelp({ method, query }: CoreRequest): boolean {
  const help = query?.['help']
  return method === 'GET' && help !== undefined && help !== ''
}

interface Surroundings {
  /** Unix milliseconds. */
  readonly time: number
  readonly activity: Activity
  readonly report: Report
}

async function handleUnsealed(
  request: CoreRequest,
  session: Session,
  { time, activity, report }: Surroundings,
): Promise<CoreReply> {
  const refused = refuseEarly(request)
  if (refused !== undefined) return refused
  session.occupancy.enter()
  const requestId = randomUUID()
  const reportBug = (error: unknown): void => report({ kind: 'internal-error', error, requestId })
  let exchange: Exchange | undefined
  let status = 500
  try {
    exchange = exchangeOf(request, requestId, time)
    const { remoteAddress: address, remotePort: port, method } = request
    activity.begin({ id: requestId, start: time, address, port, path: `/v1/${request.path}`, method })
    const outcome = await runPipeline(exchange, session)
    reportSlow(exchange, session.now(), report)
    const reply =
      outcome.kind === 'refused'
        ? replyToError(outcome.error, reportBug)
        : replyTo(outcome, contextOf(exchange, session))
    status = reply.status
    if (exchange.open && (outcome.kind === 'auth' || outcome.kind === 'wrapped')) activity.loggedIn()
    return withLimit(reply, exchange.limit, session.rateLimits.config.responseHeaders)
  } catch (error) {
    return replyToError(error, reportBug)
  } finally {
    if (exchange !== undefined) activity.end(exchange.id, exchange.operation, status)
    session.occupancy.leave()
  }
}

/** From its arrival, audit entries among it. */
const SLOW_MS = 1000

function reportSlow({ id, time, operation, mounted }: Exchange, now: number, report: Report): void {
  const milliseconds = now - time
  if (milliseconds < SLOW_MS) return
  report({ kind: 'slow-request', requestId: id, operation, mount: mounted?.entry.path ?? '', milliseconds })
}

/** @throws {LogicalError} 400 for a wrapping header that cannot be read */
function exchangeOf(request: CoreRequest, id: string, time: number): Exchange {
  const operation = asksForHelp(request) ? 'help' : OPERATIONS[request.method === 'HEAD' ? 'GET' : request.method]
  return {
    request,
    id,
    time,
    path:
      (operation === 'list' || operation === 'scan') && !request.path.endsWith('/') ? `${request.path}/` : request.path,
    operation,
    data: request.body ?? request.query,
    wrapTtl: parseWrapTtl(request.wrapTtl),
    mounted: undefined,
    rest: '',
    open: false,
    limit: undefined,
    caller: undefined,
    sudo: false,
    grantedBy: undefined,
  }
}

/** Ways to say that none is meant (vault-api 14.9). */
const ROOT_NAMESPACE = /^\/?(?:root)?\/?$/

/** What is refused before anyone is asked who they are. */
function refuseEarly({ method, namespace, contentType, body }: CoreRequest): CoreReply | undefined {
  const errors = (status: number, ...texts: string[]): CoreReply => ({
    status,
    body: `${JSON.stringify({ errors: texts })}\n`,
  })
  if (method === 'HEAD') return errors(405)
  // Namespaces do not exist here: acting on the root instead would read or write the wrong secret (vault-api 14.9).
  if (!ROOT_NAMESPACE.test(namespace)) return errors(404, 'namespace not found')
  if (method === 'PATCH') return refusePatch(contentType, body, errors)
  return undefined
}

function refusePatch(
  contentType: string,
  body: JsonObject | undefined,
  errors: (status: number, ...texts: string[]) => CoreReply,
): CoreReply | undefined {
  const type = contentType.split(';')[0]?.trim().toLowerCase() ?? ''
  if (type === 'application/merge-patch+json') return undefined
  return errors(
    body === undefined || type === '' ? 400 : 415,
    `PATCH requires Content-Type of application/merge-patch+json, provided ${contentType}`,
  )
}
