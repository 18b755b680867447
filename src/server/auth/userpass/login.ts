/**
 * Logging in with a name and a password (vault-api 9).
 *
 * Invariant: for an unknown name the same work is done and the same is said as for a wrong password (S1). Where the
 * request comes from is looked at after the password, so that it tells nothing about who exists.
 */
import { cidrsAllow } from '../../logical/cidr.ts'
import { stringField } from '../../logical/fields.ts'
import {
  invalidCredentials,
  invalidRequest,
  type LogicalRequest,
  type LogicalResponse,
  type PathParameters,
  permissionDenied,
} from '../../logical/index.ts'
import { grantOf } from '../../token/index.ts'
import { type PasswordCost, passwordMatches } from './password.ts'
import { userName } from './user-routes.ts'
import type { UserStore } from './user-store.ts'

export function createLogin(
  users: UserStore,
  cost: PasswordCost,
): (request: LogicalRequest, parameters: PathParameters) => Promise<LogicalResponse> {
  return async ({ data, remoteAddress }, parameters) => {
    const password = stringField(data, 'password') ?? ''
    if (password === '') throw invalidRequest('missing password')
    const user = users.get(userName(parameters))
    const matches = await passwordMatches(password, user?.password, cost)
    if (user === undefined || !matches) throw invalidCredentials('invalid username or password')
    const { token, name } = user
    if (token.boundCidrs.length > 0 && !cidrsAllow(token.boundCidrs, remoteAddress)) throw permissionDenied()
    return { kind: 'grant', grant: grantOf(token, { displayName: name, metadata: { username: name } }) }
  }
}
