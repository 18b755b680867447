/** The steps that may refuse a request, one small function each. Their order is `pipeline.ts`. */
import { LogicalError, permissionDenied, type TokenEntry } from '../logical/index.ts'
import { cidrsAllow } from '../logical/cidr.ts'
import { boundedPageFields } from '../logical/paging.ts'
import type { Acl } from '../policy/index.ts'
import type { Exchange } from './exchange.ts'
import type { Session } from './session.ts'

export function findMount(exchange: Exchange, session: Session): void {
  const found = session.mounts.route(exchange.path)
  if (found === undefined) return
  exchange.mounted = found.mounted
  exchange.rest = found.rest
  // Help tells what there is: it needs a token everywhere (S50).
  const { operation, path, request } = exchange
  const openHere = path === 'sys/metrics' && request.openMetrics === true && operation === 'read'
  exchange.open = operation !== 'help' && (openHere || found.mounted.backend.isUnauthenticated(found.rest))
}

/** Before anybody is asked who they are: guessing tokens counts as well (vault-api 1.11). */
export function limitRate(exchange: Exchange, session: Session): void {
  exchange.limit = session.rateLimits.take(exchange.path, exchange.request.remoteAddress, exchange.time)
  if (exchange.limit.kind === 'exceeded') {
    const path = JSON.stringify(exchange.path)
    throw new LogicalError('too-many-requests', `request path ${path}: rate limit quota exceeded`, 'bare')
  }
}

/** One answer for a missing, unknown, expired and revoked token, and for one used from the wrong network (D2). */
export function authenticate(exchange: Exchange, session: Session): void {
  // An open path ignores a token: a login must not fail because an old token came along.
  if (exchange.open) return
  const { token, remoteAddress } = exchange.request
  const caller = token === '' ? undefined : session.tokens.lookup(token)
  if (caller === undefined) throw badToken()
  if (caller.boundCidrs.length > 0 && !cidrsAllow(caller.boundCidrs, remoteAddress)) throw permissionDenied()
  exchange.caller = caller
}

export function consumeUse(exchange: Exchange, session: Session): Promise<void> | undefined {
  const { caller } = exchange
  // Most tokens have no limit: they are not made to wait for a promise.
  return caller === undefined || caller.numUses === 0 ? undefined : spendUse(caller, exchange, session)
}

async function spendUse(caller: TokenEntry, exchange: Exchange, session: Session): Promise<void> {
  const left = await session.tokens.useOnce(caller)
  if (left === undefined) throw badToken()
  exchange.caller = left
}

/** A write to what does not exist yet is a `create` for the policies, where the backend can tell (vault-api 1.2). */
export function decideCreateOrUpdate(exchange: Exchange): void {
  const { mounted, caller, rest } = exchange
  if (exchange.operation !== 'update' || mounted === undefined || caller === undefined) return
  if (mounted.backend.exists(rest, caller) === false) exchange.operation = 'create'
}

/** What a token may do: its policies, with its entity written into their templates. */
export function aclOf(token: TokenEntry, { policies, entities }: Pick<Session, 'policies' | 'entities'>): Acl {
  return policies.acl(token.policies, () => entities.byId(token.entityId))
}

export function authorize(exchange: Exchange, session: Session): void {
  const { caller, mounted } = exchange
  if (exchange.open) return
  if (caller === undefined) throw permissionDenied()
  const decision = aclOf(caller, session).authorize({
    path: exchange.path,
    operation: exchange.operation,
    data: exchange.data,
    wrapTtlSeconds: exchange.wrapTtl,
  })
  if (!decision.allowed) throw permissionDenied()
  const { operation } = exchange
  if (operation !== 'help' && !decision.sudo && mounted?.backend.needsSudo(exchange.rest) === true)
    throw permissionDenied()
  if (decision.paginationLimit > 0 && (operation === 'list' || operation === 'scan')) {
    const bounded = boundedPageFields(exchange.data, decision.paginationLimit)
    if (bounded === undefined) throw permissionDenied()
    exchange.data = bounded
  }
  exchange.sudo = decision.sudo
  exchange.grantedBy = decision.grantedBy
}

export function requireMount({ mounted, path }: Exchange): void {
  if (mounted === undefined) {
    throw new LogicalError('unsupported-path', `no handler for route "${path}". route entry not found.`, 'bare')
  }
}

/** Vault 1.16's text, in which clients find both words they may look for. */
function badToken(): LogicalError {
  return new LogicalError(
    'permission-denied',
    '2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n',
    'bare',
  )
}
