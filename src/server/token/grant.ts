import type { AuthGrant } from '../logical/logical.ts'
import type { TokenSettings } from './token-settings.ts'

/** What a login grants on the terms of a role's or user's token settings. */
export function grantOf(
  settings: TokenSettings,
  login: Pick<AuthGrant, 'displayName' | 'metadata'> & Partial<Pick<AuthGrant, 'boundCidrs'>>,
): AuthGrant {
  return {
    displayName: login.displayName,
    policies: settings.policies,
    metadata: login.metadata,
    tokenType: settings.type,
    ttl: settings.ttl,
    maxTtl: settings.maxTtl,
    explicitMaxTtl: settings.explicitMaxTtl,
    period: settings.period,
    numUses: settings.numUses,
    renewable: true,
    boundCidrs: login.boundCidrs ?? settings.boundCidrs,
    noDefaultPolicy: settings.noDefaultPolicy,
  }
}
