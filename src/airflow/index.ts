export {
  CONNECTION_FIELDS,
  type Connection,
  type ConnectionField,
  type JsonObject,
  normalizeConnType,
} from './connection.ts'
export { formatConnectionJson, parseConnectionJson } from './connection-json.ts'
export { AirflowFormatError, type AirflowFormatErrorCode } from './errors.ts'
export { Fernet, FernetError, type FernetOptions } from './fernet.ts'
export { checkConnectionId, checkVariableKey, connectionEnvName, type IdFinding, variableEnvName } from './ids.ts'
export {
  type AirflowReading,
  type ProviderGeneration,
  type ReadConnection,
  readStoredConnection,
  readStoredVariable,
} from './reading.ts'
export { renderSettings, type SettingsFormat } from './render.ts'
export { isSensitiveName } from './sensitive-names.ts'
export {
  type AirflowSetting,
  type AirflowSettings,
  AirflowSettingsError,
  BACKEND,
  backendKwargs,
  type SettingsOptions,
  secretsSettings,
} from './settings.ts'
export { storedConnection, storedVariable } from './stored.ts'
export { formatConnectionUri, parseConnectionUri } from './uri.ts'
export { AirflowVersionError, type Provider, providerOf } from './versions.ts'
