/**
 * The pipeline: every request below `/v1/` but the few that answer while sealed goes through these steps, in this
 * order (vault-api 1.11).
 *
 * Invariant: a backend is reached only through here, after the token, the policy and the audit device have agreed, and
 * an answer leaves only after its audit entry is stored. A refusal is audited like an answer. Fail closed: an error in
 * any step refuses the request.
 */
import type { AuditedRequest, AuditedResponse } from '../audit/index.ts'
import {
  authenticate,
  authorize,
  consumeUse,
  decideCreateOrUpdate,
  findMount,
  limitRate,
  requireMount,
} from './judge.ts'
import type { Exchange } from './exchange.ts'
import { performLogin } from './login.ts'
import { issueToken, performRequest, retireSpentToken } from './perform.ts'
import { dataOf, isReading, type Outcome, toldOf } from './reply.ts'
import type { Session } from './session.ts'
import { checkWrappingToken, wrapOutcome } from './wrapping.ts'

interface Step {
  readonly name: string
  readonly run: (exchange: Exchange, session: Session) => void | Promise<void>
}

interface Refused {
  readonly kind: 'refused'
  readonly error: unknown
}

/** May refuse the request. Nothing here has an effect, but for the use that a limited token spends. */
export const JUDGE: readonly Step[] = [
  { name: 'find-mount', run: findMount },
  { name: 'limit-rate', run: limitRate },
  { name: 'check-wrapping-token', run: checkWrappingToken },
  { name: 'authenticate', run: authenticate },
  // Also for requests that are refused further down: a limited token pays for asking.
  { name: 'consume-use', run: consumeUse },
  { name: 'decide-create-or-update', run: decideCreateOrUpdate },
  { name: 'authorize', run: authorize },
  // After the policy: only who may ask learns that there is nothing.
  { name: 'require-mount', run: requireMount },
]

/** Runs one request. Never rejects for what a client can cause: that is an outcome of kind `refused`. */
export async function runPipeline(exchange: Exchange, session: Session): Promise<Outcome | Refused> {
  const refusal = await judge(exchange, session)
  const outcome = await carryOut(exchange, session, refusal)
  await retireSpentToken(exchange, session)
  return outcome
}

async function carryOut(
  exchange: Exchange,
  session: Session,
  refusal: Refused | undefined,
): Promise<Outcome | Refused> {
  const { audit } = session
  if (!audit.enabled) return refusal ?? perform(exchange, session)
  // A flood must not fill the log's disk, unless it was asked for.
  if (exchange.limit?.kind === 'exceeded' && refusal !== undefined && !session.rateLimits.config.auditRefusals)
    return refusal

  const audited = auditedRequest(exchange, session)
  const refused = refusal === undefined ? undefined : errorText(refusal.error)
  if (refusal !== undefined || hasNoEffect(exchange)) {
    // Nothing changes, so both entries may be stored at once; nothing is answered before they are.
    const outcome = refusal ?? (await perform(exchange, session))
    const { response, error } = auditedResponse(outcome, session.now())
    await audit.exchange(audited, refused, response, error)
    return outcome
  }
  await audit.request(audited, undefined)
  const outcome = await perform(exchange, session)
  const { response, error } = auditedResponse(outcome, session.now())
  await audit.response(audited, response, error)
  return outcome
}

async function judge(exchange: Exchange, session: Session): Promise<Refused | undefined> {
  try {
    for (const { run } of JUDGE) {
      const done = run(exchange, session)
      if (done !== undefined) await done
    }
    return undefined
  } catch (error) {
    return { kind: 'refused', error }
  }
}

async function perform(exchange: Exchange, session: Session): Promise<Outcome | Refused> {
  try {
    const response = await (exchange.open ? performLogin(exchange, session) : performRequest(exchange))
    const outcome = response.kind === 'grant' ? await issueToken(exchange, session, response) : response
    return exchange.wrapTtl === 0 ? outcome : await wrapOutcome(exchange, session, outcome)
  } catch (error) {
    return { kind: 'refused', error }
  }
}

function hasNoEffect({ operation, caller, wrapTtl }: Exchange): boolean {
  // Wrapping makes a token, whatever is wrapped.
  if (wrapTtl > 0) return false
  return isReading(operation) && (caller === undefined || caller.numUses === 0)
}

function auditedHeaders({ header }: Exchange['request'], session: Session): AuditedRequest['headers'] {
  return Object.entries(session.config.auditedHeaders.get()).flatMap(([name, { hmac }]) => {
    const value = header(name)
    return value === undefined ? [] : [{ name, value, hmac }]
  })
}

function auditedRequest(exchange: Exchange, session: Session): AuditedRequest {
  const { request, mounted } = exchange
  return {
    id: exchange.id,
    operation: exchange.operation,
    path: exchange.path,
    data: exchange.data,
    clientToken: request.token,
    headers: auditedHeaders(request, session),
    caller: exchange.caller,
    remoteAddress: request.remoteAddress,
    remotePort: request.remotePort,
    mount: mounted?.entry,
    grantedBy: exchange.grantedBy,
    time: exchange.time,
    wrapTtl: exchange.wrapTtl,
  }
}

interface Recorded {
  readonly response: AuditedResponse
  readonly error: string | undefined
}

function auditedResponse(outcome: Outcome | Refused, time: number): Recorded {
  if (outcome.kind === 'refused') {
    return { response: { data: undefined, auth: undefined, warnings: [], time }, error: errorText(outcome.error) }
  }
  const auth = outcome.kind === 'auth' ? outcome.auth : undefined
  const wrapInfo = outcome.kind === 'wrapped' ? outcome.info : undefined
  return {
    response: { data: dataOf(outcome), auth, warnings: outcome.warnings ?? [], time, wrapInfo },
    error: undefined,
  }
}

/** What the log says of an error: the client's text, or nothing in particular for a bug, whose text may hold anything. */
function errorText(error: unknown): string {
  return toldOf(error)?.clientText ?? 'internal error'
}
