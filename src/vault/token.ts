/** The client's own token (vault-api 7.2). */
import { ask } from './ask.ts'
import type { VaultClient } from './client.ts'

export interface TokenInfo {
  readonly accessor: string
  readonly displayName: string
  readonly policies: readonly string[]
  /** `service` or `batch`. */
  readonly type: string
  /** Seconds left; 0: for ever. */
  readonly ttlSeconds: number
  /** Unix ms; undefined when it does not expire. */
  readonly expiresAt: number | undefined
  readonly renewable: boolean
  readonly metadata: Readonly<Record<string, string>>
}

/** Throws 'vault-denied' when the token is not valid. Costs one use of a token with limited uses. */
export async function lookupSelf(client: VaultClient, signal?: AbortSignal): Promise<TokenInfo> {
  const { body } = await ask(client, 'GET', 'auth/token/lookup-self', { signal })
  const data = body.at('data')
  return {
    accessor: data.at('accessor').string(),
    displayName: data.at('display_name').string(),
    policies: data.at('policies').strings(),
    type: data.at('type').string(),
    ttlSeconds: data.at('ttl').count(),
    expiresAt: data.at('expire_time').optional()?.time(),
    renewable: data.at('renewable').optional()?.boolean() ?? false,
    metadata: data.at('meta').stringMap(),
  }
}

/** The token and its children end now. Good manners at the end of a job that logged in. */
export async function revokeSelf(client: VaultClient, signal?: AbortSignal): Promise<void> {
  await ask(client, 'POST', 'auth/token/revoke-self', { signal })
}
