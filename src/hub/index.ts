/**
 * plenum.yaml: what people write, what it means, and who may read what. The only folder that knows both vocabularies,
 * Airflow's and Vault's. It opens no connection, reads no file by itself and writes nothing.
 *
 *   loadHub        text -> Hub, or everything that is wrong with it
 *   resolveEntry   references of an entry -> values
 *   assembleData   fields -> the data that is stored, and flattenData back
 *   declareEntries the text of plenum.yaml with more entries declared
 *   accessOf       Hub -> policies and roles
 */
export { namePrefix } from './access-policies.ts'
export {
  accessOf,
  type HubAccess,
  type HubRole,
  POLICY_MARK,
  roleOf,
  type RolePurpose,
  shortRoleName,
} from './access.ts'
export {
  type Declaration,
  type DeclaredAddition,
  declareEntries,
  type DeclareOptions,
  HubEditError,
} from './declare.ts'
export { assembleData, flattenData } from './entry-data.ts'
export { type Dotenv, type DotenvProblem, type DotenvReference, type DotenvValue, parseDotenv } from './dotenv.ts'
export type { ParsedText } from './document.ts'
export type { EnvSource, FileSource } from './env-layers.ts'
export { joinFieldPath, splitFieldPath } from './field-path.ts'
export type {
  DeclaredEntry,
  Fields,
  Hub,
  HubMessage,
  HubResult,
  Position,
  Project,
  Reference,
  ResolvedField,
  VaultAuth,
  VaultTarget,
} from './hub.ts'
export { hubJsonSchema } from './json-schema.ts'
export { connectionPath, ownFolder, projectFolder, projectSecretPath, variablePath } from './layout.ts'
export { loadHub, type LoadOptions } from './load.ts'
export {
  type CustomMetadata,
  HUB,
  isBroughtIn,
  isMarked,
  isMarkedFor,
  MANAGED_BY,
  type MarkedSource,
  marksOf,
  mergeMarks,
  OWN_KEYS,
  OWNER,
  PROJECT,
  SOURCE,
  WRITTEN_VERSION,
  writtenVersion,
} from './marks.ts'
export { formatHubMessage, HUB_MESSAGE_CODES, type HubMessageCode } from './messages.ts'
export {
  HubReferenceError,
  type MissingReference,
  resolveEntries,
  type ResolvedEntry,
  resolveEntry,
  type ResolveOptions,
  resolveText,
} from './resolve.ts'
export { isProjectName } from './rules/names.ts'
export type { WrittenHub } from './written.ts'
