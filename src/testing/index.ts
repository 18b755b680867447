/**
 * A real server for tests, in the process, in milliseconds. Published as `plenum/testing`.
 *
 * ```ts
 * await using server = await startTestServer({ hub: 'plenum.yaml' })
 * const airflow = await server.clientFor('airflow')
 * await server.clock.advance('1h')
 * ```
 *
 * In memory, initialised, unsealed, on a free port of 127.0.0.1. A hub is set up by the same plan and apply as
 * `plenum apply`, with placeholders for what a test does not give; the clock, outages and the audit log are in the test's
 * hand. Any number may run at once: they share nothing.
 *
 * Test only: whoever has the process has the root token. What is not closed keeps the process alive, as any server does.
 */
export type { AuditEntry, AuditFilter, AuditedCaller } from './audit-record.ts'
export type { TestClock } from './clock.ts'
export { TestServerError, type TestServerErrorCode } from './errors.ts'
export type { Failure, FailureKind, FailureOptions, FailureScope } from './failures.ts'
export type { Clear, HubSource, HubValues } from './hub-source.ts'
export type { Patience, TestCredentials } from './roles.ts'
export type { TestSecrets, Written } from './secrets.ts'
export { startTestServer, type TestServer, type TestServerOptions } from './test-server.ts'
export { Sensitive, sensitive } from '../sensitive/index.ts'
