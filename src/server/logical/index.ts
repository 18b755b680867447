export {
  badWrappingToken,
  internalError,
  invalidCredentials,
  invalidRequest,
  LogicalError,
  type LogicalErrorCode,
  permissionDenied,
  unsupportedOperation,
  unsupportedPath,
  upgrading,
  wrapped,
} from './errors.ts'
export type {
  ByteStream,
  AuthBlock,
  AuthGrant,
  Backend,
  Handle,
  JsonObject,
  JsonValue,
  LoginName,
  LogicalRequest,
  LogicalResponse,
  Operation,
  PathShape,
  TokenEntry,
  WrapInfo,
} from './logical.ts'
export { pathTemplates } from './path-templates.ts'
export { type Handler, NAME, type PathParameters, type Route, router } from './routes.ts'
