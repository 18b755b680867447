/**
 * Audit: who asked for what, and what the answer was, without one secret in clear. `broker.ts` keeps the rule that
 * nothing happens unrecorded; `entry.ts` writes Vault's lines; `hash.ts` hides values; `file-device.ts` stores lines.
 */
export { AuditBroker } from './broker.ts'
export type { AuditedRequest, AuditedResponse } from './entry.ts'
export { openFileDevice } from './file-device.ts'
export { AuditWriteError } from './line-sink.ts'
