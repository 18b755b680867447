/**
 * Logging in: the auth method's verdict, counted for the user's lockout (vault-api 9).
 *
 * Invariant: the lock is asked before the method, which then does no work, and again after it: of guesses that are made
 * at the same time no more are answered than of guesses one by one (S2).
 */
import { LogicalError, type LogicalResponse, type LoginName, permissionDenied } from '../logical/index.ts'
import type { UserLockoutConfig } from '../logical/user-lockout.ts'
import type { Exchange } from './exchange.ts'
import { loginNameOf } from './login-name.ts'
import { performRequest } from './perform.ts'
import type { Session } from './session.ts'

/** For requests on open paths; those that are no login go through as they are. */
export function performLogin(exchange: Exchange, session: Session): LogicalResponse | Promise<LogicalResponse> {
  const { mounted } = exchange
  const name = session.lockout === undefined ? undefined : loginNameOf(exchange)
  if (name === undefined || mounted === undefined) return performRequest(exchange)
  return countedLogin(name, session.userLockout(mounted.entry), exchange, session)
}

async function countedLogin(
  name: LoginName,
  config: UserLockoutConfig,
  exchange: Exchange,
  { lockout, now }: Session,
): Promise<LogicalResponse> {
  const refuseLocked = (): void => {
    if (lockout?.isLocked(name, config, now()) === true) throw permissionDenied()
  }
  refuseLocked()
  try {
    const response = await performRequest(exchange)
    refuseLocked()
    if (response.kind === 'grant') lockout?.clear(name)
    return response
  } catch (error) {
    if (error instanceof LogicalError && error.code === 'invalid-credentials') {
      refuseLocked()
      lockout?.failed(name, config, now())
    }
    throw error
  }
}
