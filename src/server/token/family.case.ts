/** Tokens to begin with, for the tests of the token store. */
import type { NewToken } from './new-token.ts'
import type { TokenWorld } from './shelf.case.ts'
import type { IssuedToken, TokenStore } from './token-store.ts'

export const PLAIN: NewToken = {
  type: 'service',
  parent: undefined,
  policies: ['default'],
  path: 'auth/token/create',
  meta: null,
  displayName: 'token',
  numUses: 0,
  ttl: 3600,
  explicitMaxTtl: 0,
  period: 0,
  renewable: true,
  boundCidrs: [],
  entityId: '',
  noDefaultPolicy: false,
}

export const make = (tokens: TokenStore, fields: Partial<NewToken> = {}): Promise<IssuedToken> =>
  tokens.create({ ...PLAIN, ...fields })
export const alive = (tokens: TokenStore, ...issued: readonly IssuedToken[]): boolean[] =>
  issued.map(({ token }) => tokens.lookup(token) !== undefined)
export const indexes = (world: TokenWorld): string[] => world.shelf.keys().filter((key) => key !== 'salt')

/** Until work that was begun has asked for its commit, which takes longer. */
export async function commitAsked(): Promise<void> {
  for (let i = 0; i < 5; i += 1) await Promise.resolve()
}

export async function family(
  tokens: TokenStore,
): Promise<{ grandparent: IssuedToken; parent: IssuedToken; child: IssuedToken; orphan: IssuedToken }> {
  const grandparent = await make(tokens)
  const parent = await make(tokens, { parent: grandparent.entry })
  const child = await make(tokens, { parent: parent.entry })
  const orphan = await make(tokens)
  return { grandparent, parent, child, orphan }
}
