export {
  internalError,
  invalidCredentials,
  invalidRequest,
  LogicalError,
  type LogicalErrorCode,
  permissionDenied,
  unsupportedOperation,
  unsupportedPath,
  wrapped,
} from './errors.ts'
export type {
  AuthBlock,
  AuthGrant,
  Backend,
  JsonObject,
  JsonValue,
  LoginName,
  LogicalRequest,
  LogicalResponse,
  Operation,
  TokenEntry,
} from './logical.ts'
export { type Handler, NAME, type PathParameters, type Route, router } from './routes.ts'
