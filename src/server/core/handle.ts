/**
 * One request between the door of the core and the pipeline: what is refused before anyone is asked who they are, what the
 * pipeline is given, and what is noted of it: that it is under way, that it took long, how it ended.
 */
import { randomUUID } from 'node:crypto'
import type { JsonObject } from '../json/index.ts'
import type { Operation } from '../logical/index.ts'
import type { Activity } from './activity.ts'
import type { Report } from './events.ts'
import type { Exchange } from './exchange.ts'
import { runPipeline } from './pipeline.ts'
import { replyTo, replyToError, withLimit } from './reply.ts'
import type { CoreMethod, CoreReply, CoreRequest } from './request.ts'
import type { Session } from './session.ts'
import { contextOf, parseWrapTtl } from './wrapping.ts'

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
  /** A clock that never goes back, in ms, from anywhere on. */
  readonly elapsed: () => number
  readonly activity: Activity
  readonly report: Report
}

/** One request of an unsealed server. Never rejects. */
export async function handleUnsealed(
  request: CoreRequest,
  session: Session,
  { time, elapsed, activity, report }: Surroundings,
): Promise<CoreReply> {
  const refused = refuseEarly(request)
  if (refused !== undefined) return refused
  session.occupancy.enter()
  const began = elapsed()
  const requestId = randomUUID()
  const reportBug = (error: unknown): void => report({ kind: 'internal-error', error, requestId })
  let exchange: Exchange | undefined
  let status = 500
  try {
    exchange = exchangeOf(request, requestId, time)
    activity.begin(exchange)
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
    if (exchange !== undefined) activity.end(exchange, status, began, elapsed())
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
