/**
 * Logging in: the auth method's verdict, counted for the user's lockout (vault-api 9).
 *
 * Invariant: the lock is asked before the method, which then does no work, and again after it: of guesses that are made
 * at the same time no more are answered than of guesses one by one (S2).
 */
import { LogicalError, type LogicalResponse, type LoginName, permissionDenied } from '../logical/index.ts'
import { DEFAULT_USER_LOCKOUT } from '../logical/user-lockout.ts'
import type { Exchange } from './exchange.ts'
import { loginNameOf } from './login-name.ts'
import { performRequest } from './perform.ts'
import type { Session } from './session.ts'

/** For requests on open paths; those that are no login go through as they are. */
export function performLogin(exchange: Exchange, session: Session): LogicalResponse | Promise<LogicalResponse> {
  const name = session.lockout === undefined ? undefined : loginNameOf(exchange)
  return name === undefined ? performRequest(exchange) : countedLogin(name, exchange, session)
}

async function countedLogin(name: LoginName, exchange: Exchange, session: Session): Promise<LogicalResponse> {
  const { lockout, now } = session
  const config = exchange.mounted?.entry.config.userLockout ?? DEFAULT_USER_LOCKOUT
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
