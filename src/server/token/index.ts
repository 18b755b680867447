export { authBlock } from './auth-block.ts'
export { grantOf } from './grant.ts'
export type { LoginOptions } from './login.ts'
export type { NewToken } from './new-token.ts'
export {
  type OldNames,
  type OldNamesUsed,
  oldNameFields,
  oldNamesUsed,
  showOldNames,
  underNewNames,
} from './old-names.ts'
export { DEFAULT, isRoot, refuseUnassignable, sanitizePolicies, withDefault } from './policies.ts'
export { type TokenCipher, TokenRecordError } from './record.ts'
export type { Renewal, RenewalTerms } from './renewal.ts'
export { Salt } from './salt.ts'
export {
  DEFAULT_TOKEN_SETTINGS,
  readTokenSettings,
  showTokenSettings,
  TOKEN_FIELDS,
  type TokenSettings,
} from './token-settings.ts'
export { TokenLeases } from './leases.ts'
export { base62, SERVICE_TOKEN_LENGTH } from './token-text.ts'
export { type IssuedToken, TokenStore, type TokenStoreOptions } from './token-store.ts'
export { calculateTtl, type LeaseTtl, type Ttl, type TtlRequest } from './ttl.ts'
export { type Wrapped, WrappingTokens } from './wrapping.ts'
