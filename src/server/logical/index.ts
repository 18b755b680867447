export {
  internalError,
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
  Handle,
  JsonObject,
  JsonValue,
  LogicalRequest,
  LogicalResponse,
  Operation,
  PathShape,
  TokenEntry,
} from './logical.ts'
export { pathTemplates } from './path-templates.ts'
export { type Handler, NAME, type PathParameters, type Route, router } from './routes.ts'
