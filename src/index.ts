/**
 * Plenum as a library: read a hub, plan, apply, verify. The command line is made of the same pieces.
 *
 * ```ts
 * const result = loadHub({ file, text, env, files })
 * if (result.kind === 'errors') throw new Error(result.errors.map((error) => formatHubMessage(error)).join('\n'))
 * ```
 *
 * `plenum/client` is the Vault client, `plenum/testing` a server for tests.
 */
export {
  type Connection,
  Fernet,
  formatConnectionJson,
  formatConnectionUri,
  parseConnectionJson,
  parseConnectionUri,
} from './airflow/index.ts'
export {
  type ApplyOptions,
  type ApplyReport,
  applyPlan,
  type ChangeResult,
  readActual,
  type ReadActualOptions,
} from './apply/index.ts'
export {
  accessOf,
  type EnvSource,
  type FileSource,
  formatHubMessage,
  type Hub,
  type HubAccess,
  hubJsonSchema,
  type HubMessage,
  type HubResult,
  type HubRole,
  loadHub,
  type ResolvedEntry,
  resolveEntries,
} from './hub/index.ts'
export {
  desiredState,
  makePlan,
  type Plan,
  planDocument,
  type PlanOptions,
  renderPlan,
  shadowsOf,
} from './plan/index.ts'
export { fingerprintKey, Sensitive, sensitive } from './sensitive/index.ts'
export { verifyDocument, verifyHub, type VerifyOptions, type VerifyReport } from './verify/index.ts'
