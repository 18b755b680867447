/** What happens once a request is allowed: the backend, the token of a login, the end of a spent token. */
import { type AuthBlock, invalidRequest, type LogicalResponse } from '../logical/index.ts'
import { helpFor } from './help.ts'
import type { Exchange } from './exchange.ts'
import { loginNameOf } from './login-name.ts'
import type { Outcome } from './reply.ts'
import type { Session } from './session.ts'

export function performRequest(exchange: Exchange): LogicalResponse | Promise<LogicalResponse> {
  const { mounted, request } = exchange
  if (mounted === undefined) throw new Error('a request without a mount got past the pipeline')
  const { operation } = exchange
  if (operation === 'help') {
    const described = { path: mounted.entry.path, backend: mounted.backend }
    return { kind: 'document', data: helpFor(described, exchange.rest) }
  }
  return mounted.backend.handle({
    id: exchange.id,
    operation,
    mountPoint: mounted.entry.path,
    path: exchange.rest,
    data: exchange.data ?? (Object.create(null) as Record<string, never>),
    caller: exchange.caller,
    clientToken: request.token,
    sudo: exchange.sudo,
    remoteAddress: request.remoteAddress,
    wrapTtl: exchange.wrapTtl,
    ...(request.upload === undefined ? {} : { upload: request.upload }),
  })
}

export async function issueToken(
  exchange: Exchange,
  session: Session,
  { grant, warnings = [] }: Extract<LogicalResponse, { kind: 'grant' }>,
): Promise<Outcome> {
  const mount = exchange.mounted?.entry
  // Only an auth mount's open paths may log in: a grant from anywhere else is a bug, and gets no token (S19).
  if (mount?.class !== 'auth' || !exchange.open) throw invalidRequest('this path does not log in')
  const name = loginNameOf(exchange)
  const login: { auth: AuthBlock; warnings: readonly string[] } = await session.tokens.login(grant, {
    path: exchange.path,
    mountPoint: mount.path,
    ttl: session.leaseTtl(mount),
    tokenType: mount.config.tokenType,
    ...(name === undefined ? {} : { entity: () => session.entities.of(name) }),
  })
  return { kind: 'auth', auth: login.auth, warnings: [...warnings, ...login.warnings] }
}

/** A token whose last use this was is gone before the answer leaves, also when the answer is a refusal. */
export async function retireSpentToken({ caller }: Exchange, session: Session): Promise<void> {
  // This request has sealed the server: the token stays in the store as one that is spent, which nobody can use.
  if (session.occupancy.ended) return
  if (caller !== undefined && session.tokens.isSpent(caller)) await session.tokens.revoke(caller)
}
