/**
 * A typed client for HashiCorp Vault, OpenBao and Plenum's embedded server. Published as `plenum/client`.
 *
 * ```ts
 * const client = new VaultClient({ address: 'https://vault.example.com:8200', tokens: staticToken(sensitive(token)) })
 * const secret = await readSecret(client, 'secret', 'airflow/connections/warehouse')
 * if (secret.kind === 'found') connect(secret.data.reveal())
 * await client.close()
 * ```
 *
 * Every failure is a `VaultError` with a stable `code`; a mistake in settings or paths is a `VaultUsageError`. Secret
 * values come and go wrapped in `Sensitive`: printing one shows nothing, `reveal()` gives the value.
 */
export type { Json } from '../sensitive/index.ts'
export { Sensitive, sensitive } from '../sensitive/index.ts'
export {
  deleteRole,
  generateSecretId,
  listRoles,
  lookupSecretId,
  type NewSecretId,
  readRole,
  readRoleId,
  type SecretIdInfo,
  writeRole,
} from './approle.ts'
export { type CertificateFiles, type ClientCertificates, readCertificates } from './certificates.ts'
export type { LocalServer } from './local.ts'
export { newPace, VaultClient, type VaultClientOptions, type VaultRequestOptions } from './client.ts'
export type { JsonRecord } from './decode.ts'
export { readVaultEnvironment, type VaultEnvironment } from './environment.ts'
export {
  type VaultCall,
  type VaultEffect,
  VaultError,
  type VaultErrorCode,
  type VaultErrorDetails,
  type VaultMethod,
  VaultUsageError,
} from './errors.ts'
export { listPlainSecrets, readPlainSecret } from './kv1.ts'
export {
  createMetadata,
  deleteSecret,
  deleteSecretVersion,
  listAllSecrets,
  listSecrets,
  patchCustomMetadata,
  type ReadSecretOptions,
  readMetadata,
  readSecret,
  readSecretVersions,
  removeSecret,
  type SecretData,
  type SecretMetadata,
  type SecretRead,
  type SecretVersion,
  undeleteSecretVersion,
  writeCustomMetadata,
  writeSecret,
} from './kv2.ts'
export { type AppRoleCredentials, type LoginResult, type LoginTransport, loginAppRole } from './login.ts'
export { encodePath } from './path.ts'
export type { VaultAnswer } from './refusals.ts'
export { type InitialKeys, initialize, type SealStatus, sealStatus, unseal } from './seal.ts'
export { type AuditDeviceHealth, type ServerStatus, serverStatus } from './server-status.ts'
export {
  type AuthMountInfo,
  capabilitiesSelf,
  deletePolicy,
  type EnableEngineOptions,
  type EnableOptions,
  enableAuth,
  enableSecretsEngine,
  health,
  listPolicies,
  type MountInfo,
  readAuthMounts,
  readMounts,
  readPolicy,
  type VaultHealth,
  writePolicy,
} from './sys.ts'
export { lookupSelf, revokeSelf, type TokenInfo } from './token.ts'
export {
  type AppRoleTokenOptions,
  appRoleToken,
  fileToken,
  noToken,
  staticToken,
  type TokenProvider,
} from './token-providers.ts'
