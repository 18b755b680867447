/**
 * Response wrapping (vault-api 4.1): what is asked for wrapped goes to a wrapping token, and only the token goes out.
 *
 * Invariant: nothing that would have gone out in clear does when wrapping was asked for. An answer that says nothing (204,
 * an empty 404) and an error go out as they are. What is inside has been carried out and registered before it is wrapped.
 */
import { parseDurationSeconds } from '../logical/duration.ts'
import { stringField } from '../logical/fields.ts'
import { badWrappingToken, invalidRequest } from '../logical/index.ts'
import type { Exchange } from './exchange.ts'
import { isEmptyReply, type Outcome, replyTo } from './reply.ts'
import type { Session } from './session.ts'

/** The header in whole seconds, rounded up; 0 when it is empty. @throws {LogicalError} 400, without the header's text */
export function parseWrapTtl(header: string): number {
  const text = header.trim()
  if (text === '') return 0
  const refuse = (why: string): never => {
    throw invalidRequest(`error parsing X-Vault-Wrap-TTL header: ${why}`)
  }
  const seconds = parseDurationSeconds(text.replace(/^[+-]/, '')) ?? refuse('invalid duration')
  return text.startsWith('-') && seconds > 0 ? refuse('requested wrap ttl cannot be negative') : Math.ceil(seconds)
}

const OPENS_WRAPPING = /^sys\/wrapping\/(?:unwrap|rewrap)$/

/**
 * Before the caller's own token is looked at: a client that unwraps with the wrapping token as its own learns from this
 * answer, not from a 403, that somebody has been there before.
 */
export function checkWrappingToken({ path, data, request }: Exchange, session: Session): void {
  if (!OPENS_WRAPPING.test(path)) return
  const given = stringField(data ?? {}, 'token') ?? ''
  if (session.wrapping.find(given === '' ? request.token : given) === undefined) throw badWrappingToken()
}

export async function wrapOutcome(exchange: Exchange, session: Session, outcome: Outcome): Promise<Outcome> {
  // Rewrapped: it lies with a token already.
  if (outcome.kind === 'wrapped') return outcome
  if (outcome.kind === 'stream') throw invalidRequest('this answer is too large to be wrapped')
  // Where nobody says who they are, anybody could fill the store with what is told to everybody.
  if (exchange.open && outcome.kind !== 'auth')
    throw invalidRequest('this answer needs no token and is not wrapped: ask without X-Vault-Wrap-TTL')
  const reply = replyTo(outcome, contextOf(exchange, session))
  if (reply.body === undefined || isEmptyReply(reply)) return outcome
  const { status, body } = reply
  const answer = { status, body, creationPath: exchange.path, creationTtl: exchange.wrapTtl }
  const info = await session.wrapping.wrap(answer, accessorInside(outcome, exchange))
  return { kind: 'wrapped', info }
}

/** Of the token or secret-id inside, by which it can be ended without being seen. */
function accessorInside(outcome: Outcome, { mounted }: Exchange): string {
  if (outcome.kind === 'auth') return outcome.auth.accessor
  if (outcome.kind !== 'data' || mounted?.entry.type !== 'approle') return ''
  return stringField(outcome.data, 'secret_id_accessor') ?? ''
}

/** What an envelope tells of its request. */
export function contextOf(
  { id, path, operation, mounted }: Exchange,
  { leaseTtl }: Pick<Session, 'leaseTtl'>,
): Parameters<typeof replyTo>[1] {
  const mount = mounted?.entry
  const defaultLeaseTtl = mount === undefined ? 0 : leaseTtl(mount).default
  return { id, path, operation, mountType: mount?.type ?? '', defaultLeaseTtl }
}
